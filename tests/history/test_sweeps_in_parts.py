"""Sweeps are read in parts, so that ten thousand cells need not be read to show one."""

from __future__ import annotations

import pytest

from playground.history import History
from playground.history.sweeping import KeptValue
from playground.sweep.figures import CellFigures
from playground.sweep.result import SweepResult
from tests.tui.sweeps.made import figures_by, keep, sweep_of

SWEEP = sweep_of(space={"temperature": "0:2:0.5"})


def half(cell: int) -> CellFigures | None:
    """Cells in order, without the fourth; the third has failed."""
    if cell == 2:
        return CellFigures(0, 2)
    return None if cell == 3 else figures_by(lambda at: at / 10)(cell)


@pytest.fixture
def name(history: History) -> str:
    return keep(history, SWEEP, figures=half)


def test_a_metric_of_all_cells_is_what_the_whole_result_says(history: History, name: str) -> None:
    result = SweepResult.load(history, name)
    for metric in ("distinct-2", "entropy", "length"):
        assert {item.cell: item[3:] for item in history.sweeps.values(name, metric)} == {
            cell.number: (
                (None, None, None)
                if (found := cell.figures.estimates.get(metric)) is None
                else (found.value, found.low, found.high)
            )
            for cell in result.cells
        }


def test_a_cell_that_failed_has_its_count_and_no_value(history: History, name: str) -> None:
    assert history.sweeps.values(name, "distinct-2")[2] == KeptValue(2, 0, 2, None, None, None)


def test_metrics_without_a_value_anywhere_are_not_measured(history: History, name: str) -> None:
    asked = ("length", "entropy", "self-bleu", "distinct-2")
    assert history.sweeps.measured(name, asked) == ("length", "distinct-2")


def test_one_cell_is_read_alone(history: History, name: str) -> None:
    kept = history.sweeps.cell(name, 1)
    assert kept is not None
    assert CellFigures.unpacked(kept.estimates) == half(1)
    assert kept.point == {"temperature": 0.5}
    assert history.sweeps.cell(name, 3) is None


def test_the_points_are_those_of_the_space(history: History, name: str) -> None:
    assert history.sweeps.points(name) == {cell: SWEEP.space.at(cell) for cell in (0, 1, 2, 4)}


def test_a_sweep_is_known_by_its_whole_name_only(history: History, name: str) -> None:
    assert history.sweeps.exists(name)
    assert not history.sweeps.exists(name[:4])
