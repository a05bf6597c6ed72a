"""The prompt library in the terminal: searched, filled in, sent, written, deleted, brought back."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from playground import prompts
from playground.params import GenerationParams
from playground.providers.scripted import ScriptedModel
from playground.tui.app import PlaygroundApp
from playground.tui.screens.prompt_editor import PromptEditor
from playground.tui.screens.prompt_filling import FilledPrompt, PromptFilling
from playground.tui.screens.prompt_library import PromptLibrary
from playground.tui.themes import DARK, LIGHT
from tests.tui.bare import Shown, shown
from tests.tui.stage import (
    FIXED,
    answered,
    answers_of,
    paste,
    playground_of,
    playing,
    screen_of,
    until,
)
from tests.tui.test_snapshots import Snapshot, played

ZEBRA = """\
title = "A zebra for everyone"
description = "Draws a zebra in words."
tags = ["zebra"]
watch_for = "Stripes that change in number."
needs = "a larger model"
system = "You are a {{ role }}."
prompt = "Describe a zebra to {{ whom }}."

[variables.role]
description = "Who describes it."
choices = ["painter", "vet"]
default = "painter"

[variables.whom]
description = "To whom."
example = "a child"

[params]
temperature = 0.3
max_length = 40

[sweep]
temperature = "0:1:0.5"
"""

TURNS = """\
title = "Zebra turns"
params = { n = 1 }

[[messages]]
role = "user"
content = "I am {{ name }}."

[[messages]]
role = "assistant"
content = "Hello, {{ name }}!"

[[messages]]
role = "user"
content = "Who am I?"

[variables.name]
default = "Anna"
"""

GRAMMAR = 'title = "Zebra grammar"\nprompt = "Yes?"\n[params]\ngrammar = \'root ::= "Yes"\'\n'


@pytest.fixture(autouse=True)
def zebras(config_folder: Path) -> Path:
    folder = config_folder / "prompts" / "animals"
    folder.mkdir(parents=True)
    for name, text in {"zebra": ZEBRA, "turns": TURNS, "grammar": GRAMMAR}.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder


async def press(up: Shown, *keys: str) -> None:
    """Press keys; not `Shown.press`: the library's work goes on while a screen is over it."""
    await up.pilot.press(*keys)
    await up.pilot.pause(0.05)


async def find(up: Shown, words: str) -> None:
    """Search, and wait for what is found first."""
    await up.sees("@five-translations")
    await paste(up.pilot, words)
    await up.pilot.pause(0.2)
    await press(up)


async def choose(pilot: Pilot[None], name: str) -> None:
    """In the application: the library, and a prompt of it to be filled in."""
    app = pilot.app
    await pilot.press("alt+a")
    await until(pilot, lambda: isinstance(app.screen, PromptLibrary))
    library = app.screen
    await until(pilot, lambda: "@five-translations" in screen_of(app))
    await paste(pilot, name)
    await until(
        pilot,
        lambda: (
            isinstance(library, PromptLibrary)
            and library.chosen is not None
            and library.chosen.name == name
        ),
    )
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(app.screen, PromptFilling))


# The list


async def test_it_lists_the_whole_library_with_a_preview() -> None:
    async with shown(PromptLibrary(), (120, 60)) as up:
        await up.sees("@temperature-lesson ")
        await press(up, "pagedown", "pagedown", "pageup", "up", "down")
        assert up.app.screen.query_one(OptionList).option_count == len(prompts.all())
        await find(up, "zebra for")
        for part in ("A zebra for everyone  animals  wants a larger model",
                     "Draws a zebra", "Watch for",
                     "temperature 0.3, max_length 40, sweep of temperature",
                     "Describe a zebra to a child."):  # fmt: skip
            await up.sees(part)


async def test_a_misspelt_word_is_forgiven_and_nothing_is_said_to_match_nothing() -> None:
    async with shown(PromptLibrary()) as up:
        await find(up, "zebar everyone")
        await up.sees("@zebra")
        await press(up, *"xyzzy")
        await up.sees("nothing matches")
        await press(up, "enter", "ctrl+e", "ctrl+d")
        assert up.app.given == []


async def test_escape_empties_the_field_and_then_leaves() -> None:
    async with shown(PromptLibrary()) as up:
        await find(up, "zebra")
        await press(up, "escape")
        assert up.app.given == []
        await press(up, "escape")
        await until(up.pilot, lambda: up.app.given == [None])


