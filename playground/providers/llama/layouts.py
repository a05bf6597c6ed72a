"""The layout that the engine works in: made when the file is opened, changed with the work.

Making another one costs milliseconds, because the weights stay; what is lost is the prefixes that
the old cells held. So it happens only while nothing is decoded, only for who says how many answers
to one prompt he will ask for, and only where they draw more than is lost.
"""

from __future__ import annotations

import sys
from collections.abc import Callable

from playground.errors import ModelLoadFailed
from playground.providers.llama.context import NativeContext
from playground.providers.llama.engine import Engine
from playground.providers.llama.native import NativeModel
from playground.providers.llama.protocol import EngineSettings
from playground.providers.llama.sizing import (
    BATCH_TOKENS,
    Layout,
    choose_layout,
    prefers_shared,
    shared_layout,
)


class Layouts:
    """One open model's context, its engine, and the layouts that they may have.

    Raises `ModelLoadFailed` if there is no room for a context. `abort` is asked whether a batch
    is to be stopped on its way.
    """

    def __init__(
        self, model: NativeModel, settings: EngineSettings, abort: Callable[[], bool]
    ) -> None:
        self._model = model
        self._kv_type = settings.kv_type
        self._abort = abort
        self.opened = choose_layout(model, settings)
        """What the file was opened with, and what one answer gets."""
        self._shared = shared_layout(model, settings, self.opened)
        self._used = self.opened
        self.context = self._make(self.opened)
        self.engine = Engine(model, self.context, self.opened.sequences)

    def suit(self, prompt: list[int], answers: int, length: int) -> None:
        """Before such a job is queued: take the layout that is faster for it, if it is worth it.

        `answers` to the same `prompt` are asked for in all, of up to `length` new tokens each.
        """
        if self._shared is None or not self.engine.idle:
            return
        together = min(answers, self.opened.sequences)
        shared = prefers_shared(self._model.parameters, together, len(prompt), length)
        wanted = self._shared if shared else self.opened
        if wanted is self._used:
            return
        # The shared layout is made for one job, and what it holds was of use to that: of it, only
        # what the next one starts with can be missed. The other one holds conversations.
        lost = self.engine.longest_kept if shared else self.engine.kept_of(prompt)
        if lost <= answers * length:
            self._change_to(wanted)

    def _change_to(self, wanted: Layout) -> None:
        # One after the other: both at once would need twice the memory.
        self.context.close()
        try:
            self.context = self._make(wanted)
            self._used = wanted
        except ModelLoadFailed as error:
            print(f"worker: stays with its layout: {error}", file=sys.stderr, flush=True)  # noqa: T201
            self._shared, self._used = None, self.opened
            try:
                self.context = self._make(self.opened)
            except ModelLoadFailed as worse:
                # Without any context this process is of no use: the next request starts another.
                raise MemoryError(worse.message) from worse
        self.engine.move_to(self.context)

    def _make(self, layout: Layout) -> NativeContext:
        return NativeContext(
            self._model,
            length=layout.length,
            cells=layout.cells,
            sequences=layout.sequences,
            unified=layout.unified,
            threads=layout.threads,
            batch_tokens=BATCH_TOKENS,
            kv_type=self._kv_type,
            flash_attention=layout.flash_attention,
            abort=self._abort,
        )
