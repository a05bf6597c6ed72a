"""Measures: a metric on some samples, with its interval."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from math import exp

from playground.metrics.collection import Collection
from playground.metrics.intervals import Resampling
from playground.metrics.metric import (
    LACKS,
    ONE_SAMPLE,
    Estimate,
    Figure,
    Metric,
    Noted,
    Values,
)
from playground.metrics.sample import Sample

__all__ = ["measure", "measure_all", "measure_figures"]


def measure(
    metric: Metric,
    samples: Sequence[Sample] | Collection,
    *,
    seed: int = 0,
    resamples: int = 1000,
    level: float = 0.95,
) -> Estimate:
    """One metric on some samples, with its interval at `level` (0 to 1).

    The same samples and seed give the same estimate. A value that cannot be had is None and comes
    with its reason. Raises `MetricFailed` for an expected text that is no pattern.
    """
    return measure_all([metric], samples, seed=seed, resamples=resamples, level=level)[metric.name]


def measure_all(
    metrics: Iterable[Metric],
    samples: Sequence[Sample] | Collection,
    *,
    seed: int = 0,
    resamples: int = 1000,
    level: float = 0.95,
) -> dict[str, Estimate]:
    """Several metrics on the same samples, by name: what they share is worked out once."""
    collection, how = Collection.of(samples), Resampling(seed, resamples, level)
    found: dict[str, Estimate | None] = {}
    means: list[tuple[Metric, Values | Noted]] = []
    for metric in metrics:
        found[metric.name] = None
        if not len(collection):
            found[metric.name] = Estimate(None, reason="there are no samples")
        elif metric.asks:
            found[metric.name] = Estimate(None, reason=LACKS["model"])
        elif metric.whole is not None:
            found[metric.name] = metric.whole(collection, how)
        elif metric.values is not None:
            means.append((metric, metric.values(collection)))
    found.update(_means(means, how))
    return {name: estimate for name, estimate in found.items() if estimate is not None}


def measure_figures(
    metric: Metric,
    figures: Values | Noted,
    *,
    seed: int = 0,
    resamples: int = 1000,
    level: float = 0.95,
) -> Estimate:
    """A metric from figures that are there already: one a sample, None where it has none."""
    how = Resampling(seed, resamples, level)
    return _means([(metric, figures)], how)[metric.name]


def _means(asked: Sequence[tuple[Metric, Values | Noted]], how: Resampling) -> dict[str, Estimate]:
    """The means of many metrics at once: those of as many samples share one pass of resamples."""
    import numpy as np

    found: dict[str, Estimate] = {}
    grouped: dict[int, list[tuple[Metric, list[Figure]]]] = {}
    for metric, given in asked:
        values, note = given if isinstance(given, Noted) else (given, "")
        figures = _figures(values)
        total, weight = sum(one.total for one in figures), sum(one.weight for one in figures)
        mean, count = total / weight if figures else 0.0, len(figures)
        if not figures:
            found[metric.name] = Estimate(None, reason=_lack(metric), note=note)
        elif count == 1:
            value = exp(mean) if metric.logarithmic else mean
            found[metric.name] = Estimate(value, count=1, reason=ONE_SAMPLE, note=note)
        elif all(isinstance(value, bool) for value in values if value is not None):
            low, high = how.share(round(total), count)
            found[metric.name] = Estimate(mean, low, high, count, note=note)
        else:
            value = exp(mean) if metric.logarithmic else mean
            found[metric.name] = Estimate(value, count=count, note=note)
            grouped.setdefault(count, []).append((metric, figures))
    for rows in grouped.values():
        parts = np.array([figures for _, figures in rows], dtype=np.float64)
        for (metric, _), bounds in zip(
            rows, how.means(parts[:, :, 0], parts[:, :, 1]), strict=True
        ):
            low, high = map(exp, bounds) if metric.logarithmic else bounds
            found[metric.name] = replace(found[metric.name], low=low, high=high)
    return found


def _figures(values: Values) -> list[Figure]:
    figures = (
        value if isinstance(value, Figure) else Figure(float(value))
        for value in values
        if value is not None
    )
    return [figure for figure in figures if figure.weight > 0]


def _lack(metric: Metric) -> str:
    """Why no sample has a value of this metric."""
    return metric.lacks or "; ".join(LACKS[need] for need in LACKS if need in metric.needs)
