"""What was pulled: a record beside the files, so that only what we put there is ever removed."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, ValidationError

from playground.config import MAX_FILE_BYTES, at_home, settings
from playground.errors import BrokenFile, ConfigurationError, UnknownModel, UsageError, did_you_mean
from playground.hub.fetching import part_of, parts_of, size_of
from playground.hub.offers import HubFile, Offer, choose
from playground.hub.reference import HubRef

RECORD = ".pulled.json"
LOCK = ".pull.lock"


class _Entry(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    offer: Offer
    commit: str
    whole: bool


class _Record(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")

    pulls: tuple[_Entry, ...] = ()


class Pulled(BaseModel):
    """Something pulled, or half pulled: where it is, and what of the Hub it was."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    folder: Path
    """The repository's folder: the model folder, the organisation, the repository."""
    offer: Offer
    commit: str
    whole: bool
    """Whether all of it is here, checked."""

    @property
    def repo(self) -> str:
        """`ORG/REPO`."""
        return f"{self.folder.parent.name}/{self.folder.name}"

    @property
    def path(self) -> Path:
        """What to open: the file, or the first part of a split one."""
        return self.target(self.offer.files[0])

    @property
    def ref(self) -> str:
        """The reference to give to `playground ask -m`."""
        path = self.path
        if path.is_relative_to(Path.home()):
            path = "~" / path.relative_to(Path.home())
        return f"local:{path.as_posix()}"

    @property
    def hub_ref(self) -> HubRef:
        """The reference that pulls it, or removes it."""
        return HubRef(repo=self.repo, quant=self.offer.quant or self.offer.name)

    def target(self, file: HubFile) -> Path:
        """Where one of its files belongs."""
        return self.folder.joinpath(*file.name.split("/"))

    @property
    def bytes_here(self) -> int:
        """What it takes of the disk now."""
        places = [self.target(file) for file in self.offer.files]
        parts = [part_of(self.target(file), file) for file in self.offer.files]
        return sum(map(size_of, [*places, *parts]))

    @classmethod
    def planned(cls, repo: str, offer: Offer, commit: str) -> Self:
        """What a pull into the first of the user's model folders will make."""
        folders = settings().model_folders
        if not folders:
            raise ConfigurationError(
                "There is no folder to put models into.", hint="Set model_folders in config.toml."
            )
        folder = at_home(folders[0]).absolute().joinpath(*repo.split("/"))
        return cls(folder=folder, offer=offer, commit=commit, whole=False)


def pulled() -> list[Pulled]:
    """All that was pulled into the user's model folders, begun ones too."""
    folders = (at_home(folder).absolute() for folder in settings().model_folders)
    records = (path for folder in folders for path in sorted(folder.glob(f"*/*/{RECORD}")))
    return [one for path in records for one in _recorded(path.parent)]


def find_pulled(ref: HubRef) -> Pulled:
    """The one that a reference names; raises `UnknownModel`, or `UsageError` if it is several."""
    there = pulled()
    found = [one for one in there if one.repo.lower() == ref.repo.lower()]
    if not found:
        raise UnknownModel(
            f"Nothing was pulled from {ref.repo}.",
            hint=did_you_mean(ref.repo, {one.repo for one in there})
            or "`playground pull --list` shows what was.",
        )
    if ref.quant:
        offer = choose([one.offer for one in found], ref.quant, source=f"hf:{found[0].repo}")
        found = [one for one in found if one.offer == offer]
    if len(found) > 1:
        raise UsageError(
            f"{len(found)} models were pulled from {ref.repo}.",
            hint=f"Name one of them: {', '.join(str(one.hub_ref) for one in found)}",
        )
    return found[0]


def record(new: Pulled) -> None:
    """Write down a pull, in the place of an older one of the same name."""
    kept = [one for one in _recorded(new.folder) if one.offer.name != new.offer.name]
    _write(new.folder, [*kept, new])


def recorded(folder: Path, name: str) -> Pulled | None:
    """What the record of a repository's folder says of an offer of this name."""
    return next((one for one in _recorded(folder) if one.offer.name == name), None)


@contextmanager
def held(one: Pulled) -> Iterator[None]:
    """Keep the repository's folder to ourselves: two writers would spoil each other's file.

    Raises `UsageError` while somebody else does.
    """
    if find_spec("filelock") is None:
        # It comes with what pulls: where that is missing, nobody pulls.
        yield
        return
    from filelock import FileLock, Timeout

    try:
        with FileLock(one.folder / LOCK, timeout=0):
            yield
    except Timeout as error:
        raise UsageError(
            f"A pull from {one.repo} is going on.", hint="Wait for its end, or stop it."
        ) from error


def remove(gone: Pulled) -> int:
    """Delete what was pulled and the folders that it leaves empty; returns the bytes freed.

    Raises `UsageError` while it is being pulled.
    """
    with held(gone):
        freed = gone.bytes_here
        for file in gone.offer.files:
            target = gone.target(file)
            for path in (target, *parts_of(target)):
                path.unlink(missing_ok=True)
        forget(gone)
        tidy(gone)
    return freed


def forget(gone: Pulled) -> None:
    """Take a pull out of the record; its files stay."""
    _write(gone.folder, [one for one in _recorded(gone.folder) if one.offer != gone.offer])


def tidy(one: Pulled) -> None:
    """Take away folders in which nothing is left: those of the repository and its organisation."""
    if not one.folder.is_dir():
        return
    if {path.name for path in one.folder.iterdir()} <= {LOCK}:
        one.folder.joinpath(LOCK).unlink(missing_ok=True)
    inside = {parent for file in one.offer.files for parent in one.target(file).parents}
    ours = [path for path in inside if path.is_relative_to(one.folder.parent)]
    for folder in sorted(ours, key=lambda path: len(path.parts), reverse=True):
        if folder.is_dir() and not any(folder.iterdir()):
            folder.rmdir()


def _recorded(folder: Path) -> Iterator[Pulled]:
    path = folder / RECORD
    if not path.exists():
        return
    if path.stat().st_size > MAX_FILE_BYTES:
        raise BrokenFile(f"{path} is larger than {MAX_FILE_BYTES:,} bytes.", hint="Remove it.")
    try:
        entries = _Record.model_validate_json(path.read_bytes()).pulls
    except ValidationError as error:
        raise BrokenFile(
            f"{path} is not a record of what was pulled.", hint="Remove it; the models stay."
        ) from error
    for entry in entries:
        yield Pulled(folder=folder, offer=entry.offer, commit=entry.commit, whole=entry.whole)


def _write(folder: Path, pulls: list[Pulled]) -> None:
    path = folder / RECORD
    if not pulls:
        path.unlink(missing_ok=True)
        return
    entries = (_Entry(offer=one.offer, commit=one.commit, whole=one.whole) for one in pulls)
    draft = path.with_suffix(".new")
    draft.write_text(_Record(pulls=tuple(entries)).model_dump_json(indent=1), encoding="utf-8")
    draft.replace(path)
