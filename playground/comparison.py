"""One prompt to many models at once, their events interleaved as they come."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from types import TracebackType
from typing import Any, Self

from playground.errors import UsageError
from playground.params import GenerationParams
from playground.providers.base import ChatModel
from playground.run import Prompt, Run, Unsupported, generate
from playground.types import Event


class Comparison:
    """The runs of one prompt on several models. One that fails leaves the others running.

    Iterating gives `(run, event)` pairs in the order in which they come; a failed run's error
    is in `run.error`. Leaving the `async with` block cancels what still runs.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        if not runs:
            raise UsageError("There is nothing to compare.", hint="Name at least one model.")
        self.runs = tuple(runs)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.cancel()

    async def cancel(self) -> None:
        """Stop every run that has not ended."""
        await asyncio.gather(*(run.cancel() for run in self.runs))

    async def __aiter__(self) -> AsyncIterator[tuple[Run, Event]]:
        arrived: asyncio.Queue[tuple[Run, Event | None]] = asyncio.Queue()
        readers = [asyncio.create_task(_forward(run, arrived)) for run in self.runs]
        open_runs = len(readers)
        try:
            while open_runs:
                run, event = await arrived.get()
                if event is None:
                    open_runs -= 1
                else:
                    yield run, event
        finally:
            for reader in readers:
                reader.cancel()


async def _forward(run: Run, arrived: asyncio.Queue[tuple[Run, Event | None]]) -> None:
    try:
        async for event in run:
            arrived.put_nowait((run, event))
    except Exception as error:
        # The run keeps its own error; anything else is a defect and must be heard.
        if error is not run.error:
            raise
    finally:
        arrived.put_nowait((run, None))


def compare(
    models: Sequence[ChatModel],
    prompt: Prompt,
    params: GenerationParams | None = None,
    *,
    system: str = "",
    unsupported: Unsupported = "adjust",
    **knobs: Any,
) -> Comparison:
    """One prompt to several open models, with the same settings.

    Models differ in what they take, so that an unsupported knob is adjusted by default: each
    run's `plan.adjustments` says what became of it.
    """
    return Comparison(
        [
            generate(model, prompt, params, system=system, unsupported=unsupported, **knobs)
            for model in models
        ]
    )
