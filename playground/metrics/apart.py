"""How far the answers at the values of a knob are apart, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from playground.metrics.collection import Collection
from playground.metrics.intervals import Resampling
from playground.metrics.metric import Figure, Metric, Noted
from playground.metrics.sample import Sample

Floats = NDArray[np.float64]
Groups = Mapping[int, Sequence[Sample]]
"""Samples of cells that differ in one knob only, by the place of its value."""

__all__ = ["Apart", "Difference", "Groups", "apart"]


@dataclass(frozen=True, slots=True)
class Difference:
    """How far two values (their places) are apart: `value`, between `low` and `high`."""

    one: int
    other: int
    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Apart:
    """All pairs of values that could be compared, and how often chance sets two as far apart."""

    pairs: tuple[Difference, ...]
    chance: float

    @property
    def widest(self) -> Difference:
        """The two values that are furthest apart."""
        return max(self.pairs, key=lambda pair: abs(pair.value))


def apart(
    contexts: Sequence[Groups], metric: Metric, how: Resampling, *, same_dice: bool
) -> Apart | None:
    """How far values are apart on average over `contexts`; None where no two can be compared.

    Each interval leaves out 1 - level on either side, as two one-sided tests want it. The chance is
    of a permutation test of the largest difference: answers are exchanged between values, those
    with the same dice with each other only.
    """
    sides = [
        _Side(groups, metric, same_dice=same_dice)
        for groups in contexts
        if len(groups) > 1 and min(map(len, groups.values())) > 2
    ]
    if not sides:
        return None
    count = 1 + max(place for side in sides for place in side.places)
    seen = _mean([side.differences(side.as_it_is(), count) for side in sides])[0]
    drawn = _mean(
        [
            side.differences(side.resampled(how.resamples, how.seed, number), count)
            for number, side in enumerate(sides)
        ]
    )
    shuffled = _mean(
        [side.differences(side.exchanged(how.resamples, how.seed), count) for side in sides]
    )
    fewest = min(side.fewest for side in sides)
    wide = Resampling(how.seed, how.resamples, 2 * how.level - 1)
    pairs = []
    for one, other in combinations(range(count), 2):
        if np.isnan(seen[one, other]):
            continue
        known = drawn[:, one, other]
        low, high = wide.percentiles(known[~np.isnan(known)][None, :], fewest)[0]
        pairs.append(Difference(one, other, float(seen[one, other]), low, high))
    if not pairs:
        return None
    as_far = np.nanmax(np.abs(shuffled), axis=(1, 2)) >= np.nanmax(np.abs(seen)) - 1e-12
    return Apart(tuple(pairs), float((1 + as_far.sum()) / (1 + len(as_far))))


class _Side:
    """The samples of one context side by side, with what compares them."""

    def __init__(self, groups: Groups, metric: Metric, *, same_dice: bool) -> None:
        self.places = sorted(groups)
        sizes = [len(groups[place]) for place in self.places]
        self.fewest = min(sizes)
        collection = Collection([one for place in self.places for one in groups[place]])
        self._owner = np.repeat(np.arange(len(sizes)), sizes)
        self._dice = np.concatenate([np.arange(size) for size in sizes])
        self._values: Floats | None = None
        if metric.values is not None:
            self._values = _numbers(metric, collection)
        else:
            self._alike = collection.similarities
        self._paired = same_dice and len(set(sizes)) == 1
        # Pairs of an answer with itself say nothing, and those of the same dice are no two throws.
        same = self._dice[:, None] == self._dice if self._paired else np.eye(len(self._dice))
        self._counted = 1.0 - np.asarray(same, dtype=np.float64)

    def as_it_is(self) -> Floats:
        """Which samples are whose: rows × values × samples, here with one row."""
        owned: Floats = (self._owner == np.arange(len(self.places))[:, None]).astype(np.float64)
        return owned[None]

    def resampled(self, rows: int, seed: int, number: int) -> Floats:
        """Samples drawn again within each value; with the same dice, the same throws of each."""
        made = np.zeros((rows, len(self.places), len(self._owner)))
        for place in range(len(self.places)):
            mine = np.flatnonzero(self._owner == place)
            by = [seed, 1] if self._paired else [seed, 2, number, place]
            drawn = np.random.default_rng(by).integers(len(mine), size=(rows, len(mine)))
            at = np.arange(rows)[:, None] * len(self._owner) + mine[drawn]
            times = np.bincount(at.ravel(), minlength=rows * len(self._owner))
            made[:, place] = times.reshape(rows, len(self._owner))
        return made

    def exchanged(self, rows: int, seed: int) -> Floats:
        """Samples exchanged between values; with the same dice, within each throw."""
        dice, width = np.random.default_rng([seed, 3]), len(self.places)
        if self._paired:
            throws = len(self._owner) // width
            order = dice.permuted(np.tile(np.arange(width), (rows, throws, 1)), axis=2)
            owner = order[:, self._dice, self._owner]
        else:
            owner = dice.permuted(np.tile(self._owner, (rows, 1)), axis=1)
        made: Floats = (owner[:, None, :] == np.arange(width)[:, None]).astype(np.float64)
        return made

    def differences(self, weights: Floats, count: int) -> Floats:
        """How far each two values are apart: rows × count × count, NaN where one is not here."""
        found = np.full((len(weights), count, count), np.nan)
        here = np.ix_(range(len(weights)), self.places, self.places)
        with np.errstate(divide="ignore", invalid="ignore"):
            if self._values is not None:
                known = ~np.isnan(self._values)
                sums = weights[:, :, known] @ self._values[known]
                means = sums / weights[:, :, known].sum(axis=2)
                found[here] = means[:, :, None] - means[:, None, :]
            else:
                across = weights.transpose(0, 2, 1)
                alike = weights @ (self._alike * self._counted) @ across
                alike /= weights @ self._counted @ across
                within = np.diagonal(alike, axis1=1, axis2=2)
                found[here] = (within[:, :, None] + within[:, None, :]) / 2 - alike
        return found


def _numbers(metric: Metric, collection: Collection) -> Floats:
    given = metric.values(collection) if metric.values is not None else ()
    values = given.values if isinstance(given, Noted) else given
    numbers = (
        value.total / value.weight if isinstance(value, Figure) else value for value in values
    )
    return np.array([np.nan if number is None else float(number) for number in numbers])


def _mean(parts: Sequence[Floats]) -> Floats:
    """The mean over contexts of what is known there."""
    stacked = np.stack(parts)
    known = ~np.isnan(stacked)
    count = known.sum(axis=0)
    sums = np.where(known, stacked, 0.0).sum(axis=0)
    return np.where(count > 0, sums / np.maximum(count, 1), np.nan)
