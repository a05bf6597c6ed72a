"""How sure figures are: the same for a seed, and true about as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest

from playground.metrics import Figure, Metric, Sample, get, measure, measure_all, measure_figures
from playground.metrics.proportions import student_quantile, student_share, wilson_interval

LENGTH = get("length")


@pytest.mark.parametrize(
    ("share", "freedom", "value"),
    # Of the usual printed table.
    [
        (0.975, 1, 12.7062),
        (0.975, 2, 4.3027),
        (0.975, 7, 2.3646),
        (0.95, 10, 1.8125),
        (0.995, 15, 2.9467),
        (0.975, 1000, 1.9623),
        (0.5, 4, 0.0),
        (0.025, 7, -2.3646),
    ],
)
def test_students_quantiles(share: float, freedom: int, value: float) -> None:
    assert student_quantile(share, freedom) == pytest.approx(value, abs=5e-5)
    assert student_share(value, freedom) == pytest.approx(share, abs=1e-5)


def test_an_interval_is_the_same_for_a_seed_and_another_for_another() -> None:
    dice = np.random.default_rng(1)
    samples = [Sample("a", tokens=int(dice.integers(1, 100))) for _ in range(12)]
    one = measure(LENGTH, samples, seed=1)
    assert one == measure(LENGTH, samples, seed=1)
    assert one != measure(LENGTH, samples, seed=2)
    assert one.value == measure(LENGTH, samples, seed=2).value


def test_a_metric_has_the_same_interval_alone_and_among_others() -> None:
    dice = np.random.default_rng(1)
    samples = [
        Sample("a b", tokens=int(dice.integers(1, 100)), cost=float(dice.random()))
        for _ in range(9)
    ]
    together = measure_all([LENGTH, get("cost"), get("distinct-1")], samples)
    for name, estimate in together.items():
        alone = measure(get(name), samples)
        assert (alone.value, alone.low, alone.high) == pytest.approx(
            (estimate.value, estimate.low, estimate.high)
        )


def test_the_bootstrap_of_means_is_that_of_a_plain_loop() -> None:
    values = [3.0, 8.0, 1.0, 9.0, 4.0, 4.0, 7.0, 2.0]
    found = measure_figures(LENGTH, values, resamples=20_000)
    dice = np.random.default_rng(5)
    means = sorted(dice.choice(values, len(values)).mean() for _ in range(20_000))
    # Student's t for 7 degrees of freedom, widened by the root of 8/7: 0.57 % on either side.
    tail = 0.5 * math.erfc(math.sqrt(8 / 7) * 2.364624 / math.sqrt(2))
    assert found.value == pytest.approx(4.75)
    assert found.low == pytest.approx(means[int(tail * 20_000)], abs=0.15)
    assert found.high == pytest.approx(means[-int(tail * 20_000)], abs=0.15)


def test_weights_count() -> None:
    found = measure_figures(LENGTH, [Figure(10, 2), Figure(3, 1), None, Figure(0, 0)])
    assert (found.value, found.count) == (13 / 3, 2)


def test_shares_have_wilsons_interval() -> None:
    found = measure_figures(LENGTH, [True] * 6 + [False] * 2)
    assert (found.low, found.high) == pytest.approx(wilson_interval(6, 8))
    # Numbers that happen to be 0 and 1 are no shares.
    assert measure_figures(LENGTH, [1.0, 1.0, 1.0]).low == 1


def coverage(hits: list[bool]) -> float:
    return sum(hits) / len(hits)


@pytest.mark.parametrize(("count", "least"), [(8, 0.88), (16, 0.90), (64, 0.92)])
def test_means_of_skewed_values_lie_in_their_intervals_about_as_often_as_said(
    count: int, least: float
) -> None:
    dice = np.random.default_rng(11)
    hits = []
    for _ in range(600):
        found = measure_figures(LENGTH, dice.exponential(20.0, count).tolist(), resamples=500)
        assert found.low is not None
        assert found.high is not None
        hits.append(found.low <= 20.0 <= found.high)
    assert least <= coverage(hits) <= 0.985


@pytest.mark.parametrize("count", [8, 32])
@pytest.mark.parametrize("share", [0.5, 0.9])
def test_shares_lie_in_their_intervals_about_as_often_as_said(count: int, share: float) -> None:
    dice = np.random.default_rng(3)
    hits = []
    for _ in range(800):
        found = measure_figures(LENGTH, (dice.random(count) < share).tolist())
        assert found.low is not None
        assert found.high is not None
        hits.append(found.low <= share <= found.high)
    assert 0.92 <= coverage(hits) <= 0.99


def texts_of(dice: np.random.Generator, count: int, likely: np.ndarray) -> list[Sample]:
    drawn = dice.choice(len(likely), size=(count, 30), p=likely)
    return [Sample(" ".join(f"w{word}" for word in row)) for row in drawn]


@pytest.mark.parametrize(
    ("name", "least"),
    # Answers share four words in a row so seldom that eight of them tell little of how seldom.
    [("distinct-1", 0.93), ("distinct-2", 0.93), ("similarity", 0.93), ("self-bleu", 0.8)],
)
def test_diversity_lies_in_its_intervals_about_as_often_as_said(name: str, least: float) -> None:
    dice = np.random.default_rng(17)
    likely = 1 / np.arange(1, 201)
    likely /= likely.sum()
    metric: Metric = get(name)
    found = [measure(metric, texts_of(dice, 8, likely), resamples=300) for _ in range(300)]
    # What is estimated is the value of so many answers: its mean over many cells.
    truth = np.mean([one.value for one in found if one.value is not None])
    hits = [
        one.low <= truth <= one.high
        for one in found
        if one.low is not None and one.high is not None
    ]
    assert len(hits) == 300
    assert coverage(hits) >= least


@pytest.mark.parametrize("name", ["distinct-1", "distinct-3", "self-bleu", "similarity"])
def test_two_answers_are_too_few_for_an_interval_of_how_different_they_are(name: str) -> None:
    cat, dog = "the cat sat on the mat and the cat slept", "the cat sat on the mat and a dog slept"
    two = measure(get(name), [Sample(cat), Sample(dog)])
    assert two.value is not None
    assert (two.low, two.high, two.reason) == (None, None, "it takes three samples for an interval")
    three = measure(get(name), [Sample(cat), Sample(dog), Sample("a dog slept")])
    assert three.low is not None
    assert three.high is not None
    assert three.low < three.high


@pytest.mark.parametrize("power", [0.5, 1.2, 2.5])
@pytest.mark.parametrize("name", ["unique", "top-share"])
def test_shares_of_answers_lie_in_their_intervals_at_least_as_often_as_said(
    name: str, power: float
) -> None:
    dice = np.random.default_rng(23)
    likely = 1 / np.arange(1, 101) ** power
    likely /= likely.sum()
    found = [
        measure(get(name), [Sample(f"answer {a}") for a in dice.choice(100, size=12, p=likely)])
        for _ in range(400)
    ]
    truth = np.mean([one.value for one in found if one.value is not None])
    hits = [
        one.low <= truth <= one.high
        for one in found
        if one.low is not None and one.high is not None
    ]
    assert coverage(hits) >= 0.92
