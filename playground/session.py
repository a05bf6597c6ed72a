"""The synchronous face: the same async code, driven by one event-loop thread."""

from __future__ import annotations

import asyncio
import concurrent.futures
import contextlib
import queue
import threading
from collections.abc import Coroutine, Iterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from playground.comparison import Comparison, compare
from playground.errors import ModelClosed
from playground.providers.base import ChatModel
from playground.providers.registry import open_model
from playground.run import Prompt, Run, generate
from playground.types import Answer, Event, ModelRef, TextDelta

_Result = TypeVar("_Result")


class Session:
    """Talk to models from plain synchronous code.

    Models stay open, and local ones loaded, until the session is closed. It may be used from
    several threads at once.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._models: dict[str, ChatModel] = {}
        self._tasks: set[asyncio.Task[Any]] = set()
        self._lock = threading.Lock()
        """Between what is begun and closing: after that nothing is opened or begun."""
        self._closed = False
        # A daemon: a script that forgets to close its session still ends.
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="playground session", daemon=True
        )
        self._thread.start()

    def open(self, ref: str | ModelRef, **options: Any) -> ChatModel:
        """The open model behind a reference; `options` count when it is first opened."""
        with self._lock:
            self._check_open()
            if str(ref) not in self._models:
                self._models[str(ref)] = open_model(ref, **options)
            return self._models[str(ref)]

    def ask(self, ref: str | ModelRef, prompt: Prompt, **settings: Any) -> Answer:
        """One whole answer. `settings` are knobs, or `params`, `system`, `unsupported`.

        Its `receipt` is complete: the first answer of a file of gigabytes waits for its SHA-256,
        once. Raises the run's error if it failed.
        """
        run = self._do(self._whole(generate(self.open(ref), prompt, **settings)))
        if run.error is not None:
            raise run.error
        return run.answer()

    def stream(self, ref: str | ModelRef, prompt: Prompt, **settings: Any) -> Iterator[str]:
        """The text of an answer, piece by piece; leaving the loop early stops the generation."""
        for event in self.events(ref, prompt, **settings):
            if isinstance(event, TextDelta) and event.choice == 0:
                yield event.text

    def events(self, ref: str | ModelRef, prompt: Prompt, **settings: Any) -> Iterator[Event]:
        """The events of a run; leaving the loop early stops the generation."""
        run = generate(self.open(ref), prompt, **settings)
        arrived: queue.SimpleQueue[Event | BaseException | None] = queue.SimpleQueue()

        async def forward() -> None:
            async with run:
                try:
                    async for event in run:
                        arrived.put(event)
                except Exception as error:  # noqa: BLE001 - raised in the reader's thread
                    arrived.put(error)

        reader = self._submit(forward())
        reader.add_done_callback(lambda end: arrived.put(_closed() if end.cancelled() else None))
        try:
            while (item := arrived.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            with contextlib.suppress(ModelClosed):
                self._do(run.cancel())
                reader.result()

    def compare(
        self, refs: Sequence[str | ModelRef], prompt: Prompt, **settings: Any
    ) -> list[Answer]:
        """The answers of several models to one prompt, made at the same time.

        A model that fails gives an answer with its `error`; the others are whole.
        """
        comparison = compare([self.open(ref) for ref in refs], prompt, **settings)
        self._do(self._all(comparison))
        return [run.answer() for run in comparison.runs]

    def close(self) -> None:
        """Close every model and end the loop's thread; doing it twice is harmless.

        What other threads still wait for is stopped: they get `ModelClosed`.
        """
        with self._lock:
            first, self._closed = not self._closed, True
        if not first:
            self._thread.join()
            return
        try:
            asyncio.run_coroutine_threadsafe(self._end(), self._loop).result()
        finally:
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join()
            self._loop.close()

    async def _end(self) -> None:
        """Stop all work, then close all models; raises what the first that failed raised."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait([*self._tasks])
        closing = (model.aclose() for model in self._models.values())
        for result in await asyncio.gather(*closing, return_exceptions=True):
            if isinstance(result, BaseException):
                raise result

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    @staticmethod
    async def _whole(run: Run) -> Run:
        async with run:
            await run
            await run.prove()
            return run

    async def _all(self, comparison: Comparison) -> None:
        async with comparison:
            await asyncio.gather(*map(self._whole, comparison.runs))

    def _check_open(self) -> None:
        if self._closed:
            raise _closed()

    async def _followed(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        task = asyncio.ensure_future(work)
        self._tasks.add(task)
        try:
            return await task
        finally:
            self._tasks.discard(task)

    def _submit(self, work: Coroutine[Any, Any, _Result]) -> concurrent.futures.Future[_Result]:
        try:
            with self._lock:
                self._check_open()
                return asyncio.run_coroutine_threadsafe(self._followed(work), self._loop)
        except ModelClosed:
            work.close()
            raise

    def _do(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        future = self._submit(work)
        try:
            return future.result()
        except concurrent.futures.CancelledError:
            raise _closed() from None  # Nobody else cancels it.
        except BaseException:
            future.cancel()
            raise


def _closed() -> ModelClosed:
    return ModelClosed("This session is closed.", hint="Open a new one.")
