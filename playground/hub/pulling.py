"""A pull from beginning to end: choose, make sure of the room, fetch, check, put in place."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from playground.errors import ConfigurationError, UsageError
from playground.hub.client import Hub
from playground.hub.fetching import Watcher, check_room, digest, fetch, is_cached, part_of, size_of
from playground.hub.offers import HubFile
from playground.hub.reference import HubRef
from playground.hub.shelf import Pulled, forget, held, record, recorded, tidy


def pull(ref: HubRef, watcher: Watcher) -> Pulled:
    """Bring what a reference names into the first of the user's model folders.

    Interrupted by whatever, it goes on from there when it is called again. What is there already
    is not fetched. Files take their places when all of them are checked. Raises `HostedError`s,
    `UsageError`s, `NoSpace`, `ModelFileError` (a wrong checksum) and `ConfigurationError`s.
    """
    hub = Hub()
    repository = hub.repository(ref.repo)
    offer = repository.choose(ref.quant)
    watcher.chosen(offer, repository)
    new = Pulled.planned(ref.repo, offer, repository.commit)
    old = recorded(new.folder, offer.name)
    missing = [file for file in offer.files if not _is_there(new, old, file)]
    to_come = [file for file in missing if not is_cached(hub, repository, file)]
    check_room(new.folder, sum(file.size - _begun(new, file) for file in to_come))
    with _writing(new):
        record(new)
        for file in missing:
            new.target(file).parent.mkdir(parents=True, exist_ok=True)
        parts = [
            (fetch(hub, repository, file, new.target(file), watcher), new.target(file))
            for file in missing
        ]
        for part, target in parts:
            part.replace(target)
        whole = new.model_copy(update={"whole": True})
        record(whole)
    return whole


def _is_there(new: Pulled, old: Pulled | None, file: HubFile) -> bool:
    """Whether a file is in its place as the Hub has it now.

    Raises `UsageError` if another is there that no pull has put there: it is not ours to replace.
    """
    target = new.target(file)
    if not target.exists():
        return False
    ours = old is not None and file.name in {one.name for one in old.offer.files}
    if target.is_file() and size_of(target) == file.size:
        # Hashing 40 GB takes a minute: what was checked when it came is not checked again.
        if old is not None and old.whole and file in old.offer.files and _same_version(new, old):
            return True
        if file.sha256 and digest(target) == file.sha256:
            return True
    if not ours:
        raise UsageError(
            f"{target} is there already, and is not what {new.hub_ref} would put there.",
            hint="Move it away first.",
        )
    return False


def _same_version(new: Pulled, old: Pulled) -> bool:
    """Files without a checksum are known by their commit alone."""
    return new.commit == old.commit or all(file.sha256 for file in new.offer.files)


def _begun(new: Pulled, file: HubFile) -> int:
    return min(size_of(part_of(new.target(file), file)), file.size)


@contextmanager
def _writing(new: Pulled) -> Iterator[None]:
    """Hold the repository's folder, made if need be, and leave nothing where nothing came."""
    try:
        new.folder.mkdir(parents=True, exist_ok=True)
        with held(new):
            try:
                yield
            finally:
                if not new.bytes_here:
                    forget(new)
                    tidy(new)
    except OSError as error:
        raise ConfigurationError(
            f"{error.filename or new.folder} cannot be written: {error.strerror or error}.",
            hint="Check its permissions, or name another folder first in model_folders in "
            "config.toml.",
        ) from error
