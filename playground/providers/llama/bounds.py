"""Bounds on what a stranger's chat template may take of the worker: seconds and memory."""

from __future__ import annotations

import contextlib
import faulthandler
from collections.abc import Iterator
from pathlib import Path
from typing import Final

__all__ = ["OVERRUN", "SECONDS", "TEMPLATE_HINT", "bounded"]

SECONDS: Final = 5
"""A chat template that takes longer for one prompt ends this process: the others must not wait."""

OVERRUN: Final = b"Timeout (0:"
"""How the log begins then: what `faulthandler` writes before the stack."""

TEMPLATE_HINT: Final = (
    'To go on without it, say chat_template = "plain" under [local] in config.toml, or give '
    'open_model chat_template="plain".'
)
"""What to do about a chat template that cannot be used."""

MEMORY: Final = 1 << 30
"""Bytes that it may take on top of what the process has, then Python raises `MemoryError`."""

_STATM: Final = Path("/proc/self/statm")


@contextlib.contextmanager
def bounded() -> Iterator[None]:
    """Run a template within bounds; a sandbox bounds what it touches, not what it takes.

    Past `SECONDS` the process ends, with the stack in its log: a single long operation holds
    Python's lock, so that nothing gentler can stop it. Memory is bounded on Linux only.
    """
    faulthandler.dump_traceback_later(SECONDS, exit=True)
    try:
        with _little_memory():
            yield
    finally:
        faulthandler.cancel_dump_traceback_later()


@contextlib.contextmanager
def _little_memory() -> Iterator[None]:
    try:
        import resource

        taken = int(_STATM.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
    except (ImportError, OSError):
        yield
        return
    before, most = resource.getrlimit(resource.RLIMIT_AS)
    wanted = taken + MEMORY
    soft = wanted if before == resource.RLIM_INFINITY else min(wanted, before)
    resource.setrlimit(resource.RLIMIT_AS, (soft, most))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_AS, (before, most))
