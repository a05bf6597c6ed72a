"""Spells bytes so that they cannot be misread: what a token really is, character by character.

Two different byte strings (of up to 256 bytes) never have the same spelling: blanks and control
characters are drawn as signs, whatever cannot be seen or looks like something else as its code
point (`‹U+00A0›`), and bytes that are no whole character as hexadecimal (`‹E3 81›`). The signs
themselves, where a text really has them, are written as code points too. What comes out holds
nothing that a terminal obeys.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from itertools import groupby
from typing import Final, Literal

__all__ = [
    "Piece",
    "PieceKind",
    "in_place",
    "pieces",
    "reads_leftwards",
    "spell_bytes",
    "spell_entry",
    "spell_text",
]

PieceKind = Literal["text", "sign", "code", "bytes"]
"""What a piece of a spelling is: characters as they are, signs that stand for one character each,
code points of characters that cannot be told by looking, or bytes that are no whole character."""

SPACE: Final = "·"
NEWLINE: Final = "↵"
TAB: Final = "→"
EMPTY: Final = "‹empty›"
"""The spelling of no bytes at all, as special tokens may have."""

MOST_BYTES: Final = 256
"""No more bytes are spelled: no tokenizer has longer tokens, but a server may claim anything."""

_CARRIER: Final = "◌"
"""Carries a combining character that has no letter before it."""

_SIGNS: Final = {
    " ": SPACE,
    "\n": NEWLINE,
    "\t": TAB,
    **{chr(code): chr(0x2400 + code) for code in range(0x20) if code not in (0x09, 0x0A)},
    "\x7f": "␡",
}

_TAKEN: Final = frozenset({*_SIGNS.values(), _CARRIER, "‹", "›", "\N{REPLACEMENT CHARACTER}"})
"""Characters that mean something in a spelling, so that they cannot stand for themselves."""

_UNSEEN: Final = frozenset(
    {0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x3164, 0xFFA0, *range(0x180B, 0x1810)}
    | {*range(0xFE00, 0xFE10), *range(0xE0100, 0xE01F0)}
)
"""Letters and marks that are drawn as nothing (`Default_Ignorable_Code_Point` of Unicode)."""

_HIDDEN_CATEGORIES: Final = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zs", "Zl", "Zp"})


@dataclass(frozen=True, slots=True)
class Piece:
    """Part of a spelling: its text, and what sort of text that is."""

    text: str
    kind: PieceKind


@lru_cache(maxsize=8192)
def pieces(data: bytes) -> tuple[Piece, ...]:
    """The spelling of some bytes in pieces, so that signs can be drawn more quietly than text."""
    if not data:
        return (Piece(EMPTY, "code"),)
    single = [piece for part in _parts(data[:MOST_BYTES]) for piece in _spell(part)]
    if len(data) > MOST_BYTES:
        single.append(Piece(f"‹{len(data) - MOST_BYTES:,} more bytes›", "code"))
    return tuple(
        Piece("".join(piece.text for piece in group), kind)
        for kind, group in groupby(single, key=lambda piece: piece.kind)
    )


def spell_bytes(data: bytes) -> str:
    """The spelling of some bytes; safe to write to a terminal."""
    return "".join(piece.text for piece in pieces(data))


def spell_entry(token_id: int, data: bytes) -> str:
    """The spelling of a token of a vocabulary; one without bytes is called by its id."""
    return spell_bytes(data) if data else f"‹token {token_id}›"


def spell_text(text: str) -> str:
    """The spelling of a text; U+FFFD in it stands for bytes that are not known: `‹?›`."""
    known = text.encode("utf-8", "replace").split("\N{REPLACEMENT CHARACTER}".encode())
    return "‹?›".join(spell_bytes(part) if part or len(known) == 1 else "" for part in known)


@lru_cache(maxsize=8192)
def reads_leftwards(text: str) -> bool:
    """Whether letters of a text are written from right to left.

    A terminal or browser may then show figures that follow on the same line in another place:
    put them before it, or keep them `in_place`.
    """
    return not text.isascii() and any(
        unicodedata.bidirectional(character) in ("R", "AL", "AN") for character in text
    )


def in_place(text: str) -> str:
    """A text for a terminal, after which what follows on the line stays where it is.

    Letters written from right to left are followed by a mark without width (U+200E) that ends
    them: a terminal that lays lines out by Unicode's rules would otherwise take the figures or
    tokens behind them along to the left, away from the columns of the mouse and the eye.
    """
    return f"{text}\N{LEFT-TO-RIGHT MARK}" if reads_leftwards(text) else text


def _parts(data: bytes) -> Iterator[str | bytes]:
    """Whole characters as texts, and what is between them as bytes."""
    start = 0
    while start < len(data):
        broken = _first_broken(data, start)
        if broken is None:
            yield data[start:].decode()
            return
        first, end = broken
        if first > start:
            yield data[start:first].decode()
        yield data[first:end]
        start = end


def _first_broken(data: bytes, start: int) -> tuple[int, int] | None:
    """Where the first bytes from `start` on that are no whole character begin and end."""
    try:
        data[start:].decode()
    except UnicodeDecodeError as error:
        return start + error.start, start + error.end
    return None


def _spell(part: str | bytes) -> Iterator[Piece]:
    if isinstance(part, bytes):
        yield Piece(f"‹{part.hex(' ').upper()}›", "bytes")
        return
    carried = False
    before = ""
    for character in part:
        if (sign := _SIGNS.get(character)) is not None:
            yield Piece(sign, "sign")
            carried = False
        elif _cannot_be_told(character):
            yield Piece(f"‹U+{ord(character):04X}›", "code")
            carried = False
        elif unicodedata.category(character).startswith("M"):
            # A mark that would join its letter into another character is set apart from it.
            joins = len(unicodedata.normalize("NFC", before + character)) <= len(before)
            yield Piece(character if carried and not joins else _CARRIER + character, "text")
            carried = carried and not joins
        else:
            yield Piece(character, "text")
            carried = True
        before = character


def _cannot_be_told(character: str) -> bool:
    """Whether looking at a character does not tell which one it is."""
    return (
        character in _TAKEN
        or ord(character) in _UNSEEN
        or unicodedata.category(character) in _HIDDEN_CATEGORIES
        # Jamo that draw together as a syllable, which is a character of its own.
        or 0x1161 <= ord(character) <= 0x11FF
        # Skin tones and halves of flags, which draw together with what is before them, another
        # token even, and of which no two terminals agree how many cells they take.
        or 0x1F3FB <= ord(character) <= 0x1F3FF
        or 0x1F1E6 <= ord(character) <= 0x1F1FF
        # Another character's double, such as the Kelvin sign.
        or unicodedata.normalize("NFC", character) != character
    )
