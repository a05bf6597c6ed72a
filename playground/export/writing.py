"""Exports as files: never over another one, and whole or not at all."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path


def write_new(path: Path, pieces: Iterable[str]) -> None:
    """Write a file that was not there; half of one is taken away again.

    Raises `FileExistsError` where there is one, `OSError` where it cannot be written, and whatever
    making the pieces raises.
    """
    file = path.open("x", encoding="utf-8", newline="")
    try:
        with file:
            file.writelines(pieces)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
