"""The open models of the terminal: one of each, however many panes talk to it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from typing import TYPE_CHECKING, Any

from playground.background import off_loop

if TYPE_CHECKING:
    from playground.providers.base import ChatModel

__all__ = ["CLOSE_SECONDS", "ModelShelf"]

CLOSE_SECONDS = 2.0
"""How long quitting waits for models to close; after that they are left to the system."""


class ModelShelf:
    """Opens models by reference, keeps them while they are used, and closes them."""

    def __init__(self, opener: Callable[[str], ChatModel]) -> None:
        self._opener = opener
        self._models: dict[str, ChatModel] = {}
        self._opening: dict[str, asyncio.Task[ChatModel]] = {}
        self._failures: dict[str, Exception] = {}
        self._closing: set[asyncio.Task[None]] = set()

    def get(self, ref: str) -> ChatModel | None:
        """The model, if it is open."""
        return self._models.get(ref)

    def failure(self, ref: str) -> Exception | None:
        """Why the model could not be opened when that was last tried; None where it could."""
        return self._failures.get(ref)

    async def open(self, ref: str) -> ChatModel:
        """The open model of a reference; panes that ask at the same time get the same one.

        Raises what opening it raises, and tries anew the next time.
        """
        if ref in self._models:
            return self._models[ref]
        if ref not in self._opening:
            # Opening may import an SDK, which takes the better part of a second: not on the loop.
            self._opening[ref] = asyncio.create_task(off_loop(lambda: self._opener(ref)))
        task = self._opening[ref]
        try:
            model = await asyncio.shield(task)
        except Exception as error:
            self._failures[ref] = error
            raise
        else:
            self._failures.pop(ref, None)
        finally:
            if task.done():
                self._opening.pop(ref, None)
        return self._models.setdefault(ref, model)

    def keep_only(self, refs: Iterable[str]) -> None:
        """Close, in the background, the models that no pane uses any more."""
        wanted = set(refs)
        for ref in [ref for ref in self._models if ref not in wanted]:
            self._spawn(self._models.pop(ref).aclose())

    async def aclose(self, limit: float = CLOSE_SECONDS) -> None:
        """Close every model, waiting at most `limit` seconds for all of them together."""
        self.keep_only(())
        for opening in self._opening.values():
            opening.cancel()
        if self._closing:
            _, hung = await asyncio.wait(self._closing, timeout=limit)
            for task in hung:
                task.cancel()

    def _spawn(self, work: Coroutine[Any, Any, None]) -> None:
        task: asyncio.Task[None] = asyncio.create_task(work)
        self._closing.add(task)
        task.add_done_callback(self._closed)

    def _closed(self, task: asyncio.Task[None]) -> None:
        self._closing.discard(task)
        if not task.cancelled():
            # A model that fails to close has nothing left that anybody could still use; reading
            # the exception keeps the event loop from reporting it over the restored terminal.
            task.exception()
