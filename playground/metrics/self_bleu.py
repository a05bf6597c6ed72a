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
    if not any(first.words):
        return Estimate(None, count=count, reason="no answer has a word", note=note)
    shared, said = _shared(first), np.array([len(answer) for answer in first.words])
    nearest = _nearest(said)
    # Every answer (rows) against the others without one of them (columns), and against all others
    # (the last column).
    reference = np.where(
        nearest.owner[:, None] == np.arange(count + 1),
        nearest.next_length[:, None],
        nearest.length[:, None],
    )
    scores = bleu(
        shared.matched[:, None, :] - shared.lost, shared.total[:, None, :], said[:, None], reference
    )
    value = float(scores[:, count].mean())
    if count == 2:
        return Estimate(value, count=2, reason=THREE_SAMPLES, note=note)
    np.fill_diagonal(scores[:, :count], 0.0)
    low, high = how.jackknife(value, scores[:, :count].sum(axis=0) / (count - 1))
    return Estimate(value, max(low, 0.0), min(high, 100.0), count, note=note)


def bleu(matched: Floats, total: Floats, said: Integers, reference: Integers) -> Floats:
    """Sentence BLEU, 0 to 100, from counts: sacrebleu's, after Papineni et al. (ACL 2002).

    `matched` and `total` end in an axis of the orders 1 to 4: n-grams that a reference has too,
    and all; `said` and `reference` are lengths in words. Orders longer than the answer are left
    out; the k-th order without a match counts as 1 / 2^k matches (method 3 of Chen and Cherry, WMT
    2014); nothing in common is 0.
    """
    import numpy as np

    there, none = total > 0, matched <= 0
    hits = np.where(none, 0.5 ** (none & there).cumsum(axis=-1), matched)
    logs = np.log(hits / np.where(there, total, 1), where=there, out=np.zeros(hits.shape))
    precision = logs.sum(axis=-1) / np.maximum(there.sum(axis=-1), 1)
    brevity = np.minimum(0.0, 1 - reference / np.maximum(said, 1))
    return np.where(none.all(axis=-1), 0.0, 100 * np.exp(brevity + precision))


class _Shared(NamedTuple):
    """Counts of n-grams: answers × orders, and `lost` answers × (answers + 1) × orders.

    `matched` are those of each answer that some other has too, `lost` how many fewer they are
    without one of the others (without none, in the last place), and `total` all.
    """

    matched: Floats
    lost: Floats
    total: Floats


def _shared(collection: Collection) -> _Shared:
    """Each n-gram of an answer counts as often as the other answer that has it most often."""
    import numpy as np

    count, tables = len(collection), [collection.ngrams(n + 1) for n in range(BLEU_ORDER)]
    # All orders in one pass: the n-grams of each are numbered after those of the one before.
    firsts = np.cumsum([0, *(table.different for table in tables)])
    mine = np.concatenate([table.answer for table in tables])
    times = np.concatenate([table.times for table in tables])
    order = np.repeat(np.arange(BLEU_ORDER), [len(table.code) for table in tables])
    code = np.concatenate([table.code for table in tables]) + firsts[order]
    # The three answers that have an n-gram most often: of its own, those without each other one.
    ranked = np.argsort(code * (int(times.max(initial=0)) + 1) - times)
    begins = np.searchsorted(code[ranked], np.arange(firsts[-1] + 3))
    places = np.minimum(begins[code] + np.arange(3)[:, None], begins[code + 1] - 1)
    most = times[ranked[places]] * (begins[code] + np.arange(3)[:, None] < begins[code + 1])
    owners = mine[ranked[places]]
    is_first, is_second = owners[0] == mine, (owners[1] == mine) & (most[1] > 0)
    hits = np.minimum(times, np.where(is_first, most[1], most[0]))
    after = np.minimum(times, np.where(is_first | is_second, most[2], most[1]))
    owner = np.where(is_first, owners[1], owners[0])
    fewer = hits > after
    lost = np.bincount(
        (mine[fewer] * (count + 1) + owner[fewer]) * BLEU_ORDER + order[fewer],
        weights=(hits - after)[fewer],
        minlength=count * (count + 1) * BLEU_ORDER,
    )
    at, cells = mine * BLEU_ORDER + order, (count, BLEU_ORDER)
    matched = np.bincount(at, weights=hits, minlength=count * BLEU_ORDER)
    total = np.bincount(at, weights=times, minlength=count * BLEU_ORDER)
    return _Shared(
        matched.astype(np.float64).reshape(cells),
        lost.astype(np.float64).reshape(count, count + 1, BLEU_ORDER),
        total.astype(np.float64).reshape(cells),
    )


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
