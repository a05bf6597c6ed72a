"""Asks about many samples, some at a time, in order."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from playground.metrics.sample import Sample

__all__ = ["ask_each"]

_Said = TypeVar("_Said")


async def ask_each(
    samples: Sequence[Sample], ask: Callable[[Sample], Awaitable[_Said]], at_once: int
) -> tuple[_Said, ...]:
    """What `ask` says of each sample. The first error cancels the others and is raised."""
    gate = asyncio.Semaphore(max(1, at_once))

    async def one(sample: Sample) -> _Said:
        async with gate:
            return await ask(sample)

    tasks = [asyncio.ensure_future(one(sample)) for sample in samples]
    try:
        return tuple(await asyncio.gather(*tasks))
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
