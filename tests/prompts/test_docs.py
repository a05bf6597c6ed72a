"""What docs/prompts.md shows works as it stands."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from playground import prompts
from playground.prompts import prompt
from playground.prompts.library import read_prompt
from playground.prompts.templates import FILTERS
from playground.types import Frozen

PAGE = Path(__file__).parents[2] / "docs" / "prompts.md"
TEXT = PAGE.read_text(encoding="utf-8")


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)


def _commands() -> list[str]:
    lines = [line for block in _blocks("bash") for line in block.splitlines()]
    return [line.partition("  #")[0].strip() for line in lines]


def test_the_script_translates_and_finds() -> None:
    (script,) = _blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    said, *found = done.stdout.splitlines()
    assert "chat est noir" in said
    assert found[0].startswith("@opposite")


def test_the_file_is_a_prompt_with_nearly_every_field() -> None:
    (text,) = _blocks("toml")
    shown = read_prompt(text, "word-for-word", "own", PAGE)
    assert shown.render(word="bread")[-1].content == 'Translate "bread" into French.'
    left_out = {field for field in prompt.PromptFile.model_fields if not getattr(shown, field)}
    assert left_out == {"needs", "messages"}


@pytest.mark.parametrize(
    ("heading", "model"), [("| field | meaning |", prompt.PromptFile), ("| score |", None)]
)
def test_the_tables_name_every_field_and_score(heading: str, model: type[Frozen] | None) -> None:
    table = TEXT.partition(heading)[2].partition("\n\n")[0]
    named = re.findall(r"^\| `([a-z_]+)` \|", table, re.MULTILINE)
    known = model.model_fields if model else prompt.Score.__args__  # type: ignore[attr-defined]
    assert sorted(named) == sorted(known)
    for field in prompt.Variable.model_fields:
        assert f"`{field}`" in TEXT


def test_the_numbers_and_words_are_those_of_the_library() -> None:
    shelf = prompts.list_prompts()
    assert f"{len(shelf.found)} prompts ship" in TEXT
    assert f"{sum(not one.needs for one in shelf.found)} are\nmade for the demo models" in TEXT
    assert len(prompts.CATEGORIES) == 18
    assert all(f"`{name}`" in TEXT for name in FILTERS)


@pytest.mark.parametrize(
    "line", [line for line in _commands() if " new " not in line and " edit " not in line]
)
def test_the_commands_run(line: str, config_folder: Path) -> None:
    if " delete " in line:
        copy = prompts.place_for("capital", "question-answering")
        copy.parent.mkdir(parents=True)
        copy.write_text(prompts.text_of("capital")[0], encoding="utf-8")
    command, *words = shlex.split(line)
    assert command == "playground"
    if words[0] == "sweep":
        words += ["--samples", "2", "--max-length", "12"]
    done = subprocess.run(
        [sys.executable, "-m", "playground", *words],
        capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (done.stdout + done.stderr).strip()


def test_the_commands_that_write_are_known() -> None:
    writing = [line for line in _commands() if " new " in line or " edit " in line]
    assert len(writing) == 3
    for line in writing:
        words = [*shlex.split(line)[1:3], "--help"]
        done = subprocess.run(
            [sys.executable, "-m", "playground", *words], capture_output=True, text=True, check=True
        )
        if "--like" in line:
            assert "--like" in done.stdout
