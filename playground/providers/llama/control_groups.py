"""What Linux's control groups leave a process of the machine: containers are made of them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

ROOT = Path("/")
"""Where `/proc` and `/sys` are."""

MOUNTED = "sys/fs/cgroup"

_ITSELF = "self"


class Membership(NamedTuple):
    """A group that a process is in, and which controllers it has there.

    `inside` is its path in its hierarchy, without a slash in front. Version 2 has one hierarchy for
    all controllers, and names none.
    """

    controllers: tuple[str, ...]
    inside: str


def memberships(pid: int | str = _ITSELF, root: Path = ROOT) -> Iterator[Membership]:
    """The groups of a process; none where there is no such thing."""
    try:
        lines = (root / f"proc/{pid}/cgroup").read_text(encoding="utf-8").splitlines()
    except (OSError, ValueError):
        return
    for line in lines:
        _, controllers, path = (*line.split(":", 2), "", "")[:3]
        if path:
            names = tuple(name for name in controllers.split(",") if name)
            yield Membership(names, path.lstrip("/"))


def memory_left(root: Path = ROOT) -> int | None:
    """Bytes that this process may still take before its groups are full; None without a limit.

    What is only the cache of files is counted as free: the kernel gives it up first.
    """
    left = []
    for folder, modern in _folders("memory", root):
        limit = _number(folder / ("memory.max" if modern else "memory.limit_in_bytes"))
        used = _number(folder / ("memory.current" if modern else "memory.usage_in_bytes"))
        if limit is None or used is None:
            continue
        cached = "inactive_file" if modern else "total_inactive_file"
        cache = _counted(folder / "memory.stat", cached)
        left.append(max(0, limit - used + cache))
    return min(left, default=None)


def processors(root: Path = ROOT) -> float | None:
    """How many processors' time this process may use; None without a limit."""
    shares = []
    for folder, modern in _folders("cpu", root):
        if modern:
            quota, _, period = (_text(folder / "cpu.max") or "max").partition(" ")
        else:
            quota = _text(folder / "cpu.cfs_quota_us") or ""
            period = _text(folder / "cpu.cfs_period_us") or ""
        # Without a limit the quota is `max`, or -1 in version 1.
        if quota.isdecimal() and period.isdecimal() and int(period):
            shares.append(int(quota) / int(period))
    return min(shares, default=None)


def _folders(controller: str, root: Path) -> Iterator[tuple[Path, bool]]:
    """The folders of this process's group and of those above it, and whether they are version 2's.

    A container may see its own group as the top, under a path that it has outside: folders that
    are not there are passed over by whoever reads.
    """
    for controllers, inside in memberships(root=root):
        if controllers and controller not in controllers:
            continue
        top = root / MOUNTED / (controller if controllers else "")
        folder = top / inside
        for place in (folder, *folder.parents):
            if place.is_relative_to(top):
                yield place, not controllers


def _counted(file: Path, name: str) -> int:
    for line in (_text(file) or "").splitlines():
        word, _, number = line.partition(" ")
        if word == name and number.isdecimal():
            return int(number)
    return 0


def _number(file: Path) -> int | None:
    text = _text(file)
    return int(text) if text is not None and text.isdecimal() else None


def _text(file: Path) -> str | None:
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        return None
