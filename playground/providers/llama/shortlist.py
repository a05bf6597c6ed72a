"""Which tokens a sampler chain can leave at all, before llama.cpp looks at any of them.

llama.cpp's stages go over the whole vocabulary, 128,256 tokens for Llama 3, with twelve bytes for
each, and the usual chain leaves forty. Where that follows from the raw logits alone, one pass over
them finds the few that the first cutting stage can leave. The chain then gives exactly what it
would have given: the same stages see the same logits in the same order, only without tokens that
would have been cut.

A stage before the first cut may lower or raise tokens that are known (bias, penalties, DRY): those
always stay in. A temperature keeps the order of all. What weighs every token against all the others
(top_p, typical_p, top_n_sigma, XTC, Mirostat, dynamic temperature) or forbids any (a grammar) has
to see them all.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from playground.providers.llama.protocol import SamplingParams
from playground.providers.llama.stages import TINY

LARGE_VOCABULARY = 16_384
"""Smaller ones are shown whole: what is saved is less than looking costs (`benchmarks.drawing`)."""

_COLUMNS = 512
"""Values are looked through in so many columns: see `reached`."""

_MARGIN = 1e-5
"""How much lower than computed a cut is taken to be, relative to the logits: what llama.cpp's
arithmetic in single precision may round away."""


class Shortlist:
    """What one chain has to be shown of each distribution.

    `stages` are the names of its stages in order, those left out that change nothing.
    """

    def __init__(self, params: SamplingParams, stages: list[str]) -> None:
        self._count, self._below = 0, 0.0
        self._altered: set[int] = set()
        self._cuts = self._find_cut(params, stages)

    def _find_cut(self, params: SamplingParams, stages: list[str]) -> bool:
        """Whether the first stage that removes tokens can be foreseen, and what it leaves.

        That is the `_count` greatest logits, or those no more than `_below` the greatest one.
        """
        if params.mirostat:
            return False
        heat = 1.0
        for stage in stages:
            match stage:
                case "logit_bias" | "penalties" | "dry":
                    pass
                case "temperature" if params.dynatemp_range == 0:
                    if params.temperature < TINY:
                        self._count = 1
                        return True
                    heat *= params.temperature
                case "top_k":
                    self._count = params.top_k
                    return True
                case "min_p":
                    self._below = -math.log(params.min_p) * heat if params.min_p < 1 else 0.0
                    return True
                case _:
                    return False
        return False

    def keep(self, *tokens: int) -> None:
        """These may be moved before the first cut: by a bias, or because they have been written."""
        if self._cuts:
            self._altered.update(tokens)

    def of(self, logits: NDArray[np.float32]) -> NDArray[np.intp] | None:
        """The tokens to show, in order of their ids; None where it has to be all."""
        if not self._cuts or not LARGE_VOCABULARY <= len(logits) > self._count:
            return None
        altered = list(self._altered)
        if altered:
            # What is altered cannot be counted on to hold its place.
            logits = logits.copy()
            logits[altered] = -np.inf
        peak = float(logits.max())
        least = reached(logits, self._count) if self._count else peak - self._below
        least -= _MARGIN * max(1.0, abs(peak), abs(least))
        if not math.isfinite(peak) or not math.isfinite(least):
            return None
        shown = logits >= np.float32(least)
        shown[altered] = True
        return np.flatnonzero(shown)


def reached(values: NDArray[np.float32] | NDArray[np.float64], count: int) -> float:
    """A value that at least `count` of these reach, and not many more.

    With that many columns, so many hold a value no less than the `count`-th greatest of their
    maxima: a look at the greatest of each takes a sixth of partitioning all of them.
    """
    rows, sifted = len(values) // _COLUMNS, values
    if rows > 1 and count <= _COLUMNS:
        sifted = values[: rows * _COLUMNS].reshape(rows, _COLUMNS).max(axis=0)
    return float(np.partition(sifted, -count)[-count])
