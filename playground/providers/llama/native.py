"""An open GGUF in llama.cpp: its weights, and its vocabulary.

With `context`, `gpus`, `log`, `sampling` and `stages` the only module that touches `llama_cpp`: all
of them run in the worker process.
"""

from __future__ import annotations

import ctypes
import re
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import NamedTuple

import llama_cpp as lib

from playground.errors import LocalError, ModelLoadFailed
from playground.providers.llama.gpus import gpus, layers_for_gpus
from playground.providers.llama.log import READER
from playground.reasoning import CONTROLS

__all__ = ["KV_TYPES", "NativeModel"]


class _KVType(NamedTuple):
    """A number type of ggml's that KV cells may have, and the bytes of one number in it."""

    number: int
    bytes: float


KV_TYPES = {
    "f32": _KVType(lib.GGML_TYPE_F32, 4),
    "f16": _KVType(lib.GGML_TYPE_F16, 2),
    "q8_0": _KVType(lib.GGML_TYPE_Q8_0, 34 / 32),
}

# From llama.h.
_LOAD_MODES: dict[str | None, int] = {None: -1, "read": 0, "mmap": 1, "mlock": 3}
_LOADED = {"none": "read", "mmap": "mmap", "mmap+mlock": "mlock"}


_CONTROL = 1 << 0 | 1 << 3
"""Attributes of a token that is read as one only where special tokens are: unknown, control."""


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
        params.n_gpu_layers = layers_for_gpus(path, gpu_layers)
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
        READER.settled.clear()
        self.handle = lib.llama_model_load_from_file(str(path).encode(), params)
        if not self.handle:
            raise ModelLoadFailed(
                f"llama.cpp cannot load {path}.",
                hint="The log says why; is the file complete, and of a kind that it knows?"
                + (" Does it fit with fewer gpu_layers?" if params.n_gpu_layers and gpus() else ""),
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
        self.layers: int = lib.llama_model_n_layer(self.handle)
        self.heads: int = max(1, lib.llama_model_n_head(self.handle))
        self.recurrent = bool(
            lib.llama_model_is_recurrent(self.handle) or lib.llama_model_is_hybrid(self.handle)
        )
        """Whether what it remembers of a text is a state, of which no beginning can be kept."""
        self.window: int = lib.llama_model_n_swa(self.handle)
        """How many tokens back it looks in layers that do not see everything; 0: all of them do."""
        self._pieces: dict[int, bytes] = {}
        settled = READER.settled
        self.gpu_layers = int(settled.get("gpu_layers", 0))
        self.gpus = tuple(card.name for card in gpus()) if self.gpu_layers else ()
        """What those layers lie on."""
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
        return int(cells * self._values_a_cell * KV_TYPES[kv_type].bytes)

    @cached_property
    def _values_a_cell(self) -> int:
        """The numbers in one KV cell: a key and a value for each head that has them, in all layers.

        Heads may be wider than their part of the model, and layers may have different numbers of
        them, some none. llama.cpp's own calls tell the first layer's, and no width.
        """
        width = lib.llama_model_n_embd(self.handle) // self.heads
        each = [self._of_architecture(f"attention.{name}_length") for name in ("key", "value")]
        heads = self._of_architecture("attention.head_count_kv")
        if len(heads) != self.layers:
            heads = [heads[0] if len(heads) == 1 else self.heads] * self.layers
        return sum(heads) * sum(sizes[0] if sizes else width for sizes in each)

    def _of_architecture(self, name: str) -> list[int]:
        """What the file says of its architecture under a name: one number, several, or none."""
        known = self._written("general.architecture")
        return [int(number) for number in re.findall(r"\d+", self._written(f"{known}.{name}"))]

    def _written(self, key: str) -> str:
        buffer = ctypes.create_string_buffer(1 << 14)
        name = key.encode()
        count = lib.llama_model_meta_val_str(self.handle, name, buffer, len(buffer))
        return buffer.value.decode("utf-8", "replace") if count >= 0 else ""

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
        """The bytes of a token; empty for control tokens, but for those that mark reasoning."""
        known = self._pieces.get(token)
        if known is None:
            size = 64
            while True:
                buffer = ctypes.create_string_buffer(size)
                count = lib.llama_token_to_piece(self.vocab, token, buffer, size, 0, False)
                if count >= 0:
                    break
                size = -count
            known = buffer.raw[:count]
            if not known and (text := self.special_text(token)) in self._marking:
                known = text.encode()
            self._pieces[token] = known
        return known

    @cached_property
    def _marking(self) -> frozenset[str]:
        """The control tokens that mark reasoning: those of marks of which it has every one."""
        return frozenset().union(*(mark for mark in CONTROLS if mark <= {*self.controls}))

    def ends_turn(self, token: int) -> bool:
        """Whether a token ends the answer."""
        return bool(lib.llama_vocab_is_eog(self.vocab, token))
