"""Draws tokens: llama.cpp's sampler chain decides what may come, our dice decide what comes."""

from __future__ import annotations

import base64
import ctypes
import math
import random
from dataclasses import replace
from typing import NamedTuple

import llama_cpp as lib
import numpy as np
from numpy.typing import NDArray

from playground.errors import InvalidParameter
from playground.providers.llama.native import NativeModel
from playground.providers.llama.protocol import SamplingParams
from playground.providers.llama.stages import REMEMBERING, Making, make_stages
from playground.types import Draw, Token, TokenAlternative

_Logits = NDArray[np.float32]


class Candidates:
    """The tokens that may come, in the layout of `llama_token_data`: the chain cuts them down.

    One buffer serves every sequence of an engine, one after the other.
    """

    def __init__(self, vocabulary: int, model: NativeModel | None = None) -> None:
        kind = np.dtype([("id", np.int32), ("logit", np.float32), ("p", np.float32)])
        self._buffer = np.zeros(vocabulary, dtype=kind)
        self._ids = np.arange(vocabulary, dtype=np.int32)
        self._array = lib.llama_token_data_array()
        self._first = self._buffer.ctypes.data
        self._whole = ctypes.cast(self._first, lib.llama_token_data_p)
        self.size = vocabulary
        self.model = model

    def after(self, chain: lib.llama_sampler_p, logits: _Logits) -> NDArray[np.void]:
        """What is left of the vocabulary after a chain: a view with fields `id` and `logit`."""
        self._buffer["id"] = self._ids
        self._buffer["logit"] = logits
        self._array.data = self._whole
        self._array.size = len(self._buffer)
        self._array.selected = -1
        self._array.sorted = False
        lib.llama_sampler_apply(chain, ctypes.byref(self._array))
        # A stage may also have moved the beginning.
        moved = ctypes.addressof(self._array.data.contents)
        begin = (moved - self._first) // self._buffer.itemsize
        return self._buffer[begin : begin + self._array.size]

    @property
    def selected(self) -> int | None:
        """The place among what is left that the chain itself drew, if it did."""
        place = int(self._array.selected)
        return place if place >= 0 else None


class Drawn(NamedTuple):
    """A drawn token: its place among the survivors of the chain, and the throw of the dice.

    `tokens` is a view that the next draw overwrites.
    """

    token: int
    place: int
    tokens: NDArray[np.int32]
    probabilities: NDArray[np.float64]
    uniform: float | None


class SamplerChain:
    """The sampler chain of one sequence, and its dice.

    The dice fall once for each token, from `seed` alone: runs with the same seed use the same
    uniform draw at the same position, so that two settings differ by the setting, not by luck.
    Temperature 0 leaves one candidate.
    """

    def __init__(self, params: SamplingParams, seed: int, candidates: Candidates) -> None:
        self._candidates = candidates
        self._dice = random.Random(seed)  # noqa: S311 - meant to be repeated
        options = lib.llama_sampler_chain_default_params()
        self._chain = lib.llama_sampler_chain_init(options)
        self._remembering: list[lib.llama_sampler_p] = []
        self._window = max(params.penalty_window, params.dry_window)
        making = Making(params, seed % 2**32, candidates.size, candidates.model)
        try:
            for name, stage in make_stages(making):
                lib.llama_sampler_chain_add(self._chain, stage)
                if name in REMEMBERING:
                    self._remembering.append(stage)
        except InvalidParameter:
            self.close()
            raise

    def accept(self, tokens: list[int]) -> None:
        """Let penalties and DRY see tokens that were not drawn here: the prompt's."""
        if not self._remembering or not self._window:
            return
        for token in tokens[-self._window :]:
            for stage in self._remembering:
                lib.llama_sampler_accept(stage, token)

    def skip(self, count: int) -> None:
        """Let the dice fall for tokens that are given: those after them get the same throws."""
        for _ in range(count):
            self._dice.random()

    def score(self, logits: _Logits, token: int) -> float | None:
        """The natural-log probability of a given token after the chain, which then sees it.

        None where the chain cuts it.
        """
        tokens, probabilities = self.survivors(logits)
        found = probabilities[tokens == token]
        lib.llama_sampler_accept(self._chain, token)
        return float(np.log(found[0])) if len(found) and found[0] > 0 else None

    def survivors(self, logits: _Logits) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """The tokens that the chain leaves and their probabilities, in no particular order."""
        left = self._candidates.after(self._chain, logits)
        weights = left["logit"].astype(np.float64)
        np.exp(weights - weights.max(), out=weights)
        weights /= weights.sum()
        return left["id"], weights

    def draw(self, logits: _Logits) -> Drawn:
        """Draw the next token, and let the chain see it."""
        tokens, probabilities = self.survivors(logits)
        uniform: float | None = None
        throw, place = self._dice.random(), self._candidates.selected
        if place is None:
            uniform, place = throw, _place(tokens, probabilities, throw)
        drawn = Drawn(int(tokens[place]), place, tokens, probabilities, uniform)
        lib.llama_sampler_accept(self._chain, drawn.token)
        return drawn

    def close(self) -> None:
        """Free the chain."""
        if self._chain is not None:
            lib.llama_sampler_free(self._chain)
            self._chain = None


