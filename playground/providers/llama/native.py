"""llama.cpp's C API, as far as the engine uses it: a model, a context and a batch.

With `sampling`, `stages` and `sizing` the only module that touches `llama_cpp`: all of them run
in the worker process.
"""

from __future__ import annotations

import ctypes
import os
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import llama_cpp as lib
import numpy as np
from numpy.typing import NDArray

from playground.errors import LocalError, ModelLoadFailed

SCORED_ROWS = 64
"""The most rows of logits in one batch beside one for each sequence: for scoring given text."""

ABORTABLE_TOKENS = 32
"""From this size on, a batch can be stopped on its way (on CPU)."""

_Floats = NDArray[np.float32]


# From ggml.h; the numbers in llama_cpp._logger are those of an older version.
_DEBUG, _CONTINUED = 1, 5


_ABORTED = 2
"""What `llama_decode` returns when the abort callback stopped it."""


class _KVType(NamedTuple):
    """A number type of ggml's that KV cells may have, and the bytes of one number in it."""

    number: int
    bytes: float


_KV_TYPES = {
    "f32": _KVType(lib.GGML_TYPE_F32, 4),
    "f16": _KVType(lib.GGML_TYPE_F16, 2),
    "q8_0": _KVType(lib.GGML_TYPE_Q8_0, 34 / 32),
}

# From llama.h.
_LOAD_MODES: dict[str | None, int] = {None: -1, "read": 0, "mmap": 1, "mlock": 3}
_LOADED = {"none": "read", "mmap": "mmap", "mmap+mlock": "mlock"}


_CONTROL = 1 << 0 | 1 << 3
"""Attributes of a token that is read as one only where special tokens are: unknown, control."""

_SETTLED = {
    "gpu_layers": re.compile(rb"offloaded (\d+)/\d+ layers to GPU"),
    "load": re.compile(rb"\(load_mode = ([\w+]+)\)"),
    "not_locked": re.compile(rb"failed to (?:mlock|VirtualLock)"),
    "flash_attention": re.compile(rb"flash_attn += (?:auto|enabled)"),
    "no_flash_attention": re.compile(rb"flash_attn += disabled|Flash Attention not supported"),
}
"""What llama.cpp settles by itself and tells in its log only: no call of its API does."""


class _Log:
    """Writes llama.cpp's log to standard error, without its debugging lines.

    `settled` keeps, by the names in `_SETTLED`, what it said of the last model and context. `muted`
    is for what llama.cpp calls errors and we asked for.
    """

    def __init__(self) -> None:
        self._shown = True
        self.muted = False
        self.settled: dict[str, str] = {}

    def __call__(self, level: int, text: bytes, _data: object) -> None:
        if level != _CONTINUED:
            self._shown = level != _DEBUG
        if self._shown and not self.muted:
            os.write(2, text)
        for name, pattern in _SETTLED.items():
            if found := pattern.search(text):
                self.settled[name] = found.group(found.lastindex or 0).decode("ascii")


_READER = _Log()

# Held for the life of the process: ctypes keeps no reference to a callback.
_LOG = lib.llama_log_callback(_READER)


def start_llama() -> None:
    """Initialise llama.cpp and send its log to standard error, where the parent keeps the end."""
    lib.llama_backend_init()
    lib.llama_log_set(_LOG, None)


