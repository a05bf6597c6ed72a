"""Builds llama.cpp sampler chains from params, and reads log-probabilities off the logits."""

from __future__ import annotations

from collections.abc import Callable

import llama_cpp as lib
import numpy as np
from numpy.typing import NDArray

from playground.providers.llama.native import NativeContext, NativeModel
from playground.providers.llama.protocol import SamplingParams, SentAlternative, SentToken

PENALTY_WINDOW = 64
"""How many of the last tokens the penalties look at: llama.cpp's own default."""

_STAGES: dict[str, Callable[[SamplingParams], lib.llama_sampler_p]] = {
    "penalties": lambda knobs: lib.llama_sampler_init_penalties(
        PENALTY_WINDOW, knobs.repeat_penalty, knobs.frequency_penalty, knobs.presence_penalty
    ),
    "top_k": lambda knobs: lib.llama_sampler_init_top_k(knobs.top_k),
    "top_p": lambda knobs: lib.llama_sampler_init_top_p(knobs.top_p, 1),
    "min_p": lambda knobs: lib.llama_sampler_init_min_p(knobs.min_p, 1),
    "temperature": lambda knobs: lib.llama_sampler_init_temp(knobs.temperature),
}

_IDLE: dict[str, Callable[[SamplingParams], bool]] = {
    "penalties": lambda knobs: (
        knobs.repeat_penalty == 1 and knobs.frequency_penalty == 0 and knobs.presence_penalty == 0
    ),
    "top_k": lambda knobs: knobs.top_k == 0,
    "top_p": lambda knobs: knobs.top_p == 1,
    "min_p": lambda knobs: knobs.min_p == 0,
    "temperature": lambda knobs: knobs.temperature == 1,
}
"""When a stage changes nothing, it is left out of the chain: it would still cost a pass."""


class SamplerChain:
    """The sampler chain of one sequence. `seed` is that sequence's own.

    Temperature 0 takes the likeliest token, after penalties and truncation.
    """

    def __init__(self, params: SamplingParams, seed: int) -> None:
        options = lib.llama_sampler_chain_default_params()
        self._chain = lib.llama_sampler_chain_init(options)
        for stage in params.sampler_order:
            if not _IDLE[stage](params):
                lib.llama_sampler_chain_add(self._chain, _STAGES[stage](params))
        lib.llama_sampler_chain_add(self._chain, lib.llama_sampler_init_dist(seed))

    def accept(self, tokens: list[int]) -> None:
        """Let the penalties see tokens that were not drawn here: the prompt's."""
        for token in tokens[-PENALTY_WINDOW:]:
            lib.llama_sampler_accept(self._chain, token)

    def sample(self, context: NativeContext, row: int) -> int:
        """Draw the next token from the distribution of a batch row."""
        return int(lib.llama_sampler_sample(self._chain, context.handle, row))

    def close(self) -> None:
        """Free the chain."""
        if self._chain is not None:
            lib.llama_sampler_free(self._chain)
            self._chain = None


def log_softmax(logits: NDArray[np.float32]) -> NDArray[np.float64]:
    """Natural-log probabilities of the raw distribution, in double precision."""
    wide = logits.astype(np.float64)
    wide -= wide.max()
    wide -= np.log(np.exp(wide).sum())
    return wide


def describe_token(
    model: NativeModel, logits: NDArray[np.float32], token: int, count: int
) -> SentToken:
    """A drawn token with its raw log-probability and the `count` likeliest alternatives."""
    logprobs = log_softmax(logits)
    likeliest: list[int] = []
    if count:
        count = min(count, len(logprobs))
        some = np.argpartition(-logprobs, count - 1)[:count]
        likeliest = [int(place) for place in some[np.argsort(-logprobs[some], kind="stable")]]
    data = model.piece(token)
    return SentToken(
        id=token,
        data=data.hex(),
        text=data.decode("utf-8", "replace"),
        logprob=float(logprobs[token]),
        alternatives=tuple(
            SentAlternative(
                id=place,
                text=model.piece(place).decode("utf-8", "replace"),
                logprob=float(logprobs[place]),
            )
            for place in likeliest
        ),
    )
