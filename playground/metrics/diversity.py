"""Values of several answers together: how different they are from each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from playground.metrics.collection import Collection
from playground.metrics.intervals import Resampling
from playground.metrics.metric import (
    MOST_COMPARED,
    ONE_SAMPLE,
    THREE_SAMPLES,
    Estimate,
    too_few,
    too_many,
)

__all__ = ["distinct", "similarity", "top_share", "unique"]


def distinct(length: int) -> Callable[[Collection, Resampling], Estimate]:
    """Different n-grams / n-grams, over the words of all answers together.

    As `Ngrams.distinct` defines it, after Li et al. (see `Spread`). Resampling with replacement is
    no use here: an answer that is drawn twice brings no new n-gram, so that every resample would
    look less diverse than what it was drawn from. The interval is the jackknife's.
    """
    words = "a word" if length == 1 else f"{length} words"

    def whole(collection: Collection, how: Resampling) -> Estimate:
        import numpy as np

        ngrams, count = collection.ngrams(length), len(collection)
        value = ngrams.distinct
        if value is None:
            return Estimate(None, count=count, reason=f"no answer has {words}")
        if count == 1:
            return Estimate(value, count=1, reason=ONE_SAMPLE)
        # What leaves with an answer: its n-grams that no other answer has.
        holders = np.bincount(ngrams.code, minlength=ngrams.different)
        own = np.bincount(ngrams.answer, weights=holders[ngrams.code] == 1, minlength=count)
        left = ngrams.total - np.bincount(ngrams.answer, weights=ngrams.times, minlength=count)
        if not left.all():
            return Estimate(value, count=count, reason=f"only one answer has {words}")
        if count == 2:
            # Each answer alone often repeats nothing, however much the two share: no spread at all.
            return Estimate(value, count=2, reason=THREE_SAMPLES)
        low, high = how.jackknife(value, (ngrams.different - own) / left)
        return Estimate(value, max(low, 0.0), min(high, 1.0), count)

    return whole


def unique(collection: Collection, how: Resampling) -> Estimate:
    """Different answers / answers, as `normalised`.

    The interval is Wilson's: whether each answer is new is not independent of the others, but the
    number of new ones varies less than if it were, so that the interval is rather too wide.
    """
    found = _share(len(collection.answers), collection, how)
    # One of them is always new.
    return found if found.low is None else replace(found, low=max(found.low, 1 / len(collection)))


def top_share(collection: Collection, how: Resampling) -> Estimate:
    """The share of the most frequent answer, as `normalised`; with Wilson's interval."""
    return _share(max(collection.answers.values()), collection, how)


def similarity(collection: Collection, how: Resampling) -> Estimate:
    """The mean similarity of all pairs of answers: see `spread.similarities`.

    Only the first `MOST_COMPARED` samples are compared.
    """
    first, note = collection.first(MOST_COMPARED), too_many(collection)
    count = len(first)
    if count < 2:
        return too_few(count)
    matrix = first.similarities
    value = float((matrix.sum() - matrix.trace()) / (count * (count - 1)))
    if count == 2:
        return Estimate(value, count=2, reason=THREE_SAMPLES, note=note)
    low, high = how.pairs(matrix)
    return Estimate(value, low, high, count, note=note)


def _share(hits: int, collection: Collection, how: Resampling) -> Estimate:
    count = len(collection)
    if count == 1:
        return Estimate(float(hits), count=1, reason=ONE_SAMPLE)
    return Estimate(hits / count, *how.share(hits, count), count)
