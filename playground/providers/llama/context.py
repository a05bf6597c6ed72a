"""KV cells for several sequences in llama.cpp, and the batch that is decoded on them."""

from __future__ import annotations

import ctypes
from collections.abc import Callable

import llama_cpp as lib
import numpy as np
from numpy.typing import NDArray

from playground.errors import LocalError, ModelLoadFailed
from playground.providers.llama.log import READER
from playground.providers.llama.native import KV_TYPES, NativeModel

__all__ = ["SCORED_ROWS", "NativeContext"]

SCORED_ROWS = 64
"""The most rows of logits in one batch beside one for each sequence: for scoring given text."""

ABORTABLE_TOKENS = 32
"""From this size on, a batch can be stopped on its way (on CPU)."""

_ABORTED = 2
"""What `llama_decode` returns when the abort callback stopped it."""

_Floats = NDArray[np.float32]


class NativeContext:
    """KV cells for several sequences, and the batch that is decoded on them.

    `length` is the most tokens of one sequence, `cells` the KV cells of all: each sequence has
    its share, or (`unified`) takes from one pool. Raises `ModelLoadFailed` if there is no room.
    """

    def __init__(
        self,
        model: NativeModel,
        *,
        length: int,
        cells: int,
        sequences: int,
        unified: bool,
        threads: int,
        batch_tokens: int,
        kv_type: str = "f16",
        flash_attention: bool | None = None,
        abort: Callable[[], bool] = lambda: False,
    ) -> None:
        params = lib.llama_context_default_params()
        params.type_k = params.type_v = KV_TYPES[kv_type].number
        if flash_attention is not None:
            params.flash_attn_type = int(flash_attention)
        params.n_ctx = cells
        params.n_seq_max = sequences
        params.n_batch = batch_tokens
        params.n_ubatch = batch_tokens
        # Without this, llama.cpp keeps room for n_batch rows of logits.
        params.n_outputs_max = sequences + SCORED_ROWS
        params.n_threads = threads
        params.n_threads_batch = threads
        params.kv_unified = unified
        params.no_perf = True
        self.model = model
        for name in ("flash_attention", "no_flash_attention"):
            READER.settled.pop(name, None)
        self.handle = lib.llama_init_from_model(model.handle, params)
        if not self.handle:
            raise ModelLoadFailed(
                f"llama.cpp cannot make a context of {length:,} tokens for {model.path}, with "
                f"{cells:,} KV cells for all sequences.",
                hint="Open it with a smaller context_length, or fewer sequences.",
            )

        def stop(_data: object) -> bool:
            # The errors that llama.cpp writes when it is stopped would stand in the log of a crash
            # that comes later, and be taken for its reason.
            READER.muted = abort()
            return READER.muted

        # Held as long as the context: ctypes keeps no reference to a callback.
        self._abort = lib.ggml_abort_callback(stop)
        self._no_abort = lib.ggml_abort_callback()
        self._abortable = False
        self.memory = lib.llama_get_memory(self.handle)
        self.length: int = min(lib.llama_n_ctx_seq(self.handle), length)
        self.cells: int = lib.llama_n_ctx(self.handle)
        self.unified = unified
        self.computes_apart = model.gpu_layers > 0
        """Whether `decode` comes back while a GPU still computes; `logits` waits for it."""
        self.flash_attention: bool | None = None
        if "no_flash_attention" in READER.settled:
            self.flash_attention = False
        elif "flash_attention" in READER.settled:
            self.flash_attention = True
        self._tokens = np.zeros(batch_tokens, dtype=np.int32)
        self._positions = np.zeros(batch_tokens, dtype=np.int32)
        self._sequence = np.zeros(batch_tokens, dtype=np.int32)
        self._counts = np.ones(batch_tokens, dtype=np.int32)
        self._wanted = np.zeros(batch_tokens, dtype=np.int8)
        self._batch = self._make_batch(batch_tokens)
        self._row = ctypes.c_float * model.vocabulary
        self.size = 0
        self.outputs = 0

    def close(self) -> None:
        """Give the memory back; the context is not to be used any more."""
        handle, self.handle = self.handle, None
        if handle:
            lib.llama_free(handle)

    def _make_batch(self, capacity: int) -> lib.llama_batch:
        """A batch over our own arrays, filled by slices instead of field by field."""
        first = self._sequence.ctypes.data
        step = self._sequence.itemsize
        one = ctypes.POINTER(lib.llama_seq_id)
        rows = [ctypes.cast(first + row * step, one) for row in range(capacity)]
        self._rows = (one * capacity)(*rows)
        return lib.llama_batch(
            n_tokens=0,
            token=self._tokens.ctypes.data_as(ctypes.POINTER(lib.llama_token)),
            embd=None,
            pos=self._positions.ctypes.data_as(ctypes.POINTER(lib.llama_pos)),
            n_seq_id=self._counts.ctypes.data_as(ctypes.POINTER(ctypes.c_int32)),
            seq_id=ctypes.cast(self._rows, ctypes.POINTER(one)),
            logits=self._wanted.ctypes.data_as(ctypes.POINTER(ctypes.c_int8)),
        )

    @property
    def room(self) -> int:
        """How many more tokens the batch takes."""
        return len(self._tokens) - self.size

    def clear_batch(self) -> None:
        """Begin a new batch."""
        self.size = 0
        self.outputs = 0

    def add(self, tokens: list[int], position: int, sequence: int, *, wants_from: int) -> list[int]:
        """Put tokens of one sequence into the batch, the first of them at `position` in it.

        Of those at `wants_from` and later the next token's distribution is wanted: returns their
        batch rows.
        """
        begin, end = self.size, self.size + len(tokens)
        self._tokens[begin:end] = tokens
        self._positions[begin:end] = np.arange(position, position + len(tokens), dtype=np.int32)
        self._sequence[begin:end] = sequence
        wanted = begin + max(0, wants_from - position)
        self._wanted[begin:wanted] = 0
        self._wanted[wanted:end] = 1
        self.size = end
        rows = list(range(wanted, end))
        self.outputs += len(rows)
        return rows

    def decode(self) -> bool:
        """Run the batch through the model; false if it was aborted on the way.

        Raises `LocalError` if llama.cpp cannot.
        """
        self._batch.n_tokens = self.size
        # Asked at every node of the graph: too dear for the step that draws a token. Setting it is
        # dear too, because llama.cpp logs that.
        abortable = self.size >= ABORTABLE_TOKENS
        if abortable != self._abortable:
            self._abortable = abortable
            abort = self._abort if abortable else self._no_abort
            lib.llama_set_abort_callback(self.handle, abort, None)
        status = lib.llama_decode(self.handle, self._batch)
        READER.muted = False
        if status == _ABORTED:
            return False
        if status != 0:
            raise LocalError(
                f"llama_decode failed with status {status} on {self.size} tokens.",
                hint="Try again; a smaller context_length or fewer sequences may help.",
            )
        return True

    def wait(self) -> None:
        """Wait for a GPU to be done with the batch."""
        lib.llama_synchronize(self.handle)

    def logits(self, row: int) -> _Floats:
        """The logits of one batch row, a view that the next decode overwrites."""
        first = lib.llama_get_logits_ith(self.handle, row).contents
        # numpy's own way of reading a pointer takes longer, at every token.
        return np.ctypeslib.as_array(self._row.from_address(ctypes.addressof(first)))

    def keep_first(self, sequence: int, count: int) -> bool:
        """Forget a sequence's tokens from `count` on; false where this model cannot."""
        return bool(lib.llama_memory_seq_rm(self.memory, sequence, count, -1))

    def sees_from(self, sequence: int, count: int) -> bool:
        """Whether a sequence's token after the first `count` would find all cells that it looks at.

        Where a model looks back through a window, llama.cpp gives cells of a pool away once they
        have left it: who goes back behind the end would have them in it again.
        """
        if not self.model.window:
            return True
        first = int(lib.llama_memory_seq_pos_min(self.memory, sequence))
        return 0 <= first <= max(0, count - self.model.window)

    def copy(self, source: int, target: int, count: int) -> bool:
        """Give an empty sequence the first `count` tokens of another; false if it cannot.

        Cells are shared where KV is unified and copied by the next decode where it is not; then
        only whole sequences can be, so that the rest is removed again.
        """
        end = count if self.unified else -1
        lib.llama_memory_seq_cp(self.memory, source, target, -1 if not self.unified else 0, end)
        return self.unified or self.keep_first(target, count)
