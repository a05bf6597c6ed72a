"""Knobs that changed nothing, knobs that did, and what cannot be told from so few answers."""

from __future__ import annotations

import math
import random
from dataclasses import replace

import pytest

from playground.errors import InvalidParameter
from playground.knobs import ORDERS
from playground.metrics import CellSamples, KnobReport, Sample, dead_knobs, get
from playground.metrics.collection import Collection

WORDS = [f"w{number}" for number in range(60)]


def text(dice: random.Random, temperature: float) -> str:
    weights = [(1 / (place + 1)) ** (1 / temperature) for place in range(60)]
    return " ".join(dice.choices(WORDS, weights, k=30))


def cell(settings: dict[str, float], count: int = 8, first: int = 0) -> CellSamples:
    """A cell of a model that knows a temperature and nothing else; sample i has dice i."""
    temperature = settings.get("temperature", 1.0)
    return CellSamples(
        settings, [Sample(text(random.Random(first + n), temperature)) for n in range(count)]
    )


def test_a_grid_tells_the_knob_that_works_from_the_one_that_does_not() -> None:
    grid = [
        cell({"temperature": temperature, "top_k": top_k})
        for temperature in (0.5, 1.0, 1.5)
        for top_k in (20, 40)
    ]
    works, idle = dead_knobs(grid)
    assert (works.knob, works.values, works.verdict) == ("temperature", (0.5, 1.0, 1.5), "alive")
    assert works.chance is not None
    assert works.chance < 0.01
    assert works.difference is not None
    assert works.difference > 0.05
    assert "at temperature 0.5 and 1.5 is" in works.reason
    assert (idle.knob, idle.verdict, idle.difference) == ("top_k", "dead", None)
    assert idle.reason == "with the same dice all 48 answers stay the same"


def test_one_answer_that_differs_does_not_show_that_the_others_never_would() -> None:
    def of(value: float, *texts: str) -> CellSamples:
        return CellSamples({"top_k": value}, [Sample(text) for text in texts])

    (report,) = dead_knobs([of(1, "a b c", "a b c", "a b c"), of(2, "a b c", "a b c", "x y z")])
    assert report.verdict == "undecided"
    assert "for sure" not in report.reason


def test_other_dice_take_a_test_and_only_enough_answers_pass_it() -> None:
    def grid(count: int) -> list[CellSamples]:
        return [cell({"top_k": top_k}, count, first=1000 * top_k) for top_k in (20, 40, 80)]

    (few,) = dead_knobs(grid(3), same_dice=False)
    (many,) = dead_knobs(grid(24), same_dice=False)
    assert (few.verdict, many.verdict) == ("undecided", "equivalent")
    assert many.least is not None
    assert many.most is not None
    assert -0.05 < many.least <= many.most < 0.05
    assert "less than 0.05 for sure" in many.reason
    (one,) = dead_knobs(grid(1), same_dice=False)
    assert (one.verdict, one.reason) == ("undecided", "it takes at least three samples a cell")


def test_a_knob_that_does_nothing_is_seldom_called_alive() -> None:
    alive = 0
    for number in range(60):
        grid = [
            cell({"top_k": top_k}, 6, first=10_000 * number + 100 * top_k) for top_k in (1, 2, 3)
        ]
        (report,) = dead_knobs(grid, same_dice=False, resamples=200)
        alive += report.verdict == "alive"
    # One in twenty is what the test allows.
    assert alive <= 8


def test_values_further_apart_than_the_margin_are_seldom_called_equivalent() -> None:
    for number in range(20):
        grid = [cell({"temperature": t}, 8, first=100 * number) for t in (0.5, 1.0)]
        (report,) = dead_knobs(grid, resamples=200, margin=0.02)
        assert report.verdict == "alive"


def test_a_metric_of_samples_is_compared_by_its_mean() -> None:
    def lengths(value: int, counts: list[int]) -> CellSamples:
        return CellSamples({"top_k": value}, [Sample(str(n), tokens=n) for n in counts])

    close = [lengths(1, [10, 11, 12, 11] * 3), lengths(2, [11, 12, 11, 10] * 3)]
    (report,) = dead_knobs(close, metric=get("length"), margin=2, same_dice=False)
    assert report.verdict == "equivalent"
    apart = [lengths(1, [10, 11, 12, 11] * 3), lengths(2, [31, 32, 31, 30] * 3)]
    (report,) = dead_knobs(apart, metric=get("length"), margin=2, same_dice=False)
    assert report.verdict == "alive"
    assert report.difference == pytest.approx(-20)