async def test_a_broken_file_is_told_in_the_list_and_hides_no_other(zebras: Path) -> None:
    (zebras / "bad.toml").write_text('title = "x"\nprompt = "{{ y }}"\n', encoding="utf-8")
    (zebras / "evil.toml").write_bytes(b'title = "\\u001b[2J[bold]x"\nprompt = "y \\u001b[31m"\n')
    async with shown(PromptLibrary(), (120, 60)) as up:
        await up.sees("bad: line 2: prompt: 'y' is no variable")
        await up.sees("@five-translations")
        await find(up, "evil")
        await up.sees("␛[2J[bold]x")
        assert "\x1b[31m" not in up.text


# Filling in


async def given(up: Shown) -> list[Any]:
    """What the library gave back, once it has."""
    await until(up.pilot, lambda: bool(up.app.given))
    return up.app.given


async def fill_in(up: Shown, name: str) -> None:
    await find(up, name)
    await press(up, "enter")
    await until(up.pilot, lambda: isinstance(up.app.screen, PromptFilling))
    await press(up)


async def test_a_text_that_fails_on_its_own_example_is_told_and_leaves_the_library_open(
    zebras: Path,
) -> None:
    text = 'title = "Counting zebras"\nprompt = "{% if n > 3 %}many{% endif %}{{ n }}"\n'
    example = '[variables.n]\nexample = "5"\n'
    (zebras / "counting.toml").write_text(text + example, encoding="utf-8")
    async with shown(PromptLibrary()) as up:
        await find(up, "counting zebras")
        await up.sees("it cannot be filled in")
        await press(up, "escape")
        await up.sees("@five-translations")


async def test_a_prompt_is_filled_in_and_what_will_be_sent_is_seen_meanwhile() -> None:
    async with shown(PromptLibrary()) as up:
        await fill_in(up, "zebra for")
        await up.sees("You are a painter.")
        await press(up, "down", "tab", *"me")
        await up.sees("Describe a zebra to me.")
        await up.sees("You are a vet.")
        assert "Sets  temperature 0.3, max_length 40, its system prompt" in up.text
        await press(up, "enter")
        (filled,) = await given(up)
        assert isinstance(filled, FilledPrompt)
        assert filled.send
        assert filled.suggested
        assert filled.asked.system == "You are a vet."
        assert filled.asked.text == "Describe a zebra to me."


async def test_enter_means_what_was_typed_and_not_what_was_found_before_it() -> None:
    async with shown(PromptLibrary()) as up:
        await up.sees("@five-translations")
        await paste(up.pilot, "zebra for")
        await up.pilot.press("enter")
        await up.sees("You are a painter.")


async def test_suggestions_can_be_left_out_and_escape_leads_back_to_the_list() -> None:
    async with shown(PromptLibrary()) as up:
        await fill_in(up, "zebra for")
        await press(up, "escape")
        await until(up.pilot, lambda: isinstance(up.app.screen, PromptLibrary))
        await press(up, "enter")
        await up.sees("Sets  temperature")
        await press(up, "ctrl+t")
        await up.sees("Does not set")
        await press(up, "ctrl+o")
        (filled,) = await given(up)
        assert not filled.send
        assert not filled.suggested


async def test_a_value_that_cannot_be_is_refused_with_the_file_and_its_line() -> None:
    async with shown(PromptLibrary()) as up:
        await fill_in(up, "zebra for")
        await press(up, *"cow")
        await up.sees("'cow' is none of painter, vet")
        await press(up, "enter")
        await until(up.pilot, lambda: "zebra.toml, line 9" in up.notices)
        assert up.app.given == []


async def test_a_prompt_without_gaps_is_sent_with_one_more_enter() -> None:
    async with shown(PromptLibrary()) as up:
        await fill_in(up, "grammar zebra")
        await press(up, "enter")
        (filled,) = await given(up)
        assert filled.asked.text == "Yes?"


async def test_a_value_of_several_lines_stays_as_it_is() -> None:
    async with shown(PromptLibrary()) as up:
        await fill_in(up, "zebra for")
        await press(up, "tab", "a", "ctrl+j", "b", "enter")
        (filled,) = await given(up)
        assert filled.asked.text == "Describe a zebra to a\nb."


# Writing


async def test_a_shipped_prompt_is_edited_as_a_copy_of_ones_own() -> None:
    async with shown(PromptLibrary()) as up:
        await find(up, "translate-fr")
        await press(up, "ctrl+e")
        await until(up.pilot, lambda: isinstance(up.app.screen, PromptEditor))
        await press(up, "delete", "ctrl+s")
        await up.sees("line 1")
        assert not prompts.get("translate-fr").own
        await press(up, "t", "ctrl+s")
        await up.sees("● @translate-fr")
        assert prompts.get("translate-fr").own
        await press(up, "ctrl+d")
        await until(up.pilot, lambda: "^Z brings it back" in up.notices)
        assert not prompts.get("translate-fr").own
        await press(up, "ctrl+z")
        await until(up.pilot, lambda: prompts.get("translate-fr").own)


