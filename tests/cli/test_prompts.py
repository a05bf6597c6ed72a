"""The prompt library in the shell: listed, searched, shown, written, and asked with."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from playground import prompts
from tests.cli.conftest import Shell
from tests.prompts.conftest import Put

LESSON = """\
title = "A lesson"
tags = ["lesson"]
language = "ja"
system = "You are {{ role }}."
needs = "a larger model"

[[messages]]
role = "user"
content = "Hi."

[[messages]]
role = "assistant"
content = "Hello."

[[messages]]
role = "user"
content = "Say {{ word }}."

[variables.role]
default = "a cat"

[variables.word]
example = "yes"

[params]
temperature = 0.7
n = 2
stop = ["END"]

[sweep]
temperature = "0:1:0.5"

[[cases]]
variables = { word = "no" }
expected = "no"
"""


@pytest.fixture
def put(config_folder: Path) -> Put:
    def write(name: str, text: str) -> Path:
        path = config_folder / "prompts" / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write


def test_all_are_listed_by_category_and_your_own_are_marked(shell: Shell, put: Put) -> None:
    put("mine/lesson", LESSON)
    done = shell("prompts")
    assert done.stdout == shell("prompts", "list").stdout
    for prompt in prompts.all():
        assert f"  {prompt.reference} " in done.stdout
        assert f"{prompt.category}" in done.stdout
    assert "(yours; a larger model)" in done.stdout


def test_as_json_they_come_one_a_line_with_everything(shell: Shell, put: Put) -> None:
    put("mine/lesson", LESSON)
    listed = [json.loads(line) for line in shell("prompts", "list", "--json").stdout.splitlines()]
    assert [record["name"] for record in listed] == [prompt.name for prompt in prompts.all()]
    one = json.loads(shell("prompts", "show", "lesson", "--json").stdout)
    assert one in listed
    assert one["params"] == {"temperature": 0.7, "n": 2, "stop": ["END"]}
    assert one["cases"][0]["expected"] == ["no"]


@pytest.mark.parametrize(
    "filters",
    [("--category", "mine"), ("--tag", "lesson", "--own"), ("--language", "ja", "--own"),
     ("--own",)],
)  # fmt: skip
def test_filters_leave_what_fits(shell: Shell, put: Put, filters: tuple[str, ...]) -> None:
    put("mine/lesson", LESSON)
    said = shell("prompts", "list", "--json", *filters).stdout.splitlines()
    assert [json.loads(line)["name"] for line in said] == ["lesson"]


def test_a_search_forgives_a_misspelt_word(shell: Shell, put: Put) -> None:
    put("mine/lesson", LESSON)
    assert shell("prompts", "search", "lessn", "--own").stdout.startswith("@lesson  ja  A lesson")
    nothing = shell("prompts", "search", "xyzzyplugh")
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "No prompt is like that" in nothing.stderr


def test_one_is_shown_whole_and_the_command_it_ends_with_can_be_run(shell: Shell, put: Put) -> None:
    put("mine/lesson", LESSON)
    said = shell("prompts", "show", "@lesson").stdout
    for part in ("You are {{ role }}.", "Say {{ word }}.", "Example: yes", "temperature 0.7",
                 "temperature 0:1:0.5", "word = no → no  (contains)"):  # fmt: skip
        assert part in said
    words = said.splitlines()[-1].split()
    assert words == ["playground", "ask", "@lesson", "--var", "word=yes"]
    assert shell(*words[1:], "-m", "scripted:echo").stdout.count("Say yes.") == 2


def test_a_prompt_of_the_library_is_asked_as_it_suggests_and_says_so(
    shell: Shell, put: Put
) -> None:
    put("mine/lesson", LESSON)
    done = shell("ask", "@lesson", "--var", "word=yes", "--json", "-m", "scripted:echo")
    answer = json.loads(done.stdout)
    assert answer["text"] == "Say yes."
    assert answer["params"] == {"temperature": 0.7, "n": 2, "stop": ["END"]}
    assert "temperature 0.7, n 2, stop ('END',), its system prompt" in done.stderr
    assert "@lesson wants a larger model" in done.stderr
    kept = shell("history", "show", answer["id"], "--json").stdout
    assert [(turn["role"], turn["content"]) for turn in json.loads(kept)["messages"]] == [
        ("system", "You are a cat."), ("user", "Hi."), ("assistant", "Hello."),
        ("user", "Say yes."),
    ]  # fmt: skip


def test_flags_and_presets_stand_on_what_is_suggested_and_that_on_the_settings(
    shell: Shell, put: Put, config_file: Path
) -> None:
    put("mine/lesson", LESSON)
    config_file.write_text(
        "system_prompt = 'settings'\n[params]\ntemperature = 1.5\nmax_length = 77\n", "utf-8"
    )
    base = ("ask", "@lesson", "--var", "word=x", "--json", "-m", "scripted:echo")
    suggested = json.loads(shell(*base).stdout)["params"]
    assert suggested == {"temperature": 0.7, "n": 2, "stop": ["END"], "max_length": 77}
    done = shell(*base, "-t", "0.1", "--system", "mine")
    assert json.loads(done.stdout)["params"] == {**suggested, "temperature": 0.1}
    assert "temperature" not in done.stderr
    assert "system prompt" not in done.stderr
    preset = json.loads(shell(*base, "--preset", "greedy").stdout)["params"]
    assert preset["temperature"] == 0
    assert preset["n"] == 2


def test_a_variable_can_be_piped_in(shell: Shell, put: Put) -> None:
    put("mine/lesson", LESSON)
    arguments = ("ask", "@lesson", "--var", "word=-", "-m", "scripted:echo", "--n", "1")
    assert "Say {{ a }} & b\nc." in shell(*arguments, stdin="{{ a }} & b\nc\n").stdout
    assert "not UTF-8" in shell(*arguments, stdin=b"\xff").stderr


def test_what_only_begins_with_at_is_a_prompt_like_any_other(shell: Shell) -> None:
    said = shell("ask", "@Anna, how are you?", "-m", "scripted:echo").stdout
    assert "@Anna, how are you?" in said
    assert "@a.org" in shell("ask", "@me@a.org", "-m", "scripted:echo").stdout
    assert "@translate-fr" in shell("ask", "-m", "scripted:echo", stdin="@translate-fr").stdout


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (("ask", "@translat-fr"), "Did you mean 'translate-fr'"),
        (("ask", "@Translat_FR"), "Did you mean 'translate-fr'"),
        (("ask", "@Anna"), "A text that begins with @ can be piped in."),
        (("ask", "@a.b"), "A text that begins with @ can be piped in."),
        (("sweep", "@Anna", "-t", "0:1:1"), "begins with @ can stand in a file of prompts."),
        (("ask", "@translate-fr"), "wants a value for 'text'"),
        (("ask", "@translate-fr", "--var", "txt=x"), "Did you mean 'text'?"),
        (("ask", "@translate-fr", "--var", "text"), 'Write --var name="value"'),
        (("ask", "@../../etc/passwd"), "cannot be a prompt's name"),
        (("ask", "hello", "--var", "text=x"), "none is named"),
        (("ask", "@Anna hello", "--var", "text=x"), "no name of a prompt"),
        (("prompts", "show", "../x"), "cannot be a prompt's name"),
        (("prompts", "list", "--category", "translatoin"), "Did you mean 'translation'?"),
        (("prompts", "new", "../x"), "cannot be a prompt's name"),
        (("prompts", "new", "x", "--like", "nothing"), "no prompt 'nothing'"),
        (("prompts", "delete", "translate-fr"), "ships with the playground"),
        (("prompts", "edit", "translate-fr"), "no editor"),
    ],
)
def test_what_cannot_be_meant_is_a_usage_error(
    shell: Shell, arguments: tuple[str, ...], words: str
) -> None:
    done = shell(*arguments)
    assert done.returncode == 2
    assert words in done.stderr
    assert not done.stdout


def test_a_broken_file_is_told_beside_the_others(shell: Shell, put: Put) -> None:
    put("mine/bad", 'title = "x"\nprompt = "{{ y }}"\n')
    done = shell("prompts", "list")
    assert "@translate-fr" in done.stdout
    assert "bad.toml, line 2" in done.stderr
    assert shell("ask", "@bad").returncode == 1
    assert shell("prompts", "path", "bad").stdout.endswith("mine/bad.toml\n")


# Writing


@pytest.fixture
def editor(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An editor that replaces the file by what is in the file returned, where that is."""
    text, script = tmp_path / "typed", tmp_path / "editor.py"
    script.write_text(
        f"import pathlib, sys\ntyped = pathlib.Path({str(text)!r})\n"
        "if typed.exists(): pathlib.Path(sys.argv[-1]).write_bytes(typed.read_bytes())\n",
        encoding="utf-8",
    )
    monkeypatch.setenv("EDITOR", f"{sys.executable} {script}")
    return text


