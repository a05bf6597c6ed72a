"""The spread of several answers to one prompt: how much they differ, in a handful of figures."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from statistics import median
from typing import TYPE_CHECKING, Final

from playground.difference import words
from playground.ngrams import NgramTable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Spread", "similarities", "spread_of"]

_MUCH: Final = 1_000_000_000
"""Pairs of words beyond which comparing takes longer than starting threads for it."""


@dataclass(frozen=True, slots=True)
class Spread:
    """What can be said of `answers` texts together.

    `different`: how many texts there are, each counted once. `top_share` (0 to 1): the share of
    the most frequent text. `shortest`, `median` and `longest`: lengths in words, where in scripts
    without spaces each character counts as one.

    `distinct_2` (0 to 1): different pairs of neighbouring words over all such pairs, in all
    answers together; low where they repeat themselves or each other. After Li et al., "A
    Diversity-Promoting Objective Function for Neural Conversation Models" (NAACL 2016), who divide
    by the number of words instead of pairs. None where no answer has two words.

    `similarity` (0 to 1): the mean over all pairs of answers of the normalised Indel similarity of
    their words, 1 - (insertions + deletions) / (words of the one + words of the other), which is
    2 · LCS / (sum of lengths), as rapidfuzz defines it. 1 where all are equal; None for fewer than
    two answers.
    """

    answers: int
    different: int
    top_share: float
    shortest: int
    median: float
    longest: int
    distinct_2: float | None
    similarity: float | None


def spread_of(texts: Sequence[str]) -> Spread:
    """The spread of these answers; of none at all, every count is 0."""
    counts = Counter(texts)
    said = {text: words(text) for text in counts}
    lengths = [len(said[text]) for text in texts] or [0]
    table = NgramTable([said[text] for text in texts])
    return Spread(
        answers=len(texts),
        different=len(counts),
        top_share=max(counts.values(), default=0) / max(len(texts), 1),
        shortest=min(lengths),
        median=float(median(lengths)),
        longest=max(lengths),
        distinct_2=table.of(2).distinct,
        similarity=_similarity(counts, dict(zip(texts, table.numbers, strict=True))),
    )


def similarities(numbers: Sequence[Sequence[int]]) -> Floats:
    """How alike each pair of texts is: a symmetric matrix, 0 to 1.

    It is the normalised Indel similarity that `Spread` describes; two empty texts have 1. A text is
    given as its words, each as a number (`NgramTable.numbers`), because rapidfuzz compares items by
    their hashes, and those of numbers are the numbers.
    """
    import numpy as np
    from rapidfuzz.distance import Indel
    from rapidfuzz.process import cdist

    workers = -1 if sum(map(len, numbers)) ** 2 > _MUCH else 1
    return cdist(
        numbers, numbers, scorer=Indel.normalized_similarity, dtype=np.float64, workers=workers
    )


def _similarity(counts: Counter[str], numbers: dict[str, list[int]]) -> float | None:
    """The mean over all pairs of answers; equal texts are compared once."""
    import numpy as np

    answers = counts.total()
    if answers < 2:
        return None
    alike = similarities([numbers[text] for text in counts])
    times = np.array([*counts.values()], dtype=np.float64)
    # Over ordered pairs, and without those of an answer with itself, which are all 1.
    return float((times @ alike @ times - answers) / (answers * (answers - 1)))
