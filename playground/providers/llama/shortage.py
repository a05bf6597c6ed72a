"""Whether the system has killed processes for want of memory: what SIGKILL itself does not say."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from playground.providers.llama.control_groups import MOUNTED, ROOT, memberships

_COUNTED = "oom_kill"


class OutOfMemoryKills:
    """The kernel's count of such kills, from now on, where process `pid` is counted.

    That is its control group, whose count holds also what is killed because a group above it, or
    the whole machine, is full. Where groups do not count memory it is the count of the machine.
    Linux only; elsewhere nothing is ever known. `root` is where `/proc` and `/sys` are.
    """

    def __init__(self, pid: int, root: Path = ROOT) -> None:
        self._file, self._before = _first_count(_counters(pid, root))

    @property
    def happened(self) -> bool:
        """Whether the count has grown; the kernel adds to it before it kills."""
        return self._file is not None and (_count(self._file) or 0) > self._before


def _first_count(files: Iterator[Path]) -> tuple[Path | None, int]:
    for file in files:
        count = _count(file)
        if count is not None:
            return file, count
    return None, 0


def _counters(pid: int, root: Path) -> Iterator[Path]:
    """The files that may count the kills of a process, the narrowest first."""
    groups = root / MOUNTED
    for controllers, inside in memberships(pid, root):
        if not controllers:
            yield groups / inside / "memory.events"
        elif "memory" in controllers:
            yield groups / "memory" / inside / "memory.oom_control"
            # A container that sees its own group as the top, and not the path that it has outside.
            yield groups / "memory" / "memory.oom_control"
    yield root / "proc/vmstat"


def _count(file: Path) -> int | None:
    """The number behind `oom_kill`, None where the file does not tell it."""
    try:
        lines = file.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError):
        return None
    for line in lines:
        name, _, number = line.partition(" ")
        if name == _COUNTED and number.isdecimal():
            return int(number)
    return None
