"""Sizes of files and of memory in words."""

from __future__ import annotations


def in_words(count: int) -> str:
    """Bytes for people, in powers of ten as disks are sold."""
    for unit, size in (("TB", 1e12), ("GB", 1e9), ("MB", 1e6), ("kB", 1e3)):
        if count >= size:
            return f"{count / size:,.1f} {unit}"
    return f"{count} bytes"
