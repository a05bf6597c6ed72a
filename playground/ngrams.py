"""The n-grams of several answers: which there are, whose they are, and how many differ."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Integers = NDArray[np.int64]

__all__ = ["NgramTable", "Ngrams"]


@dataclass(frozen=True, slots=True)
class Ngrams:
    """All n-grams of one length: which they are, and in which answer.

    `answer` and `code` say of each different n-gram of each answer whose it is and which it is
    (0 to `different` - 1), and `times` how often that answer has it. No n-gram reaches over the
    end of an answer.
    """

    answer: Integers
    code: Integers
    times: Integers
    different: int

    @property
    def total(self) -> int:
        """How many there are, repetitions included."""
        return int(self.times.sum())

    @property
    def distinct(self) -> float | None:
        """Different n-grams over all of them, 0 to 1; None where there are none."""
        return self.different / self.total if self.total else None


class NgramTable:
    """The n-grams of some answers, each given as its words; of every length on demand."""

    def __init__(self, said: Sequence[Sequence[str]]) -> None:
        known: dict[str, int] = {}
        self.numbers = [[known.setdefault(word, len(known)) for word in answer] for answer in said]
        """The words of each answer as numbers: the same word has the same number everywhere."""
        self._kept: dict[int, Ngrams] = {}
        self._numbered: dict[int, tuple[Integers, Integers, Integers]] = {}

    def of(self, length: int) -> Ngrams:
        """The n-grams of `length` words, 1 or more."""
        import numpy as np

        if length not in self._kept:
            codes, owners, _ = self._runs(length)
            different = int(codes.max()) + 1 if len(codes) else 0
            both = np.sort(owners * max(different, 1) + codes)
            begins = np.flatnonzero(_new(both))
            answer, code = np.divmod(both[begins], max(different, 1))
            times = np.concatenate([begins[1:], [len(both)]]) - begins if len(both) else begins
            self._kept[length] = Ngrams(answer, code, times, different)
        return self._kept[length]

    def _runs(self, length: int) -> tuple[Integers, Integers, Integers]:
        """Every run of `length` words: a number for what it says, its answer, where it begins."""
        import numpy as np

        if length in self._numbered:
            return self._numbered[length]
        if length == 1:
            codes = np.array([one for said in self.numbers for one in said], dtype=np.int64)
            lengths = [len(said) for said in self.numbers]
            owners = np.repeat(np.arange(len(lengths), dtype=np.int64), lengths)
            starts = np.arange(len(codes), dtype=np.int64)
        else:
            single, owner_of, _ = self._runs(1)
            shorter, owners, starts = self._runs(length - 1)
            ends = starts + length - 1
            fits = ends < len(single)
            fits[fits] = owner_of[ends[fits]] == owners[fits]
            owners, starts = owners[fits], starts[fits]
            # A run is the run before its last word, and that word: numbers stay small, however
            # long it is.
            longer = shorter[fits] * (len(single) + 1) + single[ends[fits]]
            ranked = np.argsort(longer)
            codes = np.empty_like(longer)
            codes[ranked] = np.cumsum(_new(longer[ranked])) - 1
        self._numbered[length] = codes, owners, starts
        return self._numbered[length]


def _new(ranked: Integers) -> NDArray[np.bool_]:
    """Where a value differs from the one before it."""
    import numpy as np

    # A third of what np.unique takes for the few hundred words of a cell.
    new = np.ones(len(ranked), dtype=np.bool_)
    np.not_equal(ranked[1:], ranked[:-1], out=new[1:])
    return new
