"""Which answers came, and how often."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playground.metrics.collection import Collection, normalised
from playground.metrics.intervals import Resampling
from playground.metrics.sample import Sample

__all__ = ["Bar", "answer_histogram"]


@dataclass(frozen=True, slots=True)
class Bar:
    """One answer: as it was first written, how often it came, and its share with its interval."""

    answer: str
    count: int
    share: float
    low: float
    high: float


def answer_histogram(
    samples: Sequence[Sample] | Collection, *, level: float = 0.95
) -> tuple[Bar, ...]:
    """Every different answer, the most frequent first; equals in the order of their first coming.

    Answers are compared as `normalised`. Each share has Wilson's interval at `level`.
    """
    collection, how = Collection.of(samples), Resampling(level=level)
    written: dict[str, str] = {}
    for sample in collection.samples:
        written.setdefault(normalised(sample.text), sample.text)
    total = len(collection)
    return tuple(
        Bar(written[answer], count, count / total, *how.share(count, total))
        for answer, count in collection.answers.most_common()
    )
