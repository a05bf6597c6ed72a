"""Prompts are found, the user's own lie over the shipped ones, and a broken one hides no other."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground import prompts
from playground.config import MAX_FILE_BYTES
from playground.errors import BrokenFile, UnknownPrompt, UsageError
from playground.prompts import library
from playground.prompts.prompt import JAPANESE_CATEGORIES
from playground.toml_positions import line_of
from tests.prompts.conftest import Put

GREETING = """\
title = "A greeting"
prompt = "Greet {{ name }}."

[variables.name]
description = "Whom to greet."
"""


def names() -> list[str]:
    return [prompt.name for prompt in prompts.all()]


# Finding


@pytest.mark.parametrize(
    "name",
    ["translate-fr", "@translate-fr", "translation/translate-fr", "@Translate-FR", "@translate_fr"],
)
def test_a_prompt_is_found_by_its_name_with_or_without_its_category(name: str) -> None:
    prompt = prompts.get(name)
    assert (prompt.name, prompt.category, prompt.own) == ("translate-fr", "translation", False)
    assert prompt.reference == "@translate-fr"


def test_the_users_own_lie_beside_the_shipped_ones_and_over_those_of_the_same_name(
    put: Put,
) -> None:
    shipped = names()
    put("greetings/greet", GREETING)
    put("greetings/translate-fr", GREETING)
    put("bare", GREETING)
    assert sorted(names()) == sorted([*shipped, "greet", "bare"])
    assert prompts.get("translate-fr").title == "A greeting"
    assert prompts.get("translate-fr").own
    assert prompts.get("bare").category == prompts.OWN_CATEGORY
    with pytest.raises(UnknownPrompt):
        prompts.get("translation/translate-fr")


def test_what_changed_on_the_disk_is_read_again(put: Put) -> None:
    path = put("mine/greet", GREETING)
    assert prompts.get("greet").title == "A greeting"
    path.write_text(GREETING.replace("A greeting", "Another one"), encoding="utf-8")
    assert prompts.get("greet").title == "Another one"
    path.unlink()
    with pytest.raises(UnknownPrompt):
        prompts.get("greet")


def test_an_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(UnknownPrompt, match=r"Did you mean 'translate-fr'"):
        prompts.get("tranlsate-fr")


@pytest.mark.parametrize(
    "name",
    ["../secret", "/etc/passwd", "a/../b", "..", "", "@", "a/b/c", "x.toml", "a\\b", "a b",
     "translation/", "~", "translate-fr\n"],
)  # fmt: skip
def test_nothing_that_could_lead_out_of_the_folder_is_a_name(name: str) -> None:
    with pytest.raises(UsageError, match="cannot be a prompt's name"):
        prompts.get(name)


# Broken files


def test_a_broken_file_is_told_with_its_line_while_the_rest_loads(put: Put) -> None:
    shipped = names()
    put("mine/bad", 'title = "x"\nprompt = "y"\ntitel = "z"\n')
    put("mine/good", GREETING)
    shelf = prompts.list_prompts()
    assert [prompt.name for prompt in shelf.found] == [*shipped, "good"]
    assert list(shelf.problems) == ["bad"]
    assert "bad.toml, line 3" in str(shelf.problems["bad"])
    with pytest.raises(BrokenFile, match=r"bad\.toml, line 3: titel.*Did you mean 'title'\?"):
        prompts.get("bad")


def test_a_broken_file_of_the_users_does_not_let_the_shipped_one_pass_for_it(put: Put) -> None:
    put("translation/translate-fr", "title = ")
    assert "translate-fr" not in names()
    with pytest.raises(BrokenFile, match="line 1"):
        prompts.get("translate-fr")


BAD: dict[str, tuple[str, int, str]] = {
    "no title": ('prompt = "x"', 0, "title"),
    "empty title": ('title = ""\nprompt = "x"', 1, "title"),
    "two lines of title": ('prompt = "x"\ntitle = "a\\nb"', 2, "title: it stands in one line"),
    "nothing asked": ('title = "x"', 0, "give either prompt or"),
    "asked twice": (
        'title = "x"\nprompt = "y"\n[[messages]]\nrole = "user"\ncontent = "z"', 0, "either prompt",
    ),
    "unknown word": ('title = "x"\nprompt = "y"\nvariabels = {}', 3, "Did you mean 'variables'"),
    "a word that comes from the place": ('title = "x"\nprompt = "y"\nname = "z"', 3, "file lies"),
    "undefined variable": (
        'title = "x"\nprompt = """\nA\nB {{ txt }}"""\n[variables.text]', 4, "Did you mean 'text'",
    ),
    "undefined variable, none near": ('title = "x"\nprompt = "{{ q }}"', 2, "[variables.q]"),
    "undefined in the system prompt": (
        'title = "x"\nsystem = "Be {{ role }}."\nprompt = "y"', 2, "'role' is no variable",
    ),
    "undefined in a later message": (
        ('title = "x"\n[[messages]]\nrole = "user"\ncontent = "a"\n[[messages]]\n'
        'role = "assistant"\ncontent = "b"\n[[messages]]\nrole = "user"\ncontent = "{{ c }}"'),
        10, "messages.3.content",
    ),
    "unused variable": (
        'title = "x"\nprompt = "{{ text }}"\n[variables.text]\n[variables.txet]', 4, "uses it",
    ),
    "variable of a bad name": (
        'title = "x"\nprompt = "y"\n[variables.Text]', 3, "lower-case",
    ),
    "variable of a taken name": ('title = "x"\nprompt = "y"\n[variables.for]', 3, "means"),
    "default that is no number": (
        'title = "x"\nprompt = "{{ n }}"\n[variables.n]\nkind = "integer"\ndefault = "many"',
        3, "'many' is not an integer",
    ),
    "default that is no choice": (
        'title = "x"\nprompt = "{{ n }}"\n[variables.n]\nchoices = ["a"]\ndefault = "b"',
        3, "'b' is none of a",
    ),
    "default that is true": (
        'title = "x"\nprompt = "{{ n }}"\n[variables.n]\ndefault = true', 4, "default",
    ),
    "unknown kind": (
        'title = "x"\nprompt = "{{ n }}"\n[variables.n]\nkind = "date"', 4, "kind",
    ),
    "template that does not end": ('title = "x"\nprompt = "{{ a"\n[variables.a]', 2, "prompt"),
    "template that calls": (
        'title = "x"\nprompt = """\n\n{{ a.upper() }}"""\n[variables.a]', 4, "can be called",
    ),
    "template that looks inside": (
        "title = \"x\"\nprompt = \"{{ a.__class__ }}\"\n[variables.a]", 2, "only a loop has parts",
    ),
    "template that includes": (
        "title = \"x\"\nprompt = \"{% include '/etc/passwd' %}\"", 2, "'include' is more than",
    ),
    "template that sets": ('title = "x"\nprompt = "{% set a = 1 %}"', 2, "more than"),
    "loops in each other": (
        ('title = "x"\nprompt = """\n{% for i in range(2) %}\n{% for j in range(2) %}{% endfor %}\n'
        '{% endfor %}"""'), 4, "in another loop",
    ),
    "loop over a variable": (
        'title = "x"\nprompt = "{% for c in a %}c{% endfor %}"\n[variables.a]', 2, "goes over",
    ),
    "unknown filter": (
        "title = \"x\"\nprompt = \"{{ a | center(9) }}\"\n[variables.a]", 2, "'center'",
    ),
    "knob out of range": (
        'title = "x"\nprompt = "y"\n[params]\nseed = 1\ntemperature = 9', 5, "outside 0 to 5",
    ),
    "unknown knob": (
        'title = "x"\nprompt = "y"\n[params]\ntemperatur = 1', 4, "Did you mean 'temperature'",
    ),
    "sweep of no knob": (
        'title = "x"\nprompt = "y"\n[sweep]\ntemprature = "0:1:0.5"', 3, "mean 'temperature'",
    ),
    "language in words": ('title = "x"\nprompt = "y"\nlanguage = "French"', 3, "its code: en"),
    "tag with a space": ('title = "x"\nprompt = "y"\ntags = ["a b"]', 3, "no blank, comma or #"),
    "messages out of turn": (
        'title = "x"\n[[messages]]\nrole = "assistant"\ncontent = "a"', 0, "user, assistant",
    ),
    "messages that end with the model": (
        ('title = "x"\n[[messages]]\nrole = "user"\ncontent = "a"\n[[messages]]\n'
        'role = "assistant"\ncontent = "b"'), 0, "last message",
    ),
    "message of a stranger": (
        'title = "x"\n[[messages]]\nrole = "system"\ncontent = "a"', 3, "messages.1.role",
    ),
    "case without an answer": (
        'title = "x"\nprompt = "y"\n[[cases]]\nscore = "exact"', 3, "expected is missing",
    ),
    "case with a broken expression": (
        'title = "x"\nprompt = "y"\n[[cases]]\nexpected = "("\nscore = "regex"', 3, "regex",
    ),
    "case with no number": (
        'title = "x"\nprompt = "y"\n[[cases]]\nexpected = "two"\nscore = "numeric"', 3, "numeric",
    ),
    "case of JSON that says more": (
        'title = "x"\nprompt = "y"\n[[cases]]\nexpected = "{}"\nscore = "json"', 3, "json takes no",
    ),
    "second case with an unknown variable": (
        ('title = "x"\nprompt = "{{ a }}"\n[variables.a]\ndefault = "1"\n[[cases]]\nexpected = "1"'
        '\n[[cases]]\nexpected = "2"\n[cases.variables]\nb = "3"'), 10, "no variable",
    ),
    "case that leaves a gap": (
        'title = "x"\nprompt = "{{ a }}"\n[variables.a]\n[[cases]]\nexpected = "1"', 4, "'a'",
    ),
    "a seed of many digits": (
        f'title = "x"\nprompt = "y"\n[params]\nseed = {"1" * 400}', 4, "seed",
    ),
    "a text of thousands of sums": (
        (f'title = "x"\nprompt = "{{{{ {"+".join(["a"] * 3000)} }}}}"\n'
         '[variables.a]\ndefault = "1"'), 2, "nested too deeply",
    ),
    "a text of thousands of parts": (
        (f'title = "x"\nprompt = "{{{{ {" ~ ".join(["a"] * 3000)} }}}}"\n'
         '[variables.a]\ndefault = "1"'), 2, "joins more than",
    ),
    "a number of too many digits": (
        f'title = "x"\nprompt = "{{{{ {"1" * 5000} }}}}"', 2, "cannot be read",
    ),
    "a default of many digits": (
        (f'title = "x"\nprompt = "{{{{ a }}}}"\n[variables.a]\nkind = "number"\n'
         f'default = {"1" * 400}'), 3, "is not a number",
    ),
    "an expression that repeats without end": (
        ('title = "x"\nprompt = "y"\n[[cases]]\nexpected = "a{99999999999999999999}"\n'
         'score = "regex"'), 3, "regex",
    ),
    "a header of nothing but blanks": (
        f'title = "x"\nprompt = "y"\nzzz = [\n[{" " * 50_000}\n]]', 3, "zzz",
    ),
    "nested without end": (f'title = {"[" * 5000}', 0, "nested too deeply"),
    "not TOML": ('title = "x"\nprompt = "y', 2, "not valid TOML"),
}  # fmt: skip


