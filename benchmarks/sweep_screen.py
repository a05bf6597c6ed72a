"""A sweep of 10,000 finished cells: how long its screen takes to open, and its cursor to move.

The sweep is 100 temperatures by 100 values of top_p with four answers each and the usual metrics,
written through the history's own door and kept in the folder named by `--folder` for the next
time. The terminal runs on a pseudo-terminal. Opening is from Enter in the list of sweeps to the
coloured grid with its cursor on the screen; the first time in a program also imports what draws it.
Moving is from the key to the answers of the next cell. Memory is what the program holds (its RSS)
with panes only, and then with the sweep open for the last time. To reach: opened in under 1.5 s.

    python -m benchmarks.sweep_screen
"""

from __future__ import annotations

import argparse
import os
import random
import statistics
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import pexpect

from playground.history import Filing, History
from playground.history.saving import BegunRun, EndedRun
from playground.history.store import FILE
from playground.history.sweeping import DONE, ORIGIN, EndedCell, EndedSample
from playground.metrics import USUAL, Estimate
from playground.providers import open_model
from playground.sweep.asked import Asked, build
from playground.sweep.definition import Sweep
from playground.sweep.figures import CellFigures
from playground.types import Choice, Receipt, Timing, Usage

NAME = "bigsweep00"
SAMPLES = 4
COLUMNS, ROWS = 140, 40

LISTED = NAME.encode()
OPENED = b"10,000 of 10,000 cells"
CURSOR = b"[]"


def sweep() -> Sweep:
    """100 × 100 settings."""
    return build(
        Asked.of_words(
            prompt=("Once upon a time",),
            models=("demo:small",),
            space={"temperature": "0.02:2:0.02", "top_p": "0.01:1:0.01"},
            params={"max_length": 40},
            samples=SAMPLES,
            seed=1,
        )
    )


def answer_of(cell: int, sample: int) -> str:
    """What the screen shows of an answer: no other has these words."""
    return f"answer {sample} of cell {cell}, " + "and then the fox went on " * 8


def build_history(path: Path) -> None:
    """Write the sweep with all that a run of it would leave."""
    asked = sweep()
    model = open_model("demo:small")
    dice = random.Random(1)
    with History.open(path) as history:
        shelf = history.sweeps
        shelf.begin(NAME, asked.heading, asked.model_dump_json())
        for cell in range(asked.cells):
            values = asked.space.at(asked.place(cell).point)
            for sample in range(SAMPLES):
                params = asked.params.updated(**values, seed=asked.seed_of(cell, sample))
                run = f"{NAME}c{cell}s{sample}"
                shelf.add_sample(
                    EndedSample(
                        sweep=NAME,
                        cell=cell,
                        sample=sample,
                        tries=1,
                        filing=Filing(
                            conversation=NAME,
                            pane=f"{NAME}-0",
                            turn=f"{NAME}-c{cell}",
                            place=0,
                            model="demo:small",
                            params=params,
                            prompt=asked.prompts[0].text,
                            version=sample + 1,
                            title=asked.heading,
                            origin=ORIGIN,
                        ),
                        begun=BegunRun(
                            run, "demo:small", asked.prompts[0].messages, "", params, time.time()
                        ),
                        ended=EndedRun(
                            run,
                            "done",
                            (Choice(text=answer_of(cell, sample), finish_reason="length"),),
                            ((),),
                            Receipt(model="demo:small", plan=model.plan(params)),
                            Usage(input_tokens=13, output_tokens=40, cost=0.0),
                            Timing(queued=0.01, first_token=0.1, total=0.5),
                            None,
                        ),
                        measures={},
                    )
                )
            middle = {name: dice.random() for name in USUAL}
            estimates = {
                name: Estimate(value, value * 0.9, value * 1.1, SAMPLES)
                for name, value in middle.items()
            }
            figures = CellFigures(SAMPLES, 0, estimates, answer_of(cell, 0)[:80], SAMPLES)
            shelf.add_cell(EndedCell(NAME, cell, values, figures.packed()))
            if cell % 500 == 0:
                history.flush()
                print(f"\r{cell:,} of {asked.cells:,} cells written", end="", file=sys.stderr)
        shelf.settle(NAME, DONE)
    print(file=sys.stderr)


