"""How tokens are shaded: by probability, rank or entropy, in six steps from expected to surprising.

Steps, bounds and legend are defined here once. What colour a step has is the drawer's business: a
theme's in the terminal, `PALETTE` in HTML and SVG.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Final, Literal, get_args

from playground.lens.candidates import least_entropy, rank_of
from playground.lens.tokens import Tokens
from playground.types import Token

__all__ = [
    "GLYPHS",
    "MEASURES",
    "PALETTE",
    "STEPS",
    "Measure",
    "Shade",
    "Step",
    "legend",
    "shade_of",
    "shades_of",
    "step_of",
]

Measure = Literal["probability", "rank", "entropy"]
"""What a token is shaded by: how likely it was, how many were likelier, or how open the choice."""

MEASURES: Final[tuple[Measure, ...]] = get_args(Measure)

STEPS: Final = 6
"""Steps are 0 (what was to be expected) to 5 (surprising, or wide open)."""

GLYPHS: Final = "▁▂▃▅▆█"
"""A sign for each step, for where there is no colour."""

PALETTE: Final = ("#ffffff", "#fee8c8", "#fdbb84", "#fc8d59", "#d7301f", "#7f0000")
"""Backgrounds for pages: lightness alone tells the steps apart (ColorBrewer's OrRd), so that
colour-blind readers and grey printers see them too."""

INKS: Final = ("#000000", "#000000", "#000000", "#000000", "#ffffff", "#ffffff")
"""Text on those backgrounds."""

_BOUNDS: Final[dict[Measure, tuple[float, ...]]] = {
    "probability": (0.9, 0.5, 0.2, 0.05, 0.01),
    "rank": (1, 2, 5, 20, 100),
    "entropy": (0.1, 0.5, 1.0, 2.0, 3.0),
}
"""Where a step ends: a probability is at least so much, a rank or an entropy (nats) at most."""


_LEAST: Final = tuple(-least for least in _BOUNDS["probability"])


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a measure: its number, and what it means in a few characters: `20% to 50%`."""

    number: int
    meaning: str


@dataclass(frozen=True, slots=True)
class Shade:
    """How one token is shaded.

    `step` and `value` are None where the figure is not known. Where `bound` is true the value is
    the least that it can be (rank, entropy), because only some likeliest tokens are known.
    """

    step: int | None
    value: float | None
    bound: bool = False


def step_of(measure: Measure, value: float) -> int:
    """The step of a value: a probability 0 to 1, a rank from 1, or an entropy in nats."""
    if measure == "probability":
        return bisect_left(_LEAST, -value)
    return bisect_left(_BOUNDS[measure], value)


def shade_of(measure: Measure, token: Token) -> Shade:
    """How a token is shaded by a measure of the model's raw distribution."""
    value, bound = _figure(measure, token)
    return Shade(None if value is None else step_of(measure, value), value, bound)


def shades_of(measure: Measure, tokens: Sequence[Token]) -> list[Shade]:
    """The shades of many tokens; of a local model's, without looking at their candidates."""
    if not isinstance(tokens, Tokens):
        return [shade_of(measure, token) for token in tokens]
    found = []
    for place, token in enumerate(tokens.plainly()):
        value = _plain_figure(measure, token)
        if value is None:
            found.append(shade_of(measure, tokens[place]))
        else:
            found.append(Shade(step_of(measure, value), value))
    return found


def called(measure: Measure, shades: Iterable[Shade]) -> str:
    """What shades of an answer show: `least entropy` where some are the least that it can be."""
    return f"least {measure}" if any(shade.bound for shade in shades) else measure


def _plain_figure(measure: Measure, token: Token) -> float | None:
    match measure:
        case "probability":
            return None if token.logprob is None else math.exp(token.logprob)
        case "rank":
            return None if token.rank is None else float(token.rank)
        case "entropy":
            return token.entropy


def legend(measure: Measure) -> tuple[Step, ...]:
    """The six steps of a measure, from what was expected to what was not."""
    bounds = _BOUNDS[measure]
    texts: list[str] = []
    match measure:
        case "probability":
            texts = [f"{bounds[0]:.0%} or more"]
            texts += [f"{low:.0%} to {high:.0%}" for high, low in pairwise(bounds)]
            texts.append(f"under {bounds[-1]:.0%}")
        case "rank":
            texts = [f"{bounds[0]:.0f}"]
            for last, most in pairwise(bounds):
                texts.append(f"{most:.0f}" if most == last + 1 else f"{last + 1:.0f} to {most:.0f}")
            texts.append(f"over {bounds[-1]:.0f}")
        case "entropy":
            texts = [f"up to {bounds[0]:g} nats"]
            texts += [f"to {most:g}" for most in bounds[1:]]
            texts.append(f"over {bounds[-1]:g}")
    return tuple(Step(number, text) for number, text in enumerate(texts))


def _figure(measure: Measure, token: Token) -> tuple[float | None, bool]:
    known = token.alternatives
    match measure:
        case "probability":
            return (None if token.logprob is None else math.exp(token.logprob)), False
        case "rank":
            rank = rank_of(token)
            if rank is not None:
                return float(rank), False
            return (float(len(known) + 1), True) if known else (None, False)
        case "entropy":
            if token.entropy is not None:
                return token.entropy, False
            return (least_entropy(known), True) if known else (None, False)
