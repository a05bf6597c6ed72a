"""Follows runs while they happen and writes them down."""

from __future__ import annotations

import asyncio
import time

from playground.history.filing import Filing
from playground.history.saving import BegunRun, EndedRun, Growth, last_prompt
from playground.history.store import History
from playground.run import Run, problem_of
from playground.types import Provenance

GROWTH_SECONDS = 0.5
"""How often a growing run is written: what a killed program loses at most, with room to spare."""


class Recorder:
    """Writes runs to a history. One for a program; each run is followed by a task of its own."""

    def __init__(self, history: History) -> None:
        self.history = history
        self._tasks: set[asyncio.Task[None]] = set()

    def follow(self, run: Run, filing: Filing | None = None) -> asyncio.Task[None]:
        """Start a run, write it down now and until it has ended; the task ends after that.

        Then its receipt is complete, see `Run.prove`. Without a filing the run is a conversation of
        its own.
        """
        filing = filing or _filing_of(run)
        run.start()
        task = asyncio.create_task(self._follow(run, filing), name=f"record {run.id}")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def settled(self, patience: float) -> None:
        """Wait until every run that is followed is written, so many seconds at most."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=patience)

    async def _follow(self, run: Run, filing: Filing) -> None:
        self.history.begin(
            filing,
            BegunRun(
                id=run.id,
                model=str(run.model.ref),
                messages=run.messages,
                prefix=run.prefix if isinstance(run.prefix, str) else tuple(run.prefix),
                prefix_text="" if isinstance(run.prefix, str) else run.prefix_text,
                params=run.params,
                created=time.time(),
            ),
        )
        written: list[tuple[int, int]] = []
        told = False
        try:
            while not await run.ended(GROWTH_SECONDS):
                if not told and run.timing.queued is not None and run.receipt is not None:
                    # The seed may have been drawn: without it a run that is killed now could
                    # never be repeated.
                    told = True
                    self.history.complete_receipt(run.id, run.receipt)
                if growth := _growth(run, written):
                    self.history.grow(run.id, growth)
        finally:
            # Also when the program is leaving and this task is cancelled: what came is kept.
            self.history.end(_ended(run))
        receipt = await run.prove()
        if receipt is not None and receipt.provenance != Provenance():
            self.history.complete_receipt(run.id, receipt)


def _filing_of(run: Run) -> Filing:
    prompt = last_prompt(run.messages)
    return Filing(model=str(run.model.ref), params=run.params, prompt=prompt, origin="script")


def _growth(run: Run, written: list[tuple[int, int]]) -> list[Growth]:
    """What has come since the last time; `written` is how far each choice has been."""
    growth = []
    for place, choice in enumerate(run.choices):
        if place == len(written):
            written.append((0, 0))
        text, reasoning = choice.text, choice.reasoning
        from_text, from_reasoning = written[place]
        if len(text) > from_text or len(reasoning) > from_reasoning:
            growth.append(Growth(place, text[from_text:], reasoning[from_reasoning:]))
            written[place] = (len(text), len(reasoning))
    return growth


def _ended(run: Run) -> EndedRun:
    return EndedRun(
        id=run.id,
        # Cancelled from outside before it ended: the program is leaving.
        state="interrupted" if run.state == "running" else run.state,
        choices=tuple(choice.so_far() for choice in run.choices),
        tokens=tuple(choice.tokens[:] for choice in run.choices),
        receipt=run.receipt,
        usage=run.usage,
        timing=run.timing,
        error=problem_of(run.error) if run.error is not None else None,
    )
