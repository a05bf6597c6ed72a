"""What is drawn of tokens, as the library gives it."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

from playground.sanitize import make_safe
from playground.tui.widgets.candidate_bars import Bar
from playground.types import Token

MEASURES = ("probability", "rank", "entropy")
BOUNDS = {
    "probability": (0.5, 0.2, 0.05, 0.01, 0.001),
    "rank": (1, 2, 5, 20, 100),
    "entropy": (0.5, 1, 2, 3, 4),
}


def spelled(token: Token) -> str:
    """How a token is written."""
    text = token.text.replace(" ", "·").replace("\n", "↵").replace("\t", "→")
    if "\ufffd" in text and token.data:
        return "‹" + token.data.hex(" ").upper() + "›"
    return make_safe(text)


def spelled_text(text: str) -> str:
    """How a text is written."""
    return make_safe(text).replace(" ", "·").replace("\n", "↵").replace("\t", "→")


def step(token: Token, measure: str) -> int | None:
    """The step of a token by a measure; None where it is not known."""
    value = {
        "probability": None if token.logprob is None else -math.exp(token.logprob),
        "rank": token.rank,
        "entropy": token.entropy,
    }[measure]
    if value is None:
        return None
    bounds = BOUNDS[measure]
    if measure == "probability":
        return sum(-value < bound for bound in bounds)
    return sum(value > bound for bound in bounds)


def labels(measure: str) -> list[str]:
    """What each step of a measure holds."""
    bounds = BOUNDS[measure]
    if measure == "probability":
        return [f"≥{b:.1%}".replace(".0%", "%") for b in bounds] + ["less"]
    return [f"≤{b:g}" for b in bounds] + ["more"]


class Figures(NamedTuple):
    """Figures of a whole answer."""

    tokens: int
    perplexity: float | None
    entropy: float | None
    logprob: float | None


def figures(tokens: Sequence[Token]) -> Figures:
    """The figures of a whole answer."""
    known = [t.logprob for t in tokens if t.logprob is not None]
    ents = [t.entropy for t in tokens if t.entropy is not None]
    total = sum(known)
    return Figures(
        len(tokens),
        math.exp(-total / len(known)) if known else None,
        sum(ents) / len(ents) if ents else None,
        total if known else None,
    )


def surprising(tokens: Sequence[Token], count: int = 10) -> list[int]:
    """The places of the least likely tokens, the least likely first."""
    ranked = [i for i, t in enumerate(tokens) if t.logprob is not None]
    return sorted(ranked, key=lambda i: tokens[i].logprob or 0)[:count]


def bars(token: Token) -> list[Bar]:
    """The candidates that a token came with."""
    drawn = {a.token_id: a.logprob for a in token.draw.alternatives} if token.draw else {}
    rows = []
    for rank, other in enumerate(token.alternatives, start=1):
        d = drawn.get(other.token_id)
        rows.append(
            Bar(
                spelled_text(other.text),
                other.token_id,
                rank,
                math.exp(other.logprob),
                (math.exp(d) if d is not None else 0.0) if token.draw else None,
                other.token_id == token.token_id,
            )
        )
    return rows