@pytest.mark.parametrize(("text", "line", "words"), BAD.values(), ids=BAD)
def test_what_is_wrong_with_a_file_is_said_with_its_line(
    put: Put, text: str, line: int, words: str
) -> None:
    path = put("mine/bad", text)
    with pytest.raises(BrokenFile) as caught:
        prompts.get("bad")
    said = str(caught.value)
    assert str(path) in said
    assert words in said
    if line:
        assert re.search(rf"line {line}\b", said), said


def test_files_in_the_wrong_place_are_told(put: Put, tmp_path: Path) -> None:
    put("a/b/deep", GREETING)
    put("mine/Bad Name", GREETING)
    put("mine/twice", GREETING)
    put("other/twice", GREETING)
    outside = tmp_path / "outside.toml"
    outside.write_text(GREETING, encoding="utf-8")
    (library.prompt_folder() / "mine" / "link.toml").symlink_to(outside)
    os.mkfifo(library.prompt_folder() / "mine" / "pipe.toml")
    (library.prompt_folder() / "mine" / "loop.toml").symlink_to("loop.toml")
    put("mine/fine", GREETING)
    problems = prompts.list_prompts().problems
    said = {name: str(problem) for name, problem in problems.items()}
    assert "too deep" in said.pop("a/b/deep.toml")
    assert "cannot be a name" in said.pop("mine/Bad Name.toml")
    assert "leads out of the folder" in said.pop("mine/link.toml")
    assert "is not a file" in said.pop("mine/pipe.toml")
    assert "is not a file" in said.pop("mine/loop.toml")
    assert "same name" in said.pop("other/twice.toml")
    assert not said
    assert {"fine", "twice"} <= set(names())
    with pytest.raises(BrokenFile, match="leads out"):
        library._load(library._files()["mine/link.toml"])


