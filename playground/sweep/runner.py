"""Runs a sweep: every model in a lane of its own, cells interleaved, each kept as it ends."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

from playground.background import off_loop
from playground.errors import PlaygroundError
from playground.history import History
from playground.history.sweeping import DONE, STOPPED, EndedCell, EndedSample
from playground.sweep.budget import MostOfARun, Reached, out_of_time, reached
from playground.sweep.definition import BayesianSearch, Place, Sweep
from playground.sweep.figures import CellFigures
from playground.sweep.keeping import without_passwords
from playground.sweep.lane import Executor, HereLane, Lane
from playground.sweep.made import Made
from playground.sweep.measuring import Measured, Measuring, kept_of_cell
from playground.sweep.progress import LaneProgress, Progress
from playground.sweep.serving import Serving
from playground.sweep.space import Values

AHEAD: Final = 64
"""So many samples may wait to be written before a next one is asked for."""

TOKENS_AHEAD: Final = 10_000
"""So many tokens' figures may, too: with a hundred candidates each they take 25 MB."""


@dataclass(frozen=True, slots=True)
class CellDone:
    """A cell whose samples have all ended, for whoever watches."""

    number: int
    place: Place
    values: Values
    figures: CellFigures


Watcher = Callable[[CellDone], None]


class Runner:
    """Makes what is missing of a sweep. `progress` may be read at any time.

    `stop` ends it soon: nothing new is begun, and what runs is left to end, or cancelled if `now`.
    By `most` of a run it is counted what those at work may still take of a budget.
    """

    def __init__(
        self,
        sweep: Sweep,
        history: History,
        *,
        id: str,  # noqa: A002 - the name of what it sets
        made: Made | None = None,
        executor: Executor = HereLane,
        watch: Watcher = lambda _cell: None,
        most: MostOfARun = MostOfARun(),  # noqa: B008 - it is frozen
    ) -> None:
        self.sweep = sweep
        self.id = id
        self.reason = ""
        self._history = history
        self._shelf = history.sweeps
        self._made = made or Made.nothing(sweep)
        self._executor = executor
        self._watch = watch
        self._stopping = asyncio.Event()
        self._cutting = asyncio.Event()
        self._files = dict(self._made.files)
        self._unwritten = self._unwritten_tokens = 0
        self._caught_up = asyncio.Event()
        self._caught_up.set()
        self._most = most
        self._ended = asyncio.Event()
        self.progress = Progress(
            cells_total=sweep.cells,
            samples_total=sweep.runs,
            cells=self._made.cells,
            samples=self._made.samples,
            tokens=self._made.tokens,
            untold=self._made.untold,
            cost=self._made.cost,
            guesses=self._made.guesses,
            guessed=self._made.guessed,
            failed=self._made.failed,
            priced=self._made.cost > 0,
        )
        self._measuring = Measuring(sweep, tell=self.progress.notes.append)

    def stop(self, reason: str, *, now: bool = False) -> None:
        """End soon, for this reason; the first one counts."""
        self.reason = self.reason or reason
        self._stopping.set()
        self.sample_ended()
        if now:
            self._cutting.set()

    async def run(self) -> None:
        """Make all that is missing, until it is done or stopped; `reason` says why it stopped.

        A model that cannot be opened ends its own lane and not the others'. Cancelling cuts what
        runs and keeps all that has ended.
        """
        kept = without_passwords(self.sweep).model_dump_json()
        self._shelf.begin(self.id, self.sweep.heading, kept)
        ended = False
        ticking = asyncio.create_task(self._end_in_time())
        try:
            async with asyncio.TaskGroup() as group:
                for number, ref in enumerate(self.sweep.models):
                    group.create_task(self._serve(number, ref))
            # A search that pruned leaves points unfinished, and has come to its end all the same.
            searched = isinstance(self.sweep.search, BayesianSearch) and not self.reason
            ended = searched or self.progress.cells >= self.progress.cells_total
        except BaseExceptionGroup as errors:
            first = _first(errors)
            raise first from first.__cause__
        finally:
            ticking.cancel()
            self.progress.notes += (*self._measuring.unread, *self.progress.told_guess)
            await self._measuring.aclose()
            # What came up with the last answer has stopped nothing.
            self.reason = "" if ended else self.reason
            self._shelf.settle(self.id, DONE if ended else STOPPED, self.reason)
            await asyncio.shield(self._written())

    async def _end_in_time(self) -> None:
        """Stop when the budget of seconds is used up, also while all wait for an endpoint."""
        while self.sweep.budget.seconds is not None:
            late = out_of_time(self.sweep.budget, self.progress)
            if late:
                self.stop(late)
                return
            await asyncio.sleep(self.sweep.budget.seconds - self.progress.elapsed)

    # One model

    async def _serve(self, number: int, ref: str) -> None:
        lane = self._executor(ref)
        counts = LaneProgress(
            total=self.sweep.cells_of_model * self.sweep.samples,
            made=self._made.samples_of_model(number),
        )
        self.progress.lanes[ref] = counts
        try:
            await self._measure_whole(number, counts)
            if counts.made >= counts.total:
                return
            await lane.start()
            await self._keep_file(lane)
            await Serving(self, number, lane, counts).serve()
        except* PlaygroundError as errors:
            # From however deep a group of tasks it comes.
            error = _first(errors)
            counts.note = str(error)
            self.reason = self.reason or f"{ref}: {error}"
        finally:
            await lane.aclose()

    async def _measure_whole(self, number: int, counts: LaneProgress) -> None:
        """Measure cells whose answers are all there, and that an earlier start was stopped at."""
        if not counts.made or isinstance(self.sweep.search, BayesianSearch):
            return
        prompts = len(self.sweep.prompts)
        for place in range(self.sweep.cells_of_model):
            point, prompt = divmod(place, prompts)
            cell = self.sweep.number(Place(number, prompt, point))
            if cell not in self._made.estimates and not self.missing(cell):
                await self.end_cell(cell, self.sweep.space.at(point), ())

    async def _keep_file(self, lane: Lane) -> None:
        """Write which file answers are made with from now on, after those of earlier starts."""
        if lane.provenance.file is not None and (now := lane.provenance.file.sha256):
            before = self._files.get(lane.ref, ())
            self._files[lane.ref] = (*(one for one in before if one != now), now)
            self._shelf.keep_files(self.id, self._files)

    # What a lane asks of the whole

    async def may_begin(self) -> bool:
        """Whether another sample may be begun: not stopped, and within the budget.

        What is at work may come cheaper than it was taken for: where another one beside it might
        be too much, it is waited for, and nothing at work is the end.
        """
        progress = self.progress
        while not self._stopping.is_set():
            late, spent = out_of_time(self.sweep.budget, progress), self.spent
            if not late and spent is None:
                return True
            if late or not (progress.running or progress.asking):
                self.stop(late or (spent.why if spent else ""))
                break
            await self._ended.wait()
        return False

    @property
    def most(self) -> MostOfARun:
        """What one run may take at most."""
        return self._most

    @property
    def spent(self) -> Reached | None:
        """Why its budget lets no further answer begin as things stand; None where it does."""
        return reached(self.sweep.budget, self.progress, self._most)

    def sample_ended(self) -> None:
        """Have everybody who waits for a place in the budget look again."""
        self._ended.set()
        self._ended = asyncio.Event()

    async def cut(self) -> None:
        """Wait for the moment when everything is to end at once."""
        await self._cutting.wait()

    async def stopping(self) -> None:
        """Wait for the moment from which nothing new may begin."""
        await self._stopping.wait()

    async def pause(self, seconds: float) -> None:
        """Wait so long, or until nothing new may begin."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._stopping.wait()

    async def keep(self, item: EndedSample) -> None:
        """Write a sample down; nothing new is begun while the disk is slower than the models."""
        self._shelf.add_sample(item)
        self._unwritten += 1
        self._unwritten_tokens += sum(map(len, item.ended.tokens))
        behind = self._unwritten >= AHEAD or self._unwritten_tokens >= TOKENS_AHEAD
        if behind and self._caught_up.is_set():
            self._caught_up.clear()
            try:
                await self._written()
            finally:
                self._unwritten = self._unwritten_tokens = 0
                self._caught_up.set()

    async def caught_up(self) -> None:
        """Wait while too much is still to be written."""
        await self._caught_up.wait()

    async def _written(self) -> None:
        """Wait until all that has ended is written; not for a disk that takes nothing."""
        while not await off_loop(self._history.flush) and not self._history.problem:
            pass

    def begin_cell(self, number: int, values: Values) -> None:
        """Write the point of a cell that begins, where it cannot be computed again."""
        self._shelf.add_cell(EndedCell(self.id, number, values, {}))

    async def end_cell(self, number: int, values: Values, made: Sequence[Measured]) -> CellFigures:
        """Measure a cell, write it down and tell whoever watches; its figures."""
        prompt = self.sweep.prompts[self.sweep.place(number).prompt]
        if self._made.earlier(number):
            await self._written()
            made = await off_loop(lambda: kept_of_cell(self._history, self.id, number, prompt))
        if self._measuring.is_quick(made):
            figures = self._measuring.of_cell(made)
        else:
            figures = await off_loop(partial(self._measuring.of_cell, made))
        self._measuring.tell_failures(figures)
        self._shelf.add_cell(EndedCell(self.id, number, values, figures.packed()))
        self.progress.cells += 1
        self._watch(CellDone(number, self.sweep.place(number), values, figures))
        return figures

    def missing(self, cell: int) -> list[int]:
        """The samples of a cell that are not there yet."""
        return self._made.missing(cell)

    @property
    def measuring(self) -> Measuring:
        """What is measured."""
        return self._measuring

    @property
    def made(self) -> Made:
        """What earlier starts have made."""
        return self._made


def _first(error: BaseException) -> BaseException:
    """The first error in a group of them, or the error itself."""
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error
