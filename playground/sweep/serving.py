"""One model's part of a sweep: its cells, as many answers at once as it takes, tried and kept."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Coroutine, Iterator
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from playground.errors import (
    AuthenticationFailed,
    BackendCrashed,
    BadResponse,
    OutOfCredit,
    PlaygroundError,
    RateLimited,
    ServerFailed,
    StreamTruncated,
    TimedOut,
    Unreachable,
)
from playground.history import Filing
from playground.history.sweeping import ORIGIN, EndedSample
from playground.params import GenerationParams
from playground.sweep.asking import Said
from playground.sweep.definition import BayesianSearch, Place, SweepPrompt
from playground.sweep.figures import CellFigures
from playground.sweep.lane import Lane, Outcome, Work, may_have_cost, names_of
from playground.sweep.limit import Limit
from playground.sweep.looking import LIKELIEST, looked_at
from playground.sweep.measuring import Measured
from playground.sweep.progress import LaneProgress
from playground.sweep.space import Values, interleaved

if TYPE_CHECKING:
    from playground.sweep.runner import Runner

REFUSED: Final = RateLimited.__name__
"""The error of an answer that came when there were too many."""

BROKEN_OFF: Final = StreamTruncated.__name__
"""The error of an answer that its endpoint did not bring to an end."""

TRIES: Final = 3
"""How often a sample that failed in passing is tried."""

REFUSED_TRIES: Final = 100
"""How often one is tried that was refused because there were too many."""

PASSING: Final = names_of(
    TimedOut, Unreachable, ServerFailed, StreamTruncated, BadResponse, BackendCrashed
)
"""Errors after which the same request may work."""

HOPELESS: Final = 20
"""So many failures of a model in a row, with no success before them, in this start of the sweep or
an earlier one, and it is given up."""

ENDING: Final = names_of(OutOfCredit, AuthenticationFailed)
"""Errors that every further answer would end in too: they end the sweep, and are no answers."""

MOST_WAIT: Final = 300.0
"""Seconds that an endpoint may ask to wait. Where it asks for more, somebody else may decide."""

BACKOFF_SECONDS: Final = 0.5

AT_ONCE: Final = 8
"""Settings that a Bayesian search tries at once on an endpoint: more would be chosen blindly."""


class _Spent(NamedTuple):
    """What a sample took: tries, US dollars of those before the last, and what nobody said."""

    tries: int
    beside: float
    guessed: float


class Serving:
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
        self._ever_worked = runner.made.worked(number)
        # Prompts take turns: where there are several, few answers at once are to the same one.
        self._answers = runner.sweep.cells_of_model * runner.sweep.samples
        if len(runner.sweep.prompts) > 1:
            self._answers = 1
        self._base = runner.measuring.params_for(runner.sweep.params, lane.capabilities)

    async def _lane_changed(self, parallel: int | None, why: str) -> None:
        self._runner.progress.notes.append(why)
        await self._limit.resize(parallel)

    async def serve(self) -> None:
        """Make every cell of this model that is missing."""
        if isinstance(self._sweep.search, BayesianSearch):
            from playground.sweep.bayesian import search

            await self._until_cut(
                search(
                    self._runner, self._number, self.cell, parallel=self._lane.parallel or AT_ONCE
                )
            )
        else:
            await self._until_cut(self._all_cells())

    async def _until_cut(self, work: Coroutine[Any, Any, None]) -> None:
        """Do the work until it ends or everything is to end at once; then cancel it."""
        task = asyncio.ensure_future(work)
        cut = asyncio.ensure_future(self._runner.cut())
        opening = asyncio.ensure_future(self._open_at_the_end())
        try:
            await asyncio.wait([task, cut], return_when=asyncio.FIRST_COMPLETED)
        finally:
            cut.cancel()
            opening.cancel()
            if not task.done():
                task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task

    async def _open_at_the_end(self) -> None:
        """Let nobody wait for an endpoint's pause when there is nothing left to do."""
        await self._runner.stopping()
        await self._limit.open()

    async def _all_cells(self) -> None:
        """Begin cells as there is room for their samples, so that few are open at once."""
        async with asyncio.TaskGroup() as group:
            for number, values in self._cells():
                await self._room()
                if not await self._runner.may_begin():
                    return
                group.create_task(self.cell(number, values))
                # Its samples begin, and take their places, before the next cell looks for room.
                await asyncio.sleep(0)
                await asyncio.sleep(0)

    async def _room(self) -> None:
        """Wait for room, or for the end."""
        if self._limit.has_room:
            return
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
        beside, guessed = 0.0, 0.0
        while True:
            entered = await self._limit.enter()
            await self._runner.caught_up()
            if not await self._runner.may_begin():
                await self._limit.leave(worked=False)
                return None
            self._runner.progress.running += 1
            try:
                outcome = await self._try(Work(prompt.messages, params, self._answers), entered)
            finally:
                # What it took is counted before anybody who waits for a place has looked.
                self._runner.progress.running -= 1
                self._runner.sample_ended()
            if outcome is None:
                return None
            refused = outcome.error == REFUSED
            guessed += self._guessed(outcome)
            tries += not refused
            refusals += refused
            if self._is_the_end(outcome):
                return None
            passing = refused or outcome.error in PASSING
            if not passing or refusals >= REFUSED_TRIES or tries >= TRIES:
                break
            self._runner.progress.retried += 1
            usage = outcome.ended.usage
            self._runner.progress.use(usage.output_tokens, usage.cost, wrote=outcome.wrote)
            beside += usage.cost or 0.0
            pause = outcome.wait or 0.0
            await self._runner.pause(pause if refused else max(pause, BACKOFF_SECONDS * 2**tries))
        spent = _Spent(tries + refusals, beside, guessed)
        return await self._end(cell, sample, spent, params, outcome)

    def _guessed(self, outcome: Outcome) -> float:
        """Count what a try may have cost of which nobody said it: the most, US dollars."""
        told = outcome.ended.usage.cost is not None
        if told or not may_have_cost(outcome.error, wrote=outcome.wrote):
            return 0.0
        most = self._runner.most.dearest.get(self._lane.ref, 0.0)
        self._runner.progress.guess(most)
        return most

    async def _try(self, work: Work, entered: int) -> Outcome | None:
        """Make a run in the place that was taken; None where the lane itself cannot go on."""
        self._counts.began = self._counts.began or time.monotonic()
        outcome: Outcome | None = None
        try:
            outcome = await self._lane.make(work)
        except PlaygroundError as loss:
            # The lane is gone, and the model has done nothing: this is not a failed answer.
            self._runner.stop(f"{self._lane.ref}: {loss}")
        finally:
            error = outcome.error if outcome is not None else "cancelled"
            await self._limit.leave(
                entered,
                refused=error == REFUSED,
                broken=error == BROKEN_OFF,
                worked=not error,
                wait=outcome.wait if outcome is not None else None,
                opens=self._lane.opens,
            )
        return outcome

    def _is_the_end(self, outcome: Outcome) -> bool:
        """Stop the sweep where asking on is no use; the answer is made when it is resumed."""
        problem = outcome.ended.error
        if problem is None:
            return False
        if outcome.error in ENDING:
            self._runner.stop(f"{self._lane.ref}: {problem.message}")
            return True
        if (outcome.wait or 0.0) > MOST_WAIT:
            self._runner.stop(f"{self._lane.ref} asks to wait {outcome.wait:,.0f} seconds")
            return True
        return False

    async def _end(
        self, cell: int, sample: int, spent: _Spent, params: GenerationParams, outcome: Outcome
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
        progress.take(self._counts, usage.output_tokens, usage.cost, wrote=outcome.wrote)
        prompt = sweep.prompts[sweep.place(cell).prompt]
        said = await self._said(prompt, outcome)
        await self._runner.keep(
            EndedSample(
                sweep=self._runner.id,
                cell=cell,
                sample=sample,
                tries=spent.tries,
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
                measures=said.packed(
                    spent.beside, spent.guessed + said.untold * self._runner.most.judge
                ),
            )
        )
        return self._runner.measuring.measured(prompt, outcome, said)

    async def _said(self, prompt: SweepPrompt, outcome: Outcome) -> Said:
        """What other models say of an answer; what that costs is the sweep's."""
        progress = self._runner.progress
        progress.asking += 1
        try:
            said = await self._runner.measuring.ask(prompt, outcome)
            progress.spend(said.cost)
            progress.guess(self._runner.most.judge, said.untold)
        finally:
            progress.asking -= 1
            self._runner.sample_ended()
        return said