def test_a_folder_that_is_itself_a_link_is_the_users_own_business(put: Put, tmp_path: Path) -> None:
    elsewhere = tmp_path / "dotfiles"
    elsewhere.mkdir()
    (elsewhere / "greet.toml").write_text(GREETING, encoding="utf-8")
    library.prompt_folder().parent.mkdir(parents=True, exist_ok=True)
    library.prompt_folder().symlink_to(elsewhere)
    assert prompts.get("greet").own


def test_a_huge_file_is_not_read(put: Put) -> None:
    put("mine/huge", f"# {'x' * MAX_FILE_BYTES}\n{GREETING}")
    with pytest.raises(BrokenFile, match="larger than"):
        prompts.get("huge")


def test_other_bytes_than_text_are_told_with_their_line(put: Put) -> None:
    put("mine/bytes", GREETING).write_bytes(b'title = "a"\nprompt = "\xff"\n')
    with pytest.raises(BrokenFile, match="line 2"):
        prompts.get("bytes")


def test_a_mark_of_the_encoding_before_a_file_is_no_part_of_it(put: Put) -> None:
    put("mine/greet", GREETING).write_text(GREETING, encoding="utf-8-sig")
    assert prompts.get("greet").title == "A greeting"
    assert prompts.text_of("greet")[0] == GREETING


