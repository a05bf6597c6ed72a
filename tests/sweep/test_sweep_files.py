"""A sweep file that cannot be meant is refused with path, line, and what may stand there."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from playground.errors import BrokenFile, UsageError
from playground.sweep.asked import Asked, build, read_sweep_file
from playground.sweep.words import command_of


@pytest.mark.parametrize(
    ("lines", "line", "said", "hint"),
    [
        (("sampels = 3",), 1, "sampels: no such word is known here", "'samples'"),
        (
            ("[search]", 'optimize = "distinct-2"'),
            2,
            "search.optimize: no such word is known here",
            "Did you mean 'optimise'?",
        ),
        (
            ("[space]", 'temprature = "0:2:1"'),
            2,
            "There is no parameter 'temprature' to sweep",
            "'temperature'",
        ),
        (
            ("[space]", "# widest first", 'temperature = "2:0:1"'),
            3,
            "temperature '2:0:1'",
            "Write 0:2:1.",
        ),
        (
            ("samples = 2", "[params]", "max_length = -3"),
            3,
            "max_length -3 is outside 1 to 1,000,000",
            "playground params",
        ),
        (
            ("[params]", "# as others call it", "max_tokens = -3"),
            3,
            "max_length -3 is outside",
            "playground params",
        ),
        (('samples = "many"',), 1, "samples: Input should be a valid integer", "Mend that line."),
    ],
)
def test_a_word_or_a_value_that_cannot_be_is_refused_with_its_line(
    tmp_path: Path, lines: tuple[str, ...], line: int, said: str, hint: str
) -> None:
    path = tmp_path / "lesson.toml"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    with pytest.raises(BrokenFile) as error:
        read_sweep_file(path)
    assert error.value.message.startswith(f"{path}, line {line}: {said}")
    assert hint in (error.value.hint or "")


def test_a_word_that_python_code_gets_wrong_is_answered_with_the_right_one() -> None:
    with pytest.raises(UsageError, match="There is no word 'sampels'") as error:
        Asked.of_words(prompt="Hi", sampels=3)
    assert "'samples'" in (error.value.hint or "")


def test_a_knob_by_another_name_is_that_knob(tmp_path: Path) -> None:
    path = tmp_path / "lesson.toml"
    path.write_text(
        'prompt = "Once upon a time"\nmodels = "demo:tiny"\nseed = 1\n'
        '[space]\nmax_tokens = "10,20"\n[params]\nfrequency_penalty = 0.5\n'
    )
    asked = read_sweep_file(path)
    assert [(axis.knob, [*axis.each()]) for axis in build(asked).axes] == [("max_length", [10, 20])]
    assert "--max-length 10,20" in command_of(asked)
    # A flag goes on top of it, whatever the file calls it.
    over = build(Asked.of_words(space={"max_length": "30"}).over(asked))
    assert (over.axes, over.params.max_length) == ((), 30)


@pytest.mark.parametrize(
    "words",
    [
        {"space": {"max_tokens": 3, "max_length": 4}},
        {"params": {"temperature": 1}, "space": {"temperature": "0,1"}},
        {"params": {"n": 3}, "samples": 4},
        {"params": {"seed": 3}, "seed": 4},
    ],
)
def test_what_one_source_says_twice_is_refused(words: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match=r"said twice|in two places"):
        Asked.of_words(prompt="Hi", models="demo:tiny", **words)
