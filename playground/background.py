"""Blocking work beside the event loop, in threads that nobody has to wait for."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import TypeVar

__all__ = ["off_loop"]

_Result = TypeVar("_Result")


async def off_loop(work: Callable[[], _Result]) -> _Result:
    """Run blocking work (imports, reading files) in a thread of its own and wait for it.

    A daemon thread, unlike those of `asyncio.to_thread`: one that hangs must not hold up quitting.
    """
    loop = asyncio.get_running_loop()
    done: asyncio.Future[_Result] = loop.create_future()

    def succeed(result: _Result) -> None:
        if not done.done():
            done.set_result(result)

    def fail(error: BaseException) -> None:
        if not done.done():
            done.set_exception(error)

    def call() -> None:
        # The loop may be gone by the time a slow piece of work ends; then nobody waits for it.
        with suppress(RuntimeError):
            try:
                result = work()
            except BaseException as error:  # noqa: BLE001 - carried to whoever waits
                loop.call_soon_threadsafe(fail, error)
            else:
                loop.call_soon_threadsafe(succeed, result)

    threading.Thread(target=call, name="playground background", daemon=True).start()
    return await done
