"""A token is written so that it cannot be taken for another, and obeyed by no terminal."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.lens.spelling import bytes_of, pieces_of, same_token, spell
from playground.sanitize import make_safe
from playground.spelling import MOST_BYTES, reads_leftwards, spell_bytes
from playground.types import Token, TokenAlternative

ANY_BYTES = st.one_of(st.binary(max_size=12), st.text(max_size=8).map(lambda t: t.encode()))


@given(ANY_BYTES, ANY_BYTES)
def test_two_byte_strings_never_have_the_same_spelling(one: bytes, other: bytes) -> None:
    assert (spell_bytes(one) == spell_bytes(other)) == (one == other)
    # Nor one that merely looks the same, composed another way.
    composed = [unicodedata.normalize("NFC", spell_bytes(data)) for data in (one, other)]
    assert (composed[0] == composed[1]) == (one == other)


@given(ANY_BYTES)
def test_no_spelling_holds_what_a_terminal_obeys_or_what_cannot_be_seen(data: bytes) -> None:
    spelled = spell_bytes(data)
    assert make_safe(spelled) == spelled
    assert not any(
        unicodedata.category(character) in ("Cc", "Cf", "Zs", "Zl", "Zp")
        for character in spelled.replace(" ", "")
    )


@pytest.mark.parametrize(
    ("data", "spelled"),
    [
        (b" the", "·the"),
        ("·the".encode(), "‹U+00B7›the"),
        (b"\n\n\t", "↵↵→"),
        (b"\x1b[31m", "␛[31m"),
        (b"\xe3\x81", "‹E3 81›"),
        ("あ".encode() + b"\xe3", "あ‹E3›"),
        (b"", "‹empty›"),
        ("\u00a0\u200b\u202e".encode(), "‹U+00A0›‹U+200B›‹U+202E›"),
        ("e\u0301".encode(), "e◌\u0301"),
        ("é".encode(), "é"),
        ("\u0301".encode(), "◌\u0301"),
        ("हिन्दी".encode(), "हिन्दी"),
        ("שלום".encode(), "שלום"),
        ("👍🏽".encode(), "👍‹U+1F3FD›"),
        ("👩‍🚀".encode(), "👩‹U+200D›🚀"),
        ("🇯🇵".encode(), "‹U+1F1EF›‹U+1F1F5›"),
        ("\N{REPLACEMENT CHARACTER}".encode(), "‹U+FFFD›"),
    ],
)
def test_blanks_controls_marks_and_partial_characters_each_have_their_sign(
    data: bytes, spelled: str
) -> None:
    assert spell_bytes(data) == spelled


def test_tokens_without_bytes_are_told_apart_by_their_ids() -> None:
    ends = [Token("", token_id=number) for number in (2, 4)]
    assert [spell(token) for token in ends] == ["‹token 2›", "‹token 4›"]
    assert [piece.text for piece in pieces_of(ends[0])] == ["‹token 2›"]
    assert spell(Token("")) == "‹empty›"
    # The same in a text is another spelling.
    assert spell(Token("‹token 2›", token_id=9)) == "‹U+2039›token·2‹U+203A›"


def test_letters_from_right_to_left_are_known_for_what_they_are() -> None:
    assert reads_leftwards("שלום")
    assert reads_leftwards("a مرحبا")
    assert not reads_leftwards("a = 1")


def test_a_claim_of_a_million_bytes_is_spelled_in_bounds() -> None:
    spelled = spell_bytes(b"\xff" * 1_000_000)
    assert spelled.endswith(f"‹{1_000_000 - MOST_BYTES:,} more bytes›")
    assert len(spelled) < 3_000


def test_a_token_whose_bytes_nobody_told_says_what_is_missing() -> None:
    half = Token("\N{REPLACEMENT CHARACTER}x")
    assert bytes_of(half) is None
    assert spell(half) == "‹?›x"
    assert spell(Token("\N{REPLACEMENT CHARACTER}", data=b"\xe3")) == "‹E3›"


def test_the_same_token_is_told_by_its_id_and_else_by_what_it_says() -> None:
    token = Token("a", token_id=5)
    assert same_token(token, TokenAlternative("other text", -1.0, 5))
    assert not same_token(token, TokenAlternative("a", -1.0, 6))
    assert same_token(Token("a"), TokenAlternative("a", -1.0))
    assert not same_token(Token("�", data=b"\xe3"), TokenAlternative("�", -1.0, data=b"\xe4"))


def test_every_character_of_the_basic_plane_has_a_spelling_of_its_own() -> None:
    characters = [chr(code) for code in range(0x10000) if not 0xD800 <= code < 0xE000]
    spelled = {
        unicodedata.normalize("NFC", spell_bytes(character.encode())) for character in characters
    }
    assert len(spelled) == len(characters)