class Screen:
    """The playground on a pseudo-terminal, and how long something takes to be painted there."""

    def __init__(self, folder: Path) -> None:
        environment = {
            **os.environ,
            "PLAYGROUND_CONFIG_DIR": str(folder),
            "PLAYGROUND_DATA_DIR": str(folder),
            "TERM": "xterm-256color",
            "COLORTERM": "truecolor",
        }
        command = ["-m", "playground", "-m", "scripted:echo"]
        self._child = pexpect.spawn(
            sys.executable, command, env=environment, dimensions=(ROWS, COLUMNS), timeout=30
        )
        self._seen = b""

    def until(self, text: bytes, since: float) -> float:
        """Read until a text has been painted; seconds since then."""
        end = time.perf_counter() + 30
        while text not in self._seen:
            if time.perf_counter() > end:
                raise TimeoutError(f"{text!r} did not come: {self._seen[-2000:]!r}")
            try:
                self._seen += self._child.read_nonblocking(65536, timeout=0.2)
            except pexpect.TIMEOUT:
                continue
        return time.perf_counter() - since

    def press(self, key: str) -> float:
        """Press a key, forgetting what was painted before; when."""
        self.settle()
        self._seen = b""
        began = time.perf_counter()
        self._child.send(key)
        return began

    def settle(self, seconds: float = 0.3) -> None:
        """Read until nothing has been painted for a while; a cursor that blinks never ends."""
        end = time.perf_counter() + 4 * seconds
        while time.perf_counter() < end:
            try:
                self._seen += self._child.read_nonblocking(65536, timeout=seconds)
            except pexpect.TIMEOUT:
                return

    def memory(self) -> float:
        """What it holds of the machine's memory now, MB."""
        pages = int(Path(f"/proc/{self._child.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1024**2

    def close(self) -> None:
        """End it."""
        self._child.close(force=True)


@dataclass(slots=True)
class Measured:
    """Seconds to open the sweep, the first time and again, and to move by a cell; memory, MB."""

    first: list[float] = field(default_factory=list)
    again: list[float] = field(default_factory=list)
    moved: list[float] = field(default_factory=list)
    before: list[float] = field(default_factory=list)
    after: list[float] = field(default_factory=list)


def measure(folder: Path, rounds: int, measured: Measured) -> None:
    """Start the program once, open the sweep so many times in it and move about."""
    screen = Screen(folder)
    opened: list[float] = []
    try:
        screen.until(b"Ask something", time.perf_counter())
        screen.settle(1.5)
        held = screen.memory()
        measured.before.append(held)
        for _ in range(rounds):
            screen.until(LISTED, screen.press("\x1bk"))
            began = screen.press("\r")
            screen.until(OPENED, began)
            opened.append(screen.until(CURSOR, began))
            screen.until(b"answer 0 of cell 0", time.perf_counter())
            for step in range(1, 6):
                # The cells of a row of the grid are a hundred apart.
                wanted = f"cell {step * 100}, ".encode()
                measured.moved.append(screen.until(wanted, screen.press("\x1b[C")))
            held = screen.memory()
            screen.press("\x1b")
            screen.settle(0.5)
    finally:
        screen.close()
    measured.first += opened[:1]
    measured.again += opened[1:]
    measured.after.append(held)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="programs started")
    parser.add_argument("--folder", type=Path, help="where the history is kept and used again")
    parser.add_argument("--quick", action="store_true", help="one program")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as made:
        folder = options.folder or Path(made)
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / FILE).exists():
            build_history(folder / FILE)
        measured = Measured()
        for _ in range(1 if options.quick else options.rounds):
            measure(folder, 3, measured)
    print(f"{'milliseconds':34}{'median':>8}{'slowest':>9}")
    for title, found in (
        ("open, the first in a program", measured.first),
        ("open again", measured.again),
        ("to the next cell's answers", measured.moved),
    ):
        print(f"{title:34}{statistics.median(found) * 1000:>8.0f}{max(found) * 1000:>9.0f}")
    print(f"\n{'MB':34}{'median':>8}{'most':>9}")
    for title, found in (("panes only", measured.before), ("with the sweep", measured.after)):
        print(f"{title:34}{statistics.median(found):>8.0f}{max(found):>9.0f}")


if __name__ == "__main__":
    main()