def test_a_new_prompt_can_be_asked_as_it_is(shell: Shell, editor: Path) -> None:
    done = shell("prompts", "new", "my-first", "--category", "mine")
    assert Path(done.stdout.strip()).is_file()
    prompt = prompts.get("my-first")
    assert (prompt.category, prompt.title, prompt.own) == ("mine", "My first", True)
    said = shell("ask", "@my-first", "--var", "text=dog", "-m", "scripted:echo").stdout
    assert "Translate into French: dog" in said
    again = shell("prompts", "new", "my-first")
    assert again.returncode == 2
    assert "already" in again.stderr


def test_a_new_prompt_may_begin_as_a_copy(shell: Shell) -> None:
    shell("prompts", "new", "my-french", "--like", "translate-fr")
    assert prompts.get("my-french").category == "translation"
    assert prompts.get("my-french").prompt == prompts.get("translate-fr").prompt


def test_an_edited_shipped_prompt_becomes_your_own_until_it_is_deleted(
    shell: Shell, editor: Path
) -> None:
    shipped = prompts.get("translate-fr")
    editor.write_text('title = "Mine"\nprompt = "Say it."\n', encoding="utf-8")
    assert shell("prompts", "edit", "@Translate_FR").returncode == 0
    assert prompts.get("translate-fr").title == "Mine"
    assert shell("prompts", "delete", "translate-fr").returncode == 0
    assert prompts.get("translate-fr") == shipped


def test_a_shipped_prompt_that_was_not_changed_stays_the_shipped_one(
    shell: Shell, editor: Path
) -> None:
    assert "stays" in shell("prompts", "edit", "translate-fr").stderr
    assert not prompts.get("translate-fr").own


def test_a_mistake_made_in_the_editor_is_told_with_its_line_and_kept(
    shell: Shell, editor: Path
) -> None:
    editor.write_text('title = "Mine"\nprmpt = "Say it."\n', encoding="utf-8")
    done = shell("prompts", "edit", "translate-fr")
    assert done.returncode == 1
    assert "translate-fr.toml, line 2" in done.stderr
    editor.write_text('title = "Mine"\nprompt = "Say it."\n', encoding="utf-8")
    assert shell("prompts", "edit", "translate-fr").returncode == 0


def test_an_editor_that_fails_or_is_not_there_is_told(
    shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EDITOR", "no-such-editor")
    assert "cannot be started" in shell("prompts", "new", "x").stderr
    monkeypatch.setenv("EDITOR", "false")
    assert "ended with code 1" in shell("prompts", "edit", "translate-fr").stderr
