"""Draws tokens: llama.cpp's sampler chain decides what may come, our dice decide what comes."""

from __future__ import annotations

import ctypes
import math
import random
from typing import NamedTuple

import llama_cpp as lib
import numpy as np
from numpy.typing import NDArray

from playground.errors import InvalidParameter, LocalError
from playground.knobs import REMEMBERING
from playground.providers.llama.native import NativeModel
from playground.providers.llama.protocol import SamplingParams
from playground.providers.llama.shortlist import Shortlist
from playground.providers.llama.stages import Making, biased_tokens, make_stages

Logits = NDArray[np.float32]


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

    def after(
        self, chain: lib.llama_sampler_p, logits: Logits, some: NDArray[np.intp] | None = None
    ) -> NDArray[np.void]:
        """What a chain leaves of the vocabulary, or of `some` tokens of it.

        A view with fields `id` and `logit`, in no particular order.
        """
        shown = self._buffer if some is None else self._buffer[: len(some)]
        shown["id"] = self._ids if some is None else some
        shown["logit"] = logits if some is None else logits[some]
        self._array.data = self._whole
        self._array.size = len(shown)
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


class Survivors(NamedTuple):
    """What a chain leaves, in no particular order. `tokens` is a view that the next overwrite."""

    tokens: NDArray[np.int32]
    probabilities: NDArray[np.float64]
    logprobs: NDArray[np.float64]
    """Natural logarithms of them, -inf for 0."""


class Drawn(NamedTuple):
    """A drawn token: its place among the survivors of the chain, and the throw of the dice."""

    token: int
    place: int
    survivors: Survivors
    uniform: float | None

    def lasting(self) -> Drawn:
        """The same, whatever is drawn next."""
        return self._replace(survivors=self.survivors._replace(tokens=self.survivors.tokens.copy()))


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
        names = []
        try:
            for name, stage in make_stages(making):
                names.append(name)
                lib.llama_sampler_chain_add(self._chain, stage)
                # These are told the prompt, which a grammar must never see.
                if name in REMEMBERING:
                    self._remembering.append(stage)
                elif name == "grammar":
                    self._grammar = stage
        except InvalidParameter:
            self.close()
            raise
        self._shortlist = Shortlist(params, names)
        self._shortlist.keep(*biased_tokens(making))

    def accept(self, tokens: list[int]) -> None:
        """Let penalties and DRY see tokens that were not drawn here: the prompt's."""
        if not self._remembering or not self._window:
            return
        seen = tokens[-self._window :]
        self._shortlist.keep(*seen)
        for token in seen:
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

    def score(self, logits: Logits, token: int) -> float | None:
        """The natural-log probability of a given token after the chain, which then sees it.

        None where the chain cuts it, and from there on if it was the grammar that did.
        """
        if self._off_grammar or not self._allowed(token):
            self._off_grammar = True
            return None
        survivors = self.survivors(logits)
        found = survivors.logprobs[survivors.tokens == token]
        self._see(token)
        return float(found[0]) if len(found) and math.isfinite(found[0]) else None

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

    def survivors(self, logits: Logits) -> Survivors:
        """The tokens that the chain leaves of a distribution."""
        left = self._candidates.after(self._chain, logits, self._shortlist.of(logits))
        logprobs = left["logit"].astype(np.float64)
        peak = float(logprobs.max())
        if not math.isfinite(peak):
            raise LocalError(
                "What the model gave for the next token is no distribution.",
                hint="Its file may be damaged, or a knob is set to an extreme.",
            )
        logprobs -= peak
        probabilities = np.exp(logprobs)
        total = float(probabilities.sum())
        probabilities /= total
        logprobs -= math.log(total)
        return Survivors(left["id"], probabilities, logprobs)

    def draw(self, logits: Logits) -> Drawn:
        """Draw the next token, and let the chain see it."""
        survivors = self.survivors(logits)
        uniform: float | None = None
        throw, place = self._dice.random(), self._candidates.selected
        if place is None:
            uniform, place = throw, _place(survivors.tokens, survivors.probabilities, throw)
        drawn = Drawn(int(survivors.tokens[place]), place, survivors, uniform)
        self._see(drawn.token)
        return drawn

    def _see(self, token: int) -> None:
        lib.llama_sampler_accept(self._chain, token)
        if self._remembering:
            self._shortlist.keep(token)

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
    in_order = bool((tokens[1:] > tokens[:-1]).all())
    order = None if in_order else np.argsort(tokens)
    reached = np.cumsum(probabilities if order is None else probabilities[order])
    # Rounding may leave the sum short of the throw.
    rank = min(int(np.searchsorted(reached, uniform, side="right")), len(tokens) - 1)
    place = rank if order is None else int(order[rank])
    while probabilities[place] == 0:
        rank -= 1
        place = rank if order is None else int(order[rank])
    return place
