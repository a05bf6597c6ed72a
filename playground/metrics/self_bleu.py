"""Self-BLEU: how much of each answer the others say too, and what it is without each of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from playground.metrics.collection import Collection
from playground.metrics.intervals import Resampling
from playground.metrics.metric import MOST_COMPARED, THREE_SAMPLES, Estimate, too_few, too_many

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Integers = NDArray[np.int64]

__all__ = ["BLEU_ORDER", "bleu", "self_bleu"]

BLEU_ORDER: Final = 4
"""The longest n-grams of BLEU."""


def self_bleu(collection: Collection, how: Resampling) -> Estimate:
    """The mean BLEU of each answer against all others, 0 to 100: low where they differ.

    Zhu et al., "Texygen: A Benchmarking Platform for Text Generation Models" (SIGIR 2018). Each
    BLEU is sacrebleu's sentence BLEU (effective order, exponential smoothing) on our words; an
    answer without words has 0. The interval is the jackknife's, for the reason that `distinct`
    gives. Only the first `MOST_COMPARED` samples are compared.
    """
    import numpy as np

    first, note = collection.first(MOST_COMPARED), too_many(collection)
    count = len(first)
    if count < 2:
        return too_few(count)
    matched, lost = np.zeros((count, BLEU_ORDER)), np.zeros((count, count, BLEU_ORDER))
    total = np.zeros((count, BLEU_ORDER))
    for order in range(BLEU_ORDER):
        shared = _shared(first, order + 1)
        matched[:, order], lost[:, :, order], total[:, order] = shared
    said = np.array([len(answer) for answer in first.words])
    nearest = _nearest(said)
    value = float(bleu(matched, total, said, nearest.length).mean())
    if count == 2:
        return Estimate(value, count=2, reason=THREE_SAMPLES, note=note)
    # Every answer (rows) against the others without one of them (columns).
    away = np.eye(count, dtype=bool)
    reference = np.where(
        nearest.owner[:, None] == np.arange(count),
        nearest.next_length[:, None],
        nearest.length[:, None],
    )
    scores = bleu(matched[:, None, :] - lost, total[:, None, :], said[:, None], reference)
    without = np.where(away, 0.0, scores).sum(axis=0) / (count - 1)
    low, high = how.jackknife(value, without)
    return Estimate(value, max(low, 0.0), min(high, 100.0), count, note=note)


def bleu(matched: Floats, total: Floats, said: Integers, reference: Integers) -> Floats:
    """Sentence BLEU, 0 to 100, from counts: sacrebleu's, after Papineni et al. (ACL 2002).

    `matched` and `total` end in an axis of the orders 1 to 4: n-grams that a reference has too,
    and all; `said` and `reference` are lengths in words. Orders longer than the answer are left
    out; the k-th order without a match counts as 1 / 2^k matches (method 3 of Chen and Cherry, WMT
    2014); nothing in common is 0.
    """
    import numpy as np

    shape = matched.shape[:-1]
    logs, orders, halved = np.zeros(shape), np.zeros(shape), np.ones(shape)
    for order in range(matched.shape[-1]):
        some, all_ = matched[..., order], np.broadcast_to(total[..., order], shape)
        there = all_ > 0
        halved = np.where(there & (some <= 0), halved * 2, halved)
        hits = np.where(some > 0, some, 1 / halved)
        logs += np.where(there, np.log(hits / np.where(there, all_, 1)), 0.0)
        orders += there
    brevity = np.minimum(0.0, 1 - reference / np.maximum(said, 1))
    found = 100 * np.exp(brevity + logs / np.maximum(orders, 1))
    return np.where(matched.sum(axis=-1) > 0, found, 0.0)


class _Shared(NamedTuple):
    """How many n-grams of each answer others have too; how many fewer without another one; all."""

    matched: Floats
    lost: Floats
    total: Floats


def _shared(collection: Collection, length: int) -> _Shared:
    """Each n-gram of an answer counts as often as the other answer that has it most often."""
    import numpy as np

    ngrams, count = collection.ngrams(length), len(collection)
    ranked = np.lexsort((-ngrams.times, ngrams.code))
    code, times, owner = ngrams.code[ranked], ngrams.times[ranked], ngrams.answer[ranked]
    # The three answers that have an n-gram most often; one that nobody has, none.
    padded = np.concatenate([times, [0, 0, 0]])
    codes = np.concatenate([code, [-1, -1, -1]])
    begins = np.searchsorted(code, np.arange(ngrams.different))
    most = [
        np.where(codes[begins + place] == np.arange(ngrams.different), padded[begins + place], 0)
        for place in range(3)
    ]
    owners = np.concatenate([owner, [-1, -1, -1]])
    of_most, of_next = owners[begins], owners[begins + 1]
    mine, of_first = ngrams.answer, of_most[ngrams.code]
    is_first, is_second = mine == of_first, mine == of_next[ngrams.code]
    first, second, third = (one[ngrams.code] for one in most)
    best = np.where(is_first, second, first)
    best_owner = np.where(is_first, of_next[ngrams.code], of_first)
    after = np.where(is_first | is_second, third, second)
    hits = np.minimum(ngrams.times, best).astype(np.float64)
    less = hits - np.minimum(ngrams.times, after)
    counted = less > 0
    lost = np.bincount(
        mine[counted] * count + best_owner[counted], weights=less[counted], minlength=count * count
    )
    matched: Floats = np.bincount(mine, weights=hits, minlength=count).astype(np.float64)
    total: Floats = np.bincount(mine, weights=ngrams.times, minlength=count).astype(np.float64)
    return _Shared(matched, lost.reshape(count, count).astype(np.float64), total)


class _Nearest(NamedTuple):
    """The length of the other answer that is closest to each one's, whose it is, and the next."""

    length: Integers
    owner: Integers
    next_length: Integers


def _nearest(said: Integers) -> _Nearest:
    """Of two as close, the shorter: BLEU's reference length."""
    import numpy as np

    apart = np.abs(said[:, None] - said[None, :]) * 2 + (said[None, :] > said[:, None])
    np.fill_diagonal(apart, np.iinfo(apart.dtype).max)
    # Only the two smallest of each row matter.
    closest = np.argpartition(apart, min(1, len(said) - 1), axis=1)[:, :2]
    ranked = np.take_along_axis(apart, closest, axis=1).argsort(axis=1, kind="stable")
    closest = np.take_along_axis(closest, ranked, axis=1)
    return _Nearest(said[closest[:, 0]], closest[:, 0], said[closest[:, 1]])
