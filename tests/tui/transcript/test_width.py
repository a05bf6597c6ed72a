"""Every row fits its pane, and no character is lost by wrapping."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len, split_graphemes

from playground.tui.transcript.wrap import cells, wrap
from tests.tui.transcript.transcripts import (
    SAMPLE,
    TranscriptApp,
    answer,
    rows_of,
    settle,
    strips_of,
)

WIDE = "日本語の文章、ｶﾅ。👨‍👩‍👧‍👦👍🏽 e\u0301 한국어 **強調**、`コード` café ❤️ " * 3


@pytest.mark.parametrize("width", [1, 2, 3, 5, 20, 40, 79])
async def test_every_row_is_exactly_as_wide_as_the_pane(width: int) -> None:
    app = TranscriptApp()
    async with app.run_test(size=(width + 1, 30)) as pilot:
        transcript = app.transcript
        transcript.add_message("user", WIDE)
        answer(transcript, SAMPLE + WIDE + "\n\n> - 1. > " + WIDE + "\n\n```\n" + WIDE)
        await settle(pilot, transcript)
        assert {cell_len(strip.text) for strip in strips_of(transcript)} == {width}


# Whole characters: of a joiner that joins nothing, Rich gives another width alone than in a text.
PIECES = ["a", "b", " ", "日", "本", "、", "「", "」", "。", "👨‍👩‍👧‍👦", "e\u0301", "ｶ"]


@given(st.lists(st.sampled_from(PIECES)).map("".join), st.integers(1, 12))
def test_wrapping_keeps_every_character_and_fits(text: str, width: int) -> None:
    pieces = wrap(text, width)
    assert pieces[0].start == 0
    assert pieces[-1].next_start == len(text)
    for piece, following in itertools.pairwise(pieces):
        assert following.start == piece.next_start
    for piece in pieces:
        assert not text[piece.end : piece.next_start].strip(" ")
        shown = text[piece.start : piece.end].rstrip(" ")
        assert cells(shown) <= max(width, 2) or len(split_graphemes(shown)[0]) <= 1


def test_japanese_breaks_anywhere_but_before_closing_punctuation() -> None:
    text = "これは、「日本語」の文です。"
    lines = [text[piece.start : piece.end] for piece in wrap(text, 8)]
    assert lines == ["これは、", "「日本", "語」の文", "です。"]


async def test_a_narrow_pane_shows_a_wide_table_cell_by_cell() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(21, 20)):
        transcript = app.transcript
        answer(transcript, "|a name|b name|c name|d name|e|\n|-|-|-|-|-|\n|1|2|3|4|5|\n")
        assert rows_of(transcript)[1:6] == [
            "a name: 1",
            "b name: 2",
            "c name: 3",
            "d name: 4",
            "e: 5",
        ]
