"""Flip point: where along one setting the top answer loses its majority."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import inf, isfinite
from typing import TYPE_CHECKING

from playground.errors import InvalidParameter
from playground.metrics.collection import normalised
from playground.metrics.histogram import answer_histogram
from playground.metrics.sample import Sample

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["FlipPoint", "flip_point"]


@dataclass(frozen=True, slots=True)
class FlipPoint:
    """Where the top answer of the lowest setting loses its majority.

    `value` is the setting at which its share falls to a half, between `held` (the last setting that
    was tried where it has the majority) and `lost` (the first where it has not). `low` and `high`
    bound it; None where the interval reaches beyond the settings that were tried. `shares` has the
    answer's share at each of `settings`. `reason` says why there is no value.
    """

    answer: str
    value: float | None
    low: float | None
    high: float | None
    held: float | None
    lost: float | None
    settings: tuple[float, ...]
    shares: tuple[float, ...]
    reason: str = ""


def flip_point(
    settings: Sequence[float],
    samples_by_setting: Sequence[Sequence[Sample]],
    *,
    seed: int = 0,
    resamples: int = 1000,
    level: float = 0.95,
) -> FlipPoint:
    """The setting at which the top answer of the lowest setting loses its majority.

    Answers are compared as `normalised`; a majority is more than half of the samples. The share is
    taken to fall, or stay, along the axis: the shares are fitted with the closest falling sequence
    (isotonic regression, Ayer et al., Annals of Mathematical Statistics 26, 1955), and the point is
    where straight lines between the fitted shares cross a half. The interval is a bootstrap's over
    the samples of each setting, of percentiles; shares are drawn a little inside of 0 and 1,
    (hits + 1/2) / (samples + 1), because eight equal answers do not show that there is no other.
    Settings without samples are left out. Raises `InvalidParameter` for settings that are no
    numbers, or that do not go with the samples.
    """
    if len(settings) != len(samples_by_setting) or not all(map(isfinite, settings)):
        raise InvalidParameter(
            "A flip point takes a finite number for each group of samples.",
            hint="Choose one numeric axis of the sweep.",
        )
    groups: dict[float, list[Sample]] = {}
    for setting, samples in sorted(
        zip(settings, samples_by_setting, strict=True), key=lambda pair: pair[0]
    ):
        if samples:
            groups.setdefault(float(setting), []).extend(samples)
    tried = tuple(groups)
    if not tried:
        return _no_point("", (), (), "there are no samples")
    top = answer_histogram(groups[tried[0]])[0]
    wanted = normalised(top.answer)
    hits = [sum(normalised(one.text) == wanted for one in group) for group in groups.values()]
    counts = [len(group) for group in groups.values()]
    shares = tuple(hit / count for hit, count in zip(hits, counts, strict=True))
    if top.share <= 0.5:
        said = f"no answer has a majority at {tried[0]:g}: the first has {top.share:.0%}"
        return _no_point(top.answer, tried, shares, said)
    return _found(top.answer, tried, shares, hits, counts, (seed, resamples, level))


def _found(
    answer: str,
    tried: tuple[float, ...],
    shares: tuple[float, ...],
    hits: list[int],
    counts: list[int],
    how: tuple[int, int, float],
) -> FlipPoint:
    import numpy as np

    seed, resamples, level = how
    at, held = (one[0] for one in _crossings(np.array([hits]), np.array(counts), np.array(tried)))
    dice = np.random.default_rng([seed, len(tried)])
    smooth = (np.array(hits) + 0.5) / (np.array(counts) + 1)
    drawn = dice.binomial(counts, smooth, size=(resamples, len(tried)))
    points = np.sort(_crossings(drawn, np.array(counts), np.array(tried))[0])
    tail = (1 - level) / 2 * (resamples - 1)
    low, high = points[int(tail)], points[-1 - int(tail)]
    return FlipPoint(
        answer=answer,
        value=float(at) if isfinite(at) else None,
        low=float(low) if isfinite(low) else None,
        high=float(high) if isfinite(high) else None,
        held=tried[held - 1] if held else None,
        lost=tried[held] if held < len(tried) else None,
        settings=tried,
        shares=shares,
        reason=""
        if isfinite(at)
        else f"it has the majority up to {tried[-1]:g}"
        if at > 0
        else f"it has no majority from {tried[0]:g} on",
    )


def _crossings(
    hits: NDArray[np.int64], counts: NDArray[np.int64], settings: Floats
) -> tuple[Floats, NDArray[np.intp]]:
    """Where each row's fitted share falls to a half, and how many settings are before it.

    -inf where it never has the majority, inf where it never loses it.
    """
    import numpy as np

    rows, width = hits.shape
    excess = np.concatenate([np.zeros((rows, 1)), np.cumsum(hits - counts / 2, axis=1)], axis=1)
    # The fitted sequence is above a half up to where the excess over it is largest.
    held = excess.argmax(axis=1)
    weights = np.concatenate([[0], np.cumsum(counts)])
    each, ends = np.arange(rows), np.arange(width + 1)
    with np.errstate(divide="ignore", invalid="ignore"):
        means = 0.5 + (excess[each, held][:, None] - excess) / (weights[held][:, None] - weights)
    before, after = ends < held[:, None], ends > held[:, None]
    above = np.where(before, means, inf).min(axis=1)
    below = np.where(after, means, -inf).max(axis=1)
    left = settings[np.clip(held - 1, 0, width - 1)]
    right = settings[np.clip(held, 0, width - 1)]
    inside = (held > 0) & (held < width)
    with np.errstate(invalid="ignore"):
        between = left + (right - left) * (above - 0.5) / (above - below)
    return np.where(inside, between, np.where(held == 0, -inf, inf)), held


def _no_point(
    answer: str, settings: tuple[float, ...], shares: tuple[float, ...], reason: str
) -> FlipPoint:
    return FlipPoint(answer, None, None, None, None, None, settings, shares, reason)
