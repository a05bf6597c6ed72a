"""Text that breaks where it means to: keys between two hints, meanings under themselves."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from textual.content import Content

from playground.params import GenerationParams
from playground.tui.conversation import Conversation
from playground.tui.screens.dialog import Dialog
from playground.tui.screens.preset_picker import PaneSettings, PresetPicker
from playground.tui.screens.prompt_library import PromptLibrary
from playground.tui.screens.reader import Reader
from playground.tui.screens.texts import help_text
from playground.tui.screens.turns import TurnsScreen
from playground.tui.widgets.fitted_text import Entry, FittedText, Glossary, KeyLine
from tests.tui.bare import shown

HINTS = "Enter opens · ^T pins the row · Esc closes\nWords are searched"


def plain(text: FittedText, width: int) -> list[str]:
    return [line.plain for line in text.lines(width)]


def test_hints_fill_the_line_and_break_between_two_of_them() -> None:
    line = KeyLine(HINTS)
    assert plain(line, 80) == HINTS.split("\n")
    assert plain(line, 34) == ["Enter opens · ^T pins the row", "Esc closes", "Words are searched"]
    assert plain(line, 20)[:3] == ["Enter opens", "^T pins the row", "Esc closes"]


@pytest.mark.parametrize("width", [1, 3, 7, 12, 25, 80])
def test_no_line_is_wider_than_there_is_room(width: int) -> None:
    wide = Content("漢字 and words that go on for longer than any line of a narrow terminal")
    passages = [wide, Entry("F1 ^G", wide.plain, 9), Entry("a term that is long", "short", 20)]
    for text in (KeyLine(HINTS), Glossary(passages)):
        # A letter of two cells does not fit into one.
        assert all(line.cell_length <= max(width, 2) for line in text.lines(width))


def test_a_meaning_goes_on_under_its_beginning_and_a_long_term_has_a_line_of_its_own() -> None:
    passages = [
        Content("Doing"),
        Entry("F5", "ask the last prompt again", 6),
        Entry("much too long", "what it means", 6),
        Entry("none", "", 6),
    ]
    assert plain(Glossary(passages), 24) == [
        "Doing",
        "F5    ask the last",
        "      prompt again",
        "much too long",
        "      what it means",
        "none  ",
    ]


async def test_a_meaning_of_the_help_that_goes_on_stays_in_its_column() -> None:
    async with shown(Reader("Help", help_text(), id="help"), (80, 24)) as help_:
        lines = help_.text.split("\n")
        first = next(place for place, line in enumerate(lines) if "Ask the last prompt" in line)
        assert lines[first + 1].index("are now") == lines[first].index("Ask the last prompt")


SCREENS: dict[str, Callable[[], Dialog[Any]]] = {
    "presets": lambda: PresetPicker("Presets", PaneSettings(GenerationParams(temperature=0.3))),
    "turns": lambda: TurnsScreen("Turns", Conversation("a:x", GenerationParams())),
    "library": PromptLibrary,
}


@pytest.mark.parametrize("size", [(80, 24), (100, 30), (140, 40)], ids=str)
@pytest.mark.parametrize("name", list(SCREENS))
async def test_no_hint_of_a_screen_is_torn_or_lost(name: str, size: tuple[int, int]) -> None:
    async with shown(SCREENS[name](), size) as up:
        await up.press("home")
        for hint in re.split(" · |\n", up.app.screen.query_one(KeyLine).hints):
            assert hint in up.text
