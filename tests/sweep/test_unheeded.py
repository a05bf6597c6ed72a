"""Nothing that is said of a sweep is passed over: what nothing would heed is refused, in words."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from playground.errors import PlaygroundError, UsageError
from playground.history import History
from playground.sweep.asked import Asked, build
from playground.sweep.definition import Sweep
from playground.sweep.starting import begin, resume
from playground.sweep.words import WORDS, asked_of, read_lines

PLAIN: dict[str, Any] = {
    "prompt": "Once upon a time",
    "models": "demo:tiny",
    "space": {"temperature": "0,1"},
    "seed": 1,
}


def built(**words: Any) -> Sweep:
    return build(Asked.of_words(**{**PLAIN, **words}))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ({"judge": "demo:small"}, "judge is only used by the metric judge"),
        ({"judge": "demo:small", "judge_question": "Is it kind?", "metrics": "length"},
         "judge and judge-question are "),
        ({"scorer": "demo:small"}, "metric perplexity, which is not measured"),
        ({"expected": "42"}, "nothing that is measured compares them"),
        ({"expected": "42", "metrics": "length"}, "nothing that is measured compares them"),
        ({"expected_column": "answer", "metrics": "exact"}, "a file of prompts"),
        ({"prompt_column": "question"}, "a file of prompts"),
        ({"variables": ["name=Mia"]}, "prompts of the library"),
        ({"search": {"trials": 4, "prune": True}}, "trials and prune are "),
        ({"search": {"random": 1, "storage": "journal:x"}}, "storage is "),
    ],
)  # fmt: skip
def test_a_word_without_what_it_belongs_to_is_refused(words: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError) as error:
        built(**words)
    assert said in error.value.message
    assert error.value.hint


@pytest.mark.parametrize(
    "words",
    [
        {"expected": "42", "metrics": "numeric:0.1"},
        {"expected": "42", "metrics": "judge", "judge": "demo:small", "judge_question": "Right?"},
        {"scorer": "demo:small", "metrics": "perplexity"},
        {"search": {"optimise": "length:max", "trials": 2, "sampler": "tpe"}},
    ],
)
def test_a_word_with_it_is_heeded(words: dict[str, Any]) -> None:
    assert built(**words).models == ("demo:tiny",)


def test_a_right_answer_is_refused_where_every_prompt_has_its_own(tmp_path: Path) -> None:
    table = tmp_path / "cases.csv"
    table.write_text("prompt,expected\n2+2?,4\n3+3?,6\n")
    words = {"prompt": (), "prompts": str(table), "metrics": "exact"}
    with pytest.raises(UsageError, match="all of these bring their own"):
        built(**words, expected="5")
    assert [one.expected for one in built(**words).prompts] == ["4", "6"]


@pytest.fixture
def library(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PLAYGROUND_CONFIG_DIR", str(tmp_path))
    folder = tmp_path / "prompts" / "own"
    folder.mkdir(parents=True)
    (folder / "greet.toml").write_text(
        'title = "Greet"\nsystem = "Be kind."\nprompt = "Greet {{ name }} in {{ town }}."\n'
        "[variables.name]\n[variables.town]\n"
    )


@pytest.mark.usefixtures("library")
def test_a_table_of_variables_heeds_the_system_prompt_the_variables_and_blank_answers(
    tmp_path: Path,
) -> None:
    table = tmp_path / "names.csv"
    table.write_text("name,expected\nMia,hello Mia\nBo, \n")
    words: dict[str, Any] = {
        "prompt": "@greet",
        "prompts": str(table),
        "variables": ["town=Kobe"],
    }
    assert [one.messages[0].content for one in built(**words).prompts] == ["Be kind."] * 2
    several = built(**words, system=("Be brief.", "Be rude.")).prompts
    assert [one.messages[0].content for one in several] == ["Be brief."] * 2 + ["Be rude."] * 2
    assert {one.text for one in several} == {"Greet Mia in Kobe.", "Greet Bo in Kobe."}
    assert [one.expected for one in several] == ["hello Mia", None] * 2
    with pytest.raises(UsageError, match="no column 'answer'"):
        built(**words, expected_column="answer", metrics="contains")
    with pytest.raises(UsageError, match="its columns are the variables"):
        built(**words, prompt_column="name")


async def test_a_storage_is_refused_where_a_sweep_has_no_study(tmp_path: Path) -> None:
    with History.in_memory() as history:
        runner = begin(built(), history)
        await runner.run()
        with pytest.raises(UsageError, match="has no study to be kept"):
            await resume(runner.id, history, storage=f"journal:{tmp_path / 'x.log'}")


@pytest.mark.parametrize("word", WORDS, ids=lambda word: word.name)
def test_every_word_alone_is_heeded_or_refused(word: Any) -> None:
    """Whatever a line says changes the sweep that comes of it, or is refused."""
    if word.name == "file":
        return  # It is read before: its words count as if they were said.
    told, wrong = read_lines(f"{word.name} {word.example}".strip())
    assert not wrong
    base = {**PLAIN, "prompt": "Hello", "models": "demo:small"}
    plain = build(asked_of(base))
    try:
        made = build(asked_of({**base, **told}))
    except PlaygroundError:
        return
    assert made != plain
