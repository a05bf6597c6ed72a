"""What came of a sweep, read from the history: cells, their figures and answers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Self

from playground.history import History
from playground.history.sweeping import KeptSample, KeptSweep
from playground.metrics import Estimate
from playground.sweep.axis import Axis
from playground.sweep.bayesian import objectives_of
from playground.sweep.definition import BayesianSearch, Place, Sweep, SweepPrompt
from playground.sweep.figures import CellFigures
from playground.sweep.space import Values
from playground.sweep.starting import definition_of
from playground.types import Receipt, Timing, Token, Usage

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell that has ended."""

    number: int
    place: Place
    model: str
    prompt: SweepPrompt
    values: Values
    figures: CellFigures


@dataclass(frozen=True, slots=True)
class SampleRow:
    """One answer of a cell, with the name of its run in the history."""

    sample: int
    run: str
    state: str
    tries: int
    text: str
    finish_reason: str | None
    usage: Usage
    timing: Timing
    error: str


@dataclass(frozen=True, slots=True)
class Tried:
    """A point that a Bayesian search tried to the end: its cells, one a prompt, and objectives."""

    cells: tuple[Cell, ...]
    objectives: tuple[float, ...]

    @property
    def values(self) -> Values:
        """Its knobs."""
        return self.cells[0].values


