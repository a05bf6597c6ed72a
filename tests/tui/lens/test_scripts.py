"""Tokens in every way of writing: columns line up, cells count right, nothing is obeyed."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import pytest
from rich.cells import cell_len
from textual.pilot import Pilot
from wcwidth import wcwidth

from playground.params import GenerationParams
from playground.providers.scripted import ScriptedModel
from playground.spelling import spell_bytes
from playground.tui.app import PlaygroundApp
from playground.tui.screens.difference import DifferenceScreen
from playground.tui.screens.lens import LensScreen
from playground.tui.widgets.candidate_bars import CandidateBars
from playground.tui.widgets.token_text import TokenText
from playground.types import Event, Message, Plan, TextDelta, Token, TokenAlternative
from tests.tui.lens.looking import open_lens
from tests.tui.lens.widgets import lines_of
from tests.tui.stage import ask, playground_of, playing, screen_of, until

WORDS = [
    *["שלום", " עולם", " 123", " مرحبا", " بِكُمْ", " x", " נִקּוּד"],
    *["日本", "語", " ﾊﾝｶｸ", " 한국어", " e\u0301", "\u0301\u0302", " हिन्दी", " ไทย"],
    *[
        "👩\u200d🚀",
        " 👍🏽",
        "🏽",
        "🇯",
        "🇵",
        " ❤\ufe0f",
        "\u200d",
        "\u202e",
        "\x1b[31m",
        "\n",
        "end",
    ],
]
OBEYED = ("\x1b", "\x07", "\x9b", "\u202e", "\r")
MARK = "\N{LEFT-TO-RIGHT MARK}"


def token_of(word: str) -> Token:
    """A word, before a candidate for every other word."""
    others = [word, *(other for other in WORDS if other != word)]
    told = [
        TokenAlternative(other, math.log(0.5 ** (rank + 1)), data=other.encode())
        for rank, other in enumerate(others)
    ]
    return Token(word, told[0].logprob, tuple(told), data=word.encode())


class ManyScripts(ScriptedModel):
    """Says its words with their figures, as an endpoint does."""

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        told = iter(self._script(messages))
        async for event in super().stream(messages, plan):
            if isinstance(event, TextDelta):
                word = next(told)
                yield TextDelta(word, event.choice, [token_of(word)])
            else:
                yield event


@asynccontextmanager
async def reading(
    size: tuple[int, int] = (120, 40),
) -> AsyncIterator[tuple[Pilot[None], PlaygroundApp, LensScreen]]:
    model = ManyScripts(WORDS)
    params = GenerationParams(logprobs=20, max_length=60)
    app = playground_of({"a:x": model}, params=params)
    async with playing(app, size=size) as pilot:
        await ask(pilot, "all of them")
        yield pilot, app, await open_lens(pilot)


def assert_even(app: Any) -> None:
    """Every line is as wide as the terminal, in cells, and holds nothing that one obeys."""
    width = app.size.width
    for strip in app.screen._compositor.render_strips():
        assert cell_len(strip.text) == width, strip.text
        assert not [sign for sign in OBEYED if sign in strip.text], strip.text


@pytest.mark.parametrize("word", WORDS)
def test_a_spelling_takes_as_many_cells_character_by_character_as_we_count(word: str) -> None:
    spelled = spell_bytes(word.encode())
    assert cell_len(spelled) == sum(max(wcwidth(character), 0) for character in spelled)
    # Nor does one token's join another's.
    for before in ("👍", "🇯", "👩", "a", "한"):
        left = spell_bytes(before.encode())
        assert cell_len(left + spelled) == cell_len(left) + cell_len(spelled)


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_every_view_is_as_wide_as_the_terminal(size: tuple[int, int]) -> None:
    async with reading(size) as (pilot, app, screen):
        for view in "123456":
            await pilot.press(view)
            for place in range(0, len(WORDS), 5):
                screen.query_one("#lens-text", TokenText).go(place)
                await pilot.pause()
                assert_even(app)


async def test_the_figures_of_the_candidates_stand_below_each_other() -> None:
    async with reading() as (pilot, _, screen):
        await pilot.pause()
        bars = screen.query_one("#lens-bars", CandidateBars)
        ends = set()
        for line in lines_of(bars)[1 : len(bars.bars) + 1]:
            before, sign, _ = line.rpartition("%")
            if sign:
                ends.add(cell_len(before))
        assert len(ends) == 1


async def test_the_mouse_is_on_the_token_that_is_seen_there() -> None:
    async with reading() as (pilot, _, screen):
        text = screen.query_one("#lens-text", TokenText)
        for row, pieces in enumerate(text._laid.rows[:4]):
            for piece in pieces:
                await pilot.hover(text, offset=(piece.column, row))
                assert text.hovered == piece.token
                line = lines_of(text)[row].replace(MARK, "")
                shown = text.spelled(piece.token)
                at = max(i for i in range(len(line) + 1) if cell_len(line[:i]) == piece.column)
                assert line[at:].startswith(shown)


async def test_what_is_written_leftwards_does_not_take_along_what_follows_it() -> None:
    async with reading() as (pilot, app, screen):
        text = screen.query_one("#lens-text", TokenText)
        text.go(4)
        await pilot.pause()
        for word in ("שלום", "·مرحبا"):
            lines = [line for line in screen_of(app).split("\n") if word in line]
            assert lines
            for line in lines:
                assert line.count(word) == line.count(f"{word}{MARK}")


async def test_the_tree_of_answers_and_what_differs_between_two_hold_their_columns() -> None:
    async with reading() as (pilot, app, screen):
        await pilot.press("a")
        await until(pilot, lambda: len(app.panes[0].conversation.turns[0].versions) == 2)
        await until(pilot, lambda: not screen.subject.live)
        await pilot.press("5")
        await pilot.pause()
        assert_even(app)
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DifferenceScreen))
        await pilot.pause(0.2)
        assert_even(app)
