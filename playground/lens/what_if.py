"""A finished answer at another setting: which tokens it would have lost, and how likely it becomes.

`score_at` asks a model that can score a given text, and is exact. `bound_at` works on what the
tokens came with, their likeliest candidates, and says between which bounds the figures are: all
that can be said of a hosted model's answer, and, for any answer, at once.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal

from playground.lens.spelling import bytes_of, same_token
from playground.metrics.chain import chain_params
from playground.params import GenerationParams
from playground.types import Message, Token

if TYPE_CHECKING:
    from playground.metrics.outside import Partly
    from playground.providers.base import ChatModel, Given

__all__ = [
    "TEMPERATURES",
    "CurvePoint",
    "Outcome",
    "WhatIf",
    "bound_at",
    "bound_curve",
    "score_at",
    "score_curve",
]

TEMPERATURES: Final = tuple(round(0.1 * step, 1) for step in range(1, 21))
"""Where a curve is drawn: 0.1 to 2."""

_CLOSE: Final = 1e-5
"""Bounds that are no further apart (in nats) are called exact: probabilities come rounded."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """One token at the other setting: its natural-log probability is from `low` to `high`.

    -inf means that the sampler chain cuts it; `low` alone -inf, that it may.
    """

    low: float
    high: float

    @property
    def cut(self) -> bool | None:
        """Whether the setting cuts it; None where that cannot be said."""
        if self.high == -math.inf:
            return True
        return None if self.low == -math.inf else False

    @property
    def exact(self) -> bool:
        """Whether it is known, and not only bounded."""
        return self.low == self.high or self.high - self.low <= _CLOSE


@dataclass(frozen=True, slots=True)
class WhatIf:
    """An answer at another setting, token by token.

    `beyond` are the knobs that are set to something of which the known candidates tell nothing,
    such as a penalty, a bias or a grammar: where one acts on a token, nothing is known of that.
    """

    params: GenerationParams
    outcomes: tuple[Outcome, ...]
    beyond: tuple[str, ...] = ()

    @property
    def known(self) -> bool:
        """Whether anything is known: it is no bound that a token may be cut or be certain."""
        return not self.outcomes or any(item != _UNKNOWN for item in self.outcomes)

    @property
    def exact(self) -> bool:
        """Whether every figure is known; otherwise they are bounds, and should be called so."""
        return all(outcome.exact for outcome in self.outcomes)

    @property
    def cut(self) -> tuple[int, ...]:
        """The places of the tokens that this setting cuts for sure."""
        return tuple(place for place, item in enumerate(self.outcomes) if item.cut)

    @property
    def perhaps_cut(self) -> tuple[int, ...]:
        """The places of the tokens of which it cannot be said whether they are cut."""
        return tuple(place for place, item in enumerate(self.outcomes) if item.cut is None)

    @property
    def low(self) -> float:
        """The least natural-log probability of the whole: -inf if a token is or may be cut."""
        return math.fsum(item.low for item in self.outcomes) if self._known("low") else -math.inf

    @property
    def high(self) -> float:
        """The greatest natural-log probability of the whole: -inf if a token is cut."""
        return math.fsum(item.high for item in self.outcomes) if self._known("high") else -math.inf

    def _known(self, bound: Literal["low", "high"]) -> bool:
        return all(getattr(item, bound) > -math.inf for item in self.outcomes)

    def __str__(self) -> str:
        count = len(self.outcomes)
        sure, perhaps = len(self.cut), len(self.perhaps_cut)
        if sure:
            more = f", and perhaps {perhaps:,} more" if perhaps else ""
            return f"cannot come: {sure:,} of {count:,} tokens are cut{more}"
        if self.exact:
            return f"log-probability {self.high:z.2f}, no token cut"
        if not self.known:
            if not self.beyond:
                return "not known: its tokens came without candidates"
            return f"not known: the candidates do not tell what {' and '.join(self.beyond)} does"
        if perhaps:
            return (
                f"log-probability at most {self.high:z.2f}; {perhaps:,} of {count:,} tokens may "
                "be cut (bound, from the candidates that are known)"
            )
        return (
            f"log-probability {self.low:z.2f} to {self.high:z.2f} "
            "(bound, from the candidates that are known)"
        )


@dataclass(frozen=True, slots=True)
class CurvePoint:
    """The natural-log probability of a whole answer at one temperature, from `low` to `high`.

    Both are -inf where a token of it is cut; -inf and 0 where nothing is known.
    """

    temperature: float
    low: float
    high: float

    @property
    def known(self) -> bool:
        """Whether anything is known of it."""
        return self.low > -math.inf or self.high < 0


async def score_at(
    model: ChatModel,
    messages: Sequence[Message],
    tokens: Sequence[Token],
    settings: Sequence[GenerationParams],
    *,
    prefix: Given = "",
) -> tuple[WhatIf, ...]:
    """The answer under each of some settings, exact, in one pass through the model.

    `settings` are what the user would ask for: a knob that is not set has the model's default, as
    in a run. `prefix` is the beginning of the answer that was given to the run. Raises
    `UnsupportedAbility` where the model cannot score, `ContextOverflow` where the answer is too
    long for it, and what opening the model raises (`ModelFileError` where its file has gone).
    """
    if not tokens:
        return tuple(WhatIf(params, ()) for params in settings)
    given = await _given(model, prefix)
    ids = [token.token_id for token in tokens]
    known = [number for number in ids if number is not None]
    if len(known) < len(ids):
        # Another model's tokens: this one cuts the text as it does.
        data = b"".join(bytes_of(token) or token.text.encode() for token in tokens)
        known = [*await model.tokenize(data.decode("utf-8", "replace"))]
    scores = await model.score(messages, [*given, *known], settings)
    own = scores[len(given) :]
    return tuple(
        WhatIf(params, tuple(Outcome(item.logprobs[place], item.logprobs[place]) for item in own))
        for place, params in enumerate(settings)
    )


async def score_curve(
    model: ChatModel,
    messages: Sequence[Message],
    tokens: Sequence[Token],
    params: GenerationParams,
    temperatures: Sequence[float] = TEMPERATURES,
    *,
    prefix: Given = "",
) -> tuple[CurvePoint, ...]:
    """The answer's log-probability against temperature, all else as in `params`; exact."""
    settings = [params.updated(temperature=temperature) for temperature in temperatures]
    found = await score_at(model, messages, tokens, settings, prefix=prefix)
    return tuple(
        CurvePoint(temperature, item.low, item.high)
        for temperature, item in zip(temperatures, found, strict=True)
    )