def test_files_beyond_the_most_that_are_looked_at_are_told(
    put: Put, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("a", "b", "c"):
        put(f"mine/{name}", GREETING)
    monkeypatch.setattr(library, "MAX_PROMPTS", 2)
    problems = prompts.list_prompts().problems
    assert any("only 2 are looked at; 1 are left out" in str(p) for p in problems.values())


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(
    st.text(st.characters(exclude_categories=["Cs"]), max_size=200)
    | st.lists(st.sampled_from([*GREETING, '"""', "[[", "{{", "{% for", "cases", "=", "\n"])).map(
        "".join
    )
)
def test_no_text_makes_anything_but_a_prompt_or_a_broken_file(put: Put, text: str) -> None:
    with suppress(BrokenFile):
        assert prompts.read_prompt(text, "x", "mine", Path("x.toml")).preview()


def test_lines_are_found_past_strings_of_many_lines_and_in_arrays_of_tables() -> None:
    text = 'a = """\nb = 1\n"""\nb = 2\n[t.u]\nc.d = 3\n[[m]]\nx = 1\n[[m]]\nx = 2\n[m.y]\nz = 1\n'
    assert line_of(text, ("b",)) == 4
    assert line_of(text, ("t", "u", "c", "d")) == 6
    assert line_of(text, ("m", 1, "x")) == 10
    assert line_of(text, ("m", 1, "y", "z")) == 12
    assert line_of(text, ("m", 0, "gone")) == 7
    assert line_of(text, ("gone",)) == 0


# Keeping


def test_what_was_changed_meanwhile_is_not_overwritten(put: Put) -> None:
    path = put("mine/greet", GREETING)
    mended = GREETING.replace("A greeting", "Another one")
    assert prompts.save_prompt(mended, "greet", "mine", instead_of=GREETING).path == path
    with pytest.raises(UsageError, match="has changed since it was opened"):
        prompts.save_prompt(GREETING, "greet", "mine", instead_of=GREETING)
    assert path.read_text(encoding="utf-8") == mended


def test_a_prompt_that_is_kept_in_another_category_moves_and_overwrites_none(put: Put) -> None:
    path, other = put("mine/greet", GREETING), put("other/greet", GREETING)
    with pytest.raises(UsageError, match=f"already: {other}"):
        prompts.save_prompt(GREETING, "greet", "other", instead_of=GREETING)
    assert path.exists()
    other.unlink()
    kept = prompts.save_prompt(GREETING, "greet", "other", instead_of=GREETING)
    assert (kept.path, prompts.get("greet").category) == (other, "other")
    assert not path.exists()


# Searching


def test_a_search_finds_words_wherever_they_are_best_first(put: Put) -> None:
    put("mine/greet", GREETING)
    put("mine/other", 'title = "Something else"\nprompt = "Say a greeting."')
    found = [prompt.name for prompt in prompts.search("greeting")]
    assert found.index("greet") < found.index("other")
    assert [prompt.name for prompt in prompts.search("else GREETING")] == ["other"]


def test_a_search_forgives_a_misspelt_word(put: Put) -> None:
    put("mine/greet", GREETING)
    assert prompts.search("greting")[0].name == "greet"
    assert prompts.search("xyzzyplugh") == ()


def test_a_search_knows_words_that_are_written_short() -> None:
    assert {"translate-fr", "five-translations"} <= {p.name for p in prompts.search("trnslt")}
    assert "sentiment-and-classification" in {p.category for p in prompts.search("clssf")}


def test_a_search_in_japanese_knows_the_categories() -> None:
    assert JAPANESE_CATEGORIES.keys() == prompts.CATEGORIES.keys()
    assert {prompt.category for prompt in prompts.search("翻訳")} == {"translation"}


def test_a_search_for_nothing_finds_everything() -> None:
    assert prompts.search("  ") == prompts.all()


def test_japanese_is_found_in_any_width(put: Put) -> None:
    put("mine/greet", GREETING.replace("A greeting", "挨拶とカード"))
    assert prompts.search("ｶｰﾄﾞ")[0].name == "greet"
