"""What the screens of sweeps look like, compared with pictures that somebody has looked at.

After a wanted change: `pytest tests/tui/sweeps/test_sweep_snapshots.py --snapshot-update`, then
look at them.
"""

from __future__ import annotations

import asyncio
import dataclasses
import math
from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console
from textual.pilot import Pilot
from textual.widgets import Input, TextArea

from playground.background import off_loop
from playground.history import History
from playground.history.pace import Pace
from playground.history.sweeping import DONE, STOPPED, KeptSweep
from playground.metrics import Estimate
from playground.params import GenerationParams
from playground.sweep.definition import Sweep
from playground.sweep.figures import CellFigures
from playground.tui.archive import Archive
from playground.tui.screens.cell_comparison import CellComparison
from playground.tui.screens.sweep import SweepScreen
from playground.tui.screens.sweep_form import SweepForm
from playground.tui.screens.sweep_list import SweepList
from playground.tui.sweeps.form import Look, Written, look_at
from playground.tui.sweeps.live import LiveSweep
from playground.tui.themes import DARK, LIGHT
from tests.tui.bare import BareApp, shown
from tests.tui.stage import screen_of, until
from tests.tui.sweeps.made import keep, sweep_of

Snapshot = Callable[..., bool]
Steps = Callable[[Pilot[None]], Awaitable[None]]

SIZES = {"80x24": (80, 24), "120x40": (120, 40)}
BOTH = pytest.mark.parametrize("size", list(SIZES))
METRICS = ("distinct-2", "self-bleu", "entropy", "length", "unique")
FOX = "Once upon a time a fox found a silver key"
JAPANESE = "昔々、小さな村にタロウという男の子がいました。"


def story() -> Sweep:
    """A plane of settings for two models."""
    return sweep_of(
        models=("demo:small", "demo:tiny"),
        space={"temperature": "0:2:0.25", "top_p": "0.5,0.7,0.9,1"},
        metrics=METRICS,
        samples=2,
    )


def figures(cell: int) -> CellFigures:
    """Diversity that rises with temperature and top_p."""
    place = cell % 36
    warmth, width = place // 4 / 8, (place % 4 + 1) / 4
    diversity = 0.2 + 0.7 * (1 - math.exp(-2 * warmth * width)) - (0.1 if cell >= 36 else 0)

    def around(value: float, room: float) -> Estimate:
        return Estimate(value, value - room, value + room, 2)

    return CellFigures(
        samples=2,
        failed=0,
        estimates={
            "distinct-2": around(diversity, 0.04),
            "self-bleu": around(100 * (1 - diversity), 5),
            "entropy": around(3 * diversity, 0.2),
            "length": around(40 + 10 * warmth, 8),
            "unique": around(min(1.0, 0.5 + warmth), 0.1),
        },
        top=FOX,
        answers=2,
    )


def text(cell: int, sample: int) -> str:
    where = ("in the old mill", "beside the river", "under the roots of an oak")[cell % 3]
    return f"{FOX} {where}. It turned it {sample + 2} times, and a small door opened.\n\n{JAPANESE}"


@pytest.fixture
def history() -> Iterator[History]:
    opened = History.in_memory()
    yield opened
    opened.close()


def live_of(history: History, *, ended: int = 72) -> LiveSweep:
    """The sweep with so many cells ended: those that a runner would have visited first."""

    def visited(cell: int) -> CellFigures | None:
        return figures(cell) if cell * 29 % 72 < ended else None

    state = DONE if ended == 72 else STOPPED
    name = keep(history, story(), figures=visited, text=text, state=state)
    return asyncio.run(LiveSweep.open(Archive(history), name))


def still(*steps: Steps) -> Steps:
    """Wait for what is read in the background; no cursor blinks."""

    async def play(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: len(pilot.app.screen_stack) > 1)
        for area in pilot.app.screen.query(TextArea):
            area.cursor_blink = False
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        for step in steps:
            await step(pilot)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause(0.2)

    return play


def sees(words: str) -> Steps:
    async def wait(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: words in screen_of(pilot.app))

    return wait


def keys(*names: str) -> Steps:
    async def press(pilot: Pilot[None]) -> None:
        await pilot.press(*names)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause(0.2)

    return press


def form_of(written: Written, speed: Pace | None = Pace(400.0)) -> SweepForm:  # noqa: B008
    async def look(found: Written) -> Look:
        return await off_loop(lambda: look_at(found, lambda _ref: speed))

    return SweepForm(written, ("demo:small", "openai:gpt-5"), look)


WRITTEN = Written(
    "Once upon a time",
    ("demo:small",),
    "temperature 0:2:0.25\ntop_p 0.5,0.9,1",
    samples="8",
    max_length="60",
    params=GenerationParams(top_k=40),
    drawn=12345,
)


