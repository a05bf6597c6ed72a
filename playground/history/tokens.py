"""Per-token figures as they are kept: compact JSON, compressed, well under 2 kB a token.

A token is an array in the order of `_FIELDS`; texts that its bytes give are left out. A later
version may add to the end of the arrays.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Sequence
from typing import Any

from playground.lens.tokens import Tokens
from playground.types import Draw, Token, TokenAlternative

_DIGITS = 6
"""Decimals kept of a log-probability: a millionth of a nat is far below what rounding changes."""

MOST_BYTES = 256 * 1024 * 1024
"""No kept figures are unpacked past this: a history file may come from anywhere."""


def pack(tokens: Sequence[Token]) -> bytes:
    """The tokens as bytes for the history."""
    rows = [_row(token) for token in tokens]
    return zlib.compress(json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode(), 6)


def unpack(data: bytes) -> Tokens:
    """The tokens again; raises `ValueError` for bytes that are none."""
    unpacking = zlib.decompressobj()
    try:
        text = unpacking.decompress(data, MOST_BYTES)
        if unpacking.unconsumed_tail:
            raise ValueError("the kept figures are too large")
        return Tokens(_token(row) for row in json.loads(text))
    except (zlib.error, TypeError, IndexError, KeyError) as error:
        raise ValueError(f"the kept figures cannot be read: {error}") from error


def _row(token: Token) -> list[Any]:
    draw = token.draw
    return [
        token.text,
        base64.b64encode(token.data).decode() if token.data != token.text.encode() else None,
        token.token_id,
        _rounded(token.logprob),
        token.rank,
        _rounded(token.entropy),
        _alternatives(token.alternatives),
        None
        if draw is None
        else [
            _rounded(draw.logprob),
            _rounded(draw.entropy),
            draw.survivors,
            draw.uniform,
            _alternatives(draw.alternatives),
        ],
    ]


def _token(row: list[Any]) -> Token:
    text, data, number, logprob, rank, entropy, alternatives, draw = row[:8]
    return Token(
        text=text,
        logprob=logprob,
        alternatives=_read_alternatives(alternatives),
        token_id=number,
        data=text.encode() if data is None else base64.b64decode(data),
        rank=rank,
        entropy=entropy,
        draw=None
        if draw is None
        else Draw(
            logprob=draw[0],
            entropy=draw[1],
            survivors=draw[2],
            uniform=draw[3],
            alternatives=_read_alternatives(draw[4]),
        ),
    )


def _alternatives(alternatives: Sequence[TokenAlternative]) -> list[list[Any]]:
    return [
        [
            item.text,
            _rounded(item.logprob),
            item.token_id,
            *([base64.b64encode(item.data).decode()] if item.data else ()),
        ]
        for item in alternatives
    ]


def _read_alternatives(rows: list[list[Any]]) -> tuple[TokenAlternative, ...]:
    return tuple(
        TokenAlternative(
            row[0], row[1], row[2], base64.b64decode(row[3]) if len(row) > 3 and row[3] else b""
        )
        for row in rows
    )


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)
