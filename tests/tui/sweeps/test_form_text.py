"""What is written into the form of a sweep is understood as the command line would."""

from __future__ import annotations

from typing import Any

import pytest

from playground.params import GenerationParams
from playground.sweep.definition import Budget
from playground.tui.sweeps.form import Look, Written, fixed_text, look_at
from tests.tui.sweeps.made import sweep_of


def look(knobs: str = "temperature 0:2:0.5", **words: Any) -> Look:
    return look_at(Written("Once upon a time", ("scripted:lorem",), knobs)._replace(**words))


def problems(found: Look) -> list[tuple[str, str]]:
    return [(problem.field, problem.text) for problem in found.problems]


def test_lines_are_axes_in_the_words_of_the_command() -> None:
    found = look("temperature 0:2:0.25\n\n--top-p 0.5, 0.9,1\nmin_p=0.01:1:log3", seed="1")
    assert found.sweep is not None
    assert (
        found.sweep.axes
        == sweep_of(
            space={"temperature": "0:2:0.25", "top_p": "0.5,0.9,1", "min_p": "0.01:1:log3"}
        ).axes
    )


def test_knobs_of_the_pane_stay_and_give_way_to_those_that_are_swept() -> None:
    params = GenerationParams(temperature=0.3, top_k=9, max_length=50, n=4, seed=8)
    found = look("temperature 0,1", params=params, system="Be brief.", samples="3")
    assert found.sweep is not None
    assert found.sweep.params == GenerationParams(top_k=9, max_length=50)
    assert found.sweep.prompts[0].messages[0].content == "Be brief."
    assert found.sweep.samples == 3
    assert fixed_text(params, "Be brief.", "temperature 0,1") == "top_k 9, the system prompt"


def test_the_numbers_of_the_form_count() -> None:
    found = look(samples="4", max_length="30", seed="5", budget="$0.50")
    assert found.sweep is not None
    assert found.forecast is not None
    assert (found.sweep.samples, found.sweep.seed, found.sweep.params.max_length) == (4, 5, 30)
    assert found.sweep.budget == Budget(cost=0.5)
    assert (found.forecast.cells, found.forecast.runs) == (5, 20)


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("temperature 2:0:0.5", "runs backwards"),
        ("temperature 0:2:0", "has a step of 0"),
        ("temperature", "has no values"),
        ("temprature 0,1", "There is no parameter 'temprature'"),
        ("top_p 0.5,1.5", "outside 0 to 1"),
        ("temperature 0:2", "has no step"),
        ("seed 1,2", "seed cannot be swept"),
        ("stop 'a", "A quote is not closed"),
    ],
)
def test_a_line_that_cannot_be_is_told_with_its_number(line: str, sentence: str) -> None:
    found = look(f"top_k 5,10\n{line}")
    ((field, text),) = problems(found)
    assert sentence in text
    assert found.sweep is None
    # A stretch is fine as a line, and only a grid cannot take it.
    assert (field, text.startswith("Line 2: ")) in (("knobs", True), ("", False))


def test_a_knob_on_two_lines_is_refused() -> None:
    assert problems(look("temperature 0,1\ntemperature 2,3"))[0][1].startswith(
        "Line 2: temperature is swept twice"
    )


def test_words_are_swept_too() -> None:
    found = look("sampler_order llama.cpp temperature-first\nstop END 'two words'")
    assert found.sweep is not None
    assert [len(axis) for axis in found.sweep.axes] == [2]
    assert found.sweep.params.stop == ("END", "two words")


def test_what_is_missing_is_said_where_it_is_missing() -> None:
    found = look(prompt="  ", models=(), samples="0", seed="x", budget="-1")
    assert [field for field, _ in problems(found)] == [
        "samples",
        "seed",
        "budget",
        "prompt",
        "models",
    ]


def test_a_model_that_cannot_be_opened_is_said_before_it_starts() -> None:
    ((field, text),) = problems(look(models=("openai:gpt-4.1",)))
    assert field == ""
    assert "key" in text.lower()


def test_the_speed_of_the_last_time_is_the_time_that_it_takes() -> None:
    found = look_at(
        Written("Hi", ("scripted:lorem",), "temperature 0,1", samples="2", max_length="100"),
        lambda _ref: 50.0,
    )
    assert found.forecast is not None
    assert found.forecast.seconds == pytest.approx(2 * 2 * 100 / 50)
