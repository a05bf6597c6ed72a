"""Tokens made by hand from distributions, so that what is true of them is known."""

from __future__ import annotations

from collections.abc import Sequence

from playground.distribution import Distribution
from playground.types import Token, TokenAlternative


def token_of(distribution: Distribution, token: int, known: int, **values: object) -> Token:
    """A token of a distribution as a backend tells of it, with its `known` likeliest candidates."""
    logprobs = distribution.logprobs
    return Token(
        text=f"t{token}",
        logprob=float(logprobs[token]),
        token_id=token,
        data=f"t{token}".encode(),
        alternatives=tuple(
            TokenAlternative(f"t{at}", float(logprobs[at]), int(at))
            for at in distribution.surviving()[:known]
        ),
        **values,  # type: ignore[arg-type]
    )


def texts(*pieces: bytes, logprobs: Sequence[float] = ()) -> list[Token]:
    """Tokens that say these bytes."""
    found = list(logprobs) or [-0.5] * len(pieces)
    return [
        Token(piece.decode("utf-8", "replace"), logprob, data=piece)
        for piece, logprob in zip(pieces, found, strict=True)
    ]
