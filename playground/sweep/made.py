"""What earlier starts of a sweep have made, so that a resumed one makes only what is missing."""

from __future__ import annotations

from typing import Self

from pydantic import JsonValue

from playground.history.sweep_shelf import SweepShelf
from playground.history.sweeping import EndedPlace, KeptSweep
from playground.sweep.definition import Sweep
from playground.sweep.space import Values
from playground.types import Usage


class Made:
    """The samples that are there. One bit for each that could be: a million cells cost 125 kB."""

    def __init__(self, sweep: Sweep) -> None:
        self._sweep = sweep
        self._bits = bytearray()
        self._of_models = [0] * len(sweep.models)
        self._worked: set[int] = set()
        self.files: dict[str, tuple[str, ...]] = {}
        self.points: dict[int, Values] = {}
        self.estimates: dict[int, dict[str, JsonValue]] = {}
        self.cells = self.samples = self.failed = self.tokens = self.untold = 0
        self.cost = self.guessed = 0.0
        self.guesses = 0

    @classmethod
    def nothing(cls, sweep: Sweep) -> Self:
        """A sweep that has not begun."""
        return cls(sweep)

    @classmethod
    def load(cls, kept: KeptSweep, sweep: Sweep, shelf: SweepShelf, *, failed_again: bool) -> Self:
        """What is kept of a sweep; blocks. With `failed_again`, samples that failed are missing."""
        made = cls(sweep)
        made.files = dict(kept.files)
        made._bits = bytearray((sweep.runs + 7) // 8)
        for sample in shelf.ended(kept.id):
            made._spend(sample)
            if not (sample.failed and failed_again):
                made._add(sample)
        for cell in shelf.cells(kept.id):
            made.points[cell.cell] = cell.point
            if cell.estimates and not made.missing(cell.cell):
                made.estimates[cell.cell] = dict(cell.estimates)
                made.cells += 1
        return made

    def missing(self, cell: int) -> list[int]:
        """The numbers of a cell's samples that are not there."""
        first = cell * self._sweep.samples
        return [
            sample
            for sample in range(self._sweep.samples)
            if not self._bits or not self._bits[(first + sample) // 8] >> (first + sample) % 8 & 1
        ]

    def samples_of_model(self, number: int) -> int:
        """How many samples of a model are there."""
        return self._of_models[number]

    def worked(self, number: int) -> bool:
        """Whether a model has ever answered without an error."""
        return number in self._worked

    def earlier(self, cell: int) -> bool:
        """Whether an earlier start has made some samples of a cell."""
        return bool(self._bits) and len(self.missing(cell)) < self._sweep.samples

    def _add(self, sample: EndedPlace) -> None:
        if not (0 <= sample.sample < self._sweep.samples and 0 <= sample.cell < self._sweep.cells):
            return
        place = sample.cell * self._sweep.samples + sample.sample
        self._bits[place // 8] |= 1 << place % 8
        model = self._sweep.place(sample.cell).model
        self._of_models[model] += 1
        if not sample.failed:
            self._worked.add(model)
        self.samples += 1
        self.failed += sample.failed

    def _spend(self, sample: EndedPlace) -> None:
        """Count what a sample has taken, also one that is to be made again."""
        usage = Usage.model_validate_json(sample.usage)
        self.tokens += usage.output_tokens or 0
        self.untold += usage.output_tokens is None and not sample.failed
        self.cost += (usage.cost or 0.0) + sample.asking
        self.guessed += sample.guessed
        self.guesses += sample.guessed > 0
