"""The synchronous face: the same async code, driven by one event-loop thread."""

from __future__ import annotations

import asyncio
import queue
import threading
from collections.abc import Coroutine, Iterator, Sequence
from types import TracebackType
from typing import Any, Self, TypeVar

from playground.comparison import compare
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
        self._lock = threading.Lock()
        self._closed = False
        # A daemon: a script that forgets to close its session still ends.
        self._thread = threading.Thread(
            target=self._loop.run_forever, name="playground session", daemon=True
        )
        self._thread.start()

    def open(self, ref: str | ModelRef, **options: Any) -> ChatModel:
        """The open model behind a reference; `options` count when it is first opened."""
        with self._lock:
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
            try:
                async for event in run:
                    arrived.put(event)
            except Exception as error:  # noqa: BLE001 - raised in the reader's thread
                arrived.put(error)
            finally:
                arrived.put(None)

        reader = self._submit(forward())
        try:
            while (item := arrived.get()) is not None:
                if isinstance(item, BaseException):
                    raise item
                yield item
        finally:
            self._do(run.cancel())
            reader.result()

    def compare(
        self, refs: Sequence[str | ModelRef], prompt: Prompt, **settings: Any
    ) -> list[Answer]:
        """The answers of several models to one prompt, made at the same time.

        A model that fails gives an answer with its `error`; the others are whole.
        """
        comparison = compare([self.open(ref) for ref in refs], prompt, **settings)
        for run in comparison.runs:
            self._do(self._begin(run))
        for run in comparison.runs:
            self._do(self._whole(run))
        return [run.answer() for run in comparison.runs]

    def close(self) -> None:
        """Close every model and end the loop's thread; doing it twice is harmless."""
        with self._lock:
            if self._closed:
                return
            models = list(self._models.values())
        for model in models:
            self._do(model.aclose())
        self._closed = True
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

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
    async def _begin(run: Run) -> None:
        run.start()

    @staticmethod
    async def _whole(run: Run) -> Run:
        async with run:
            await run
            await run.prove()
            return run

    def _submit(self, work: Coroutine[Any, Any, _Result]) -> Any:
        if self._closed:
            work.close()
            raise ModelClosed("This session is closed.", hint="Open a new one.")
        return asyncio.run_coroutine_threadsafe(work, self._loop)

    def _do(self, work: Coroutine[Any, Any, _Result]) -> _Result:
        future = self._submit(work)
        try:
            result: _Result = future.result()
        except BaseException:
            future.cancel()
            raise
        return result
