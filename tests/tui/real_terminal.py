"""The playground on a pseudo-terminal: a real process, and all that it writes there."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pexpect
import pyte

PLAIN = "from playground.tui import run_app\nraise SystemExit(run_app({models!r}))"
ROWS, COLUMNS = 30, 100

MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
OPEN_END = re.compile(rb"(?:\x1b(?:\[[<>=?]?[\d;]*)?)?\Z")
HARMLESS = {7, 25}
"""Line wrap and the cursor: on in every terminal that nobody has touched."""


@dataclass
class Terminal:
    """A program on a pseudo-terminal, and all that it has written there."""

    child: pexpect.spawn
    seen: bytes = field(default=b"")

    def __post_init__(self) -> None:
        self._shown = pyte.Screen(COLUMNS, ROWS)
        self._drawing = pyte.ByteStream(self._shown)
        self._drawn = 0

    def read(self, seconds: float) -> None:
        """Take what the program writes for a while."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            try:
                self.seen += self.child.read_nonblocking(65536, timeout=0.05)
            except pexpect.TIMEOUT:
                continue
            except pexpect.EOF:
                return

    def until(self, text: str, seconds: float = 30) -> None:
        """Read until some text has been written."""
        end = time.monotonic() + seconds
        while text.encode() not in self.seen:
            assert time.monotonic() < end, f"no {text!r} in {self.seen[-3000:]!r}"
            self.read(0.05)

    def end(self, seconds: float = 30) -> int:
        """Read until the program has ended; its exit code, or minus the signal's number."""
        end = time.monotonic() + seconds
        while self.child.isalive():
            assert time.monotonic() < end, f"it did not end: {self.seen[-3000:]!r}"
            self.read(0.05)
        self.read(0.2)
        self.child.close()
        if self.child.signalstatus is not None:
            return -int(self.child.signalstatus)
        return int(self.child.exitstatus or 0)

    @property
    def screen(self) -> str:
        """What a person reads there now."""
        # A sequence that has not come whole waits for its end.
        end = next(OPEN_END.finditer(self.seen)).start()
        # pyte does not know the sequences that say how keys are to be reported.
        self._drawing.feed(re.sub(rb"\x1b\[[<>=?][\d;]*u", b"", self.seen[self._drawn : end]))
        self._drawn = end
        return "\n".join(line.rstrip() for line in self._shown.display)

    def shows(self, text: str, seconds: float = 30) -> None:
        """Read until a person reads some text."""
        end = time.monotonic() + seconds
        while text not in self.screen:
            assert time.monotonic() < end, f"no {text!r} on the screen:\n{self.screen}"
            self.read(0.1)

    @property
    def modes(self) -> set[int]:
        """The private modes that are on after everything that was written."""
        on = set(HARMLESS)
        for numbers, switch in MODE.findall(self.seen):
            for number in map(int, numbers.split(b";")):
                (on.add if switch == b"h" else on.discard)(number)
        return on

    def assert_clean(self) -> None:
        """No alternate screen, no mouse, no pasting brackets; the cursor is there."""
        assert self.modes == HARMLESS
        pushed = len(re.findall(rb"\x1b\[>\d*u", self.seen))
        assert len(re.findall(rb"\x1b\[<\d*u", self.seen)) >= pushed


@contextmanager
def terminal(
    folder: Path, code: str = PLAIN, models: tuple[str, ...] = ("scripted:echo", "scripted:lorem")
) -> Iterator[Terminal]:
    """The playground on a pseudo-terminal; afterwards the line discipline is as it was."""
    environment = {
        **os.environ,
        "PLAYGROUND_CONFIG_DIR": str(folder),
        "TERM": "xterm-256color",
        "PYTHONWARNINGS": "default",
    }
    child = pexpect.spawn(
        sys.executable,
        ["-c", code.format(models=models)],
        env=environment,
        dimensions=(ROWS, COLUMNS),
        timeout=30,
    )
    try:
        yield Terminal(child)
    finally:
        child.close(force=True)
