"""What is written into the form of a sweep is understood as the command line would."""

from __future__ import annotations

import inspect
import json
import shlex
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import playground.cli.sweep as cli_sweep
from playground.errors import PlaygroundError
from playground.history.pace import Pace
from playground.params import GenerationParams, knobs
from playground.sweep.asked import build
from playground.sweep.definition import BayesianSearch, Budget, Objective, RandomSearch, Sweep
from playground.sweep.words import NOT_SAID_HERE, WORDS, asked_of, read_command
from playground.tui.sweeps.form import Look, Written, look_at, pasted
from playground.tui.sweeps.form_words import fixed_text, forecast_text, swept_text
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
    assert fixed_text(found.sweep) == "max_length 50, top_k 9, a system prompt"


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
        lambda _ref: Pace(50.0, reading=20.0),
    )
    assert found.sweep is not None
    assert found.forecast is not None
    read = found.forecast.models[0].input_tokens
    assert found.forecast.seconds == pytest.approx(2 * 2 * 100 / 50 + read / 20)
    assert "about " in str(forecast_text(found.sweep, found.forecast))


def test_no_answer_is_taken_for_longer_than_the_context_of_its_model() -> None:
    found = look(models=("demo:small",), max_length="99999")
    assert found.forecast is not None
    assert found.forecast.models[0].longest == 1024


def test_what_a_pane_has_several_of_is_one_setting() -> None:
    params = GenerationParams(stop=("END", "two words"), sampler_order=("temperature", "top_k"))
    found = look(params=params)
    assert found.sweep is not None
    assert found.sweep.params == params
    assert [axis.knob for axis in found.sweep.axes] == ["temperature"]


def test_a_length_that_is_swept_goes_before_the_field() -> None:
    found = look("max_length 8,16", max_length="100")
    assert found.sweep is not None
    assert [str(axis) for axis in found.sweep.axes] == ["8,16"]


def test_settings_are_drawn_and_searched_by_lines_too() -> None:
    found = look("temperature 0:2\nrandom 40")
    assert found.sweep is not None
    assert found.sweep.search == RandomSearch(count=40, apart=True)
    assert "40 settings at random" in swept_text(found.sweep)
    found = look("temperature 0:2\noptimise distinct-2\noptimise length:min\ntrials 12")
    assert found.sweep is not None
    assert found.sweep.search == BayesianSearch(
        objectives=(
            Objective(metric="distinct-2", direction="maximise"),
            Objective(metric="length", direction="minimise"),
        ),
        trials=12,
    )
    assert "12 trials by tpe for distinct-2 as great as can be" in swept_text(found.sweep)


def test_prompts_and_right_answers_come_from_a_file(tmp_path: Path) -> None:
    cases = tmp_path / "cases.csv"
    cases.write_text("question,answer\n2+2?,4\n3+3?,6\n", encoding="utf-8")
    lines = f"prompts '{cases}'\nprompt-column question\nexpected-column answer\nmetric exact"
    found = look(lines, prompt="")
    assert found.sweep is not None
    assert [(p.text, p.expected) for p in found.sweep.prompts] == [("2+2?", "4"), ("3+3?", "6")]
    assert found.sweep.metrics == ("exact",)
    assert "2 prompts, 2 with their right answer" in swept_text(found.sweep)


def test_a_prompt_of_the_library_brings_what_it_suggests_over_what_the_pane_has() -> None:
    params = GenerationParams(temperature=0.1, top_k=9)
    found = look("", prompt="@max-length-lesson", params=params)
    assert found.sweep is not None
    assert [axis.knob for axis in found.sweep.axes] == ["max_length"]
    assert found.sweep.params == GenerationParams(temperature=0.7, top_k=9)


def test_a_sweep_file_lies_under_lines_and_fields(tmp_path: Path) -> None:
    file = tmp_path / "lesson.toml"
    file.write_text(
        'prompt = "from the file"\nmodels = ["scripted:echo"]\nsamples = 16\nseed = 3\n'
        '[params]\ntop_k = 5\n[space]\ntemperature = "0:1:0.5"\n',
        encoding="utf-8",
    )
    params = GenerationParams(top_k=9, min_p=0.1)
    found = look(f"file '{file}'\ntop_p 0.5,1", prompt="", models=(), params=params)
    assert found.sweep is not None
    assert found.sweep.models == ("scripted:echo",)
    assert found.sweep.prompts[0].text == "from the file"
    assert (found.sweep.samples, found.sweep.seed) == (16, 3)
    assert {axis.knob for axis in found.sweep.axes} == {"temperature", "top_p"}
    assert found.sweep.params == GenerationParams(top_k=5, min_p=0.1)
    on_top = look(f"file '{file}'", samples="2")
    assert on_top.sweep is not None
    assert (on_top.sweep.prompts[0].text, on_top.sweep.samples) == ("Once upon a time", 2)


@pytest.mark.parametrize(
    ("lines", "params"),
    [
        ("temperature 0:2:0.5\ntop_p 0.5,0.9", GenerationParams(top_k=9)),
        ("temperature 0:2\nrandom 7\nown-dice", GenerationParams(stop=("END", "two words"))),
        ("sampler_order llama.cpp temperature-first\nmetric length", GenerationParams(min_p=0.1)),
        ("temperature 0,1\nprompt -5 + 3?\nexpected It's 42\nmetric exact", GenerationParams()),
        ("temperature 0:1\noptimise length:min\ntrials 5\nbudget-tokens 5000",
         GenerationParams(logit_bias={"1": -2.0})),
    ],
)  # fmt: skip
def test_the_command_under_the_form_is_the_same_sweep(lines: str, params: GenerationParams) -> None:
    found = look(lines, params=params, system='Don\'t "shout".', seed="5", budget="0.5")
    assert found.sweep is not None
    words = shlex.split(found.command)
    assert words[:2] == ["playground", "sweep"]
    assert build(asked_of(read_command(found.command))) == found.sweep


