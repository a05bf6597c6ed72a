"""Intervals and quantiles that have a formula: Wilson's for shares, Student's, the normal's."""

from __future__ import annotations

from functools import lru_cache
from math import atan, cos, pi, sin, sqrt
from statistics import NormalDist
from typing import Final

__all__ = ["Z_95", "normal_quantile", "normal_share", "student_quantile", "wilson_interval"]

Z_95: Final = 1.959963984540054
"""The quantile of the normal distribution that leaves 2.5 % on either side."""

_NORMAL: Final = NormalDist()


def wilson_interval(wins: int, decided: int, z: float = Z_95) -> tuple[float, float]:
    """The score interval of a proportion p = wins / n, for n decided votes (or answers).

    (p + z²/2n ± z √(p(1-p)/n + z²/4n²)) / (1 + z²/n), after E. B. Wilson, "Probable inference, the
    law of succession, and statistical inference", JASA 22 (1927), 209-212. It stays within 0 to 1
    and means something for few votes, where the usual p ± z √(p(1-p)/n) does not. (0, 1) for none.
    """
    if not decided:
        return 0.0, 1.0
    share, weight = wins / decided, z * z / decided
    centre = share + weight / 2
    reach = z * sqrt(share * (1 - share) / decided + weight / (4 * decided))
    low, high = (centre - reach) / (1 + weight), (centre + reach) / (1 + weight)
    # At 0 and 1 the ends are exact, and rounding would leave a little to either side.
    return (0.0 if wins == 0 else low), (1.0 if wins == decided else high)


def normal_quantile(share: float) -> float:
    """The value below which this share (0 to 1, both excluded) of a standard normal lies."""
    return _NORMAL.inv_cdf(share)


def normal_share(value: float) -> float:
    """The share of a standard normal distribution below a value."""
    return _NORMAL.cdf(value)


@lru_cache(maxsize=1024)
def student_quantile(share: float, freedom: int) -> float:
    """The value below which this share (0 to 1, both excluded) of Student's t lies.

    `freedom`, the degrees of freedom, is whole and at least 1: for those the distribution function
    is a finite sum (Abramowitz and Stegun, 26.7.3 and 26.7.4), which is inverted by halving.
    """
    if share < 0.5:
        return -student_quantile(1 - share, freedom)
    low, high = 0.0, 1.0
    while student_share(high, freedom) < share and high < 1e12:
        low, high = high, high * 2
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if student_share(middle, freedom) < share else (low, middle)
    return (low + high) / 2


def student_share(value: float, freedom: int) -> float:
    """The share of Student's t with so many degrees of freedom that lies below a value."""
    angle = atan(value / sqrt(freedom))
    step = cos(angle) ** 2
    odd = freedom % 2
    term = cos(angle) if odd else 1.0
    total = term if freedom > 1 else 0.0
    for number in range(2 + odd, freedom - 1, 2):
        term *= step * (number - 1) / number
        total += term
    inside = (angle + sin(angle) * total) * 2 / pi if odd else sin(angle) * total
    return (1 + inside) / 2
