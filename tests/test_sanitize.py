"""Nothing that a terminal would obey survives, and nothing disappears."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.sanitize import make_safe, split_pending

ANYTHING = st.text(st.characters(codec=None, exclude_categories=()))
BIDIRECTIONAL = "\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\u200e\u200f\u061c"


@given(ANYTHING)
def test_no_control_and_no_reordering_character_is_left(text: str) -> None:
    safe = make_safe(text)
    assert not [c for c in safe if unicodedata.category(c) in ("Cc", "Cs") and c not in "\n\t"]
    assert not set(safe) & set(BIDIRECTIONAL)
    safe.encode()  # a terminal is written to in UTF-8


@given(ANYTHING)
def test_safe_text_stays_as_it_is(text: str) -> None:
    safe = make_safe(text)
    assert make_safe(safe) is safe


@given(st.lists(ANYTHING))
def test_it_does_not_matter_where_a_stream_was_cut(pieces: list[str]) -> None:
    safe, held = "", ""
    for piece in pieces:
        now, held = split_pending(held + piece)
        safe += make_safe(now)
    assert safe + make_safe(held) == make_safe("".join(pieces))


@pytest.mark.parametrize(
    ("unsafe", "safe"),
    [
        ("\x1b[31mred\x1b]52;c;aGk=\x07", "␛[31mred␛]52;c;aGk=␇"),
        ("a\x9b2Jb", "a‹U+009B›2Jb"),
        ("one\r\ntwo\rthree", "one\ntwo␍three"),
        ("user\u202egpj.exe", "user‹U+202E›gpj.exe"),
        ("half \ud83d of a pair", "half \ufffd of a pair"),
        ("\x00\x7f", "␀␡"),
        ("\U000e0069\U000e0067", "‹U+E0069›‹U+E0067›"),
    ],
)
def test_what_is_dangerous_can_be_seen(unsafe: str, safe: str) -> None:
    assert make_safe(unsafe) == safe


@pytest.mark.parametrize(
    "text", ["", "plain\n\ttext", "日本語、한국어", "👨‍👩‍👧‍👦 ❤️ e\u0301", "مرحبا שלום", "क्\u200dष"]
)
def test_all_languages_and_emoji_stay_as_they_are(text: str) -> None:
    assert make_safe(text) == text