def _place(tokens: NDArray[np.int32], probabilities: NDArray[np.float64], uniform: float) -> int:
    """Where `uniform` (0 to 1) falls when the probabilities are laid out in order of token ids.

    Laid out by probability, rounding in the last digit would reorder the many unlikely tokens,
    and the same throw would often give another one.
    """
    order = np.argsort(tokens)
    reached = np.cumsum(probabilities[order])
    # Rounding may leave the sum short of the throw.
    place = min(int(np.searchsorted(reached, uniform, side="right")), len(order) - 1)
    while probabilities[order[place]] == 0:
        place -= 1
    return int(order[place])


def log_softmax(logits: _Logits) -> NDArray[np.float64]:
    """Natural-log probabilities of the raw distribution."""
    wide = logits.astype(np.float64)
    wide -= wide.max()
    wide -= np.log(_exp(wide).sum(dtype=np.float64))
    return wide


def _exp(below: NDArray[np.float64]) -> NDArray[np.float32]:
    """Exponentials in single precision, to be added up in double.

    In double they were most of what log-probabilities cost, and the logits that they come from are
    in single precision themselves.
    """
    weights: NDArray[np.float32] = np.exp(below.astype(np.float32))
    return weights


def describe_raw(model: NativeModel, logits: _Logits, token: int, count: int) -> Token:
    """A token in the raw distribution, with its `count` likeliest alternatives."""
    logprobs = log_softmax(logits)
    data = model.piece(token)
    return Token(
        token_id=token,
        data=data,
        text=data.decode("utf-8", "replace"),
        logprob=float(logprobs[token]),
        rank=int(np.count_nonzero(logits > logits[token])) + 1,
        entropy=_entropy(_exp(logprobs), logprobs),
        alternatives=_likeliest(model, logprobs, np.arange(len(logprobs)), count),
    )


def describe(model: NativeModel, logits: _Logits, drawn: Drawn, count: int) -> Token:
    """A drawn token in the raw and in the sampled-from distribution, `count` alternatives each."""
    with np.errstate(divide="ignore"):  # What temperature 0 leaves out has probability 0.
        left = np.log(drawn.probabilities)
    draw = Draw(
        logprob=float(left[drawn.place]),
        entropy=_entropy(drawn.probabilities, left),
        survivors=int(np.count_nonzero(drawn.probabilities)),
        uniform=drawn.uniform,
        alternatives=_likeliest(model, left, drawn.tokens, count),
    )
    return replace(describe_raw(model, logits, drawn.token, count), draw=draw)


def pack_logits(logits: _Logits) -> str:
    """Logits as base64 of 32-bit little-endian floats, in the order of token ids."""
    return base64.b64encode(logits.astype("<f4").tobytes()).decode()


def _entropy(
    probabilities: NDArray[np.float64] | NDArray[np.float32], logprobs: NDArray[np.float64]
) -> float:
    """Shannon entropy in nats."""
    with np.errstate(invalid="ignore"):  # What was cut has 0 × -inf, and adds nothing.
        terms = probabilities * logprobs
    # Not np.dot: BLAS would wake threads for it, on cores that decode.
    whole = float(terms.sum())
    return -(float(np.nansum(terms)) if math.isnan(whole) else whole)


def _likeliest(
    model: NativeModel,
    logprobs: NDArray[np.float64],
    tokens: NDArray[np.intp | np.int32],
    count: int,
) -> tuple[TokenAlternative, ...]:
    """The `count` likeliest of some tokens that can come at all, likeliest first."""
    count = min(count, len(logprobs))
    if not count:
        return ()
    # The values first, then where they are: a third of what partitioning the places takes.
    least = max(np.partition(logprobs, -count)[-count], np.finfo(np.float64).min)
    some = np.flatnonzero(logprobs >= least)
    ranked = some[np.argsort(-logprobs[some], kind="stable")][:count]
    return tuple(
        _alternative(model, int(tokens[place]), float(logprobs[place])) for place in ranked
    )


def _alternative(model: NativeModel, token: int, logprob: float) -> TokenAlternative:
    data = model.piece(token)
    try:
        return TokenAlternative(data.decode(), logprob, token)
    except UnicodeDecodeError:
        return TokenAlternative(data.decode("utf-8", "replace"), logprob, token, data)