class SweepResult:
    """A sweep as far as it has come. Answers are read when they are asked for."""

    def __init__(self, kept: KeptSweep, history: History) -> None:
        self.id = kept.id
        self.title = kept.title
        self.state = kept.state
        self.reason = kept.reason
        self.created = kept.created
        self.failed = kept.failed
        self.files = kept.files
        self.sweep: Sweep = definition_of(kept)
        self._history = history
        self.cells: tuple[Cell, ...] = tuple(self._cells())

    @classmethod
    def load(cls, history: History, name: str) -> Self:
        """A kept sweep by the beginning of its name; blocks. Raises `UnknownRecord`."""
        history.flush()
        return cls(history.sweeps.load(name), history)

    def _cells(self) -> Iterator[Cell]:
        sweep = self.sweep
        for kept in self._history.sweeps.cells(self.id):
            if kept.estimates and 0 <= kept.cell < sweep.cells:
                place = sweep.place(kept.cell)
                yield Cell(
                    number=kept.cell,
                    place=place,
                    model=sweep.models[place.model],
                    prompt=sweep.prompts[place.prompt],
                    values=kept.point,
                    figures=CellFigures.unpacked(kept.estimates),
                )

    @property
    def axes(self) -> tuple[Axis, ...]:
        """The knobs that were swept."""
        return self.sweep.axes

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that have a value in some cell, in their order."""
        found: dict[str, bool] = {}
        for cell in self.cells:
            for name, estimate in cell.figures.estimates.items():
                found[name] = found.get(name, False) or estimate.value is not None
        return tuple(name for name, there in found.items() if there)

    def notes(self, metric: str) -> tuple[str, ...]:
        """The notes beside a metric's values, with how many of them each is of unless of all."""
        found = [cell.figures.estimates.get(metric) for cell in self.cells]
        notes = [one.note for one in found if one is not None and one.value is not None]
        return tuple(
            note if count == len(notes) else f"{note} ({count:,} of {len(notes):,} cells)"
            for note, count in Counter(notes).most_common()
            if note
        )

    @property
    def figure_columns(self) -> tuple[tuple[str, str, str], ...]:
        """The columns of figures in `rows`: each with its metric and the part of an `Estimate`.

        A metric has one of notes where there is something to be said beside a value.
        """
        return tuple(
            (name if part == "value" else f"{name}_{part}", name, part)
            for name in self.metrics
            for part in ("value", "low", "high", *(["note"] if self.notes(name) else []))
        )

    @property
    def several_files(self) -> bool:
        """Whether the file of a model changed between two starts, and the sweep went on."""
        return any(len(sums) > 1 for sums in self.files.values())

    @cached_property
    def made_with(self) -> Mapping[tuple[int, int], str]:
        """The SHA-256 of the file that each answer came from, by cell and number.

        Empty unless there are `several_files`. Blocks when it is first asked for.
        """
        return self._history.sweeps.made_with(self.id) if self.several_files else {}

    def answers(self, cell: int) -> tuple[SampleRow, ...]:
        """The answers of a cell, by number of sample; blocks."""
        return tuple(_row(item) for item in self._history.sweeps.samples(self.id, cell))

    def receipt(self, cell: int) -> Receipt | None:
        """The receipt of a cell's first answer that has one; the others' differ in seed. Blocks."""
        for kept in self._history.sweeps.samples(self.id, cell):
            receipt = self._history.run(kept.run).receipt
            if receipt is not None:
                return receipt
        return None

    def tokens(self, run: str) -> Sequence[Token]:
        """The per-token figures of an answer; empty where none were asked for. Blocks."""
        return self._history.tokens(run)

    def estimate(self, cell: int, metric: str) -> Estimate | None:
        """What a metric came to in a cell; None where it has none."""
        for item in self.cells:
            if item.number == cell:
                return item.figures.estimates.get(metric)
        return None

    def series(self, axis: str, metric: str) -> Sequence[tuple[Cell, Estimate]]:
        """The cells with a value of a metric, along a knob."""
        found = [
            (cell, estimate)
            for cell in self.cells
            if (estimate := cell.figures.estimates.get(metric)) is not None
            and estimate.value is not None
            and axis in cell.values
        ]
        return sorted(found, key=lambda pair: _order(pair[0].values[axis]))

    def best(self, model: str) -> list[Tried]:
        """What a Bayesian search found for a model: its best point, or its Pareto front.

        Those that the first objective favours come first; empty for other sweeps. Of several points
        that are equally good, the first that was tried is the best.
        """
        front = self.front(model)
        search = self.sweep.search
        several = isinstance(search, BayesianSearch) and len(search.objectives) > 1
        return front if several else front[:1]

    def front(self, model: str) -> list[Tried]:
        """The points of a Bayesian search that no other one beats in everything, as `best`.

        With one objective these are the points that are equally good.
        """
        search = self.sweep.search
        if not isinstance(search, BayesianSearch):
            return []
        signs = [1 if item.direction == "maximise" else -1 for item in search.objectives]
        front: list[tuple[tuple[float, ...], Tried]] = []

        def made_large(one: Tried) -> tuple[float, ...]:
            return tuple(s * o for s, o in zip(signs, one.objectives, strict=True))

        # From the largest down, a point can be beaten only by those before it, and then is so by
        # one of the front.
        for one in sorted(self.tried(model), key=made_large, reverse=True):
            large = made_large(one)
            if not any(_beats(before, large) for before, _ in front):
                front.append((large, one))
        return [one for _, one in front]

    def tried(self, model: str) -> list[Tried]:
        """The points that a Bayesian search tried to the end, in the order in which it did."""
        search = self.sweep.search
        if not isinstance(search, BayesianSearch):
            return []
        points: dict[int, list[Cell]] = {}
        for cell in self.cells:
            if cell.model == model:
                points.setdefault(cell.place.point, []).append(cell)
        return [
            Tried(tuple(cells), objectives)
            for cells in points.values()
            if len(cells) == len(self.sweep.prompts)
            and (objectives := objectives_of(search, [cell.figures for cell in cells])) is not None
        ]

    def rows(self) -> Iterator[dict[str, Any]]:
        """One flat row a cell: model, prompt, knobs, and of each metric `figure_columns`."""
        columns = self.figure_columns
        for cell in self.cells:
            row: dict[str, Any] = {
                "cell": cell.number,
                "model": cell.model,
                "prompt": cell.prompt.label,
                **cell.values,
                "samples": cell.figures.samples,
                "failed": cell.figures.failed,
                "answers": cell.figures.answers,
                "top_answer": cell.figures.top,
            }
            for column, name, part in columns:
                estimate = cell.figures.estimates.get(name)
                found = getattr(estimate, part) if estimate is not None else None
                row[column] = None if found == "" else found
            yield row

    def sample_rows(self) -> Iterator[dict[str, Any]]:
        """One flat row an answer: where it belongs, what it says, what it took.

        Where there are `several_files`, also the one that it came from.
        """
        for cell in self.cells:
            for answer in self.answers(cell.number):
                yield {
                    "cell": cell.number,
                    "sample": answer.sample,
                    "run": answer.run,
                    "model": cell.model,
                    "prompt": cell.prompt.label,
                    **cell.values,
                    "seed": self.sweep.seed_of(cell.number, answer.sample),
                    "text": answer.text,
                    "finish_reason": answer.finish_reason,
                    "expected": cell.prompt.expected_text,
                    "input_tokens": answer.usage.input_tokens,
                    "output_tokens": answer.usage.output_tokens,
                    "cost": answer.usage.cost,
                    "first_token": answer.timing.first_token,
                    "total": answer.timing.total,
                    "error": answer.error,
                    **self.file_of(cell.number, answer.sample),
                }

    def file_of(self, cell: int, sample: int) -> dict[str, str | None]:
        """The column `file` of an answer; nothing unless there are `several_files`."""
        return {"file": self.made_with.get((cell, sample))} if self.several_files else {}

    def to_dataframe(self, *, samples: bool = False) -> pd.DataFrame:
        """The cells, or the samples, as a pandas frame; raises `UsageError` without pandas."""
        from playground.sweep.tables import frame

        return frame([*(self.sample_rows() if samples else self.rows())])


def _beats(one: tuple[float, ...], two: tuple[float, ...]) -> bool:
    """Whether one is nowhere worse and somewhere better, all objectives to be made large."""
    return one != two and all(a >= b for a, b in zip(one, two, strict=True))


def _order(value: object) -> tuple[int, Any]:
    """Numbers by size, before everything else in its own order."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return 0, value
    return 1, str(value)


def _row(kept: KeptSample) -> SampleRow:
    return SampleRow(
        sample=kept.sample,
        run=kept.run,
        state=kept.state,
        tries=kept.tries,
        text=kept.text,
        finish_reason=kept.finish_reason,
        usage=Usage.model_validate_json(kept.usage),
        timing=Timing.model_validate_json(kept.timing),
        error=kept.error,
    )