def test_cells_are_compared_that_differ_in_one_knob_only() -> None:
    # Drawn at random: no two cells share the other knob.
    drawn = [cell({"temperature": 0.5, "top_k": 20}), cell({"temperature": 1.0, "top_k": 40})]
    reports = dead_knobs(drawn)
    assert {report.verdict for report in reports} == {"undecided"}
    assert reports[0].reason == "no two cells with samples differ in temperature alone"
    # What is no knob keeps cells apart, and is not reported where only knobs are asked for.
    models = [
        CellSamples({"model": model, "top_k": top_k}, [Sample(model)] * 4)
        for model in ("a", "b")
        for top_k in (1, 2)
    ]
    (report,) = dead_knobs(models, knobs=["top_k"])
    assert (report.knob, report.verdict) == ("top_k", "dead")
    assert dead_knobs([]) == ()


def test_a_knob_is_not_called_dead_before_all_cells_are_there() -> None:
    # At temperature 0 the answers are the same whatever top_k is, and the rest is not there yet.
    cold = [CellSamples({"temperature": 0, "top_k": k}, [Sample("the same")] * 4) for k in (1, 2)]
    (part,) = dead_knobs(cold, knobs=["top_k"], cells_total=6)
    assert part.verdict == "undecided"
    assert part.reason == "with the same dice all 8 answers stay the same in 2 of 6 cells"
    (whole,) = dead_knobs(cold, knobs=["top_k"], cells_total=2)
    assert (whole.verdict, "cells" in whole.reason) == ("dead", False)


def test_values_are_not_called_equivalent_before_all_cells_are_there() -> None:
    grid = [cell({"top_k": top_k}, 24, first=1000 * top_k) for top_k in (20, 40, 80)]
    (part,) = dead_knobs(grid, same_dice=False, cells_total=9)
    assert part.verdict == "undecided"
    assert "apart in 3 of 9 cells, less than 0.05 for sure" in part.reason
    # What was seen to differ does so, whatever the other cells will show.
    grid = [cell({"temperature": temperature}) for temperature in (0.5, 1.5)]
    (works,) = dead_knobs(grid, cells_total=4)
    assert works.verdict == "alive"
    assert "apart in 2 of 4 cells, by chance" in works.reason


def test_the_reason_is_the_chains_where_that_is_known() -> None:
    likeliest = [[math.log(p) for p in (0.5, 0.2, 0.1, 0.08, 0.06, 0.03)]] * 5
    grid = [
        CellSamples(
            {"top_k": top_k},
            [Sample("the same")] * 3,
            likeliest=likeliest,
            effective={"top_k": top_k, "top_p": 0.9, "sampler_order": ["top_p", "top_k"]},
        )
        for top_k in (20, 40)
    ]
    (report,) = dead_knobs(grid)
    assert report.reason == (
        "with the same dice all 6 answers stay the same; "
        "top_k 20 never cut: top_p had left at most 5 tokens; "
        "top_k 40 never cut: top_p had left at most 5 tokens"
    )
    assert [(value, effect.effect) for value, effect in report.effects] == [
        (20, "none"),
        (40, "none"),
    ]


def test_what_a_stage_did_is_told_once_a_value_and_at_many_values_once_a_kind() -> None:
    likeliest = [[math.log(p) for p in (0.5, 0.2, 0.1, 0.08, 0.06, 0.03)]] * 5

    def cells(values: tuple[int, ...]) -> list[CellSamples]:
        # Two chains for each value: they differ in what comes after it.
        return [
            CellSamples(
                {"top_k": top_k, "temperature": temperature},
                [Sample("the same")] * 3,
                likeliest=likeliest,
                effective={
                    "top_k": top_k,
                    "top_p": 0.9,
                    "temperature": temperature,
                    "sampler_order": ["top_p", "top_k", "temperature"],
                },
            )
            for top_k in values
            for temperature in (0.5, 1.5)
        ]

    (few,) = dead_knobs(cells((2, 20)), knobs=["top_k"])
    assert few.reason.split("; ")[1:] == [
        "top_k 2 cut at 10 of 10 tokens",
        "top_k 20 never cut: top_p had left at most 5 tokens",
    ]
    (many,) = dead_knobs(cells((2, 3, 20, 40, 80)), knobs=["top_k"])
    assert many.reason.split("; ")[1:] == [
        "top_k 2 to 3 (2 values) cut at 20 of 20 tokens",
        "top_k 20 to 80 (3 values) never cut: top_p had left at most 5 tokens",
    ]
    assert [value for value, _ in many.effects] == [2, 3, 20, 40, 80]
    # At 0 the stage is switched off, and has done nothing that could be told.
    (off,) = dead_knobs(cells((0, 2, 3, 4, 20)), knobs=["top_k"])
    assert off.reason.split("; ")[1] == "top_k 2 to 4 (3 of 5 values) cut at 30 of 30 tokens"


