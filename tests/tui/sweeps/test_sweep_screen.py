"""The sweep screen: its figures are those of the history, and it is stopped and gone on with."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

import pytest
from rich.console import Console

from playground.history import History
from playground.metrics import Estimate
from playground.providers.scripted import ScriptedModel
from playground.sweep.definition import Sweep
from playground.sweep.figures import CellFigures, short_figure
from playground.sweep.result import SweepResult
from playground.tui.archive import Archive
from playground.tui.screens.cell_comparison import comparison_text
from playground.tui.screens.sweep import SweepScreen
from playground.tui.sweeps.live import LiveSweep
from playground.tui.widgets.fitted_text import KeyLine
from playground.tui.widgets.heat_grid import HeatGrid
from playground.tui.widgets.sweep_curve import SweepCurve
from playground.types import Problem
from tests.tui.bare import Shown, shown
from tests.tui.stage import until
from tests.tui.sweeps.made import (
    archive_of,
    executor_of,
    failing,
    figures_by,
    keep,
    slow,
    sweep_of,
)

PLANE = sweep_of(space={"temperature": "0:2:0.5", "top_p": "0.5,0.9,1"})
WIDE = (140, 40)


@dataclass
class Looking(Shown):
    """A sweep screen that is up."""

    archive: Archive
    live: LiveSweep

    @property
    def grid(self) -> HeatGrid:
        return self.app.screen.query_one(HeatGrid)

    @property
    def curve(self) -> SweepCurve:
        return self.app.screen.query_one(SweepCurve)

    @property
    def rows(self) -> list[str]:
        """The cells of each row as they are drawn, without its label."""
        grid = self.grid
        return [grid._row(row).text[grid._label_width :] for row in range(grid._plane.rows)]

    async def at(self, cell: int) -> None:
        """Move the cursor to a cell, by keys."""
        row, column = self.grid._plane.place(cell)
        await self.press("ctrl+home", *["down"] * row, *["right"] * column)
        assert self.grid.cell == cell
        await self.sees(f"cell {cell} ")

    def result(self) -> SweepResult:
        return SweepResult.load(self.archive._history, self.live.id)


@asynccontextmanager
async def looking(
    archive: Archive, live: LiveSweep, size: tuple[int, int] = WIDE
) -> AsyncIterator[Looking]:
    screen = SweepScreen(live)
    async with shown(screen, size) as up:
        try:
            yield Looking(up.pilot, up.app, archive, live)
        finally:
            await live.aclose(5)


@asynccontextmanager
async def kept(
    sweep: Sweep = PLANE, *, size: tuple[int, int] = WIDE, **options: Any
) -> AsyncIterator[Looking]:
    """A kept sweep on the screen."""
    history = History.in_memory()
    options.setdefault("figures", figures_by(lambda cell: cell / 10))
    name = keep(history, sweep, **options)
    async with archive_of(history) as archive:
        live = await LiveSweep.open(archive, name)
        async with looking(archive, live, size) as up:
            await up.sees("cell 0")
            yield up


@asynccontextmanager
async def at_work(
    sweep: Sweep, executor: Any, size: tuple[int, int] = WIDE
) -> AsyncIterator[Looking]:
    """A sweep that has just begun on the screen."""
    async with archive_of() as archive:
        live = await LiveSweep.begin(archive, sweep, executor)
        async with looking(archive, live, size) as up:
            yield up


# Figures


async def test_every_cell_says_what_the_result_says() -> None:
    async with kept() as up:
        result = up.result()
        plane = up.grid._plane
        for metric in ("distinct-2", "length"):
            for cell in result.cells:
                estimate = cell.figures.estimates[metric]
                assert estimate.value is not None
                assert up.grid.text_at(*plane.place(cell.number)) == short_figure(estimate.value)
            await up.press("m")
        assert up.live.metrics == result.metrics == ("distinct-2", "length")


async def test_columns_are_the_first_knob_and_rows_the_second() -> None:
    async with kept() as up:
        lines = up.text.splitlines()
        head = next(line for line in lines if line.startswith(" top_p"))
        assert head.split()[:6] == ["top_p", "0", "0.5", "1", "1.5", "2"]
        row = next(line for line in lines if line.startswith(" 0.9"))
        assert row.split()[:6] == ["0.9", "0.1", "0.4", "0.7", "1", "1.3"]


async def test_the_curve_is_the_row_of_the_cursor_with_its_intervals() -> None:
    async with kept() as up:
        await up.at(7)
        curve = up.curve.curve
        assert curve is not None
        cells = [up.result().cells[at] for at in (1, 4, 7, 10, 13)]
        found = [cell.figures.estimates["distinct-2"] for cell in cells]
        assert [(m.at, m.value, m.low, m.high) for m in curve.marks] == [
            (cell.values["temperature"], one.value, one.low, one.high)
            for cell, one in zip(cells, found, strict=True)
        ]
        assert curve.here == 1.0
        assert "distinct-2 over temperature" in up.text
        assert "░" in up.text


async def test_the_answers_of_the_cell_under_the_cursor_are_paged_through() -> None:
    async with kept() as up:
        await up.at(5)
        await up.sees("answer 0 of cell 5")
        assert "answer 0 · 1 of 2 · seed 7 · stop" in up.text
        await up.press("n")
        assert "answer 1 of cell 5" in up.text
        await up.press("n", "p", "p")
        assert "answer 0 of cell 5" in up.text


async def test_each_metric_is_told_with_its_interval_or_why_there_is_none() -> None:
    def figures(cell: int) -> CellFigures | None:
        whole = figures_by(lambda at: at / 10)(cell)
        return None if cell == 1 else whole

    async with kept(figures=figures) as up:
        await up.at(3)
        await up.sees("0.25 to 0.35")
        await up.at(1)
        await up.sees("no answers yet")
        assert "measured once all its answers are there" in up.text
        row, column = up.grid._plane.place(1)
        assert up.grid.text_at(row, column) == "·"


async def test_a_metric_that_is_clicked_colours_the_grid() -> None:
    async with kept() as up:
        await up.sees("0.05")
        await up.pilot.click("#sweep-table", offset=(3, 1))
        await up.sees("length 2 of 2")
        assert up.live.metric == "length"
        assert up.grid.text_at(0, 0) == "12"


async def test_the_mouse_moves_the_cursor() -> None:
    async with kept() as up:
        width = up.grid._cell_width
        await up.pilot.click("#sweep-grid", offset=(up.grid._label_width + 2 * width + 1, 3))
        await up.sees("cell 7 ")
        assert up.grid.cell == 7


# Laying out


async def test_further_dimensions_are_turned_chosen_and_flattened() -> None:
    cube = sweep_of(
        space={"temperature": "0:1:0.5", "top_p": "0.5,1", "top_k": "5,10"},
        models=("scripted:lorem", "scripted:echo"),
    )
    async with kept(cube) as up:
        assert "top_k 5 1/2" in up.text
        await up.press("full_stop")
        assert "top_k 10 2/2" in up.text
        assert up.grid.cell == 1
        await up.press("h", "full_stop")
        await up.sees("scripted:echo 2/2")
        assert up.grid.cell == 1 + cube.cells_of_model
        await up.press("f")
        assert "1, 10, scripted:echo" in up.text
        assert up.grid.cell == 1 + cube.cells_of_model
        await up.press("f", "c")
        assert "top_p" in next(line for line in up.text.splitlines() if "temperature" in line)


async def test_names_of_models_and_wide_prompts_have_room_over_the_columns() -> None:
    sweep = sweep_of(prompt=("昔々あるところに", "Once upon a time"), models=("scripted:lorem",))
    async with kept(sweep) as up:
        assert "昔々あるところに" in up.text
        for line in up.text.splitlines():
            assert "\ufffd" not in line
        await up.press("r")
        row = next(line for line in up.text.splitlines() if "[  0]" in line)
        assert row.startswith(" 昔々あるところに ")


async def test_many_columns_are_colours_until_figures_are_wanted() -> None:
    sweep = sweep_of(space={"temperature": "0:2:0.05", "top_p": "0.5,1"})
    async with kept(sweep) as up:
        assert not up.grid.shows_figures
        await up.press("z", "end")
        assert up.grid.shows_figures
        assert "[  8]" in up.text
        assert up.grid.scroll_offset.x > 0


@pytest.mark.parametrize("size", [(80, 24), (40, 16), (110, 24), (20, 8)])
async def test_a_small_terminal_shows_one_thing_at_a_time(size: tuple[int, int]) -> None:
    async with kept(size=size) as up:
        if size[0] >= 80:
            await up.sees("answer 0 of cell 0")
            assert "-0.05 to 0.05" not in up.text
            await up.press("v")
            assert "-0.05 to 0.05" in up.text
            await up.press("v")
            assert "distinct-2 over temperature" in up.text
            assert "answer 0 of cell 0" not in up.text
        await up.press("down", "right")
        assert up.grid.cell == 4


async def test_resizing_at_any_moment_leaves_a_screen_that_can_be_read() -> None:
    async with kept() as up:
        for size in ((40, 12), (200, 50), (12, 5), (81, 24), (1, 1), (140, 40)):
            await up.pilot.resize_terminal(*size)
            await up.pilot.pause()
        assert "distinct-2 over temperature" in up.text


async def test_drawn_settings_are_rows_and_the_curve_is_their_marks() -> None:
    sweep = sweep_of(space={"temperature": "0:2", "top_p": "0.1:1"}, search={"random": 6})
    async with kept(sweep) as up:
        values = sweep.space.at(4)
        assert f"temperature {values['temperature']:g} top_p {values['top_p']:g}" in up.text
        await up.press("down")
        curve = up.curve.curve
        assert curve is not None
        assert not curve.joined
        assert sorted(mark.at for mark in curve.marks) == sorted(
            float(str(sweep.space.at(point)["temperature"])) for point in range(6)
        )
        assert curve.here == sweep.space.at(1)["temperature"]


async def test_what_a_search_left_out_is_neither_missing_nor_awaited() -> None:
    sweep = sweep_of(
        prompt=("one fox", "one hen", "one owl"),
        space={"temperature": "0:2"},
        search={"optimise": ("distinct-2",), "trials": 2, "prune": True},
    )
    figures = figures_by(lambda cell: cell / 10)
    async with kept(sweep, figures=lambda cell: figures(cell) if cell < 4 else None) as up:
        assert [up.grid.text_at(1, column) for column in range(3)] == ["0.3", "/", "/"]
        assert " 100% ━" in up.text
        assert "4 of 6 cells · 2 left out · 8 of 8 answers" in up.text
        assert "– no value  / left out" in up.text
        await up.press("down", "right")
        await up.sees("no answers: the search left its setting")
        assert "measured once all its answers are there" not in up.text
        await up.press("i")
        await up.sees("1 of 2 settings was left early: after 1 of 3 prompts they lagged behind")
        assert "Reading its answers" not in up.text + up.notices


async def test_where_nothing_can_be_said_of_a_sweep_it_is_said_why() -> None:
    async with kept(figures=lambda _cell: None) as up:
        await up.press("i")
        await up.sees("Nothing can be said of it: none of its cells has ended yet.")
        assert "grid" not in up.text


async def test_a_curve_of_one_value_shows_none_that_its_metric_cannot_have() -> None:
    sweep = sweep_of(space={"temperature": "0:2:0.5"}, metrics=("rep-4",))
    same = CellFigures(2, 0, {"rep-4": Estimate(0.0, 0.0, 0.0, 2)}, "the same", 1)
    async with kept(sweep, figures=lambda _cell: same) as up:
        await up.sees("rep-4 over temperature")
        scale = [line.partition("┤")[0].split()[-1] for line in up.text.splitlines() if "┤" in line]
        assert [float(mark) for mark in (scale[0], scale[-1])] == [0.5, 0.0]


def test_a_comparison_in_little_room_cuts_no_interval() -> None:
    one = {"distinct-2": Estimate(0.424, 0.0529, 0.796, 8)}
    other = {"distinct-2": Estimate(0.905, 0.811, 0.999, 8)}
    for width in (50, 56, 100):
        lines = comparison_text(["distinct-2"], one, other, width).plain.splitlines()
        assert "0.424 (0.0529 to 0.796)" in lines[-1]
        assert "0.905 (0.811 to 0.999)" in lines[-1]
        assert max(map(len, lines)) <= width
        assert sum("apart" in line for line in lines[1:]) == 1


async def test_what_a_search_found_best_is_marked_in_the_grid() -> None:
    sweep = sweep_of(
        prompt=("one fox", "one hen"),
        space={"temperature": "0:2"},
        search={"optimise": ("distinct-2", "length:min"), "trials": 3},
    )
    # The first setting is the least diverse and the shortest, the last is worse than the second.
    diverse, length = (0.1, 0.1, 0.9, 0.9, 0.5, 0.5), (2.0, 2.0, 8.0, 8.0, 9.0, 9.0)

    def figures(cell: int) -> CellFigures:
        made = figures_by(lambda number: diverse[number])(cell)
        long = Estimate(length[cell], length[cell], length[cell], 2)
        return replace(made, estimates={**made.estimates, "length": long})

    async with kept(sweep, figures=figures) as up:
        assert "– no value  ★ best" in up.text
        assert up.rows == [
            "★    0.1]★    0.1 ",
            "★    0.9 ★    0.9 ",
            "     0.5      0.5 ",
        ]
        await up.press("end", "down", "z", "space", "up")
        assert up.rows == ["★ []", "★ ◆ ", "    "]


async def test_a_search_that_was_stopped_has_not_left_out_what_is_missing() -> None:
    sweep = sweep_of(
        prompt=("one fox", "one hen"),
        space={"temperature": "0:2"},
        search={"optimise": ("distinct-2",), "trials": 2, "prune": True},
    )
    figures = figures_by(lambda cell: cell / 10)
    stopped = {"figures": lambda cell: None if cell else figures(cell), "state": "stopped"}
    async with kept(sweep, **stopped) as up:
        assert up.grid.text_at(0, 1) == "·"
        assert "1 of 4 cells · 2 of 8 answers" in up.text


async def test_a_knob_of_words_has_a_grid_and_no_curve() -> None:
    sweep = sweep_of(space={"sampler_order": ["llama.cpp", "temperature-first"]})
    async with kept(sweep) as up:
        assert "temperature-first" in up.text
        assert "No knob of numbers is swept" in up.text


# What went wrong


async def test_cells_that_failed_are_marked_and_say_why_safely() -> None:
    def figures(cell: int) -> CellFigures | None:
        return CellFigures(0, 2) if cell == 4 else figures_by(lambda at: at / 10)(cell)

    def error(cell: int, _sample: int) -> Problem | None:
        return Problem(kind="RequestRefused", message="said \x1b]2;no\x07") if cell == 4 else None

    async with kept(figures=figures, error=error) as up:
        await up.at(4)
        await up.sees("✗ said ␛]2;no␇")
        assert up.grid.text_at(1, 1) == "✗"
        assert "tried 3 times" in up.text
        assert "2 failed" in up.text


async def test_a_model_that_always_fails_leaves_marked_cells_and_their_errors() -> None:
    async with at_work(sweep_of(space={"temperature": "0:1:0.5"}), failing()) as up:
        await until(up.pilot, lambda: not up.live.running)
        await up.sees("✗ the server said ␛[31mno")
        assert [up.grid.text_at(0, column) for column in range(3)] == ["✗"] * 3
        assert up.result().failed == 6


async def test_answers_of_models_are_data() -> None:
    async with kept(text=lambda _c, _s: "[bold]no\x1b[2J markup[/bold] ‮") as up:
        await up.sees("[bold]no␛[2J markup[/bold] ‹U+202E›")


# At work


async def test_cells_fill_in_as_they_end() -> None:
    async with at_work(sweep_of(space={"temperature": "0:1:0.1"}, samples=8), slow()) as up:
        seen = set()
        while up.live.running:
            seen.add(len(up.live.values))
            await up.pilot.pause(0.02)
        await up.sees("11 of 11 cells")
        assert any(0 < filled < 11 for filled in seen)
        assert up.live.state == "done"
        await up.press("home")
        for cell in up.result().cells:
            value = cell.figures.value("distinct-2")
            assert value is not None
            assert up.grid.text_at(0, cell.number) == short_figure(value)


async def test_the_line_over_it_says_how_far_it_is() -> None:
    async with at_work(sweep_of(space={"temperature": "0:1:0.1"}), slow()) as up:
        await up.sees("tok/s")
        await up.sees(" left")
        assert "of 22 answers" in up.text
        assert "running" in up.text


async def test_escape_asks_and_stops_and_the_rest_is_made_later() -> None:
    sweep = sweep_of(space={"temperature": "0:1:0.02"}, samples=4)
    async with at_work(sweep, slow(0.04)) as up:
        await until(up.pilot, lambda: bool(up.live.values))
        await up.pilot.press("escape")
        await up.sees("Stop the sweep?")
        await up.pilot.press("escape")
        await until(up.pilot, lambda: isinstance(up.app.screen, SweepScreen))
        assert up.live.running
        await up.pilot.press("escape")
        await up.sees("Stop it")
        await up.pilot.press("y")
        await until(up.pilot, lambda: not up.live.running)
        await up.sees("stopped in the terminal")
        made = up.result()
        assert made.state == "stopped"
        assert 0 < len(made.cells) < sweep.cells
        before = {cell.number: up.archive._history.sweeps.samples(made.id, cell.number)
                  for cell in made.cells}  # fmt: skip
        up.live._executor = executor_of(lambda: ScriptedModel(["and ", "so ", "on"]))
        await up.press("g")
        await until(up.pilot, lambda: up.live.state == "done")
        await up.sees("100%")
        whole = up.result()
        assert len(whole.cells) == sweep.cells
        for number, samples in before.items():
            assert up.archive._history.sweeps.samples(whole.id, number) == samples


async def test_what_failed_is_tried_again_when_nothing_else_is_missing() -> None:
    async with at_work(sweep_of(space={"temperature": "0:1:0.5"}), failing()) as up:
        await until(up.pilot, lambda: not up.live.running)
        await up.sees("6 failed")
        up.live._executor = executor_of(lambda: ScriptedModel(["fine ", "now ", "again"]))
        await up.press("g")
        await until(up.pilot, lambda: up.live.state == "done" and not up.live.failed)
        await up.sees("fine now again")
        await up.press("g")
        assert "Nothing is missing." in up.notices


async def test_where_its_budget_holds_no_answer_more_it_is_said_how_the_rest_is_made() -> None:
    sweep = sweep_of(space={"temperature": "0:1:0.1"}, budget={"tokens": 30})
    async with at_work(sweep, slow(0)) as up:
        await up.sees("the budget of 30 tokens is reached")
        await until(up.pilot, lambda: not up.live.running)
        before = up.live.samples
        await up.press("g")
        await until(up.pilot, lambda: "takes a larger budget" in up.notices)
        assert f"playground sweep --resume {up.live.id} --budget-tokens MORE" in up.notices
        assert (up.live.state, up.live.samples) == ("stopped", before)


async def test_left_at_work_it_goes_on() -> None:
    async with at_work(sweep_of(space={"temperature": "0:1:0.1"}), slow(0.05)) as up:
        await up.sees("running")
        await up.pilot.press("b")
        await until(up.pilot, lambda: up.app.given == [""])
        await until(up.pilot, lambda: up.live.state == "done", seconds=60)
        assert len(up.live.values) == 11


async def test_a_metric_that_is_chosen_while_cells_end_has_them_all() -> None:
    async with at_work(sweep_of(space={"temperature": "0:1:0.05"}), slow(0.005)) as up:
        while up.live.running:
            await up.pilot.press("m")
            await up.pilot.pause(0.02)
        await until(up.pilot, lambda: len(up.live.values) == 21)
        while up.live.metric != "length":
            await up.press("m")
        assert {item.value for item in up.live.values.values()} == {12.0}


async def test_a_sweep_of_another_program_is_followed() -> None:
    history = History.in_memory()
    name = keep(
        history,
        PLANE,
        figures=lambda at: figures_by(float)(at) if at < 3 else None,
        state="running",
    )
    async with archive_of(history) as archive:
        live = await LiveSweep.open(archive, name)
        async with looking(archive, live) as up:
            await up.sees("running in another program")
            assert "3 of 15 cells" in up.text
            await up.press("g")
            assert "Another program is at work on it." in up.notices
            keep(history, PLANE, figures=figures_by(float))
            await up.sees("15 of 15 cells")


# Comparing


async def test_two_cells_are_compared_answer_by_answer_and_by_their_intervals() -> None:
    async with kept() as up:
        await up.press("d")
        assert "Mark a cell with Space" in up.notices
        await up.press("space", "right", "right")
        await up.sees("cell 0 is marked")
        await up.press("d")
        await up.sees("answer 0 · 1 of 2, both of seed 7: different")
        assert "cell 0 · temperature 0 · top_p 0.5" in up.text
        assert "cell 6 · temperature 1 · top_p 0.5" in up.text
        assert "Intervals that do not overlap: 1 of 2, marked apart" in up.text
        row = next(line for line in up.text.splitlines() if "distinct-2" in line)
        assert "0 (-0.05 to 0.05)" in row
        assert "0.6 (0.55 to 0.65)" in row
        assert row.rstrip().endswith("apart")
        await up.press("right")
        await up.sees("answer 1 · 2 of 2, both of seed 8")
        assert "answer 1 of cell 6" in up.text
        await up.press("escape")
        assert isinstance(up.app.screen, SweepScreen)


async def test_what_two_cells_are_called_ends_in_an_ellipsis_where_it_has_no_room() -> None:
    prompts = tuple(f"Tell me a long and winding story about a young {name}" for name in ("a", "b"))
    sweep = sweep_of(prompt=prompts, space={"temperature": "0,1", "top_p": "0.5,1"})
    async with kept(sweep, size=(100, 40)) as up:
        await up.press("space", "right", "d")
        await up.sees("answer 0 · 1 of 2")
        (titles,) = [line for line in up.text.splitlines() if "temperature" in line]
        assert titles.count("…") == 2


async def test_neighbours_whose_intervals_overlap_may_differ_by_chance() -> None:
    async with kept(figures=figures_by(lambda cell: cell / 1000)) as up:
        await up.press("space", "right", "d")
        await up.sees("No two intervals lie apart")


async def test_cells_compared_in_a_narrow_terminal_stand_below_each_other() -> None:
    async with kept(size=(50, 20)) as up:
        await up.press("space", "right", "d")
        await up.sees("answer 0 · 1 of 2")


Reading = Callable[[Looking], str]


@pytest.mark.parametrize("colours", ["standard", None])
async def test_few_colours_are_five_with_shades(
    colours: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    sweep = sweep_of(space={"temperature": "0:2:0.05", "top_p": "0.5,1"})
    async with kept(sweep) as up:
        assert "▓▓" not in up.text
        monkeypatch.setattr(Console, "color_system", colours)
        up.grid.notify_style_update()
        await up.pilot.pause()
        assert {"░░", "▒▒", "▓▓", "██"} <= {
            up.grid._text(cell, figures=False) for cell in up.live.values
        }
        assert "▓▓" in up.text
        assert up.app.screen.query_one("#sweep-keys", KeyLine)


async def test_the_time_left_has_room_in_80_columns() -> None:
    sweep = sweep_of(space={"temperature": "0:1:0.002"}, samples=8)
    async with at_work(sweep, slow(), (80, 24)) as up:
        await up.sees(" left\n")
        assert "of 501 cells" in up.text
        assert "F1 all keys" in up.text
