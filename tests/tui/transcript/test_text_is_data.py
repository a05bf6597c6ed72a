"""Nothing that a model or a user writes is obeyed: no sequence, no markup, no hidden link."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING

import pytest
from pygments.lexers import get_all_lexers

from playground.tui.transcript.inline import COLOURED, parse_code
from tests.tui.transcript.transcripts import (
    HOSTILE,
    TranscriptApp,
    answer,
    rows_of,
    settle,
    strips_of,
)

if TYPE_CHECKING:
    from textual.strip import Strip


@pytest.mark.parametrize(
    ("language", "code"),
    [
        ("tnt", "(" * 60),
        ("lilypond", "a" * 950),
        ("systemd", " " * 950),
        ("markdown", f"```tnt\n{'(' * 60}\n```\n"),
        ("rst", f".. code:: tnt\n\n  {'(' * 60}\n"),
        ("http", f"GET / HTTP/1.1\nContent-Type: text/typographic-number-theory\n\n{'(' * 60}"),
    ],
)
def test_no_code_in_an_answer_is_read_without_end(language: str, code: str) -> None:
    assert "".join(text for text, _ in parse_code(code, language)) == code


def test_every_language_that_gets_colours_is_one() -> None:
    assert all(parse_code("a = 1", language) for language in COLOURED)
    aliases = {alias for _, names, *_ in get_all_lexers(plugins=False) for alias in names}
    assert aliases >= COLOURED
    assert len(parse_code("def f(): pass", "python3")) > 1


async def test_nothing_that_a_terminal_obeys_reaches_the_screen() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(70, 40)) as pilot:
        transcript = app.transcript
        transcript.add_message("user", HOSTILE, title=HOSTILE)
        handle = transcript.begin_answer(title=HOSTILE)
        for character in HOSTILE:
            transcript.append_reasoning(handle, character)
            transcript.append(handle, character)
            transcript.flush()
            for strip in strips_of(transcript):
                assert not unsafe_in(strip), strip
        transcript.finish(handle, note=HOSTILE, error=HOSTILE)
        await settle(pilot, transcript)
        for strip in strips_of(transcript):
            assert not unsafe_in(strip), strip


def unsafe_in(strip: Strip) -> list[object]:
    found: list[object] = [
        character
        for character in strip.text
        if unicodedata.category(character) in ("Cc", "Cs") or "\u202a" <= character <= "\u202e"
    ]
    for segment in strip:
        assert segment.style is not None
        found += [name for name in segment.style.meta if name != "offset"]
        found += [segment.style.link] if segment.style.link else []
    return found


async def test_markup_of_rich_and_textual_is_text() -> None:
    app = TranscriptApp()
    async with app.run_test():
        transcript = app.transcript
        text = "[b]bold[/b] [link=http://a.b]x[/link] [@click=app.quit]y[/]"
        transcript.add_message("user", text)
        answer(transcript, text)
        assert rows_of(transcript) == ["", text, "", text]


async def test_a_prompt_is_never_markdown() -> None:
    app = TranscriptApp()
    async with app.run_test():
        transcript = app.transcript
        transcript.add_message("user", "# *a*\n\n1. b\n1. c")
        transcript.flush()
        assert rows_of(transcript) == ["", "# *a*", "", "1. b", "1. c"]


async def test_a_link_shows_where_it_leads() -> None:
    app = TranscriptApp()
    async with app.run_test():
        transcript = app.transcript
        answer(transcript, "[bank](http://evil.example) ![cat](http://e.x/c.png) <http://a.b>")
        assert rows_of(transcript)[1] == (
            "bank (http://evil.example) [cat] (http://e.x/c.png) http://a.b"
        )
