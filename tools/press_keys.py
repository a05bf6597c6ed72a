"""Press keys, click and resize at random in the terminal, until it ends by itself or time is over.

A screen that comes up, a pane that goes: such moments last milliseconds, and no test by hand meets
them. The terminal runs on a pseudo-terminal of its own, with a folder of its own for all that it
keeps; keys that leave it are not among those that are pressed. If it ends with an error, the last
keys and what it wrote at its end are printed. The same seed presses the same keys, but never at the
same instants: run several, and let other work go on beside them.

    python -m tools.press_keys --seed 7 --seconds 120 demo:small demo:tiny
"""

from __future__ import annotations

import argparse
import os
import random
import re
import signal
import sys
import tempfile
import time
from collections import deque
from collections.abc import Sequence
from typing import Final

import pexpect

ESCAPE: Final = "\x1b"
SIZES: Final = ((140, 40), (200, 60), (80, 24), (60, 20), (40, 12), (20, 6))

MOVES: Final = [
    *("\r", "\r", "\t", "\x7f", " ", ESCAPE, ESCAPE),
    *(f"{ESCAPE}[{word}" for word in ("A", "B", "C", "D", "H", "F", "Z", "3~", "5~", "6~")),
]
FUNCTIONS: Final = [
    *(f"{ESCAPE}O{letter}" for letter in "PQRS"),
    *(f"{ESCAPE}[{number}~" for number in (15, 17, 18, 19, 20, 21, 23, 24)),
]
WITH_ALT: Final = [f"{ESCAPE}{letter}" for letter in "abcdefghijklmnopqrstuvwxyz0123456789,./"]
WITH_CONTROL: Final = [
    chr(code) for code in range(1, 27) if chr(code) not in "\x03\x04\x11\x13\x1a"
]
"""Without those that interrupt, suspend, stop the output or leave: ^C, ^D, ^Q, ^S, ^Z."""
LETTERS: Final = [*"abcdefghijklmnopqrstuvwxyz0123456789?+-.,/"]
TEXTS: Final = [
    "hello",
    "日本語",
    "🙂",
    "é",
    "{name}",
    "0.5",
    f"{ESCAPE}[200~two\nlines{ESCAPE}[201~",
]

LENS: Final = (ESCAPE, ESCAPE, "Tell me a story", "\r", "", "", f"{ESCAPE}l")
"""Ask, wait, and open the lens; an empty one waits."""

WAITS: Final = (0.01, 0.03, 0.05, 0.1, 0.4)
"""Seconds between two keys: some come while what the one before did is still under way."""


class Keys:
    """What is pressed next, by dice."""

    def __init__(self, seed: int, *, lens: bool) -> None:
        self._dice = random.Random(seed)
        self._lens = lens
        self.size = SIZES[0]

    def next(self) -> str | tuple[int, int]:
        """Keys or a mouse's report as a terminal sends them; or a size for the terminal."""
        dice = self._dice
        if dice.random() < 0.02:
            self.size = dice.choice(SIZES)
            return self.size
        kinds: Sequence[tuple[float, Sequence[str]]] = (
            (4 if self._lens else 2, LETTERS),
            (4, MOVES),
            (1.5, [self._mouse()]),
            (0.3 if self._lens else 1.5, WITH_ALT),
            (0.2 if self._lens else 0.8, WITH_CONTROL),
            (0.2 if self._lens else 0.6, FUNCTIONS),
            (0.2 if self._lens else 0.8, TEXTS),
        )
        (chosen,) = dice.choices([keys for _, keys in kinds], [weight for weight, _ in kinds])
        return dice.choice(chosen)

    def wait(self) -> float:
        """Seconds until the next one."""
        return self._dice.choice(WAITS)

    def _mouse(self) -> str:
        column, row = (self._dice.randint(1, most) for most in self.size)
        kind = self._dice.choice((0, 0, 0, 35, 64, 65))  # Three clicks, a move, the wheel.
        pressed = f"{ESCAPE}[<{kind};{column};{row}M"
        return pressed if kind else f"{pressed}{ESCAPE}[<0;{column};{row}m"


def press(seed: int, seconds: float, models: Sequence[str], *, lens: bool) -> bool:
    """Press until the time is over; false if the terminal ended with an error."""
    keys, last = Keys(seed, lens=lens), deque[object](maxlen=40)
    seen = b""
    with tempfile.TemporaryDirectory(prefix="press-keys-") as folder:
        child = pexpect.spawn(
            sys.executable,
            ["-m", "playground", *(word for model in models for word in ("-m", model))],
            dimensions=SIZES[0][::-1],
            cwd=folder,  # Exports go where their name says: into the folder that goes too.
            env=os.environ
            | {"TERM": "xterm-256color", "COLORTERM": "truecolor", "HOME": folder}
            | {"PLAYGROUND_CONFIG_DIR": folder, "PLAYGROUND_DATA_DIR": folder},
        )

        def look(until: float) -> None:
            nonlocal seen
            while (left := until - time.monotonic()) > 0 and child.isalive():
                try:
                    seen = (seen + child.read_nonblocking(1 << 16, timeout=left))[-100_000:]
                except pexpect.TIMEOUT:
                    return
                except pexpect.EOF:
                    child.wait()
                    return

        look(time.monotonic() + 4)
        for key in LENS if lens else ():
            child.send(key)
            look(time.monotonic() + 1)
        end, count = time.monotonic() + seconds, 0
        while time.monotonic() < end and child.isalive():
            chosen = keys.next()
            last.append(chosen)
            if isinstance(chosen, str):
                child.send(chosen)
            else:
                child.setwinsize(*chosen[::-1])
            count += 1
            look(time.monotonic() + keys.wait())
        if child.isalive():
            child.kill(signal.SIGTERM)
            look(time.monotonic() + 10)
            child.close(force=True)
            print(f"seed {seed}: {count:,} keys, and it stands")
            return True
        child.close()
    if not child.exitstatus and child.signalstatus is None:
        print(f"seed {seed}: left after {count:,} keys, by a click on Quit, say")
        return True
    print(f"seed {seed}: ended with {child.exitstatus or child.signalstatus} after {count:,} keys")
    print("the last of them:", *map(repr, last))
    print(re.sub(rb"\x1b\[[0-9;?<>=]*[a-zA-Z]", b"", seen)[-6000:].decode(errors="replace"))
    return False


def main() -> int:
    """Press what the command says."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", default=["demo:small", "demo:tiny"], help="one a pane")
    parser.add_argument("--seed", type=int, default=1, help="the first, where there are --runs")
    parser.add_argument("--seconds", type=float, default=60, help="of each run")
    parser.add_argument("--runs", type=int, default=1, help="one after the other")
    parser.add_argument("--lens", action="store_true", help="begin with an answer in the lens")
    asked = parser.parse_args()
    stood = [
        press(asked.seed + run, asked.seconds, asked.models, lens=asked.lens)
        for run in range(asked.runs)
    ]
    return 0 if all(stood) else 1


if __name__ == "__main__":
    sys.exit(main())
