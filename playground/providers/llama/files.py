"""Finds GGUF files, and says what is wrong with one before a process is started for it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

from playground.config import at_home
from playground.errors import ModelFileError, did_you_mean

MAGIC = b"GGUF"
LATER_PART = re.compile(r"-(?!00001)\d{5}-of-\d{5}\.gguf$")
"""The second and further files of a split model: llama.cpp opens all of it by the first."""
PART = re.compile(r"-\d{5}-of-(\d{5})\.gguf$")
MOST_LISTED = 500
"""No more files than this are listed: a folder may be anything."""


def listed(folders: Iterable[str]) -> Iterator[Path]:
    """The GGUF files in the user's model folders, sorted in each."""
    found = (
        path
        for folder in folders
        for path in sorted(at_home(folder).rglob("*.gguf"))
        if path.is_file() and not LATER_PART.search(path.name)
    )
    return itertools.islice(found, MOST_LISTED)


def all_parts(path: Path) -> tuple[Path, ...]:
    """The files of a model, in order: one, or as many as a split file's name says."""
    found = PART.search(path.name)
    if found is None:
        return (path,)
    stem, count = path.name[: found.start()], int(found[1])
    return tuple(
        path.with_name(f"{stem}-{number:05}-of-{count:05}.gguf") for number in range(1, count + 1)
    )


def check_gguf(path: Path) -> Path:
    """The path itself, if a GGUF is there to be read; raises `ModelFileError` if not.

    Only the first bytes are read: what is deeper is llama.cpp's to judge, in its own process.
    """
    try:
        if path.is_dir():
            raise ModelFileError(f"{path} is a folder.", hint=_near(path / "x"))
        if not path.is_file():
            raise ModelFileError(f"There is no file {path}.", hint=_near(path))
        with path.open("rb") as file:
            head = file.read(len(MAGIC))
    except OSError as error:
        raise ModelFileError(
            f"{path} cannot be read: {error.strerror or error}.", hint="Check its permissions."
        ) from error
    if not head:
        raise ModelFileError(f"{path} is empty.", hint="Download it again.")
    if head != MAGIC:
        raise ModelFileError(
            f"{path} is not a GGUF file: it begins with {head!r}.",
            hint="llama.cpp reads GGUF only; look for a GGUF version of the model.",
        )
    return path


def still_there(path: Path) -> None:
    """Raise `ModelFileError` if a file that could be opened has gone since."""
    if not path.is_file():
        raise ModelFileError(
            f"{path} has gone since it was opened.", hint="Put it back, or open another model."
        )


def _near(path: Path) -> str:
    """A hint naming GGUF files beside a path."""
    try:
        beside = sorted(other.name for other in path.parent.glob("*.gguf"))[:MOST_LISTED]
    except OSError:
        beside = []
    if not beside:
        return "Give the path of a GGUF file."
    return did_you_mean(path.name, beside) or f"That folder has {', '.join(beside[:5])}."
