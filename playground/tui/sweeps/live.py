"""The sweep on the screen: kept, or at work. It knows its figures of one metric at a time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from playground.errors import UsageError
from playground.history import History
from playground.history.sweeping import DONE, RUNNING, STOPPED, KeptSample, KeptSweep, KeptValue
from playground.metrics import USUAL
from playground.sweep.definition import BayesianSearch, GridSearch, Sweep
from playground.sweep.figures import CellFigures
from playground.sweep.findings import Finding, findings
from playground.sweep.lane import Executor, HereLane
from playground.sweep.progress import Progress
from playground.sweep.result import SweepResult
from playground.sweep.runner import CellDone, Runner
from playground.sweep.space import Values
from playground.sweep.starting import begin, definition_of, resume
from playground.sweep.words import resume_with_more
from playground.tui.sweeps.heat import Scale

if TYPE_CHECKING:
    from playground.tui.archive import Archive

__all__ = ["CellInView", "LiveSweep"]

FIRST_METRIC: Final = "distinct-2"
"""What is shown first where the sweep itself does not say what matters."""

NOTES_SECONDS: Final = 0.5
"""How often it is looked whether there is something to tell."""


@dataclass(frozen=True, slots=True)
class CellInView:
    """A cell with its answers. No figures: its samples have not all ended."""

    number: int
    figures: CellFigures | None
    samples: tuple[KeptSample, ...]


class LiveSweep:
    """A sweep, its state, and what one metric came to in each cell that has ended.

    `version` grows with every change, so that whoever draws it knows when to. `running` is true
    while this program is at it, `elsewhere` while another one is.
    """

    def __init__(self, archive: Archive, sweep: Sweep, executor: Executor = HereLane) -> None:
        self.sweep = sweep
        self.id = ""
        self.state = RUNNING
        self.reason = ""
        self.samples = 0
        self.failed = 0
        self.names: tuple[str, ...] = sweep.metrics or USUAL
        self.metric = _first_metric(sweep, self.names)
        self.values: dict[int, KeptValue] = {}
        self.scale = Scale()
        self.best: frozenset[int] = frozenset()
        """The cells that a search found best, of all that was kept when it was last read."""
        self.version = 0
        self._archive = archive
        self._executor = executor
        self._points: dict[int, Values] = {}
        self._present: set[str] = set()
        self._wanted = self.metric
        self._meanwhile: list[CellDone] = []
        self._runner: Runner | None = None
        self._notes: Sequence[str] = ()
        self._task: asyncio.Task[None] | None = None

    # Opening, beginning, going on

    @classmethod
    async def open(cls, archive: Archive, name: str, executor: Executor = HereLane) -> LiveSweep:
        """A kept sweep by its name; raises `UnknownRecord` or `BrokenFile`."""

        def read(history: History) -> LiveSweep:
            kept = history.sweeps.load(name)
            live = cls(archive, definition_of(kept), executor)
            live._take(kept)
            live._read(history)
            return live

        return await archive.read(read)

    @classmethod
    async def begin(
        cls, archive: Archive, sweep: Sweep, executor: Executor = HereLane
    ) -> LiveSweep:
        """A sweep that begins now; raises as `starting.check` does."""
        live = cls(archive, sweep, executor)
        live._start(
            await archive.read(
                lambda history: begin(sweep, history, executor=executor, watch=live._cell_done)
            )
        )
        return live

    async def go_on(self) -> None:
        """Make what is missing; where nothing is, what failed.

        Raises as `starting.resume` does, and `UsageError` where its budget holds no answer more.
        """
        history = await self._archive.read(lambda history: history)
        runner = await resume(
            self.id,
            history,
            failed_again=self.state == DONE,
            executor=self._executor,
            watch=self._cell_done,
        )
        progress, spent = runner.progress, runner.spent
        missing = progress.samples < progress.samples_wanted
        self._start(runner)
        if spent is not None and missing:
            await self.ended()
            more = resume_with_more(self.id, spent.limit)
            raise UsageError(
                spent.sentence,
                hint=f"The rest takes a larger budget, in a shell: {more}",
            )

    def _start(self, runner: Runner) -> None:
        self.id, self.sweep = runner.id, runner.sweep
        self.state, self.reason = RUNNING, ""
        self._runner = runner
        self._notes = runner.progress.notes
        self._task = asyncio.create_task(self._work(runner))
        self.version += 1

    async def _work(self, runner: Runner) -> None:
        try:
            await runner.run()
        finally:
            self._runner = None
            # As its runner leaves it; what was written is read again a moment later.
            self.state, self.reason = STOPPED, runner.reason
            self.version += 1
        await self.refresh()

    @property
    def running(self) -> bool:
        """Whether this program is making it."""
        return self._runner is not None

    @property
    def elsewhere(self) -> bool:
        """Whether another program is making it."""
        return self.state == RUNNING and not self.running

    @property
    def progress(self) -> Progress | None:
        """How far it is, while it is at work here."""
        return self._runner.progress if self._runner is not None else None

    async def ended(self) -> None:
        """Wait until it is no longer at work; raises what broke it."""
        if self._task is not None:
            await asyncio.shield(self._task)

    async def notes(self) -> AsyncGenerator[str]:
        """What happens underway, until it ends: a machine lost, a judge that is not reached."""
        notes, task, told = self._notes, self._task, 0
        while task is not None:
            ended = task.done()
            for text in notes[told:]:
                told += 1
                yield text
            if ended:
                return
            await asyncio.wait([task], timeout=NOTES_SECONDS)

    def stop(self) -> None:
        """Begin no more answers; those at work are cut. What has ended is kept."""
        if self._runner is not None:
            self._runner.stop("stopped in the terminal", now=True)

    async def aclose(self, limit: float) -> None:
        """Stop it, and wait so many seconds at most until what has ended is written."""
        self.stop()
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task], timeout=limit)
            self._task.cancel()

    # Figures

    def _take(self, kept: KeptSweep) -> None:
        self.id, self.state, self.reason = kept.id, kept.state, kept.reason
        self.samples, self.failed = kept.samples, kept.failed

    def _read(self, history: History) -> None:
        """Everything about the metric in view; blocks."""
        shelf = history.sweeps
        self._present = set(shelf.measured(self.id, self.names))
        if self.metric not in self._present and self._present:
            self.metric = self._wanted = self.metrics[0]
        if not isinstance(self.sweep.search, GridSearch):
            self._points = {
                self.sweep.place(cell).point: values
                for cell, values in shelf.points(self.id).items()
            }
        if isinstance(self.sweep.search, BayesianSearch):
            result = SweepResult.load(history, self.id)
            front = (one for model in self.sweep.models for one in result.front(model))
            self.best = frozenset(cell.number for one in front for cell in one.cells)
        self._show(shelf.values(self.id, self.metric))

    def _show(self, found: Sequence[KeptValue]) -> None:
        self.values = {item.cell: item for item in found if 0 <= item.cell < self.sweep.cells}
        self.scale = Scale.over(v.value for v in self.values.values() if v.value is not None)
        self.version += 1

    @property
    def left_out(self) -> Collection[int]:
        """The cells that a search does without; of one that was cut short nobody knows them."""
        if self._runner is not None:
            return self._runner.progress.left_out
        if self.state == DONE and isinstance(self.sweep.search, BayesianSearch):
            return _Others(self.values, self.sweep.cells)
        return ()

    @property
    def metrics(self) -> tuple[str, ...]:
        """The metrics that have a value somewhere; before there is any, all that are measured."""
        return tuple(name for name in self.names if name in self._present) or self.names

    def point(self, number: int) -> Values | None:
        """The knobs of a point; None where a search has not come to it."""
        if isinstance(self.sweep.search, BayesianSearch):
            return self._points.get(number)
        return self.sweep.space.at(number)

    def _cell_done(self, done: CellDone) -> None:
        """A cell has ended: put its figure into the picture."""
        self._present |= {
            name for name, item in done.figures.estimates.items() if item.value is not None
        }
        self._points[done.place.point] = done.values
        if self._wanted != self.metric:
            self._meanwhile.append(done)
        self._put(_value(done, self.metric))

    def _put(self, item: KeptValue) -> None:
        self.values[item.cell] = item
        if item.value is not None:
            self.scale.take(item.value)
        self.version += 1

    async def show_metric(self, name: str) -> None:
        """Show another metric; of several choices in a row the last one counts."""
        self._wanted = name
        self._meanwhile = []
        found = await self._archive.read(lambda history: history.sweeps.values(self.id, name))
        if self._wanted == name:
            self.metric = name
            self._show(found)
            for done in self._meanwhile:
                self._put(_value(done, name))

    async def refresh(self) -> None:
        """Read again what is kept: how it ended here, or how far another program is."""

        def read(history: History) -> KeptSweep:
            kept = history.sweeps.load(self.id)
            self._read(history)
            return kept

        self._take(await self._archive.read(read))
        self.version += 1

    async def findings(self) -> tuple[Finding, ...]:
        """What all that has ended shows; it may take seconds."""
        return await self._archive.read(
            lambda history: tuple(findings(SweepResult.load(history, self.id)))
        )

    # One cell

    async def cell(self, number: int) -> CellInView:
        """The figures and answers of a cell, as far as they are there."""

        def read(history: History) -> CellInView:
            kept = history.sweeps.cell(self.id, number)
            figures = CellFigures.unpacked(kept.estimates) if kept and kept.estimates else None
            return CellInView(number, figures, tuple(history.sweeps.samples(self.id, number)))

        return await self._archive.read(read)


@dataclass(frozen=True, slots=True)
class _Others(Collection[int]):
    """The numbers below `end` that are no keys of a mapping, which may still grow."""

    keys: Mapping[int, object]
    end: int

    def __contains__(self, number: object) -> bool:
        return number not in self.keys

    def __len__(self) -> int:
        return self.end - len(self.keys)

    def __iter__(self) -> Iterator[int]:
        return (number for number in range(self.end) if number in self)


def _value(done: CellDone, metric: str) -> KeptValue:
    figures = done.figures
    estimate = figures.estimates.get(metric)
    found = (
        (None, None, None) if estimate is None else (estimate.value, estimate.low, estimate.high)
    )
    return KeptValue(done.number, figures.samples, figures.failed, *found)


def _first_metric(sweep: Sweep, names: Sequence[str]) -> str:
    if isinstance(sweep.search, BayesianSearch):
        return sweep.search.objectives[0].metric
    return FIRST_METRIC if FIRST_METRIC in names else names[0]
