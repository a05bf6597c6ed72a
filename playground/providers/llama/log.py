"""llama.cpp's log: what of it is passed on, and what is told nowhere else."""

from __future__ import annotations

import os
import re

import llama_cpp as lib

__all__ = ["READER", "start_llama"]

# From ggml.h; the numbers in llama_cpp._logger are those of an older version.
_DEBUG, _CONTINUED = 1, 5

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


READER = _Log()

# Held for the life of the process: ctypes keeps no reference to a callback.
_LOG = lib.llama_log_callback(READER)


def start_llama() -> None:
    """Initialise llama.cpp and send its log to standard error, where the parent keeps the end."""
    lib.llama_backend_init()
    lib.llama_log_set(_LOG, None)
