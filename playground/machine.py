"""What a receipt says of the machine: versions of what takes part, and one line of hardware."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

OURS = "chat-playground"


def versions(libraries: Iterable[str] = ()) -> dict[str, str]:
    """The versions of the playground, of Python, and of these distributions where installed."""
    return {"python": platform.python_version()} | {
        name: _version(name) for name in (OURS, *libraries)
    }


@cache
def _version(name: str) -> str:
    # Kept: reading a distribution's metadata takes a millisecond each time.
    try:
        return version(name)
    except PackageNotFoundError:
        return "not installed"


@cache
def hardware() -> str:
    """The machine in one line: processor, cores, memory, system."""
    parts = [_processor(), f"{os.cpu_count() or 1} CPUs"]
    if memory := _memory():
        parts.append(f"{memory / 1e9:.0f} GB")
    parts.append(f"{platform.system()} {platform.machine()}")
    return ", ".join(filter(None, parts))


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return platform.processor()
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("model name", "Model", "Hardware"):
            return " ".join(value.split())
    return platform.processor()


def _memory() -> int:
    """Bytes of physical memory, 0 where the system does not say."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 0
