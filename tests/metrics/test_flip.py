"""Histograms of answers, and where the top one loses its majority."""

from __future__ import annotations

import numpy as np
import pytest

from playground.errors import InvalidParameter
from playground.metrics import Sample, answer_histogram, flip_point
from playground.metrics.proportions import wilson_interval


def group(yes: int, no: int) -> list[Sample]:
    return [Sample("Yes")] * yes + [Sample("no")] * no


def test_a_histogram_counts_answers_the_most_frequent_first() -> None:
    bars = answer_histogram([Sample(text) for text in ("No", "Yes", "yes ", "Perhaps", "YES")])
    assert [(bar.answer, bar.count) for bar in bars] == [("Yes", 3), ("No", 1), ("Perhaps", 1)]
    assert bars[0].share == 3 / 5
    assert (bars[0].low, bars[0].high) == pytest.approx(wilson_interval(3, 5))
    assert answer_histogram([]) == ()


def test_the_flip_point_is_where_the_line_between_two_shares_crosses_a_half() -> None:
    found = flip_point([0.0, 0.5, 1.0], [group(16, 0), group(12, 4), group(4, 12)])
    # From 0.75 at 0.5 to 0.25 at 1.
    assert found.value == pytest.approx(0.75)
    assert (found.answer, found.held, found.lost) == ("Yes", 0.5, 1.0)
    assert found.shares == (1, 0.75, 0.25)
    assert found.low is not None
    assert found.high is not None
    assert found.low < 0.75 < found.high


def test_settings_come_in_any_order_and_those_that_are_equal_count_together() -> None:
    half = group(3, 1)
    shuffled = flip_point([1.0, 0.0, 0.5, 0.5], [group(2, 6), group(8, 0), half, half])
    assert shuffled == flip_point([0.0, 0.5, 1.0], [group(8, 0), group(6, 2), group(2, 6)])
    assert shuffled == flip_point(
        [0.0, 0.25, 0.5, 1.0], [group(8, 0), [], group(6, 2), group(2, 6)]
    )


def test_one_unlucky_setting_is_no_flip() -> None:
    hits = [8, 3, 8, 8, 0, 0]
    found = flip_point([*range(6)], [group(hit, 8 - hit) for hit in hits])
    assert (found.held, found.lost) == (3, 4)


def test_an_answer_that_keeps_its_majority_has_no_flip_point_but_a_bound() -> None:
    found = flip_point([0, 1], [group(8, 0), group(7, 1)])
    assert (found.value, found.high, found.held, found.lost) == (None, None, 1, None)
    assert found.reason == "it has the majority up to 1"
    unsure = flip_point([0, 1, 2], [group(8, 0), group(8, 0), group(5, 3)])
    assert unsure.low is not None
    assert 1 < unsure.low < 2


def test_without_a_majority_there_is_nothing_to_lose() -> None:
    found = flip_point([0, 1], [[Sample(str(n)) for n in range(8)], group(8, 0)])
    assert found.value is None
    assert found.reason == "no answer has a majority at 0: the first has 12%"
    assert flip_point([], []).reason == "there are no samples"
    assert flip_point([1], [[]]).reason == "there are no samples"


@pytest.mark.parametrize("settings", [[0.0], [0.0, float("nan")], [0.0, float("inf")]])
def test_settings_that_are_no_axis_are_refused(settings: list[float]) -> None:
    with pytest.raises(InvalidParameter, match="flip point"):
        flip_point(settings, [group(1, 0), group(1, 0)])


def test_the_same_seed_gives_the_same_interval() -> None:
    groups = [group(8, 0), group(6, 2), group(2, 6)]
    assert flip_point([0, 1, 2], groups, seed=1) == flip_point([0, 1, 2], groups, seed=1)


@pytest.mark.parametrize("samples", [8, 32])
def test_the_true_flip_point_lies_in_its_interval_about_as_often_as_said(samples: int) -> None:
    dice = np.random.default_rng(1)
    settings = np.linspace(0, 2, 9)
    likely = 1 / (1 + np.exp(4 * (settings - 1.1)))
    hits = []
    for _ in range(300):
        groups = [group(hit, samples - hit) for hit in dice.binomial(samples, likely).tolist()]
        found = flip_point(settings.tolist(), groups, resamples=400)
        low = -1 if found.low is None else found.low
        hits.append(low <= 1.1 <= (3 if found.high is None else found.high))
    assert sum(hits) / len(hits) >= 0.92
