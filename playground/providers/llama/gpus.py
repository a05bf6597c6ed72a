"""The GPUs that llama.cpp computes on: which there are, what is free on them, what of a model fits.

`llama_cpp` has no names for these calls of ggml's, which its library brings all the same.
"""

from __future__ import annotations

import ctypes
from pathlib import Path
from typing import NamedTuple

import llama_cpp as lib

from playground.errors import ModelFileError
from playground.providers.llama.files import all_parts
from playground.providers.llama.inspection import inspect_gguf

RESERVED = 1024**3
"""The memory that weights leave free on each GPU, in bytes: for buffers to compute in, and for
others' windows. llama.cpp's own programs keep the same margin."""

CELLS_RESERVED = 512 * 1024**2
"""The memory that weights leave free for KV cells, in bytes."""

# From ggml-backend.h.
_GPU, _INTEGRATED = 1, 2


class GPU(NamedTuple):
    """One device: its maker's name for it, and its memory in bytes."""

    name: str
    free: int
    total: int


def gpus() -> tuple[GPU, ...]:
    """The devices that llama.cpp puts layers on: integrated ones only where there is no other."""
    if not lib.llama_supports_gpu_offload():
        return ()
    ggml = lib.llama_cpp._lib
    ggml.ggml_backend_dev_count.restype = ctypes.c_size_t
    ggml.ggml_backend_dev_get.restype = ctypes.c_void_p
    ggml.ggml_backend_dev_get.argtypes = [ctypes.c_size_t]
    ggml.ggml_backend_dev_type.argtypes = [ctypes.c_void_p]
    found: dict[int, list[GPU]] = {_GPU: [], _INTEGRATED: []}
    for number in range(ggml.ggml_backend_dev_count()):
        device = ggml.ggml_backend_dev_get(number)
        kind = ggml.ggml_backend_dev_type(device)
        if kind in found:
            found[kind].append(_look_at(ggml, device))
    return tuple(found[_GPU] or found[_INTEGRATED])


def _look_at(ggml: ctypes.CDLL, device: int) -> GPU:
    ggml.ggml_backend_dev_description.restype = ctypes.c_char_p
    ggml.ggml_backend_dev_description.argtypes = [ctypes.c_void_p]
    size = ctypes.POINTER(ctypes.c_size_t)
    ggml.ggml_backend_dev_memory.argtypes = [ctypes.c_void_p, size, size]
    free, total = ctypes.c_size_t(), ctypes.c_size_t()
    ggml.ggml_backend_dev_memory(device, ctypes.byref(free), ctypes.byref(total))
    name = ggml.ggml_backend_dev_description(device) or b""
    return GPU(name.decode("utf-8", "replace"), free.value, total.value)


def layers_for_gpus(path: Path, asked: int) -> int:
    """How many layers of a model file go to the GPUs: as asked, and for -1 all that fit.

    -1 still means all, for llama.cpp too. The output layer counts as one.
    """
    cards = gpus() if asked < 0 else ()
    if not cards:
        return asked
    free = sum(max(0, card.free - RESERVED) for card in cards)
    weights = sum(part.stat().st_size for part in all_parts(path) if part.is_file())
    if weights + CELLS_RESERVED <= free:
        return asked
    try:
        layers = inspect_gguf(path).layers
    except ModelFileError:
        return asked  # llama.cpp says better what is wrong with it.
    return fitting(weights, layers, free) if layers else 0


def fitting(weights: int, layers: int, free: int) -> int:
    """How many layers of a model with so many bytes of `weights` fit into `free` bytes.

    Each takes its share of the weights and of the KV cells' room. The output layer, which goes
    first, is taken for one like the others: it is larger in small models with large vocabularies,
    by less than what stays reserved.
    """
    each = weights / (layers + 1) + CELLS_RESERVED / layers
    return min(layers + 1, int(free / each))
