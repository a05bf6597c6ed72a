"""Sweeps to look at: kept ones whose figures are known, and models that obey a test."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

from playground.errors import RequestRefused
from playground.history import Filing, History
from playground.history.saving import BegunRun, EndedRun
from playground.history.sweeping import DONE, ORIGIN, EndedCell, EndedSample
from playground.metrics import Estimate
from playground.providers.base import ChatModel
from playground.providers.scripted import ScriptedModel
from playground.sweep.asked import Asked, build
from playground.sweep.definition import Sweep
from playground.sweep.figures import CellFigures
from playground.sweep.lane import Executor, HereLane
from playground.tui.archive import Archive
from playground.types import Choice, ModelRef, Problem, Timing, Usage

METRICS = ("distinct-2", "entropy", "length")


def sweep_of(**words: Any) -> Sweep:
    """A sweep in the words of Python; one model and one prompt where none is said."""
    told: dict[str, Any] = {
        "prompt": ("Once upon a time",),
        "models": ("scripted:lorem",),
        "samples": 2,
        "seed": 7,
        "params": {"max_length": 12},
        "metrics": METRICS[::2],
        **words,
    }
    return build(Asked.of_words(**told))


def keep(
    history: History,
    sweep: Sweep,
    name: str = "kept00000a",
    *,
    figures: Callable[[int], CellFigures | None],
    text: Callable[[int, int], str] = lambda cell, sample: f"answer {sample} of cell {cell}",
    error: Callable[[int, int], Problem | None] = lambda _cell, _sample: None,
    state: str = DONE,
) -> str:
    """Write a sweep as a runner would, with these figures; cells without any have not ended."""
    shelf = history.sweeps
    shelf.begin(name, sweep.heading, sweep.model_dump_json())
    for cell in range(sweep.cells):
        found = figures(cell)
        place = sweep.place(cell)
        values = sweep.space.at(place.point)
        if found is None:
            continue
        for sample in range(sweep.samples):
            problem = error(cell, sample)
            params = sweep.params.updated(**values, seed=sweep.seed_of(cell, sample))
            run = f"{name}c{cell}s{sample}"
            model = sweep.models[place.model]
            shelf.add_sample(
                EndedSample(
                    sweep=name,
                    cell=cell,
                    sample=sample,
                    tries=3 if problem else 1,
                    filing=Filing(
                        conversation=name,
                        pane=f"{name}-{place.model}",
                        turn=f"{name}-c{cell}",
                        place=place.model,
                        model=model,
                        params=params,
                        prompt=sweep.prompts[place.prompt].text,
                        version=sample + 1,
                        title=sweep.heading,
                        origin=ORIGIN,
                    ),
                    begun=BegunRun(
                        run, model, sweep.prompts[place.prompt].messages, "", params, time.time()
                    ),
                    ended=EndedRun(
                        run,
                        "failed" if problem else "done",
                        (Choice(text="" if problem else text(cell, sample), finish_reason="stop"),),
                        ((),),
                        None,
                        Usage(input_tokens=4, output_tokens=12),
                        Timing(queued=0.0, first_token=0.1, total=0.4),
                        problem,
                    ),
                    measures={},
                )
            )
        shelf.add_cell(EndedCell(name, cell, values, found.packed()))
    shelf.settle(name, state)
    history.flush()
    return name


def figures_by(value: Callable[[int], float]) -> Callable[[int], CellFigures]:
    """Figures in which distinct-2 is what a function gives for the cell, ± 0.05."""

    def figures(cell: int) -> CellFigures:
        middle = value(cell)
        return CellFigures(
            samples=2,
            failed=0,
            estimates={
                "distinct-2": Estimate(middle, middle - 0.05, middle + 0.05, 2),
                "entropy": Estimate(None, count=2, reason="no entropies: not this model"),
                "length": Estimate(12.0, 12.0, 12.0, 2),
            },
            top=f"answer 0 of cell {cell}",
            answers=2,
        )

    return figures


@asynccontextmanager
async def archive_of(history: History | None = None) -> AsyncIterator[Archive]:
    """An archive over a history of the test's, closed afterwards."""
    archive = Archive(history or History.in_memory())
    try:
        yield archive
    finally:
        await archive.aclose()


def executor_of(model: Callable[[], ChatModel]) -> Executor:
    """Every lane talks to such a model, whatever it is called."""

    def opened(ref: str) -> ChatModel:
        made = model()
        made.ref = ModelRef.parse(ref)
        return made

    return lambda ref: HereLane(ref, opened)


class _Taking(ScriptedModel):
    """Says how many at once it takes, so that not all of a small sweep is at work together."""

    @property
    def parallel(self) -> int:
        return 8


def slow(delay: float = 0.02) -> Executor:
    """Models that take their time."""
    return executor_of(lambda: _Taking([f"word{n} " for n in range(500)], delay=delay))


def failing() -> Executor:
    """Models that fail at once, in a way that is not tried again."""
    error = RequestRefused("the server said \x1b[31mno", hint="Ask it politely.")
    return executor_of(lambda: ScriptedModel(["So "], fail_after=0, error=error))