class NativeModel:
    """An open GGUF: weights and vocabulary. Raises `ModelLoadFailed` if llama.cpp refuses it."""

    def __init__(
        self,
        path: Path,
        *,
        gpu_layers: int,
        load: str | None = None,
        progress: Callable[[float], None] | None = None,
    ) -> None:
        params = lib.llama_model_default_params()
        params.load_mode = _LOAD_MODES[load]
        params.n_gpu_layers = gpu_layers
        # Weights repacked for Intel's AMX end the process with a segmentation fault at the first
        # batch of two tokens (llama.cpp issue 20824): a slower model beats a dead one. Our own
        # build leaves AMX out, and with it this detour.
        params.use_extra_bufts = b"AMX_INT8 = 1" not in lib.llama_print_system_info()

        def report(fraction: float, _data: object) -> bool:
            if progress is not None:
                progress(fraction)
            return True

        # Held for as long as the load lasts: ctypes keeps no reference to a callback.
        callback = lib.llama_progress_callback(report)
        params.progress_callback = callback
        self.path = path
        _READER.settled.clear()
        self.handle = lib.llama_model_load_from_file(str(path).encode(), params)
        if not self.handle:
            raise ModelLoadFailed(
                f"llama.cpp cannot load {path}.",
                hint="The log says why; is the file complete, and of a kind that it knows?",
            )
        if lib.llama_model_has_encoder(self.handle) or not lib.llama_model_has_decoder(self.handle):
            raise ModelLoadFailed(
                f"{path} is not a model that generates text from left to right.",
                hint="Choose a chat model.",
            )
        self.vocab = lib.llama_model_get_vocab(self.handle)
        self.vocabulary: int = lib.llama_vocab_n_tokens(self.vocab)
        self.trained_context: int = lib.llama_model_n_ctx_train(self.handle)
        self.parameters: int = lib.llama_model_n_params(self.handle)
        self.heads: int = max(1, lib.llama_model_n_head(self.handle))
        self.recurrent = bool(
            lib.llama_model_is_recurrent(self.handle) or lib.llama_model_is_hybrid(self.handle)
        )
        """Whether what it remembers of a text is a state, of which no beginning can be kept."""
        self._pieces: dict[int, bytes] = {}
        settled = _READER.settled
        self.gpu_layers = int(settled.get("gpu_layers", 0))
        self.load: str | None = _LOADED.get(settled.get("load", ""))
        if self.load == "mlock" and "not_locked" in settled:
            self.load = "mmap"

    @cached_property
    def description(self) -> str:
        """llama.cpp's one line about the model, for example `llama 8B Q4_K - Medium`."""
        buffer = ctypes.create_string_buffer(256)
        lib.llama_model_desc(self.handle, buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace")

    @property
    def chat_template(self) -> str | None:
        """The Jinja source of the chat template in the file, if there is one."""
        found = lib.llama_model_chat_template(self.handle, None)
        return found.decode("utf-8", "replace") if found else None

    def special_text(self, token: int) -> str:
        """A special token as templates write it, an empty string if the model has none."""
        if token < 0:
            return ""
        return str(lib.llama_vocab_get_text(self.vocab, token).decode("utf-8", "replace"))

    @property
    def specials(self) -> dict[str, str]:
        """The special tokens that chat templates name."""
        return {
            "bos_token": self.special_text(lib.llama_vocab_bos(self.vocab)),
            "eos_token": self.special_text(lib.llama_vocab_eos(self.vocab)),
        }

    @cached_property
    def controls(self) -> tuple[str, ...]:
        """Control tokens as they are written out: what a chat template parts turns with."""
        texts = (
            self.special_text(token)
            for token in range(self.vocabulary)
            if lib.llama_vocab_get_attr(self.vocab, token) & _CONTROL
        )
        return tuple(text for text in texts if text)

    @cached_property
    def longest_piece(self) -> int:
        """No token stands for more bytes than this."""
        return max(
            len(lib.llama_vocab_get_text(self.vocab, token)) for token in range(self.vocabulary)
        )

    def kv_bytes(self, cells: int, kv_type: str = "f16") -> int:
        """The memory of so many KV cells, in bytes: keys and values, an upper estimate."""
        width = lib.llama_model_n_embd(self.handle) * lib.llama_model_n_head_kv(self.handle)
        values = cells * lib.llama_model_n_layer(self.handle) * (width // self.heads) * 2
        return int(values * _KV_TYPES[kv_type].bytes)

    def tokenize(
        self,
        text: str,
        *,
        add_special: bool = False,
        parse_special: bool = False,
        inside: bool = False,
    ) -> list[int]:
        """The tokens of a text.

        `add_special` adds what the model wants at the start; `parse_special` reads special tokens
        written out in the text, as chat templates do. `inside` is of a text that goes on from
        another one: tokenizers of the SentencePiece kind put a blank before every text.
        """
        data = text.encode("utf-8", "replace")
        if inside and data and self._puts_blank:
            # A line break is a token of its own, so that what follows is inside a text.
            tokens, before = self._tokens(b"\n" + data, add_special, parse_special), b""
            for place, token in enumerate(tokens, start=1):
                before += self.piece(token)
                if before.endswith(b"\n"):
                    return tokens[place:]
        return self._tokens(data, add_special, parse_special)

    @cached_property
    def _puts_blank(self) -> bool:
        return self.piece(next(iter(self._tokens(b"a", False, False)), 0)).startswith(b" ")

    def _tokens(self, data: bytes, add_special: bool, parse_special: bool) -> list[int]:
        size = len(data) + 16
        tokens = (lib.llama_token * size)()
        count = lib.llama_tokenize(
            self.vocab, data, len(data), tokens, size, add_special, parse_special
        )
        if count < 0:
            raise LocalError(f"The text of {len(data):,} bytes cannot be tokenized.")
        return list(tokens[:count])

    def piece(self, token: int) -> bytes:
        """The bytes of a token; empty for control tokens."""
        known = self._pieces.get(token)
        if known is None:
            size = 64
            while True:
                buffer = ctypes.create_string_buffer(size)
                count = lib.llama_token_to_piece(self.vocab, token, buffer, size, 0, False)
                if count >= 0:
                    break
                size = -count
            known = self._pieces[token] = buffer.raw[:count]
        return known

    def ends_turn(self, token: int) -> bool:
        """Whether a token ends the answer."""
        return bool(lib.llama_vocab_is_eog(self.vocab, token))


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
        params.type_k = params.type_v = _KV_TYPES[kv_type].number
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
            _READER.settled.pop(name, None)
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
            _READER.muted = abort()
            return _READER.muted

        # Held as long as the context: ctypes keeps no reference to a callback.
        self._abort = lib.ggml_abort_callback(stop)
        self._no_abort = lib.ggml_abort_callback()
        self._abortable = False
        self.memory = lib.llama_get_memory(self.handle)
        self.length: int = min(lib.llama_n_ctx_seq(self.handle), length)
        self.cells: int = lib.llama_n_ctx(self.handle)
        self.unified = unified
        self.flash_attention: bool | None = None
        if "no_flash_attention" in _READER.settled:
            self.flash_attention = False
        elif "flash_attention" in _READER.settled:
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
        _READER.muted = False
        if status == _ABORTED:
            return False
        if status != 0:
            raise LocalError(
                f"llama_decode failed with status {status} on {self.size} tokens.",
                hint="Try again; a smaller context_length or fewer sequences may help.",
            )
        return True

    def logits(self, row: int) -> _Floats:
        """The logits of one batch row, a view that the next decode overwrites."""
        first = lib.llama_get_logits_ith(self.handle, row).contents
        # numpy's own way of reading a pointer takes longer, at every token.
        return np.ctypeslib.as_array(self._row.from_address(ctypes.addressof(first)))

    def keep_first(self, sequence: int, count: int) -> bool:
        """Forget a sequence's tokens from `count` on; false where this model cannot."""
        return bool(lib.llama_memory_seq_rm(self.memory, sequence, count, -1))

    def copy(self, source: int, target: int, count: int) -> bool:
        """Give an empty sequence the first `count` tokens of another; false if it cannot.

        Cells are shared where KV is unified and copied by the next decode where it is not; then
        only whole sequences can be, so that the rest is removed again.
        """
        end = count if self.unified else -1
        lib.llama_memory_seq_cp(self.memory, source, target, -1 if not self.unified else 0, end)
        return self.unified or self.keep_first(target, count)
