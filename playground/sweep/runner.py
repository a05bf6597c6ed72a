"""Runs a sweep: every model in a lane of its own, cells interleaved, each kept as it ends."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Coroutine, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from playground.background import off_loop
from playground.errors import PlaygroundError
from playground.history import Filing, History
from playground.history.sweeping import DONE, ORIGIN, STOPPED, EndedCell, EndedSample
from playground.params import GenerationParams
from playground.sweep.budget import reached
from playground.sweep.definition import BayesianSearch, Place, Sweep
from playground.sweep.figures import CellFigures
from playground.sweep.keeping import without_passwords
from playground.sweep.lane import Executor, HereLane, Lane, Outcome, Work
from playground.sweep.limit import FIRST, Limit
from playground.sweep.looking import LIKELIEST, looked_at
from playground.sweep.made import Made
from playground.sweep.measuring import Measured, Measuring, kept_of_cell, packed
from playground.sweep.progress import LaneProgress, Progress
from playground.sweep.space import Values, interleaved

TRIES: Final = 3
"""How often a sample that failed in passing is tried."""

REFUSED_TRIES: Final = 100
"""How often one is tried that was refused because there were too many."""

PASSING: Final = frozenset(
    ("TimedOut", "Unreachable", "ServerFailed", "StreamTruncated", "BadResponse", "BackendCrashed")
)
"""Errors after which the same request may work."""

HOPELESS: Final = 20
"""So many failures of a model in a row, with no success before them, and it is given up."""

BACKOFF_SECONDS: Final = 0.5

AHEAD: Final = 64
"""So many samples may wait to be written before the next one is asked for."""


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
    `dearest` is what a run may cost at most, for a budget, before the first has ended.
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
        dearest: float = 0.0,
    ) -> None:
        self.sweep = sweep
        self.id = id
        self.reason = ""
        self._history = history
        self._shelf = history.sweeps
        self._made = made or Made.nothing(sweep)
        self._executor = executor
        self._watch = watch
        self._measuring = Measuring(sweep)
        self._stopping = asyncio.Event()
        self._cutting = asyncio.Event()
        self._files: dict[str, str] = {}
        self._unwritten = 0
        self._dearest = dearest
        self.progress = Progress(
            cells_total=sweep.cells,
            samples_total=sweep.runs,
            cells=self._made.cells,
            samples=self._made.samples,
            tokens=self._made.tokens,
            cost=self._made.cost,
            failed=self._made.failed,
            priced=self._made.cost > 0,
        )

    def stop(self, reason: str, *, now: bool = False) -> None:
        """End soon, for this reason; the first one counts."""
        self.reason = self.reason or reason
        self._stopping.set()
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
        try:
            async with asyncio.TaskGroup() as group:
                for number, ref in enumerate(self.sweep.models):
                    group.create_task(self._serve(number, ref))
            # A search that pruned leaves points unfinished, and has come to its end all the same.
            searching = isinstance(self.sweep.search, BayesianSearch)
            ended = searching or self.progress.cells >= self.progress.cells_total
        except BaseExceptionGroup as errors:
            raise _first(errors) from None
        finally:
            await self._measuring.aclose()
            state = DONE if ended and not self.reason else STOPPED
            self._shelf.settle(self.id, state, self.reason)
            await asyncio.shield(off_loop(self._history.flush))

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
            serving = _Serving(self, number, lane, counts)
            await serving.serve()
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
        if lane.provenance.file is not None and lane.provenance.file.sha256:
            self._files[lane.ref] = lane.provenance.file.sha256
            self._shelf.keep_files(self.id, {**self._made.files, **self._files})

    # What a lane asks of the whole

    def may_begin(self) -> bool:
        """Whether another sample may be begun: not stopped, and within the budget."""
        if self._stopping.is_set():
            return False
        if reason := reached(self.sweep.budget, self.progress, self._dearest):
            self.stop(reason)
        return not self._stopping.is_set()

    async def cut(self) -> None:
        """Wait for the moment when everything is to end at once."""
        await self._cutting.wait()

    async def stopping(self) -> None:
        """Wait for the moment from which nothing new may begin."""
        await self._stopping.wait()

    async def keep(self, item: EndedSample) -> None:
        """Write a sample down; waits where the disk is slower than the models."""
        self._shelf.add_sample(item)
        self._unwritten += 1
        if self._unwritten >= AHEAD:
            self._unwritten = 0
            await off_loop(self._history.flush)

    def begin_cell(self, number: int, values: Values) -> None:
        """Write the point of a cell that begins, where it cannot be computed again."""
        self._shelf.add_cell(EndedCell(self.id, number, values, {}))

    async def end_cell(self, number: int, values: Values, made: Sequence[Measured]) -> CellFigures:
        """Measure a cell, write it down and tell whoever watches; its figures."""
        prompt = self.sweep.prompts[self.sweep.place(number).prompt]
        if self._made.earlier(number):
            await off_loop(self._history.flush)
            made = await off_loop(lambda: kept_of_cell(self._history, self.id, number, prompt))
        figures = await off_loop(partial(self._measuring.of_cell, made))
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


class _Serving:
    """One lane at work."""

    def __init__(self, runner: Runner, number: int, lane: Lane, counts: LaneProgress) -> None:
        self._runner = runner
        self._sweep = runner.sweep
        self._number = number
        self._lane = lane
        self._counts = counts
        self._limit = Limit(lane.parallel)
        lane.changed = self._lane_changed
        self._failed_in_a_row = 0
        self._ever_worked = False
        self._base = runner.measuring.params_for(runner.sweep.params, lane.capabilities)

    async def _lane_changed(self, parallel: int | None, why: str) -> None:
        self._runner.progress.notes.append(why)
        await self._limit.resize(parallel)

    async def serve(self) -> None:
        """Make every cell of this model that is missing."""
        if isinstance(self._sweep.search, BayesianSearch):
            from playground.sweep.bayesian import search

            await self._until_cut(
                search(self._runner, self._number, self.cell, parallel=self._lane.parallel or FIRST)
            )
        else:
            await self._until_cut(self._all_cells())

    async def _until_cut(self, work: Coroutine[Any, Any, None]) -> None:
        """Do the work until it ends or everything is to end at once; then cancel it."""
        task = asyncio.ensure_future(work)
        cut = asyncio.ensure_future(self._runner.cut())
        try:
            await asyncio.wait([task, cut], return_when=asyncio.FIRST_COMPLETED)
        finally:
            cut.cancel()
            if not task.done():
                task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _all_cells(self) -> None:
        """Begin cells as there is room for their samples, so that few are open at once."""
        async with asyncio.TaskGroup() as group:
            for number, values in self._cells():
                await self._room()
                if not self._runner.may_begin():
                    return
                group.create_task(self.cell(number, values))
                # Its samples take their places before the next cell looks for room.
                await asyncio.sleep(0)

    async def _room(self) -> None:
        """Wait for room, or for the end."""
        room = asyncio.ensure_future(self._limit.room())
        ending = asyncio.ensure_future(self._runner.stopping())
        await asyncio.wait([room, ending], return_when=asyncio.FIRST_COMPLETED)
        for task in (room, ending):
            task.cancel()

    def _cells(self) -> Iterator[tuple[int, Values]]:
        """Number and point of every cell that is not whole, spread over the space."""
        space, prompts = self._sweep.space, len(self._sweep.prompts)
        for place in interleaved(len(space) * prompts):
            point, prompt = divmod(place, prompts)
            number = self._sweep.number(Place(self._number, prompt, point))
            if self._runner.missing(number):
                yield number, space.at(point)

    async def cell(self, number: int, values: Values) -> CellFigures | None:
        """Make the samples of a cell that are missing, side by side, and measure it.

        None if it was stopped before all had begun.
        """
        missing = self._runner.missing(number)
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(self._sample(number, one, values)) for one in missing]
        made = [result for task in tasks if (result := task.result()) is not None]
        if len(made) < len(missing):
            return None
        return await self._runner.end_cell(number, values, made)

    async def _sample(self, cell: int, sample: int, values: Values) -> Measured | None:
        """Make one sample and keep it; None if it was stopped before it began."""
        prompt = self._sweep.prompts[self._sweep.place(cell).prompt]
        seed = self._sweep.seed_of(cell, sample)
        params = self._base.updated(**values, seed=seed)
        if self._lane.provenance.file is not None and looked_at(self._sweep, cell, sample):
            params = params.updated(logprobs=max(LIKELIEST, params.logprobs or 0))
        tries, refusals = 0, 0
        while True:
            await self._limit.enter()
            if not self._runner.may_begin():
                await self._limit.leave(worked=False)
                return None
            self._runner.progress.running += 1
            self._counts.began = self._counts.began or time.monotonic()
            outcome: Outcome | None = None
            try:
                outcome = await self._lane.make(Work(prompt.messages, params))
            except PlaygroundError as loss:
                # The lane is gone, and the model has done nothing: this is not a failed answer.
                self._runner.stop(f"{self._lane.ref}: {loss}")
                return None
            finally:
                self._runner.progress.running -= 1
                error = outcome.error if outcome is not None else "cancelled"
                refused = error == "RateLimited"
                await self._limit.leave(refused=refused, worked=not error)
            tries += not refused
            refusals += refused
            again = (refused and refusals < REFUSED_TRIES) or (error in PASSING and tries < TRIES)
            if not again:
                break
            self._runner.progress.retried += 1
            if not refused:
                await asyncio.sleep(BACKOFF_SECONDS * 2**tries)
        return await self._end(cell, sample, tries + refusals, params, outcome)

    async def _end(
        self, cell: int, sample: int, tries: int, params: GenerationParams, outcome: Outcome
    ) -> Measured:
        """Count a sample, ask other models about it where a metric does, and keep it."""
        progress, sweep = self._runner.progress, self._sweep
        if outcome.error:
            progress.failed += 1
            self._failed_in_a_row += 1
            if self._failed_in_a_row >= HOPELESS and not self._ever_worked:
                message = outcome.ended.error.message if outcome.ended.error else outcome.error
                self._runner.stop(f"{self._lane.ref} failed {HOPELESS} times in a row: {message}")
        else:
            self._failed_in_a_row = 0
            self._ever_worked = True
        usage = outcome.ended.usage
        progress.take(self._counts, usage.output_tokens, usage.cost)
        prompt = sweep.prompts[sweep.place(cell).prompt]
        asked = await self._runner.measuring.ask(prompt, outcome)
        await self._runner.keep(
            EndedSample(
                sweep=self._runner.id,
                cell=cell,
                sample=sample,
                tries=tries,
                filing=Filing(
                    conversation=self._runner.id,
                    pane=f"{self._runner.id}-{self._number}",
                    turn=f"{self._runner.id}-c{cell}",
                    place=self._number,
                    model=self._lane.ref,
                    params=params,
                    prompt=prompt.text,
                    version=sample + 1,
                    title=sweep.heading,
                    origin=ORIGIN,
                ),
                begun=outcome.begun,
                ended=outcome.ended,
                measures=packed(asked),
            )
        )
        return self._runner.measuring.measured(prompt, outcome, asked)
