"""The columns while they grow, frame by frame, on a terminal that is only simulated."""

from __future__ import annotations

import os
import random
from dataclasses import dataclass, field

import pyte
import pytest

from playground.cli import columns
from playground.cli.columns import SEPARATOR, Columns, column_width
from playground.comparison import compare
from playground.providers.scripted import ScriptedModel
from playground.run import Run

WIDTH, HEIGHT = 50, 8


@dataclass
class Terminal:
    """What is written to it, and how often."""

    screen: pyte.HistoryScreen
    frames: list[str] = field(default_factory=list)

    def write(self, text: str) -> None:
        self.frames.append(text)
        # A terminal driver does this for a program's output.
        pyte.Stream(self.screen).feed(text.replace("\n", "\r\n"))

    def column(self, number: int) -> str:
        """A column's text, scrolled away and visible, without its head."""
        rows = [*self.screen.history.top, *map(self.screen.buffer.__getitem__, range(HEIGHT))]
        lines = ["".join(row[x].data for x in range(WIDTH)) for row in rows]
        return " ".join(line.split("│")[number].strip() for line in lines[2:] if "│" in line)


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Terminal:
    made = Terminal(pyte.HistoryScreen(WIDTH, HEIGHT, history=10_000, ratio=0.5))
    monkeypatch.setattr(columns, "emit", made.write)
    monkeypatch.setattr(columns, "note", lambda _line: None)
    monkeypatch.setattr(columns, "FRAME_SECONDS", 0)
    monkeypatch.setattr(columns, "terminal_size", lambda: os.terminal_size((WIDTH, HEIGHT)))
    return made


async def _show(*models: ScriptedModel) -> tuple[Run, ...]:
    comparison = compare(models, "hi", max_length=5000)
    view = Columns(comparison.runs, column_width(WIDTH, len(models)))
    async with comparison:
        async for run, event in comparison:
            view.take(run, event)
    view.close()
    return comparison.runs


def _pieces(seed: int, count: int) -> list[str]:
    """Words, parts of words, wide characters and new lines, in any order."""
    draw = random.Random(seed)
    stock = [
        "alpha ",
        "be",
        "ta ",
        "日本",
        "語、",
        "a-very-long-word-that-must-be-cut ",
        "\n",
        ". ",
    ]
    return [draw.choice(stock) for _ in range(count)]


@pytest.mark.parametrize("seed", range(4))
async def test_growing_unevenly_loses_nothing(terminal: Terminal, seed: int) -> None:
    """One runs far ahead of the other, beyond what the screen holds."""
    quick, slow = _pieces(seed, 300), _pieces(seed + 100, 60)
    runs = await _show(ScriptedModel(quick), ScriptedModel(slow, delay=0.004))
    assert len(terminal.frames) > 20
    for number, run in enumerate(runs):
        shown = "".join(terminal.column(number).split())
        assert shown.startswith("".join(run.text.split()) + "[stop,")


async def test_a_frame_never_takes_more_than_the_screen(terminal: Terminal) -> None:
    quick, slow = ScriptedModel(_pieces(1, 400)), ScriptedModel(_pieces(2, 30), delay=0.004)
    await _show(quick, slow)
    ups = [
        int(frame.split("\x1b[")[2].rstrip("F")) for frame in terminal.frames if "F" in frame[:14]
    ]
    assert ups
    assert max(ups) < HEIGHT


async def test_a_failing_column_ends_and_the_other_goes_on(
    terminal: Terminal, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = ScriptedModel(["one ", "two "], fail_after=1, error=ConnectionError("gone"))
    runs = await _show(broken, ScriptedModel(_pieces(3, 40), delay=0.001))
    assert terminal.column(0).startswith("one  [error")
    assert runs[1].state == "done"
    assert "ConnectionError: gone" in capsys.readouterr().err


@pytest.mark.parametrize(("terminal_width", "count"), [(80, 2), (40, 2), (120, 4), (59, 3)])
def test_columns_fit_the_terminal(terminal_width: int, count: int) -> None:
    width = column_width(terminal_width, count)
    assert width >= columns.NARROWEST
    assert width * count + len(SEPARATOR) * (count - 1) < terminal_width


def test_columns_too_narrow_to_read_are_none() -> None:
    assert column_width(40, 3) == 0
