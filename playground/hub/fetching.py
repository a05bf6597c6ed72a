"""One file from the Hub: taken up where it was left, no longer than announced, and checked."""

from __future__ import annotations

import errno
import hashlib
import re
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playground.errors import (
    BadResponse,
    ModelFileError,
    NoSpace,
    TimedOut,
    Unreachable,
)
from playground.hub.client import Hub, Repository
from playground.hub.offers import HubFile, Offer
from playground.sizes import in_words

if TYPE_CHECKING:
    from httpx2 import Response

ATTEMPTS = 4
"""So often in a row a download may break off without coming further, before it is given up."""
FURTHER_BYTES = 16_384
"""So much more than ever before is further: a byte a connection would take for ever."""
PAUSE_SECONDS = 1.0
"""The wait before the second attempt; it grows by as much with each."""
MARGIN_BYTES = 64_000_000
"""Room that is left on the disk: a full one harms more than us."""
RESUME = "What came is kept: the same command goes on from there."

_FULL = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
_RANGE = re.compile(r"bytes (\d+)-\d+/(?:\d+|\*)")


class Watcher:
    """Who is told how a pull goes. Every method may be left as it is."""

    def chosen(self, offer: Offer, repository: Repository) -> None:
        """Told what will be fetched, of all that is there."""

    def progress(self, file: HubFile, done: int) -> None:
        """So many bytes of a file are here; called with every piece."""

    def checking(self, file: HubFile) -> None:
        """A file is whole, and its checksum is computed."""

    def note(self, text: str) -> None:
        """Something worth a line."""


def part_of(target: Path, file: HubFile) -> Path:
    """Where a file lies while it is fetched: the name holds its version, so that none are mixed."""
    return target.with_name(f"{target.name}.{(file.sha256 or 'unknown')[:12]}.part")


def parts_of(target: Path) -> list[Path]:
    """What lies about of unfinished downloads of a file, of any version."""
    start = f"{target.name}."
    folder = target.parent
    if not folder.is_dir():
        return []
    return [
        path
        for path in folder.iterdir()
        if path.name.startswith(start) and path.name.endswith(".part")
    ]


def size_of(path: Path) -> int:
    """The bytes of a file, 0 if there is none."""
    return path.stat().st_size if path.exists() else 0


def check_room(folder: Path, bytes_to_come: int) -> None:
    """Raise `NoSpace` if so much does not fit on the disk of a folder (which may not be there).

    Nothing to come needs no room, also on a disk that is full.
    """
    there = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(there).free
    if bytes_to_come and bytes_to_come + MARGIN_BYTES > free:
        raise NoSpace(
            f"{in_words(bytes_to_come)} are to come and {in_words(MARGIN_BYTES)} are to stay free, "
            f"but the disk of {folder} has only {in_words(free)}.",
            hint="Make room (`playground pull --list` shows what was pulled), choose a smaller "
            "quantisation, or name another folder first in model_folders in config.toml.",
        )


def fetch(hub: Hub, repository: Repository, file: HubFile, target: Path, watcher: Watcher) -> Path:
    """Bring a file to its `part_of(target)`, whole and checked; returns that path.

    An interruption leaves what came. Raises `HostedError`s, `NoSpace`, and `ModelFileError` if the
    checksum is wrong: then nothing is left.
    """
    part = part_of(target, file)
    for stale in parts_of(target):
        # Without a checksum nobody knows of which version a part is.
        if stale != part or stale.stat().st_size > file.size or not file.sha256:
            stale.unlink()
    if size_of(part) < file.size and not _taken_from_cache(hub, repository, file, part):
        _download(hub, repository, file, part, watcher)
    _check(file, part, watcher)
    return part


def digest(path: Path) -> str:
    """The SHA-256 of a file, as the Hub writes it."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def is_cached(hub: Hub, repository: Repository, file: HubFile) -> bool:
    """Whether another tool has put all of a file into the Hub's own cache."""
    cached = hub.cached(repository.repo, repository.commit, file)
    return cached is not None and file.sha256 is not None and size_of(cached) == file.size