@pytest.mark.parametrize(
    ("space", "knob"),
    [
        ('stop = [["."], [","]]', "stop"),
        ('stop = [".", ","]', "stop"),
        ("""grammar = ['root ::= "yes" | "no"', 'root ::= [a-z]+']""", "grammar"),
        ('logit_bias = [{"1" = 2.0}, {"1" = -2.0}]', "logit_bias"),
        ('stop = [[".", ","]]', ""),
        ("grammar = 'root ::= [a-z]+'", ""),
        ('sampler_order = ["llama.cpp", "temperature-first"]', ""),
    ],
)
def test_where_no_command_is_the_same_sweep_it_says_so_instead(
    tmp_path: Path, space: str, knob: str
) -> None:
    file = tmp_path / "s.toml"
    file.write_text(f'[space]\ntemperature = "0:1:0.5"\n{space}\n', encoding="utf-8")
    found = look(f"file '{file}'", seed="5")
    assert found.sweep is not None
    if knob:
        assert found.command == ""
        assert f"No option says several values of {knob}: only a sweep file does." in found.unsaid
    else:
        assert build(asked_of(read_command(found.command))) == found.sweep
        assert found.unsaid == ""


def test_the_shell_takes_the_command_for_the_same_sweep() -> None:
    params = GenerationParams(top_k=9, stop=("END", "two words"))
    lines = "temperature 0:2\ntop_p 0.5,0.9\nrandom 7\nprompt list\nmetric length"
    found = look(lines, params=params, system="Don't.", seed="5", budget="0.5")
    assert found.sweep is not None
    words = shlex.split(found.command)
    at = words.index("--")
    made = subprocess.run(
        [sys.executable, "-m", *words[:at], "--dry-run", "--json", *words[at:]],
        capture_output=True,
        check=True,
        text=True,
        encoding="utf-8",
    )
    assert Sweep.model_validate(json.loads(made.stdout)["sweep"]) == found.sweep


def test_everything_that_the_command_can_be_told_can_be_written_on_a_line() -> None:
    signature = inspect.signature(cli_sweep.sweep)
    flags = {
        declared.removeprefix("--")
        for parameter in signature.parameters.values()
        for given in parameter.annotation.__metadata__
        for declared in (given.default, *(given.param_decls or ()))
        if isinstance(declared, str) and declared.startswith("--")
    }
    knob_words = {
        word.replace("_", "-") for knob in knobs().values() for word in (knob.name, *knob.aliases)
    }
    known = {word.name for word in WORDS}
    assert flags - knob_words - NOT_SAID_HERE - known == set()
    assert known - {"prompt"} <= flags


def test_the_samples_that_nobody_said_give_way_to_whatever_says_some(tmp_path: Path) -> None:
    file = tmp_path / "s.toml"
    file.write_text('samples = 4\n[space]\ntemperature = "0:1:0.5"\n', encoding="utf-8")
    for lines, said, samples in (
        ("temperature 0,1", "", 8),
        ("temperature 0,1\nsamples 20", "", 20),
        (f"file '{file}'", "", 4),
        (f"file '{file}'\nsamples 20", "", 20),
        (f"file '{file}'", "6", 6),
    ):
        found = look(lines, samples=said, usual=8)
        assert found.sweep is not None
        assert found.sweep.samples == samples
        assert f"--samples {samples}" in found.command


@pytest.mark.parametrize(
    ("field", "here", "line"),
    [("samples", "8", "samples 20"), ("seed", "3", "seed 4"), ("budget", "0.5", "budget 2.5")],
)
def test_a_line_and_a_field_that_say_different_things_are_refused(
    field: str, here: str, line: str
) -> None:
    (told,) = problems(look(f"temperature 0,1\n{line}", **{field: here}))
    said = f"{field} is {here} in its field and {line.split()[1]} on a line."
    assert told[0] == "knobs"
    assert told[1].startswith(said)
    assert look(f"temperature 0,1\n{line}", **{field: line.split()[1]}).sweep is not None


def test_a_pasted_command_fills_in_the_form() -> None:
    written = pasted(
        'playground sweep "Once upon a time" -m demo:small -m openai:gpt-4.1 \\\n'
        "  --temperature 0:2:0.25 --top-p=0.5,0.9,1 --samples 8 --max-length 60 --seed 1 "
        "--own-dice --system 'Be brief.' --budget 0.25"
    )
    assert written == Written(
        "Once upon a time",
        ("demo:small", "openai:gpt-4.1"),
        "temperature 0:2:0.25\ntop_p 0.5,0.9,1\nsystem 'Be brief.'\nown-dice",
        samples="8",
        max_length="60",
        seed="1",
        budget="0.25",
    )


@pytest.mark.parametrize("words", ["--dry-run", "--resume abc", "--no-such", "--samples", "'"])
def test_a_command_that_says_something_else_is_refused(words: str) -> None:
    with pytest.raises(PlaygroundError):
        pasted(f"playground sweep Hi --temperature 0,1 {words}")


def test_a_prompt_that_starts_with_a_dash_is_still_a_prompt() -> None:
    assert pasted("playground sweep -- -5").prompt == "-5"