async def test_a_shipped_prompt_stays() -> None:
    async with shown(PromptLibrary()) as up:
        await find(up, "translate-fr")
        await press(up, "ctrl+d")
        await until(up.pilot, lambda: "ships with the playground" in up.notices)


async def test_a_new_prompt_begins_with_a_skeleton_and_wants_a_name() -> None:
    async with shown(PromptLibrary()) as up:
        await find(up, "zebra")
        await press(up, "ctrl+n", "ctrl+s")
        await up.sees("cannot be a prompt's name")
        await press(up, *"my-own", "ctrl+s")
        await up.sees("● @my-own")
        assert prompts.get("my-own").category == prompts.OWN_CATEGORY


async def test_a_new_prompt_takes_no_other_ones_place(zebras: Path) -> None:
    async with shown(PromptLibrary()) as up:
        await find(up, "zebra")
        await press(up, "ctrl+n", *"zebra", "ctrl+s")
        await up.sees("You have a prompt 'zebra' already")
        assert (zebras / "zebra.toml").read_text(encoding="utf-8") == ZEBRA
        await press(up, "2", "ctrl+s")
        await up.sees("● @zebra2")


async def test_a_prompt_goes_to_the_category_that_it_is_given(zebras: Path) -> None:
    async with shown(PromptLibrary()) as up:
        await find(up, "zebra for")
        await press(up, "ctrl+e", "shift+tab", *"fauna", "ctrl+s")
        await up.sees("A zebra for everyone  fauna")
        assert prompts.get("zebra").category == "fauna"
        assert not (zebras / "zebra.toml").exists()
        assert not prompts.list_prompts().problems


async def test_what_was_deleted_is_brought_back_once_its_name_is_free(zebras: Path) -> None:
    async with shown(PromptLibrary()) as up:
        await find(up, "zebra for")
        await press(up, "ctrl+d")
        await until(up.pilot, lambda: "^Z brings it back" in up.notices)
        (zebras / "zebra.toml").write_text(GRAMMAR, encoding="utf-8")
        await press(up, "ctrl+z")
        await until(up.pilot, lambda: "You have a prompt 'zebra' already" in up.notices)
        assert prompts.get("zebra").title == "Zebra grammar"
        (zebras / "zebra.toml").unlink()
        await press(up, "ctrl+z")
        await until(up.pilot, lambda: (zebras / "zebra.toml").exists())
        assert prompts.get("zebra").title == "A zebra for everyone"


async def test_what_was_written_is_left_only_at_the_second_escape() -> None:
    async with shown(PromptLibrary()) as up:
        await find(up, "zebra for")
        await press(up, "ctrl+e", "x", "escape")
        await up.sees("not kept yet")
        await press(up, "escape")
        await until(up.pilot, lambda: isinstance(up.app.screen, PromptLibrary))
        assert prompts.get("zebra").title == "A zebra for everyone"


# In the application


def two_panes(**options: object) -> PlaygroundApp:
    def echo(messages: object) -> list[str]:
        return [str(len(list(messages))), " messages"]  # type: ignore[call-overload]

    models = {"demo:one": ScriptedModel(echo), "demo:two": ScriptedModel(echo)}
    return playground_of(models, timing_of=lambda _run: FIXED, **options)  # type: ignore[arg-type]


async def test_a_prompt_is_sent_in_a_new_conversation_with_what_it_suggests() -> None:
    app = two_panes(params=GenerationParams(temperature=1.5, top_k=7))
    async with playing(app) as pilot:
        await paste(pilot, "before")
        await pilot.press("enter")
        await answered(pilot)
        await choose(pilot, "zebra")
        await pilot.press("enter")
        await until(pilot, lambda: "a child" in screen_of(app))
        await answered(pilot)
        assert answers_of(app) == [["2 messages"], ["2 messages"]]
        for pane in app.panes:
            given = pane.conversation.params.given()
            assert given == {"temperature": 0.3, "max_length": 40, "top_k": 7}
            assert pane.conversation.system == "You are a painter."
            assert [turn.prompt for turn in pane.conversation.turns] == [
                "Describe a zebra to a child."
            ]