@pytest.fixture(autouse=True, scope="module")
def drawn_before() -> None:
    """The first screen of a process is given other styles for its blanks than all that follow."""

    async def draw() -> None:
        async with shown(form_of(WRITTEN)) as up:
            await up.sees("27 cells")

    asyncio.run(draw())


@BOTH
def test_the_form(snap_compare: Snapshot, size: str) -> None:
    app = BareApp(form_of(WRITTEN))
    seen = still(sees("27 cells"))
    assert snap_compare(app, terminal_size=SIZES[size], run_before=seen)


@BOTH
def test_the_form_with_remarks(
    snap_compare: Snapshot, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    both = WRITTEN._replace(models=("demo:small", "openai:gpt-5"), budget="0.50")
    app = BareApp(form_of(both, None))
    seen = still(sees("54 cells"))
    assert snap_compare(app, terminal_size=SIZES[size], run_before=seen)


@BOTH
def test_the_form_with_what_is_wrong(snap_compare: Snapshot, size: str) -> None:
    wrong = WRITTEN._replace(
        prompt="", knobs="temprature 0,1\ntop_p 2:1:0.1", samples="0", seed="x", budget="-1"
    )
    app = BareApp(form_of(wrong), LIGHT.name)
    seen = still(sees("samples is a whole number"))
    assert snap_compare(app, terminal_size=SIZES[size], run_before=seen)


@BOTH
def test_the_grid_filling(snap_compare: Snapshot, history: History, size: str) -> None:
    app = BareApp(SweepScreen(live_of(history, ended=30)))
    seen = still(sees("30 of 72 cells"), keys("down", "right"))
    assert snap_compare(app, terminal_size=SIZES[size], run_before=seen)


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
@BOTH
def test_finished_with_heat_and_curve(
    snap_compare: Snapshot, history: History, size: str, theme: str
) -> None:
    app = BareApp(SweepScreen(live_of(history)), theme)
    views = keys("v", "v") if size == "80x24" else keys()
    seen = still(sees("72 of 72 cells"), keys("down", "down", "right", "right"), views)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=seen)


@BOTH
def test_heat_in_sixteen_colours(
    snap_compare: Snapshot, history: History, size: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Console, "color_system", "standard")
    app = BareApp(SweepScreen(live_of(history)))
    seen = still(sees("72 of 72 cells"), keys("down", "right", "z"))
    assert snap_compare(app, terminal_size=SIZES[size], run_before=seen)


@BOTH
def test_answers_of_a_cell(snap_compare: Snapshot, history: History, size: str) -> None:
    app = BareApp(SweepScreen(live_of(history)))
    seen = still(sees("72 of 72 cells"), keys("end", "down", "n"), sees("answer 1 · 2 of 2"))
    assert snap_compare(app, terminal_size=SIZES[size], run_before=seen)


@BOTH
def test_two_cells_compared(snap_compare: Snapshot, history: History, size: str) -> None:
    app = BareApp(SweepScreen(live_of(history)))

    async def compared(pilot: Pilot[None]) -> None:
        await pilot.press("space", "end", "down", "d")
        await until(pilot, lambda: isinstance(pilot.app.screen, CellComparison))
        await until(pilot, lambda: "both of seed" in screen_of(pilot.app))

    seen = still(sees("72 of 72 cells"), compared)
    assert snap_compare(app, terminal_size=SIZES[size], run_before=seen)


class _Dated(Archive):
    """An archive all of whose sweeps began at one moment."""

    async def read(self, work: Callable[[History], Any]) -> Any:
        found = await super().read(work)
        if isinstance(found, list | tuple) and found and isinstance(found[0], KeptSweep):
            moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)
            return [dataclasses.replace(kept, created=moment) for kept in found]
        return found


@BOTH
def test_the_list(snap_compare: Snapshot, history: History, size: str) -> None:
    for name, prompt, state in (
        ("kept00000a", "Once upon a time", DONE),
        ("kept00000b", JAPANESE, STOPPED),
        ("kept00000c", "Write a haiku about rain that nobody has written before", "interrupted"),
    ):
        sweep = sweep_of(prompt=(prompt,), space={"temperature": "0:1:0.5"}, metrics=METRICS)
        ended = 3 if state == DONE else 2
        keep(
            history, sweep, name, state=state,
            figures=lambda cell, ended=ended: figures(cell) if cell < ended else None,
        )  # fmt: skip
    app = BareApp(SweepList(_Dated(history)))
    assert snap_compare(app, terminal_size=SIZES[size], run_before=still(sees("haiku")))
