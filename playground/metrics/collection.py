"""The samples of one cell, with what several metrics need of them worked out once."""

from __future__ import annotations

import unicodedata
from collections import Counter
from collections.abc import Sequence
from functools import cached_property
from typing import TYPE_CHECKING

from playground.difference import words
from playground.metrics.sample import Sample
from playground.ngrams import Ngrams, NgramTable

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

__all__ = ["Collection", "normalised"]


def normalised(text: str) -> str:
    """A text as answers are compared: canonical characters, any case, blanks as one space.

    Unicode NFC, case folding, runs of white space as one space and none at the ends. Punctuation
    stays.
    """
    return " ".join(unicodedata.normalize("NFC", text).casefold().split())


class Collection:
    """Some samples. Whatever is asked for is worked out once and kept."""

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = tuple(samples)

    @classmethod
    def of(cls, samples: Sequence[Sample] | Collection) -> Collection:
        """The samples as a collection; one that is a collection already, itself."""
        return samples if isinstance(samples, Collection) else cls(samples)

    def __len__(self) -> int:
        return len(self.samples)

    def first(self, most: int) -> Collection:
        """The first so many samples; itself where there are no more."""
        return self if len(self) <= most else Collection(self.samples[:most])

    @cached_property
    def words(self) -> list[list[str]]:
        """The words of each answer; equal answers share theirs."""
        known: dict[str, list[str]] = {}
        return [
            known[text] if text in known else known.setdefault(text, words(text))
            for text in (sample.text for sample in self.samples)
        ]

    @cached_property
    def answers(self) -> Counter[str]:
        """How often each answer came, as `normalised`; the first of equals first."""
        return Counter(normalised(sample.text) for sample in self.samples)

    @cached_property
    def _table(self) -> NgramTable:
        return NgramTable(self.words)

    def ngrams(self, length: int) -> Ngrams:
        """The n-grams of `length` words, 1 or more."""
        return self._table.of(length)

    @cached_property
    def similarities(self) -> Floats:
        """How alike each pair of answers is: see `spread.similarities`; equals compared once."""
        from playground.spread import similarities

        places: dict[str, int] = {}
        at = [places.setdefault(sample.text, len(places)) for sample in self.samples]
        numbers = dict(zip(at, self._table.numbers, strict=True))
        alike = similarities([numbers[place] for place in range(len(places))])
        return alike if len(places) == len(at) else alike[at][:, at]
