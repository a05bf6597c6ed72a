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

from playground.errors import InvalidParameter, LocalError
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
        self._grammar: lib.llama_sampler_p | None = None
        self._off_grammar = False
        self._window = max(params.penalty_window, params.dry_window)
        making = Making(params, seed, candidates.size, candidates.model)
        try:
            for name, stage in make_stages(making):
                lib.llama_sampler_chain_add(self._chain, stage)
                if name in REMEMBERING:
                    self._remembering.append(stage)
                elif name == "grammar":
                    self._grammar = stage
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

    def skip(self, tokens: list[int]) -> None:
        """Start after tokens that are given: the next get the throws that they would get there.

        Raises `InvalidParameter` if they do not follow the grammar.
        """
        for token in tokens:
            self._dice.random()
            if not self._allowed(token):
                raise InvalidParameter(
                    "The beginning of the answer does not follow the grammar.",
                    hint="Change it, or leave grammar and json_schema unset.",
                )
            if self._grammar is not None:
                lib.llama_sampler_accept(self._grammar, token)

    def score(self, logits: _Logits, token: int) -> float | None:
        """The natural-log probability of a given token after the chain, which then sees it.

        None where the chain cuts it, and from there on if it was the grammar that did.
        """
        if self._off_grammar or not self._allowed(token):
            self._off_grammar = True
            return None
        tokens, probabilities = self.survivors(logits)
        found = probabilities[tokens == token]
        lib.llama_sampler_accept(self._chain, token)
        return float(np.log(found[0])) if len(found) and found[0] > 0 else None

    def _allowed(self, token: int) -> bool:
        """Whether the grammar takes a token next. Made to see another, it would end the process."""
        if self._grammar is None:
            return True
        one = lib.llama_token_data(id=token, logit=0.0, p=0.0)
        array = lib.llama_token_data_array(
            data=ctypes.pointer(one), size=1, selected=-1, sorted=False
        )
        lib.llama_sampler_apply(self._grammar, ctypes.byref(array))
        return bool(one.logit == 0)

    def survivors(self, logits: _Logits) -> tuple[NDArray[np.int32], NDArray[np.float64]]:
        """The tokens that the chain leaves and their probabilities, in no particular order."""
        left = self._candidates.after(self._chain, logits)
        weights = left["logit"].astype(np.float64)
        peak = float(weights.max())
        if not math.isfinite(peak):
            raise LocalError(
                "What the model gave for the next token is no distribution.",
                hint="Its file may be damaged, or a knob is set to an extreme.",
            )
        np.exp(weights - peak, out=weights)
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


class Raw:
    """The raw distribution at one place: what a token's figures take of it, in few passes.

    In single precision but for the sums: the logits are no better, and passes over a vocabulary in
    double were most of what figures cost.
    """

    def __init__(self, logits: _Logits) -> None:
        self._logits = logits
        self._peak = logits.max()
        below = logits - self._peak
        weights = np.exp(below)
        total = float(weights.sum(dtype=np.float64))
        self._log_total = math.log(total)
        with np.errstate(invalid="ignore"):  # A logit of -inf has 0 × -inf, and adds nothing.
            weights *= below
        mean = float(weights.sum(dtype=np.float64))
        mean = float(np.nansum(weights, dtype=np.float64)) if math.isnan(mean) else mean
        self.entropy = self._log_total - mean / total

    def logprobs(self, tokens: NDArray[np.intp]) -> NDArray[np.float64]:
        """Natural-log probabilities of some tokens."""
        found: NDArray[np.float64] = self._logits[tokens].astype(np.float64)
        found -= float(self._peak) + self._log_total
        return found

    def logprob(self, token: int) -> float:
        """The natural-log probability of a token."""
        return float(self._logits[token]) - float(self._peak) - self._log_total


def describe_raw(model: NativeModel, logits: _Logits, token: int, count: int) -> Token:
    """A token in the raw distribution, with its `count` likeliest alternatives."""
    raw = Raw(logits)
    data = model.piece(token)
    likeliest = _greatest(logits, count)
    return Token(
        token_id=token,
        data=data,
        text=data.decode("utf-8", "replace"),
        logprob=raw.logprob(token),
        rank=int(np.count_nonzero(logits > logits[token])) + 1,
        entropy=raw.entropy,
        alternatives=_alternatives(model, likeliest, raw.logprobs(likeliest)),
    )


def describe(model: NativeModel, logits: _Logits, drawn: Drawn, count: int) -> Token:
    """A drawn token in the raw and in the sampled-from distribution, `count` alternatives each."""
    with np.errstate(divide="ignore"):  # What temperature 0 leaves out has probability 0.
        left = np.log(drawn.probabilities)
    places = _greatest(left, count)
    draw = Draw(
        logprob=float(left[drawn.place]),
        entropy=_entropy(drawn.probabilities, left),
        survivors=int(np.count_nonzero(drawn.probabilities)),
        uniform=drawn.uniform,
        alternatives=_alternatives(model, drawn.tokens[places], left[places]),
    )
    return replace(describe_raw(model, logits, drawn.token, count), draw=draw)


def pack_logits(logits: _Logits) -> str:
    """Logits as base64 of 32-bit little-endian floats, in the order of token ids."""
    return base64.b64encode(logits.astype("<f4").tobytes()).decode()


def _entropy(probabilities: NDArray[np.float64], logprobs: NDArray[np.float64]) -> float:
    """Shannon entropy in nats."""
    with np.errstate(invalid="ignore"):  # What was cut has 0 × -inf, and adds nothing.
        terms = probabilities * logprobs
    # Not np.dot: BLAS would wake threads for it, on cores that decode.
    whole = float(terms.sum())
    return -(float(np.nansum(terms)) if math.isnan(whole) else whole)


_COLUMNS = 512
"""Values are looked through in so many columns: see `_greatest`."""


def _greatest(values: NDArray[np.float32] | NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Where the `count` greatest values are, greatest first; without those that are -inf."""
    count = min(count, len(values))
    if not count:
        return np.empty(0, dtype=np.intp)
    rows, sifted = len(values) // _COLUMNS, values
    if rows > 1 and count <= _COLUMNS:
        # So many columns hold a value that is no less than the one that is searched: a look at the
        # greatest of each leaves few values, and takes a sixth of partitioning them all.
        sifted = values[: rows * _COLUMNS].reshape(rows, _COLUMNS).max(axis=0)
    least = max(np.partition(sifted, -count)[-count], np.finfo(values.dtype).min)
    some = np.flatnonzero(values >= least)
    ranked: NDArray[np.intp] = some[np.argsort(-values[some], kind="stable")][:count]
    return ranked


def _alternatives(
    model: NativeModel,
    tokens: NDArray[np.intp] | NDArray[np.int32],
    logprobs: NDArray[np.float64],
) -> tuple[TokenAlternative, ...]:
    return tuple(
        _alternative(model, token, logprob)
        for token, logprob in zip(tokens.tolist(), logprobs.tolist(), strict=True)
    )


def _alternative(model: NativeModel, token: int, logprob: float) -> TokenAlternative:
    data = model.piece(token)
    try:
        return TokenAlternative(data.decode(), logprob, token)
    except UnicodeDecodeError:
        return TokenAlternative(data.decode("utf-8", "replace"), logprob, token, data)