def test_of_more_answers_than_can_be_compared_it_is_said_how_many_were(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    grid = [
        cell({"temperature": temperature, "top_k": top_k})
        for temperature in (0.5, 1.0, 1.5, 2.0)
        for top_k in (20, 40, 80)
    ]
    whole, _ = dead_knobs(grid)
    assert "answers)" not in whole.reason
    monkeypatch.setattr("playground.metrics.apart.MOST_VALUES", 3)
    monkeypatch.setattr("playground.metrics.apart.MOST_WORK", 1200)
    monkeypatch.setattr("playground.metrics.apart.FEW_ANSWERS", 6)
    part, _ = dead_knobs(grid)
    # Three values of four, both ends among them, six answers of eight, one top_k of three.
    assert "(in 18 of 96 answers)" in part.reason
    assert "at temperature 0.5 and 2 is" in part.reason
    assert part.verdict == "alive"
    # Whether all are the same takes no comparing.
    (idle,) = dead_knobs(grid, knobs=["top_k"])
    assert (idle.verdict, "all 96 answers" in idle.reason) == ("dead", True)


def test_the_same_seed_gives_the_same_report() -> None:
    grid = [cell({"temperature": temperature}) for temperature in (0.8, 1.0)]
    assert dead_knobs(grid, seed=4) == dead_knobs(grid, seed=4)


def test_metrics_that_cannot_be_compared_are_refused() -> None:
    with pytest.raises(InvalidParameter, match="not a metric of single samples"):
        dead_knobs([], metric=get("distinct-2"))
    with pytest.raises(InvalidParameter, match="Which difference of length"):
        dead_knobs([], metric=get("length"))


LENGTHS = (3, 40, 7, 22, 90, 11, 60, 31)


def of_lengths(value: float, numbers: range | list[int], more: int) -> CellSamples:
    """A cell whose answers are `more` tokens longer than their numbers make them."""
    return CellSamples(
        {"top_k": value},
        [Sample(f"{value} {n}", tokens=LENGTHS[n] + more, number=n) for n in numbers],
    )


def test_the_interval_of_a_difference_pairs_the_answers_of_one_number() -> None:
    def report(*cells: CellSamples, same_dice: bool = True) -> KnobReport:
        how = {"metric": get("length"), "margin": 100.0, "same_dice": same_dice}
        (found,) = dead_knobs(cells, **how)
        return found

    grid = of_lengths(1, range(8), 0), of_lengths(2, range(8), 1)
    paired = report(*grid)
    # Every answer is one token longer than that of the same dice: that is known to the token.
    assert (paired.difference, paired.least, paired.most) == pytest.approx((-1, -1, -1))
    apart = report(*grid, same_dice=False)
    assert apart.least is not None
    assert apart.most is not None
    assert apart.most - apart.least > 20
    # As many answers in each, but not those of the same numbers: place by place they are no pairs.
    missing = report(of_lengths(1, [1, 2, 3, 4, 5, 6, 7], 0), of_lengths(2, [*range(7)], 1))
    assert missing.least is not None
    assert missing.most is not None
    assert missing.most - missing.least > 20


def test_orders_are_called_by_their_names_and_what_is_no_difference_is_none() -> None:
    said = ["a b c", "a c b", "b a c", "c b a d e", "a d e", "a b"]
    orders = (list(ORDERS["llama.cpp"]), list(ORDERS["temperature-first"]))
    # The same answers of other dice: what is left of the difference is rounding.
    (report,) = dead_knobs(
        [
            CellSamples({"sampler_order": orders[0]}, [Sample(text) for text in said]),
            CellSamples({"sampler_order": orders[1]}, [Sample(text) for text in said[::-1]]),
        ],
        same_dice=False,
    )
    assert report.reason.startswith(
        "similarity at sampler_order llama.cpp and temperature-first is "
    )
    (same,) = dead_knobs(
        [
            CellSamples({"top_k": k}, [Sample("x", tokens=n) for n in counts])
            for k, counts in ((1, (1, 2, 3, 6)), (2, (1, 3, 2, 6)))
        ],
        metric=replace(get("length"), values=tenths),
        margin=1.0,
        same_dice=False,
    )
    assert "is 0 apart" in same.reason


def tenths(collection: Collection) -> list[float]:
    """Figures whose sums in two orders differ in their last digit."""
    return [(sample.tokens or 0) / 10 for sample in collection.samples]
