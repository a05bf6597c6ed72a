"""Same dice: where two answers to one prompt part, and the throw that decided it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from playground.lens.candidates import Candidates
from playground.lens.spelling import same_token, spell
from playground.lens.tokens import plainly
from playground.types import Draw, Token

__all__ = ["Parting", "Side", "parting", "throws_of"]

_SAME_THROW: Final = 1e-9
"""Throws that are no further apart are the same throw, kept with fewer digits."""


@dataclass(frozen=True, slots=True)
class Side:
    """One answer where the two part: its token (None where it had ended) and its candidates.

    `throws` are the throws of the dice, from and up to, that pick this token there, survivors
    being laid out in order of their ids; None where not all survivors are known.
    """

    token: Token | None
    candidates: Candidates | None
    throws: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Parting:
    """The first token at which two answers differ.

    `place` is its place in both; everything before it is the same. `uniform` is the throw that both
    drew there, None where they threw different ones or do not tell: then the setting is not all
    that differs.
    """

    place: int
    one: Side
    other: Side
    uniform: float | None

    def __str__(self) -> str:
        said = (
            f"parted at token {self.place + 1}: {_named(self.one)} instead of {_named(self.other)}"
        )
        if self.uniform is None:
            if self.one.token is None or self.other.token is None:
                return said
            if _throw(self.one) is None or _throw(self.other) is None:
                return f"{said}; the throws of the dice are not told"
            return f"{said}, by different throws of the dice"
        if self.one.throws is None or self.other.throws is None:
            return f"{said}, on the same throw {self.uniform:.6f}"
        mine, theirs = (
            f"{low:.6f} to {high:.6f}" for low, high in (self.one.throws, self.other.throws)
        )
        return (
            f"{said}: the throw {self.uniform:.6f} falls into {mine} here and into {theirs} there"
        )


def parting(one: Sequence[Token], other: Sequence[Token]) -> Parting | None:
    """Where two answers part; None where they are the same to the end of both.

    Both are answers of one model: tokens are compared by id where they have one. Meant for runs
    with the same seed, whose throws are the same at every place.
    """
    pairs = zip(plainly(one), plainly(other), strict=False)
    place = next(
        (at for at, pair in enumerate(pairs) if not same_token(*pair)),
        min(len(one), len(other)),
    )
    if place >= max(len(one), len(other)):
        return None
    mine, theirs = (tokens[place] if place < len(tokens) else None for tokens in (one, other))
    one_side, other_side = _side(mine), _side(theirs)
    first, second = _throw(one_side), _throw(other_side)
    same = first is not None and second is not None and abs(first - second) <= _SAME_THROW
    return Parting(place, one_side, other_side, first if same else None)


def throws_of(draw: Draw, token: Token) -> tuple[float, float] | None:
    """The throws (from, up to) that pick a token; None unless all survivors are listed with ids."""
    survivors = [(item.token_id, item.logprob) for item in draw.alternatives]
    if draw.survivors > len(survivors) or token.token_id is None:
        return None
    reached = 0.0
    for number, logprob in sorted((number or 0, logprob) for number, logprob in survivors):
        share = math.exp(logprob)
        if number == token.token_id:
            return reached, min(reached + share, 1.0)
        reached += share
    return None


def _side(token: Token | None) -> Side:
    if token is None:
        return Side(None, None, None)
    throws = throws_of(token.draw, token) if token.draw is not None else None
    return Side(token, Candidates.of_token(token), throws)


def _throw(side: Side) -> float | None:
    return None if side.token is None or side.token.draw is None else side.token.draw.uniform


def _named(side: Side) -> str:
    return "the end" if side.token is None else f"“{spell(side.token)}”"
