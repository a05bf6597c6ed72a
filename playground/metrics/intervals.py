"""How sure a figure is: bootstrap intervals over samples, and where the bootstrap is no use."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from math import sqrt
from typing import TYPE_CHECKING

from playground.metrics.proportions import (
    normal_quantile,
    normal_share,
    student_quantile,
    wilson_interval,
)

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Resampling"]

Interval = tuple[float, float]

_MOST_CELLS = 4_000_000
"""Entries of one table of weights (resamples × samples): 32 MB. Fewer resamples past that."""


@dataclass(frozen=True, slots=True)
class Resampling:
    """How intervals are made: the seed of the dice, how many resamples, and the level (0 to 1).

    The same seed gives the same intervals. All cells with as many samples share the same
    resamples, which are drawn once.
    """

    seed: int = 0
    resamples: int = 1000
    level: float = 0.95

    def means(self, totals: Floats, weights: Floats) -> list[Interval]:
        """Bootstrap intervals of weighted means, one a row: Σ totals / Σ weights over samples.

        Both are rows × samples, and weights above 0. Whole samples are drawn, with replacement.
        """
        import numpy as np

        count = totals.shape[1]
        drawn = self._drawn(count)
        sums = np.einsum("rn,mn->mr", drawn, totals)
        by = count if (weights == 1).all() else np.einsum("rn,mn->mr", drawn, weights)
        return self.percentiles(sums / by, count)

    def pairs(self, matrix: Floats) -> Interval:
        """The bootstrap interval of a mean over all pairs of samples (a symmetric matrix).

        A sample that is drawn twice makes no pair with itself: such pairs would all be equal.
        """
        import numpy as np

        count = len(matrix)
        drawn = self._drawn(count)
        others = matrix.copy()
        np.fill_diagonal(others, 0.0)
        sums = np.einsum("rn,rn->r", drawn @ others, drawn)
        pairs = count**2 - np.einsum("rn,rn->r", drawn, drawn)
        some = pairs > 0
        return self.percentiles((sums[some] / pairs[some])[None, :], count)[0]

    def jackknife(self, value: float, without: Floats) -> Interval:
        """The jackknife interval of a value, from those without each of its samples.

        value ± t √((n-1)/n Σ (without - their mean)²), with Student's t for n-1 degrees of freedom
        (Tukey 1958). Efron and Stein ("The jackknife estimate of variance", Annals of Statistics 9,
        1981) show that the variance is not underestimated on average.
        """
        count = len(without)
        spread = float(((without - without.mean()) ** 2).sum()) * (count - 1) / count
        reach = student_quantile((1 + self.level) / 2, count - 1) * sqrt(spread)
        return value - reach, value + reach

    def share(self, hits: int, count: int) -> Interval:
        """Wilson's interval of a share of samples: see `wilson_interval`."""
        return wilson_interval(hits, count, normal_quantile((1 + self.level) / 2))

    def _drawn(self, count: int) -> Floats:
        return _weights(count, max(100, min(self.resamples, _MOST_CELLS // count)), self.seed)

    def percentiles(self, resampled: Floats, count: int) -> list[Interval]:
        """The percentile interval of each row, widened for few samples.

        A plain percentile interval is too narrow by √((n-1)/n) and knows the normal distribution
        where Student's is due; T. C. Hesterberg ("What Teachers Should Know About the Bootstrap",
        The American Statistician 69, 2015, 4.3) moves the percentiles out by as much.
        """
        import numpy as np

        wide = sqrt(count / (count - 1)) * student_quantile((1 + self.level) / 2, count - 1)
        tail = normal_share(-wide)
        last = resampled.shape[1] - 1
        places = (tail * last, (1 - tail) * last)
        around = {int(place) for place in places} | {min(int(place) + 1, last) for place in places}
        ranked = np.partition(resampled, sorted(around), axis=1)
        lows, highs = (
            ranked[:, int(place)] * (1 - place % 1)
            + ranked[:, min(int(place) + 1, last)] * (place % 1)
            for place in places
        )
        return list(zip(lows.tolist(), highs.tolist(), strict=True))


@lru_cache(maxsize=16)
def _weights(count: int, resamples: int, seed: int) -> Floats:
    """How often each of `count` samples is drawn in each resample: resamples × samples."""
    import numpy as np

    dice = np.random.default_rng([seed, count])
    drawn = dice.integers(count, size=(resamples, count))
    drawn += np.arange(resamples)[:, None] * count
    weights = np.bincount(drawn.ravel(), minlength=resamples * count)
    made = weights.reshape(resamples, count).astype(np.float64)
    made.setflags(write=False)
    return made
