"""What is told about a token: its figures in the raw and in the sampled-from distribution."""

from __future__ import annotations

import base64
import math
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from playground.providers.llama.native import NativeModel
from playground.providers.llama.sampling import Drawn, Logits
from playground.providers.llama.shortlist import reached
from playground.types import Draw, Token, TokenAlternative


class Raw:
    """The raw distribution at one place: what a token's figures take of it, in few passes.

    In single precision but for the sums: the logits are no better, and passes over a vocabulary in
    double were most of what figures cost.
    """

    def __init__(self, logits: Logits) -> None:
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


def describe_raw(model: NativeModel, logits: Logits, token: int, count: int) -> Token:
    """A token in the raw distribution, with its `count` likeliest alternatives."""
    raw = Raw(logits)
    data = model.piece(token)
    likeliest = _greatest(logits, count)
    # What is likelier than one of these is one of these.
    among = count and logits[token] >= logits[likeliest[-1]]
    likelier = (logits[likeliest] if among else logits) > logits[token]
    return Token(
        token_id=token,
        data=data,
        text=data.decode("utf-8", "replace"),
        logprob=raw.logprob(token),
        rank=int(np.count_nonzero(likelier)) + 1,
        entropy=raw.entropy,
        alternatives=_alternatives(model, likeliest, raw.logprobs(likeliest)),
    )


def describe(model: NativeModel, logits: Logits, drawn: Drawn, count: int) -> Token:
    """A drawn token in the raw and in the sampled-from distribution, `count` alternatives each."""
    tokens, probabilities, logprobs = drawn.survivors
    places = _greatest(logprobs, count)
    draw = Draw(
        logprob=float(logprobs[drawn.place]),
        entropy=_entropy(probabilities, logprobs),
        survivors=int(np.count_nonzero(np.isfinite(logprobs))),
        uniform=drawn.uniform,
        alternatives=_alternatives(model, tokens[places], logprobs[places]),
    )
    return replace(describe_raw(model, logits, drawn.token, count), draw=draw)


def pack_logits(logits: Logits) -> str:
    """Logits as base64 of 32-bit little-endian floats, in the order of token ids."""
    return base64.b64encode(logits.astype("<f4").tobytes()).decode()


def _entropy(probabilities: NDArray[np.float64], logprobs: NDArray[np.float64]) -> float:
    """Shannon entropy in nats."""
    with np.errstate(invalid="ignore"):  # What was cut has 0 × -inf, and adds nothing.
        terms = probabilities * logprobs
    # Not np.dot: BLAS would wake threads for it, on cores that decode.
    whole = float(terms.sum())
    # Of one token alone it would be -0.
    return max(0.0, -(float(np.nansum(terms)) if math.isnan(whole) else whole))


def _greatest(values: NDArray[np.float32] | NDArray[np.float64], count: int) -> NDArray[np.intp]:
    """Where the `count` greatest values are, greatest first; without those that are -inf."""
    count = min(count, len(values))
    if not count:
        return np.empty(0, dtype=np.intp)
    least = max(reached(values, count), float(np.finfo(values.dtype).min))
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
