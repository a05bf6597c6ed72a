"""How far the answers at the values of a knob are apart, and how sure that is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations
from math import isqrt
from typing import Final

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

MOST_VALUES: Final = 32
"""Values of a knob that are compared with each other: of more, so many from end to end."""

MOST_WORK: Final = 3_000_000
"""Values × answers², summed over the contexts: a second of work for a thousand resamples."""

FEW_ANSWERS: Final = 8
"""Answers of a cell that are compared however much work it is; contexts are left out first."""

_ROWS: Final = 200
"""Resamples in memory at a time."""


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
    """All pairs of values that were compared, and how often chance sets two as far apart.

    `answers` were looked at of the `there` that could have been.
    """

    pairs: tuple[Difference, ...]
    chance: float
    answers: int
    there: int

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
    comparable = [
        groups for groups in contexts if len(groups) > 1 and min(map(len, groups.values())) > 2
    ]
    if not comparable:
        return None
    chosen = _thinned(comparable)
    sides = [_Side(groups, metric, same_dice=same_dice) for groups in chosen]
    values = sorted({place for side in sides for place in side.values})
    for side in sides:
        side.places = [values.index(value) for value in side.values]
    count = len(values)
    seen = _mean([side.differences(side.as_it_is(), count) for side in sides])[0]
    drawn = _mean(
        [side.resampled(count, how.resamples, [how.seed, n]) for n, side in enumerate(sides)]
    )
    shuffled = _mean([side.exchanged(count, how.resamples, how.seed) for side in sides])
    fewest = min(side.fewest for side in sides)
    wide = Resampling(how.seed, how.resamples, 2 * how.level - 1)
    pairs = []
    for one, other in combinations(range(count), 2):
        if np.isnan(seen[one, other]):
            continue
        known = drawn[:, one, other]
        low, high = wide.percentiles(known[~np.isnan(known)][None, :], fewest)[0]
        difference = float(seen[one, other])
        pairs.append(Difference(values[one], values[other], difference, low, high))
    if not pairs:
        return None
    as_far = np.nanmax(np.abs(shuffled), axis=(1, 2)) >= np.nanmax(np.abs(seen)) - 1e-12
    chance = float((1 + as_far.sum()) / (1 + len(as_far)))
    return Apart(tuple(pairs), chance, _size(chosen), _size(contexts))


def _size(contexts: Sequence[Groups]) -> int:
    return sum(len(samples) for groups in contexts for samples in groups.values())


def _thinned(contexts: Sequence[Groups]) -> list[Groups]:
    """So many values, answers and contexts that comparing them takes a second or two."""
    kept = [_of_values(groups) for groups in contexts]
    cubes = sum(len(groups) ** 3 for groups in kept)
    most = max(FEW_ANSWERS, isqrt(MOST_WORK // cubes))
    shorter = [{v: samples[:most] for v, samples in groups.items()} for groups in kept]
    work = sum(len(g) * sum(map(len, g.values())) ** 2 for g in shorter)
    every = -(-work // MOST_WORK)
    return [*shorter[::every]]


def _of_values(groups: Groups) -> Groups:
    """The samples of at most so many values, spread evenly, both ends among them."""
    if len(groups) <= MOST_VALUES:
        return groups
    places = sorted(groups)
    last = len(places) - 1
    chosen = [places[n * last // (MOST_VALUES - 1)] for n in range(MOST_VALUES)]
    return {place: groups[place] for place in chosen}


class _Side:
    """The samples of one context side by side, with what compares them.

    `values` are the knob's values by their places on its axis, `places` those in the tables here.
    """

    def __init__(self, groups: Groups, metric: Metric, *, same_dice: bool) -> None:
        self.values = sorted(groups)
        self.places = [*range(len(self.values))]
        sizes = [len(groups[value]) for value in self.values]
        self.fewest = min(sizes)
        collection = Collection([one for value in self.values for one in groups[value]])
        self._owner = np.repeat(np.arange(len(sizes)), sizes)
        self._dice = np.concatenate([np.arange(size) for size in sizes])
        self._numbers: Floats | None = None
        if metric.values is not None:
            self._numbers = _numbers(metric, collection)
        else:
            self._alike = collection.similarities
        # Only where the same throws are there on every side: one that failed has no counterpart.
        numbers = [[one.number for one in groups[value]] for value in self.values]
        self._paired = same_dice and all(each == numbers[0] for each in numbers)
        # Pairs of an answer with itself say nothing, and those of the same dice are no two throws.
        self._same = self._dice if self._paired else np.arange(len(self._dice))
        if self._numbers is None:
            self._alike = np.where(self._same[:, None] == self._same, 0.0, self._alike)

    def as_it_is(self) -> Floats:
        """Which samples are whose: rows × values × samples, here with one row."""
        owned: Floats = (self._owner == np.arange(len(self.places))[:, None]).astype(np.float64)
        return owned[None]

    def resampled(self, count: int, rows: int, seed: Sequence[int]) -> Floats:
        """Differences of samples drawn again within each value; with the same dice, by throw."""
        found = []
        first, number = seed
        dice = [
            np.random.default_rng([first, 1] if self._paired else [first, 2, number, place])
            for place in range(len(self.places))
        ]
        for start in range(0, rows, _ROWS):
            part = min(_ROWS, rows - start)
            weights = np.zeros((part, len(self.places), len(self._owner)))
            for place, throws in enumerate(dice):
                mine = np.flatnonzero(self._owner == place)
                drawn = throws.integers(len(mine), size=(part, len(mine)))
                at = np.arange(part)[:, None] * len(self._owner) + mine[drawn]
                times = np.bincount(at.ravel(), minlength=part * len(self._owner))
                weights[:, place] = times.reshape(part, len(self._owner))
            found.append(self.differences(weights, count, apart=True))
        return np.concatenate(found)

    def exchanged(self, count: int, rows: int, seed: int) -> Floats:
        """Differences of samples exchanged between values; with the same dice, of one throw."""
        found = []
        dice, width = np.random.default_rng([seed, 3]), len(self.places)
        for start in range(0, rows, _ROWS):
            part = min(_ROWS, rows - start)
            if self._paired:
                throws = len(self._owner) // width
                order = dice.permuted(np.tile(np.arange(width), (part, throws, 1)), axis=2)
                owner = order[:, self._dice, self._owner]
            else:
                owner = dice.permuted(np.tile(self._owner, (part, 1)), axis=1)
            weights: Floats = (owner[:, None, :] == np.arange(width)[:, None]).astype(np.float64)
            found.append(self.differences(weights, count))
        return np.concatenate(found)

    def differences(self, weights: Floats, count: int, *, apart: bool = False) -> Floats:
        """How far each two values are apart: rows × count × count, NaN where one is not here.

        `weights` are rows × values × samples; `apart` says that no value has any of another's.
        """
        found = np.full((len(weights), count, count), np.nan)
        here = np.ix_(range(len(weights)), self.places, self.places)
        with np.errstate(divide="ignore", invalid="ignore"):
            if self._numbers is not None:
                known = ~np.isnan(self._numbers)
                sums = weights[:, :, known] @ self._numbers[known]
                means = sums / weights[:, :, known].sum(axis=2)
                found[here] = means[:, :, None] - means[:, None, :]
            else:
                alike = self._sums(weights, apart=apart) / self._pairs(weights)
                within = np.diagonal(alike, axis1=1, axis2=2)
                found[here] = (within[:, :, None] + within[:, None, :]) / 2 - alike
        return found

    def _sums(self, weights: Floats, *, apart: bool) -> Floats:
        """How alike the samples of each two values are, summed over their pairs."""
        across = weights.transpose(0, 2, 1)
        if not apart:
            whole: Floats = weights @ self._alike @ across
            return whole
        rows = np.zeros_like(weights)
        for place in range(len(self.places)):
            mine = self._owner == place
            rows[:, place] = weights[:, place, mine] @ self._alike[mine]
        found: Floats = rows @ across
        return found

    def _pairs(self, weights: Floats) -> Floats:
        """How many pairs those sums are of: all but the pairs of one throw."""
        sums = weights.sum(axis=2)
        throws = int(self._same.max()) + 1
        if throws == weights.shape[2]:
            together: Floats = weights @ weights.transpose(0, 2, 1)
        else:
            of_throws = np.zeros((*weights.shape[:2], throws))
            for throw in range(throws):
                of_throws[:, :, throw] = weights[:, :, self._same == throw].sum(axis=2)
            together = of_throws @ of_throws.transpose(0, 2, 1)
        pairs: Floats = sums[:, :, None] * sums[:, None, :] - together
        return pairs


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
