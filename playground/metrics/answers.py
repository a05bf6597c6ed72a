"""Values of one answer by itself: repetition, length, compression, and what came with it."""

from __future__ import annotations

from statistics import fmean

from playground.metrics.collection import Collection
from playground.metrics.metric import Noted, Values

__all__ = [
    "compression",
    "cost",
    "entropy",
    "length",
    "logprob",
    "rep_4",
    "time_to_first_token",
    "tokens_per_second",
]


def rep_4(collection: Collection) -> Values:
    """1 - different 4-grams / 4-grams, of each answer's words; None below four words.

    Welleck et al., "Neural Text Generation with Unlikelihood Training" (ICLR 2020), seq-rep-4.
    """
    import numpy as np

    ngrams = collection.ngrams(4)
    different = np.bincount(ngrams.answer, minlength=len(collection)).tolist()
    total = np.bincount(ngrams.answer, weights=ngrams.times, minlength=len(collection)).tolist()
    return [1 - some / all_ if all_ else None for some, all_ in zip(different, total, strict=True)]


def length(collection: Collection) -> Values | Noted:
    """Tokens of each answer; characters of all where one's tokens are not known."""
    counts = [sample.tokens for sample in collection.samples]
    if None not in counts:
        return counts
    characters = [len(sample.text) for sample in collection.samples]
    return Noted(characters, "in characters: not all tokens were counted")


def compression(collection: Collection) -> Values:
    """UTF-8 bytes of each answer over those that zlib (level 6) leaves; None for an empty answer.

    Radford et al., "Robust Speech Recognition via Large-Scale Weak Supervision" (2022), take more
    than 2.4 for a loop.
    """
    import zlib

    def ratio(text: str) -> float | None:
        data = text.encode("utf-8", "replace")
        return len(data) / len(zlib.compress(data, 6)) if data else None

    return [ratio(sample.text) for sample in collection.samples]


def entropy(collection: Collection) -> Values:
    """The mean entropy of each answer's tokens, in nats."""
    return [_mean(sample.entropies) for sample in collection.samples]


def logprob(collection: Collection) -> Values:
    """The mean natural-log probability of each answer's tokens."""
    return [_mean(sample.logprobs) for sample in collection.samples]


def time_to_first_token(collection: Collection) -> Values:
    """Seconds from the asking to the first text."""
    return [sample.time_to_first_token for sample in collection.samples]


def tokens_per_second(collection: Collection) -> Values:
    """The speed of each answer after its first token."""
    return [sample.tokens_per_second for sample in collection.samples]


def cost(collection: Collection) -> Values:
    """US dollars for each answer."""
    return [sample.cost for sample in collection.samples]


def _mean(figures: tuple[float, ...] | None) -> float | None:
    return fmean(figures) if figures else None