def bound_at(
    tokens: Sequence[Token], params: GenerationParams, *, vocabulary: int | None = None
) -> WhatIf:
    """The answer at a setting, bounded by what its tokens came with.

    `params` are the values that would really be used (see `params_of_plan`): a knob that is not
    set leaves the distribution alone. `vocabulary` is how many tokens the model has, where that is
    known. The log-probabilities are taken for those of the raw distribution, as local models give
    them; endpoints do not say.
    """
    bounds = _Bounds(params, vocabulary)
    return WhatIf(params, tuple(map(bounds.outcome, tokens)), tuple(bounds.beyond))


def bound_curve(
    tokens: Sequence[Token],
    params: GenerationParams,
    temperatures: Sequence[float] = TEMPERATURES,
    *,
    vocabulary: int | None = None,
) -> tuple[CurvePoint, ...]:
    """Bounds of the answer's log-probability against temperature, all else as in `params`."""
    points = []
    for temperature in temperatures:
        found = bound_at(tokens, params.updated(temperature=temperature), vocabulary=vocabulary)
        points.append(CurvePoint(temperature, found.low, found.high))
    return tuple(points)


async def _given(model: ChatModel, prefix: Given) -> tuple[int, ...]:
    if isinstance(prefix, str):
        return tuple(await model.tokenize(prefix)) if prefix else ()
    return tuple(prefix)


_CUT: Final = Outcome(-math.inf, -math.inf)
_UNKNOWN: Final = Outcome(-math.inf, 0.0)


class _Bounds:
    """One setting, to be applied to many tokens."""

    def __init__(self, params: GenerationParams, vocabulary: int | None) -> None:
        from playground.metrics.outside import active
        from playground.ranked import BESIDE_CHAIN

        self._params = chain_params(params.given())
        self._stages = active(self._params)
        self._vocabulary = vocabulary
        # They act on tokens whose candidates do not tell what they are to a grammar or a bias.
        self._beside = {name: None for name in BESIDE_CHAIN if getattr(params, name)}
        self.beyond: dict[str, None] = dict(self._beside)
        """The knobs that were met of which the candidates tell nothing, each once."""

    def outcome(self, token: Token) -> Outcome:
        """What becomes of one token."""
        if token.logprob is None or self._beside:
            return _UNKNOWN
        if not self._stages:
            return Outcome(token.logprob, token.logprob)
        if not token.alternatives:
            return _UNKNOWN
        return self._bounded(token, token.logprob)

    def _bounded(self, token: Token, weight: float) -> Outcome:
        from playground.metrics.outside import NotKnown, after, begin, switches

        ranked = sorted(token.alternatives, key=lambda item: -item.logprob)
        place = next((at for at, item in enumerate(ranked) if same_token(token, item)), None)
        state = begin([item.logprob for item in ranked], self._vocabulary)
        perhaps = False
        for stage in self._stages:
            try:
                found = after(state, stage, self._params)
            except NotKnown:
                self.beyond.update((name, None) for name, _ in switches(self._params, stage))
                return _UNKNOWN
            if place is not None:
                if place not in found.most.places:
                    return _CUT
                perhaps = perhaps or place not in found.least.places
            elif not found.most.may:
                return _CUT
            elif stage == "temperature":
                weight /= self._params.temperature or 1.0
            elif stage == "min_p":
                if weight < float(state.most.logits[0]) + math.log(self._params.min_p or 1.0):
                    return _CUT
            else:
                perhaps = perhaps or found is not state
            state = found
        if place is not None:
            weight = float(state.most.logits[(state.most.places == place).argmax()])
        return _between(state, weight, outside=place is None, perhaps=perhaps)


def _between(state: Partly, weight: float, *, outside: bool, perhaps: bool) -> Outcome:
    """The bounds of a token's log-probability, from its weight and the least and most in all."""
    least = _total(state.least.logits, state.least.outside if state.least.may else -math.inf)
    most = _total(state.most.logits, state.most.outside if state.most.may else -math.inf)
    if outside:
        # It is one of those outside, so that they have its weight at least.
        least = max(least, _total(state.least.logits, weight))
        most = max(most, least)
    high = min(0.0, weight - least)
    return Outcome(-math.inf if perhaps else min(weight - most, high), high)


def _total(logits: Sequence[float] | object, outside: float) -> float:
    import numpy as np

    if outside == math.inf:
        return math.inf
    return float(np.logaddexp.reduce(np.append(np.asarray(logits, dtype=np.float64), outside)))
