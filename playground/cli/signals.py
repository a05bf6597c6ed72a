"""SIGTERM ends a command as Ctrl-C does: models closed, what came kept."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from collections.abc import AsyncIterator


@contextlib.asynccontextmanager
async def heeding_sigterm(ended_by: list[signal.Signals] | None = None) -> AsyncIterator[None]:
    """Let SIGTERM cancel the task in the block; `ended_by` then says so."""
    loop = asyncio.get_running_loop()
    main = asyncio.current_task()

    def stop() -> None:
        if ended_by is not None:
            ended_by.append(signal.SIGTERM)
        if main is not None:
            main.cancel()

    try:
        loop.add_signal_handler(signal.SIGTERM, stop)
    except (NotImplementedError, RuntimeError):  # Windows, or not the main thread.
        yield
        return
    try:
        yield
    finally:
        loop.remove_signal_handler(signal.SIGTERM)
