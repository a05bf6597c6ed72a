"""How a token is written so that it cannot be misread: blanks, control characters, partial ones."""

from __future__ import annotations

import playground.spelling as spelling
from playground.spelling import Piece, spell_bytes, spell_entry, spell_text
from playground.types import Token, TokenAlternative

__all__ = ["Piece", "bytes_of", "pieces_of", "same_token", "spell"]


def spell(token: Token | TokenAlternative) -> str:
    """A token's spelling, on one line and safe for a terminal: `·the`, `↵↵`, `‹E3 81›`.

    See `playground.spelling`: two tokens of different bytes never have the same spelling, and one
    without any is called by its id. Of a token whose bytes are not known, what is missing shows as
    `‹?›`. Letters that are written from right to left stay as they are: put figures before them.
    """
    data = bytes_of(token)
    if data is None:
        return spell_text(token.text)
    return spell_bytes(data) if token.token_id is None else spell_entry(token.token_id, data)


def pieces_of(token: Token | TokenAlternative) -> tuple[Piece, ...]:
    """The same in pieces, so that signs can be drawn more quietly than text."""
    data = bytes_of(token)
    if data is None:
        return (Piece(spell_text(token.text), "text"),)
    if not data and token.token_id is not None:
        return (Piece(spell(token), "code"),)
    return spelling.pieces(data)


def bytes_of(token: Token | TokenAlternative) -> bytes | None:
    """A token's bytes; None where they are part of a character and nobody has said which."""
    if token.data:
        return token.data
    if "\N{REPLACEMENT CHARACTER}" in token.text:
        return None
    return token.text.encode("utf-8", "replace")


def same_token(one: Token | TokenAlternative, other: Token | TokenAlternative) -> bool:
    """Whether both are the same token: by id where both have one, else by bytes, else by text."""
    if one.token_id is not None and other.token_id is not None:
        return one.token_id == other.token_id
    known, found = bytes_of(one), bytes_of(other)
    return one.text == other.text if known is None or found is None else known == found
