"""A distribution of which only the likeliest tokens are known, taken through the sampler chain.

What is outside of the known tokens is bounded: together they have what the known ones leave, and
none is likelier than the last known one. So each stage has a least and a most that it may leave.
The stages themselves are those of `playground.ranked`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import ceil, exp, floor, inf, log
from typing import Final

import numpy as np
from numpy.typing import NDArray

from playground.errors import InvalidParameter
from playground.knobs import BEYOND_DISTRIBUTION, SAMPLERS
from playground.params import STAGES, GenerationParams
from playground.ranked import Ranked

__all__ = ["NotKnown", "Partly", "active", "after", "begin", "switches"]

_MOST_PIECES: Final = 20_000
"""Tokens that stand for what is outside; where it takes more, the bound is a wider one."""

_HUGE: Final = 600.0
"""Where exponentials end, in nats: never so many tokens are outside."""

_ROUNDED: Final = 2e-6
"""How far the sum of probabilities may be off: log-probabilities come rounded."""

_SPREAD: Final = frozenset({"top_n_sigma", "typical_p"})
"""Stages that look at the whole distribution: what is outside moves their threshold."""


class NotKnown(Exception):
    """What a stage left cannot be said from the known tokens."""


@dataclass(frozen=True, slots=True)
class Known:
    """Known tokens that are left: `places` among those given, and their natural-log weights.

    `outside` is the natural-log weight of the tokens outside, which `may` be left; `forbidden`
    tokens are cut and yet counted by the stages that follow, as top-n-sigma of llama.cpp has it.
    """

    places: NDArray[np.intp]
    logits: NDArray[np.float64]
    outside: float = -inf
    may: bool = False
    forbidden: int = 0


@dataclass(frozen=True, slots=True)
class Partly:
    """The `least` and the `most` that may be left; `beyond` tokens there are outside at most."""

    least: Known
    most: Known
    beyond: float

    @property
    def exact(self) -> bool:
        """Whether it is known which tokens are left."""
        return not self.most.may and len(self.least.places) == len(self.most.places)

    @property
    def count(self) -> int | None:
        """How many tokens are left at most; None where some outside may be."""
        return None if self.most.may else len(self.most.places)


def begin(logprobs: Sequence[float], vocabulary: int | None = None) -> Partly:
    """The raw distribution, from the log-probabilities of its likeliest tokens.

    `vocabulary` is how many tokens there are in all, where that is known.
    """
    logits = np.sort(np.asarray(logprobs, dtype=np.float64))[::-1]
    places = np.arange(len(logits))
    beyond = inf if vocabulary is None else float(max(vocabulary - len(logits), 0))
    if not beyond or not len(logits):
        known = Known(places, logits)
        return Partly(known, known, 0.0)
    rest = 1.0 - float(np.exp(logits).sum())
    most = min(max(rest, 0.0) + _ROUNDED, beyond * exp(logits[-1]))
    least = rest - _ROUNDED
    return Partly(
        Known(places, logits, log(least) if least > 0 else -inf, may=True),
        Known(places, logits, log(most) if most > 0 else -inf, may=True),
        beyond,
    )


def active(params: GenerationParams, order: Sequence[str] | None = None) -> list[str]:
    """The stages of a chain that are switched on, in the order in which they act."""
    stages = order or params.sampler_order or SAMPLERS
    return [stage for stage in stages if switches(params, stage)]


def switches(params: GenerationParams, stage: str) -> list[tuple[str, float]]:
    """The knobs that switch a stage on, with their values; none where it is off."""
    return STAGES[stage].switched_on(params) if stage in STAGES else []


def after(state: Partly, stage: str, params: GenerationParams) -> Partly:
    """What one stage leaves. Raises `NotKnown` where that cannot be said."""
    if stage not in SAMPLERS or stage in BEYOND_DISTRIBUTION:
        raise NotKnown
    if state.exact:
        left = _applied(state.least, stage, params)
        return replace(state, least=left, most=left)
    if stage in _SPREAD or (stage == "temperature" and params.dynatemp_range):
        raise NotKnown
    if stage == "temperature" and params.temperature:
        return _tempered(state, params.temperature)
    if stage == "top_k":
        return _only_first(state, params.top_k or 0)
    least = _applied(replace(state.least, outside=_bounded(state.least, -inf)), stage, params)
    most = _applied(replace(state.most, outside=_bounded(state.most, inf)), stage, params)
    if stage == "min_p":
        # What is outside may all be too unlikely, and may be none of it.
        all_kept = len(most.places) == len(state.most.places)
        least, most = replace(least, may=False), replace(most, may=state.most.may and all_kept)
    # How much of what was outside is cut is not known.
    return replace(state, least=replace(least, outside=-inf), most=most)


def _only_first(state: Partly, count: int) -> Partly:
    """The likeliest `count` tokens; which of those outside they are does not matter."""
    if count >= len(state.most.places) + state.beyond:
        return state
    least, most = (
        replace(
            known,
            places=known.places[:count],
            logits=known.logits[:count],
            may=known.may and count > len(known.places),
        )
        for known in (state.least, state.most)
    )
    return replace(state, least=replace(least, outside=-inf), most=most)


def _tempered(state: Partly, temperature: float) -> Partly:
    """All weights to the power of 1 / temperature; those outside as even or uneven as can be."""

    def uneven(known: Known) -> float:
        if known.outside == -inf:
            return -inf
        # As many as fit are as likely as the last known token, and one has the rest.
        last = float(known.logits[-1])
        if known.outside < last:
            return known.outside / temperature
        many = exp(min(known.outside - last, _HUGE))
        part = many - floor(many)
        return last / temperature + log(floor(many) + part ** (1 / temperature))

    def even(known: Known) -> float:
        if known.outside == -inf:
            return -inf
        if state.beyond == inf:
            return inf if temperature > 1 else -inf
        return (1 - 1 / temperature) * log(state.beyond) + known.outside / temperature

    fewer, more = (uneven, even) if temperature > 1 else (even, uneven)
    return replace(
        state,
        least=replace(
            state.least, logits=state.least.logits / temperature, outside=fewer(state.least)
        ),
        most=replace(state.most, logits=state.most.logits / temperature, outside=more(state.most)),
    )


def _bounded(known: Known, otherwise: float) -> float:
    """The weight outside, where so many pieces as there can be are enough to stand for it."""
    if not known.may or not len(known.logits):
        return -inf
    return known.outside if known.outside - known.logits[-1] <= log(_MOST_PIECES) else otherwise


def _applied(known: Known, stage: str, params: GenerationParams) -> Known:
    """One stage on the known tokens, with pieces that stand for what is outside.

    No piece is likelier than the last known token, so that the known ones come first.
    """
    if known.outside == inf:
        return known
    count = len(known.places)
    pieces = ceil(exp(known.outside - known.logits[-1])) if known.outside > -inf else 0
    logits = known.logits
    if pieces:
        # By rounding, a piece would now and then be likelier than the token it cannot surpass.
        each = min(known.outside - log(pieces), float(logits[-1]))
        logits = np.concatenate([logits, np.full(pieces, each)])
    before = Ranked(np.arange(len(logits)), logits, len(logits), len(logits) + known.forbidden)
    try:
        left = before.after(stage, params)
    except InvalidParameter as error:
        raise NotKnown from error
    kept = left.places[:count] >= 0
    return Known(
        known.places[kept],
        left.by_id()[:count][kept],
        known.outside,
        may=bool((left.places[count:] >= 0).any()),
        forbidden=left.held - len(left),
    )
