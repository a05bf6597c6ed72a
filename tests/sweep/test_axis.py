"""What a user writes for a knob is the values that are swept, or a sentence that says why not."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from playground.errors import InvalidParameter
from playground.sweep.asked import Asked, build
from playground.sweep.axis import axis_of, range_text
from playground.sweep.definition import RandomSearch, Sweep, SweepPrompt, axes_of
from playground.sweep.space import Drawn, Grid, interleaved


@pytest.mark.parametrize(
    ("knob", "given", "values"),
    [
        ("temperature", "0:2:0.5", [0, 0.5, 1, 1.5, 2]),
        ("temperature", "0:0.3:0.1", [0, 0.1, 0.2, 0.3]),
        ("temperature", "0:1:0.4", [0, 0.4, 0.8]),
        ("top_p", "0.5, 0.9,1", [0.5, 0.9, 1]),
        ("top_p", [0.5, 1], [0.5, 1]),
        ("min_p", "0.01:1:log3", [0.01, 0.1, 1]),
        ("top_k", "1:100:log10", [1, 2, 3, 5, 8, 13, 22, 36, 60, 100]),
        ("max_tokens", "60", [60]),
    ],
)
def test_lists_and_ranges_are_their_values(knob: str, given: object, values: list[float]) -> None:
    assert [*axis_of(knob, given).each()] == values


@pytest.mark.parametrize(
    ("knob", "given", "words"),
    [
        ("temperature", "", "empty place"),
        ("temperature", "0.5,,1", "empty place"),
        ("temperature", [], "no value"),
        ("temperature", "2:0:0.5", "Write 0:2:0.5"),
        ("temperature", "0:2:0", "a step of 0"),
        ("temperature", "1:1:0.1", "starts where it stops"),
        ("temperature", "0:9:1", "9 is outside 0 to 5"),
        ("temperature", "0.5,0.5", "a value twice"),
        ("temperature", "warm", "is not a number"),
        ("temperature", "0:inf:1", "not a number to stop at"),
        ("temperature", "0:1:log5", "starts above 0"),
        ("top_k", "1.5,3", "whole numbers"),
        ("temprature", "0:1:0.5", "'temperature'"),
        ("n", "1,2", "samples"),
        ("top_k", "1e400000000,2", "too large"),
        ("temperature", "0:2:1e-310", "more than 1,000,000 values"),
    ],
)
def test_what_cannot_be_meant_is_told_in_a_sentence(knob: str, given: object, words: str) -> None:
    with pytest.raises(InvalidParameter) as told:
        axis_of(knob, given)
    assert words in str(told.value)


@pytest.mark.parametrize(
    "text", ["0.1234567,0.12345671", "0.1234567:1:0.25", "0.5,2", "1e-07:1:log3", "0:2"]
)
def test_an_axis_reads_again_as_what_it_is_written_as(text: str) -> None:
    axis = axis_of("temperature", text)
    assert str(axis) == text
    assert axis_of("temperature", str(axis)) == axis


def test_a_range_whose_step_is_rounded_up_ends_at_its_end() -> None:
    values = [*axis_of("top_p", "0:1:0.1428571428571429").each()]
    assert len(values) == 8
    assert values[-1] == 1


def test_a_grid_is_every_combination_computed_one_at_a_time() -> None:
    grid = Grid((axis_of("temperature", "0:2:0.25"), axis_of("top_p", "0.5,0.9,1")))
    points = [grid.at(index) for index in range(len(grid))]
    assert len({(point["temperature"], point["top_p"]) for point in points}) == 27
    huge = Grid(tuple(axis_of(knob, "0:1:0.001") for knob in ("top_p", "min_p", "typical_p")))
    assert len(huge) == 1001**3
    assert huge.at(len(huge) - 1) == {"top_p": 1, "min_p": 1, "typical_p": 1}


def test_a_stretch_is_for_searches_and_not_for_a_grid() -> None:
    stretch = axis_of("temperature", "0:2")
    with pytest.raises(InvalidParameter, match="no step"):
        Grid((stretch,))
    drawn = Drawn((stretch,), 200, seed=1)
    values = [float(str(drawn.at(index)["temperature"])) for index in range(200)]
    assert min(values) >= 0
    assert max(values) <= 2
    assert values[7] == drawn.at(7)["temperature"]
    assert len(set(values)) > 190


@pytest.mark.parametrize("size", [0, 1, 2, 3, 10, 27, 1000, 1001])
def test_interleaving_visits_each_once(size: int) -> None:
    assert sorted(interleaved(size)) == [*range(size)]


def test_wherever_it_stops_the_space_is_covered_evenly() -> None:
    first = sorted(number for _, number in zip(range(20), interleaved(1000), strict=False))
    gaps = [two - one for one, two in itertools.pairwise(first)]
    assert max(gaps) < 100


def test_values_without_an_order_are_not_said_to_go_from_one_to_the_other() -> None:
    assert range_text(axis_of("temperature", "0,0.5,1")) == "temperature 0 to 1, 3 values"
    orders = [["top_k", "temperature"], ["temperature", "top_k"], ["top_k", "top_p"]]
    two = range_text(axis_of("sampler_order", orders[:2]))
    assert two == "sampler_order top_k/temperature or temperature/top_k"
    three = range_text(axis_of("sampler_order", orders))
    assert three == "sampler_order top_k/temperature and 2 other values"


@pytest.mark.parametrize(
    "space",
    [
        {"top_k": "1:12"},
        {"top_k": "1:12:log"},
        {"temperature": "0:1:0.25", "top_k": "1,2,3"},
        {"sampler_order": ["llama.cpp", "temperature-first"], "top_k": "5:10"},
    ],
)
def test_no_setting_is_drawn_twice_and_more_than_there_are_are_not_drawn(
    space: dict[str, Any],
) -> None:
    def points(count: int) -> list[str]:
        asked = Asked.of_words(
            prompt="Hi", models="demo:tiny", space=space, seed=3, search={"random": count}
        )
        drawn = build(asked).space
        return [repr(drawn.at(index)) for index in range(len(drawn))]

    some, all_ = points(10), points(1000)
    assert len(set(some)) == len(some) == 10
    assert len(set(all_)) == len(all_) in (12, 15)
    assert all_[:10] == some == points(10)


def test_a_search_by_dice_that_was_kept_goes_on_with_the_settings_it_began_with() -> None:
    axes = axes_of({"top_k": "1:12"})
    kept = RandomSearch.model_validate_json('{"kind": "random", "count": 12}')
    before = Drawn(axes, 12, seed=3)
    sweep = Sweep.of(
        models=("demo:tiny",), prompts=(SweepPrompt.of("Hi"),), axes=axes, search=kept, seed=3
    )
    assert [sweep.space.at(n) for n in range(12)] == [before.at(n) for n in range(12)]
    other = sweep.model_copy(update={"search": RandomSearch(count=5, apart=True)})
    assert len(other.space) == 5
