"""Files that a command writes where its user says: whole or not at all, none written over."""

from __future__ import annotations

import errno
import os
import tempfile
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import IO

from playground.errors import ConfigurationError, NoSpace, UsageError


def write_new(path: Path, write: Callable[[IO[bytes]], None], *, force: bool = False) -> None:
    """Write a file by what `write` does with it, in place of one that is there only by `force`.

    It is written beside its place and moved there, so that nobody sees half of it. Raises
    `UsageError` where the file is there already or its folder is not, `NoSpace` or
    `ConfigurationError` where it cannot be written, and what `write` raises.
    """
    _refuse(path, force=force)
    draft: Path | None = None
    try:
        descriptor, place = tempfile.mkstemp(
            dir=path.parent, prefix=f".{path.stem[:40]}.", suffix=".new"
        )
        draft = Path(place)
        with os.fdopen(descriptor, "wb") as file:
            write(file)
        draft.chmod(0o666 & ~_mask())
        _refuse(path, force=force)
        draft.replace(path)
    except OSError as error:
        kind = NoSpace if error.errno in (errno.ENOSPC, errno.EDQUOT) else ConfigurationError
        raise kind(f"{path} cannot be written: {error.strerror or error}.") from error
    finally:
        if draft is not None:
            draft.unlink(missing_ok=True)


def write_text(path: Path, pieces: Iterable[str], *, force: bool = False) -> None:
    """Write a text file, in UTF-8, a piece at a time: see `write_new`."""

    def write(file: IO[bytes]) -> None:
        file.writelines(piece.encode("utf-8", "replace") for piece in pieces)

    write_new(path, write, force=force)


def _refuse(path: Path, *, force: bool) -> None:
    if path.is_dir():
        raise UsageError(f"{path} is a folder.", hint="Name a file in it.")
    if not path.parent.is_dir():
        raise UsageError(f"There is no folder {path.parent}.", hint="Make it first.")
    if path.exists() and not force:
        raise UsageError(f"{path} is there already.", hint="Name another file, or say --force.")


def _mask() -> int:
    """The permissions that new files of this process do without."""
    mask = os.umask(0)
    os.umask(mask)
    return mask
