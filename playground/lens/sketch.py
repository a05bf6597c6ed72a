"""How likely an answer's tokens, and how open each choice, become at another setting: at once.

A sketch for colours that follow a knob: made from the likeliest candidates that the tokens came
with, a row for each token, in a millisecond for a hundred of them. What is outside of the known
candidates is taken for as many tokens as likely as the last known one as it takes; where a setting
cuts all of those, the sketch is exact. `playground.lens.what_if` says what is certain.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from playground.knobs import BEYOND_DISTRIBUTION
from playground.lens.spelling import same_token
from playground.metrics.outside import active
from playground.params import GenerationParams
from playground.types import Token

__all__ = ["Sketch"]

_Floats = NDArray[np.float64]


class _Left(NamedTuple):
    """What a setting leaves: a row for each token, unnormalised natural-log probabilities."""

    logits: _Floats
    own: _Floats
    last: _Floats
    left: NDArray[np.bool_]
    outside: _Floats

    @property
    def weights(self) -> _Floats:
        """The known candidates' weights: 0 for those that are cut."""
        return np.where(self.left, np.exp(self.logits), 0.0)

    @property
    def total(self) -> _Floats:
        """What the weights of everything that is left sum to."""
        return np.asarray(self.weights.sum(axis=1) + self.outside * np.exp(self.last))


class Sketch:
    """The tokens of one answer, laid out once; `at` then takes a setting through all of them."""

    def __init__(self, tokens: Sequence[Token]) -> None:
        most = max((len(token.alternatives) for token in tokens), default=0)
        self._logits: _Floats = np.full((len(tokens), most), -np.inf)
        self._place = np.full(len(tokens), -1)
        self._own: _Floats = np.full(len(tokens), np.nan)
        for row, token in enumerate(tokens):
            if token.logprob is not None:
                self._own[row] = token.logprob
            for place, other in enumerate(token.alternatives):
                self._logits[row, place] = other.logprob
                if self._place[row] < 0 and same_token(token, other):
                    self._place[row] = place
        known = np.isfinite(self._logits)
        self._count = known.sum(axis=1)
        last = np.maximum(self._count - 1, 0)[:, None]
        if most:
            self._last: _Floats = np.take_along_axis(self._logits, last, axis=1)[:, 0]
            rest = np.clip(1.0 - np.exp(self._logits).sum(axis=1), 1e-12, 1.0)
            # How many tokens there are outside, if all are as likely as the last known one.
            with np.errstate(over="ignore", invalid="ignore"):
                self._outside: _Floats = rest / np.exp(self._last)

    def at(self, params: GenerationParams) -> list[float | None]:
        """The probability of each token at a setting: 0 where it is cut, None where none is known.

        `params` are the values that would really be used; a knob that is not set does nothing.
        """
        if not self._logits.shape[1]:
            return [None] * len(self._own)
        return self._shares(self._through(params))

    def entropies(self, params: GenerationParams) -> list[float | None]:
        """The entropy, nats, of what each token would be drawn from; None where none is known."""
        if not self._logits.shape[1]:
            return [None] * len(self._own)
        found = self._through(params)
        total = found.total
        with np.errstate(divide="ignore", invalid="ignore"):
            shares = found.weights / total[:, None]
            inside = np.where(shares > 0, shares * np.log(shares), 0.0).sum(axis=1)
            each = np.exp(found.last) / total
            beyond = np.where(found.outside > 0, found.outside * each * np.log(each), 0.0)
        return [
            None if not count or math.isnan(value) else max(float(value), 0.0)
            for value, count in zip(-(inside + beyond), self._count, strict=True)
        ]

    def _through(self, params: GenerationParams) -> _Left:
        """Take every row through the chain of a setting."""
        logits, own = self._logits.copy(), self._own.copy()
        last, left = self._last.copy(), np.isfinite(logits)
        outside = self._outside.copy()
        for stage in active(params):
            if stage in BEYOND_DISTRIBUTION:
                # A sketch goes on as if it were not there.
                continue
            weights = np.where(left, np.exp(logits), 0.0)
            beyond = outside * np.exp(last)
            total = weights.sum(axis=1) + beyond
            match stage:
                case "top_k":
                    count = params.top_k or 0
                    left &= np.arange(logits.shape[1]) < count
                    outside = np.clip(count - self._count, 0, outside)
                case "top_p":
                    share = params.top_p or 0.0
                    before = (np.cumsum(weights, axis=1) - weights) / total[:, None]
                    left &= before < share
                    reached = weights.sum(axis=1) / total
                    wanted = np.clip(share - reached, 0.0, None) * total
                    outside = np.minimum(outside, np.ceil(wanted / np.exp(last)))
                case "min_p":
                    floor = logits.max(axis=1) + math.log(params.min_p or 1.0)
                    left &= logits >= floor[:, None]
                    outside = np.where(last >= floor, outside, 0.0)
                    own = np.where((self._place < 0) & (own < floor), -np.inf, own)
                case "temperature":
                    heat = params.temperature or 0.0
                    if heat <= 0:
                        left &= np.arange(logits.shape[1]) == 0
                        outside = np.zeros_like(outside)
                    else:
                        logits, own, last = logits / heat, own / heat, last / heat
                case _:
                    # What looks at the shape of the whole is not sketched.
                    continue
        return _Left(logits, own, last, left, outside)

    def _shares(self, found: _Left) -> list[float | None]:
        known = self._place >= 0
        kept = np.where(
            known,
            np.take_along_axis(found.left, np.maximum(self._place, 0)[:, None], axis=1)[:, 0],
            found.outside > 0,
        )
        shares = np.where(kept, np.exp(found.own) / found.total, 0.0)
        return [
            None if math.isnan(value) or not count else min(float(value), 1.0)
            for value, count in zip(shares, self._count, strict=True)
        ]
