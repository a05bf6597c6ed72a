"""Tells living programs from dead ones: each holds a locked file for as long as it lives.

The system lets go of the lock however a program ends, so that a run whose owner's file is not
locked was interrupted. Process numbers would be given to somebody else, clocks would have to be
waited for.
"""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import BinaryIO

from playground.ids import new_id

if os.name == "nt":  # pragma: no cover - no such machine here
    import msvcrt

    def _lock(file: BinaryIO) -> bool:
        try:
            msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)  # type: ignore[attr-defined,unused-ignore]
        except OSError:
            return False
        return True

    def _lock_folder(folder: Path, *, alone: bool) -> int | None:
        return None
else:
    import fcntl

    def _lock(file: BinaryIO) -> bool:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            return False
        return True

    def _lock_folder(folder: Path, *, alone: bool) -> int | None:
        """Lock a folder, which needs no room on a disk; None where it has no locks."""
        end = time.monotonic() + OPENING_SECONDS
        try:
            found = os.open(folder, os.O_RDONLY)
        except OSError:
            return None
        while time.monotonic() < end:
            try:
                fcntl.flock(found, (fcntl.LOCK_EX if alone else fcntl.LOCK_SH) | fcntl.LOCK_NB)
            except BlockingIOError:
                time.sleep(0.01)
            except OSError:
                break
            else:
                break
        return found


OPENING_SECONDS = 10.0
"""How long to wait for others that are opening the file, before going on without a lock."""


@contextlib.contextmanager
def opening(path: Path, *, alone: bool) -> Iterator[None]:
    """While a history is being opened: by many at once, or by one that takes it away.

    Without it, two programs that find the same damage would set aside each other's fresh files.
    """
    found = _lock_folder(path.parent, alone=alone)
    try:
        yield
    finally:
        if found is not None:
            os.close(found)


class Owner:
    """Our own program, as the owner of what it writes. `folder` is beside the history."""

    def __init__(self, folder: Path | None) -> None:
        self.id = new_id()
        self._folder = folder
        self._file: BinaryIO | None = None
        if folder is not None:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            self._file = (folder / self.id).open("wb")
            _lock(self._file)

    def dead_among(self, owners: Iterable[str]) -> list[str]:
        """Those of these owners that are not alive any more."""
        return [owner for owner in owners if owner != self.id and self._is_dead(owner)]

    def _is_dead(self, owner: str) -> bool:
        if self._folder is None:
            return True
        path = self._folder / owner
        try:
            with path.open("r+b") as file:
                dead = _lock(file)
        except OSError:
            return True
        if dead:
            path.unlink(missing_ok=True)
        return dead

    def close(self) -> None:
        """Leave: nothing of this program is being written any more."""
        if self._file is not None and self._folder is not None:
            self._file.close()
            self._file = None
            with contextlib.suppress(OSError):
                (self._folder / self.id).unlink()