def _taken_from_cache(hub: Hub, repository: Repository, file: HubFile, part: Path) -> bool:
    """Link the file from the Hub's own cache, if it is there whole; a link takes no room."""
    cached = hub.cached(repository.repo, repository.commit, file)
    if cached is None or not is_cached(hub, repository, file):
        return False
    part.unlink(missing_ok=True)
    try:
        part.hardlink_to(cached)
    except OSError:
        # Another disk: the download costs room there, as it would without a cache.
        return False
    return True


def _download(
    hub: Hub, repository: Repository, file: HubFile, part: Path, watcher: Watcher
) -> None:
    failures, most = 0, size_of(part)
    while (start := size_of(part)) < file.size:
        try:
            with hub.content(repository.repo, repository.commit, file, start=start) as response:
                _receive(response, file, part, start, watcher)
            if size_of(part) == start:
                raise Unreachable(f"{hub.host} sent nothing of {file.name}.")
        except (Unreachable, TimedOut) as error:
            # A server that begins anew each time gets no further, whatever it sends.
            further = size_of(part) >= most + FURTHER_BYTES
            failures = 1 if further else failures + 1
            most = max(most, size_of(part))
            if failures == ATTEMPTS:
                raise type(error)(error.message, hint=f"{error.hint} {RESUME}".strip()) from error
            watcher.note(f"{error.message} Trying again.")
            time.sleep(PAUSE_SECONDS * failures)


def _receive(response: Response, file: HubFile, part: Path, start: int, watcher: Watcher) -> None:
    """Append what the response holds; whatever ends it, what came is on the disk."""
    done = start = _start_of(response, file, part, start)
    try:
        # Unbuffered: after a kill the file is as long as what was received.
        with part.open("ab", buffering=0) as out:
            if size_of(part) > start:
                out.truncate(start)
            watcher.progress(file, done)
            for piece in response.iter_raw():
                if done + len(piece) > file.size:
                    raise BadResponse(
                        f"More than the announced {in_words(file.size)} of {file.name} came.",
                        hint="The repository or the way to it is broken.",
                    )
                out.write(piece)
                done += len(piece)
                watcher.progress(file, done)
    except BadResponse:
        part.unlink()
        raise
    except OSError as error:
        if error.errno in _FULL:
            raise NoSpace(
                f"The disk was full after {in_words(done)} of {file.name}.",
                hint=f"Make room. {RESUME}",
            ) from error
        raise


def _start_of(response: Response, file: HubFile, part: Path, start: int) -> int:
    """Where the response begins in the file: where it was asked to, or at 0."""
    if response.status_code == 200:
        start = 0
    else:
        found = _RANGE.fullmatch(response.headers.get("Content-Range", ""))
        if found is None or int(found[1]) != start:
            part.unlink(missing_ok=True)
            raise BadResponse(
                f"Another piece of {file.name} came than the one that was asked for.",
                hint="What was there is removed; pull again to start anew.",
            )
    length = response.headers.get("Content-Length", "")
    if length.isdecimal() and int(length) != file.size - start:
        raise BadResponse(
            f"{file.name} was announced with {file.size:,} bytes, "
            f"and {int(length) + start:,} were about to come.",
            hint="The repository or the way to it is broken.",
        )
    return start


def _check(file: HubFile, part: Path, watcher: Watcher) -> None:
    """Compare the file on the disk, not what was received, with the Hub's checksum."""
    if file.sha256 is None:
        watcher.note(f"The Hub gives no checksum for {file.name}; only its size was checked.")
        return
    watcher.checking(file)
    found = digest(part)
    if found != file.sha256:
        part.unlink()
        raise ModelFileError(
            f"{file.name} came with the wrong checksum ({found[:12]}… instead of "
            f"{file.sha256[:12]}…) and was removed.",
            hint="Pull it again; if it happens twice, the repository or the way to it is broken.",
        )
