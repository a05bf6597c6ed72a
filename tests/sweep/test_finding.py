"""What sweeps find of the demo model is what is known of it: `benchmarks.sweep_finds` in small."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from benchmarks.sweep_finds import (
    FALLING,
    HIGH,
    LOW,
    RISING,
    along,
    apart,
    best,
    figure,
    moved,
    searched,
    shares,
    within,
)
from playground.history import History


@pytest.fixture
def history() -> Iterator[History]:
    with History.in_memory() as opened:
        yield opened


def test_temperature_makes_answers_diverse_by_more_than_their_intervals(history: History) -> None:
    heat = along(history, "temperature", "0,0.3,1.5", samples=16, top_p=1)
    for metric in RISING:
        assert apart(*(figure(heat, "temperature", end, metric) for end in (LOW, HIGH))), metric
    for metric in FALLING:
        assert apart(*(figure(heat, "temperature", end, metric) for end in (HIGH, LOW))), metric
    (cold,) = (cell for cell in heat.cells if cell.values["temperature"] == 0)
    assert cold.figures.answers == 1
    cuts = along(history, "top_p", "0.8,1", samples=16, temperature=1)
    for metric in (*RISING, *FALLING):
        assert moved(cuts, metric) < moved(heat, metric) / 2, metric


def test_all_searches_find_the_best_settings_of_a_task_with_known_answers(
    history: History,
) -> None:
    pytest.importorskip("optuna")
    grid = searched(history, samples=1, seed=1)
    region = best(shares(grid))
    assert len(region) < len(shares(grid)) / 4
    drawn = searched(history, samples=1, seed=1, random=60)
    assert within(best(shares(drawn)), region)
    chosen = searched(history, samples=1, seed=1, optimise=("numeric",), trials=30)
    assert within(best(shares(chosen)), region)
    assert 2 * len(chosen.cells) <= len(grid.cells)
