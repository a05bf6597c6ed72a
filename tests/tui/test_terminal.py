"""However the program ends, the terminal is the shell's again."""

from __future__ import annotations

import os
import re
import signal
import sys
import termios
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import pexpect
import pytest

PLAIN = "from playground.tui import run_app\nraise SystemExit(run_app({models!r}))"
CRASHING = """
from playground.tui.app import PlaygroundApp
from playground.tui.lifetime import live

def crash(self):
    key = "sk-secret"
    raise ZeroDivisionError("\\x1b[2Jwhile we looked")

PlaygroundApp.action_help = crash
raise SystemExit(live(PlaygroundApp({models!r})))
"""
HANGING = """
import asyncio
from playground.providers.scripted import ScriptedModel
from playground.tui.app import PlaygroundApp
from playground.tui.lifetime import live

class Hanging(ScriptedModel):
    async def aclose(self):
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                pass

raise SystemExit(live(PlaygroundApp({models!r}, opener=lambda ref: Hanging(["hi"]))))
"""

MODE = re.compile(rb"\x1b\[\?([\d;]+)([hl])")
HARMLESS = {7, 25}
"""Line wrap and the cursor: on in every terminal that nobody has touched."""


@dataclass
class Terminal:
    """A program on a pseudo-terminal, and all that it has written there."""

    child: pexpect.spawn
    seen: bytes = field(default=b"")

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
        dimensions=(30, 100),
        timeout=30,
    )
    try:
        yield Terminal(child)
    finally:
        child.close(force=True)


def ready(screen: Terminal) -> None:
    screen.until("ready")


def test_after_ctrl_q_the_terminal_is_clean(tmp_path: Path) -> None:
    with terminal(tmp_path) as screen:
        ready(screen)
        assert 1049 in screen.modes
        flags = termios.tcgetattr(screen.child.child_fd)[3]
        assert not flags & termios.ECHO
        screen.child.send("\x11")
        screen.read(1.5)
        if screen.child.isalive():
            flags = termios.tcgetattr(screen.child.child_fd)[3]
            assert flags & termios.ECHO
        assert screen.end() == 0
        screen.assert_clean()
        assert b"Traceback" not in screen.seen


def test_after_a_crash_the_terminal_is_clean_and_shows_no_secrets(tmp_path: Path) -> None:
    with terminal(tmp_path, CRASHING) as screen:
        ready(screen)
        screen.child.send("\x1bOP")
        assert screen.end() == 1
        screen.assert_clean()
        left = screen.seen.rsplit(b"\x1b[?1049l", 1)[1]
        assert b"ZeroDivisionError" in left
        assert "␛[2Jwhile we looked".encode() in left
        assert b"\x1b[2J" not in left
        assert b"sk-secret" not in re.sub(rb'key = "sk-secret"', b"", left)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_after_a_signal_the_terminal_is_clean(tmp_path: Path, number: signal.Signals) -> None:
    with terminal(tmp_path) as screen:
        ready(screen)
        screen.child.send("hello\r")
        screen.until("lazy")
        screen.child.kill(number)
        assert screen.end() == 128 + number
        screen.assert_clean()


def test_ctrl_c_in_the_running_app_says_how_to_quit_and_loses_nothing(tmp_path: Path) -> None:
    with terminal(tmp_path) as screen:
        ready(screen)
        screen.child.send("hello\r")
        screen.until("lazy")
        screen.child.send("\x03")
        screen.until("quit")
        assert screen.child.isalive()
        assert 1049 in screen.modes
        screen.child.send("\x11")
        assert screen.end() == 0
        screen.assert_clean()


@pytest.mark.parametrize("delay", [0.05, 0.15, 0.25, 0.35, 0.5])
def test_ctrl_c_at_any_moment_of_the_start_leaves_a_clean_terminal(
    tmp_path: Path, delay: float
) -> None:
    with terminal(tmp_path) as screen:
        screen.read(delay)
        screen.child.send("\x03")
        screen.read(0.5)
        while screen.child.isalive():
            screen.child.send("\x11")
            screen.read(0.3)
        screen.end()
        screen.assert_clean()


def test_quitting_is_quick_even_if_a_model_does_not_close(tmp_path: Path) -> None:
    with terminal(tmp_path, HANGING, ("a:x",)) as screen:
        ready(screen)
        began = time.monotonic()
        screen.child.send("\x11")
        assert screen.end() == 0
        assert time.monotonic() - began < 10
        screen.assert_clean()