async def test_what_one_prompt_set_does_not_rule_the_next() -> None:
    app = two_panes(params=GenerationParams(top_k=7), system="Mine.")
    async with playing(app) as pilot:
        for name in ("grammar", "zebra"):
            await choose(pilot, name)
            await pilot.press("enter")
            await pilot.pause()
            await answered(pilot)
        conversation = app.panes[0].conversation
        assert conversation.params.given() == {"temperature": 0.3, "max_length": 40, "top_k": 7}
        assert conversation.system == "You are a painter."
        conversation.params = conversation.params.updated(top_k=9)
        await choose(pilot, "grammar")
        await pilot.press("enter")
        await pilot.pause()
        await answered(pilot)
        # What the user turned since stands, and so does everything that was there with it.
        assert conversation.params.given()["top_k"] == 9


async def test_earlier_turns_are_put_and_kept_as_written() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await choose(pilot, "turns")
        await pilot.press("enter")
        await until(pilot, lambda: "Who am I?" in screen_of(app))
        await answered(pilot)
        assert answers_of(app) == [["Hello, Anna!", "3 messages"]] * 2
        assert "scripted:written" in screen_of(app)
        kept = await app.archive.load(app.archive.current)
        said = {(run.model, run.choices[0].text) for run in kept.runs}
        assert said == {
            ("scripted:written", "Hello, Anna!"),
            ("demo:one", "3 messages"),
            ("demo:two", "3 messages"),
        }


async def test_a_prompt_is_put_into_the_box_and_sends_nothing() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await choose(pilot, "zebra")
        await pilot.press("ctrl+o")
        await until(pilot, lambda: app._prompt.text == "Describe a zebra to a child.")
        assert not app.panes[0].conversation.turns
        assert app.focused is app._prompt


async def test_at_typed_first_opens_the_library_and_is_typed_when_it_is_left() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await pilot.press("@")
        await until(pilot, lambda: isinstance(app.screen, PromptLibrary))
        await pilot.press("escape")
        await until(pilot, lambda: app._prompt.text == "@")
        await pilot.press("b", "@")
        await pilot.pause()
        assert app._prompt.text == "@b@"


async def test_the_prompt_box_becomes_a_prompt_of_ones_own_with_its_gaps_declared() -> None:
    app = two_panes(params=GenerationParams(temperature=0.9), system="Be {{ how }}.")
    async with playing(app) as pilot:
        await paste(pilot, "Say {{ word }}.")
        await pilot.press("alt+a")
        await until(pilot, lambda: "@five-translations" in screen_of(app))
        await pilot.press("ctrl+n")
        await until(pilot, lambda: isinstance(app.screen, PromptEditor))
        await pilot.press(*"say-it", "ctrl+s")
        await until(pilot, lambda: "● @say-it" in screen_of(app))
    kept = prompts.get("say-it")
    assert (kept.system, kept.prompt) == ("Be {{ how }}.", "Say {{ word }}.")
    assert list(kept.variables) == ["how", "word"]
    assert kept.suggestion == {"temperature": 0.9}


# What it looks like


async def at_the_zebra(pilot: Pilot[None]) -> None:
    await pilot.press("alt+a")
    await until(pilot, lambda: "@five-translations" in screen_of(pilot.app))
    await paste(pilot, "zebra")
    library = pilot.app.screen
    assert isinstance(library, PromptLibrary)
    await until(pilot, lambda: len(library._found) == 3)
    library.query_one("#library-field").cursor_blink = False
    await until(pilot, lambda: bool(library.query_one("#library-preview", Static).render()))


async def with_its_gaps(pilot: Pilot[None]) -> None:
    await at_the_zebra(pilot)
    await pilot.press("enter")
    await until(pilot, lambda: isinstance(pilot.app.screen, PromptFilling))
    for gap in pilot.app.screen.query(".gap-field"):
        gap.cursor_blink = False


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
def test_the_library_as_a_picture(snap_compare: Snapshot, size: tuple[int, int]) -> None:
    assert snap_compare(two_panes(), terminal_size=size, run_before=played(DARK.name, at_the_zebra))


def test_the_gaps_as_a_picture(snap_compare: Snapshot) -> None:
    assert snap_compare(
        two_panes(), terminal_size=(120, 40), run_before=played(LIGHT.name, with_its_gaps)
    )


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (120, 40)], ids=str)
async def test_a_category_is_whole_in_its_row_or_in_the_preview_only(size: tuple[int, int]) -> None:
    async with shown(PromptLibrary(), size) as up:
        await up.sees(" @five-words ")
        (row,) = (line for line in up.text.split("\n") if "@five-words" in line)
        assert row.split()[-1] == ("hyperparameter-lessons" if size[0] >= 120 else "times")
        await up.sees("Zebra grammar  animals")
        await up.pilot.resize_terminal(120, 40)
        await up.sees("hyperparameter-lessons")
