"""What a repository offers: its GGUF files, split ones taken together, and which to take."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import PurePosixPath
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from playground.errors import BadResponse, UnknownModel, UsageError, did_you_mean
from playground.sizes import in_words

PREFERRED = (
    "Q4_K_M", "Q4_K_L", "Q4_K_XL", "Q4_K_S", "IQ4_NL", "IQ4_XS", "Q4_1", "Q4_0", "MXFP4",
    "Q5_K_M", "Q5_K_S", "Q3_K_L", "Q3_K_M", "Q6_K", "Q8_0", "BF16", "F16", "F32",
)  # fmt: skip
"""Without a wish, the first of these that is there: small, and hardly worse than the original."""
MOST_NAMED = 12
"""No more of a repository's files than this are named in one sentence."""
MAX_NAME_BYTES = 200
"""Of one part of a path; file systems take 255, and a download's name is a little longer."""

_QUANT = re.compile(
    r"(?<![A-Z0-9])(I?Q[1-8](?:_(?:K|S|M|L|XL|XS|XXS|NL|[0-9]))+|TQ[12]_0|MXFP4|BF16|FP?16|FP?32)"
    r"(?![A-Z0-9])",
    re.IGNORECASE,
)
_SPLIT = re.compile(r"-(\d{5})-of-(\d{5})$")
_NO_MODEL = re.compile(r"mmproj|imatrix", re.IGNORECASE)
"""GGUF files that go with a model and are none: image projectors and importance matrices."""


def checked_name(name: str) -> str:
    """The name of a file in a repository, if it names a file below any folder it is put into.

    Judged by the rules of every system, because folders are carried from one to another. Raises
    `ValueError` saying what is wrong.
    """
    for part in name.split("/"):
        if part in ("", ".", ".."):
            raise ValueError("its name leaves the folder")
        if not part.isprintable() or re.search(r'[\\:*?"<>|]', part) or part[-1] in ". ":
            raise ValueError("its name has characters that file names do not have")
        if len(part.encode()) > MAX_NAME_BYTES:
            raise ValueError("its name is too long")
    return name


class HubFile(BaseModel):
    """One file of a repository: its path there, its size in bytes, and its checksum if it has one.

    Files that the Hub keeps in Git LFS, as nearly every GGUF, have one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, AfterValidator(checked_name)]
    size: int = Field(gt=0)
    sha256: str | None = Field(default=None, pattern="^[0-9a-f]{64}$")


class Offer(BaseModel):
    """One model that a repository has: a GGUF file, or the parts of a split one in their order."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: str
    """Its path in the repository, without `.gguf` and the number of a part."""
    files: tuple[HubFile, ...]
    parts: int = 1
    """How many files there should be."""

    @property
    def quant(self) -> str:
        """The quantisation in its name, in capitals; empty if none is recognised."""
        found = _QUANT.findall(PurePosixPath(self.name).name) or _QUANT.findall(self.name)
        return re.sub("^FP", "F", found[-1].upper()) if found else ""

    @property
    def size(self) -> int:
        """Bytes, of all its files."""
        return sum(file.size for file in self.files)

    def __str__(self) -> str:
        return f"{self.quant or self.name} ({in_words(self.size)})"


def offers_of(files: Iterable[HubFile]) -> tuple[Offer, ...]:
    """The models among a repository's files, smallest first."""
    groups: dict[tuple[str, int], dict[int, HubFile]] = defaultdict(dict)
    for file in files:
        path = PurePosixPath(file.name)
        if path.suffix.lower() != ".gguf" or _NO_MODEL.search(path.name):
            continue
        stem = file.name[: -len(path.suffix)]
        if split := _SPLIT.search(stem):
            groups[stem[: split.start()], int(split[2])][int(split[1])] = file
        else:
            groups[stem, 1][1] = file
    found = (
        Offer(name=name, files=tuple(parts[number] for number in sorted(parts)), parts=count)
        for (name, count), parts in groups.items()
    )
    return tuple(sorted(found, key=lambda offer: (offer.size, offer.name)))


def choose(offers: Sequence[Offer], wish: str, *, source: str) -> Offer:
    """The offer that is meant by a quantisation's or a file's name, or the default without one.

    Raises `UnknownModel` if there is none such, `UsageError` if there are several, `BadResponse`
    if parts of it are missing in `source`, the repository.
    """
    wanted = wish.lower().removesuffix(".gguf")
    if wish:
        found = [offer for offer in offers if offer.quant.lower() == wanted]
        found = found or [offer for offer in offers if wanted in _names(offer)]
        # `UD-Q4_K_XL`, as some name their own mixtures.
        found = found or [offer for offer in offers if offer.name.lower().endswith(f"-{wanted}")]
        if not found:
            words = [word for offer in offers for word in (offer.quant, offer.name) if word]
            raise UnknownModel(
                f"{source} has no {wish}.",
                hint=did_you_mean(wish.upper(), words) or f"It has {listing(offers)}.",
            )
    else:
        found = _preferred(offers)
    if len(found) > 1:
        names = ", ".join(offer.name for offer in found[:MOST_NAMED])
        raise UsageError(
            f"{source} has {len(found)} models of {found[0].quant}: {names}.",
            hint=f"Name one of them: {source}:{found[0].name}",
        )
    offer = found[0]
    if len(offer.files) != offer.parts:
        raise BadResponse(
            f"{source} has {len(offer.files)} of the {offer.parts} parts of {offer.name}.",
            hint="The repository is incomplete; choose another file.",
        )
    return offer


def listing(offers: Sequence[Offer]) -> str:
    """The offers with their sizes, as many as a sentence bears."""
    named = ", ".join(str(offer) for offer in offers[:MOST_NAMED])
    more = len(offers) - MOST_NAMED
    return f"{named} and {more} more" if more > 0 else named


def _names(offer: Offer) -> set[str]:
    name = offer.name.lower()
    files = {file.name.lower().removesuffix(".gguf") for file in offer.files}
    return {name, PurePosixPath(name).name} | files


def _preferred(offers: Sequence[Offer]) -> list[Offer]:
    whole = [offer for offer in offers if len(offer.files) == offer.parts] or list(offers)
    for quant in PREFERRED:
        if found := [offer for offer in whole if offer.quant == quant]:
            return found
    return whole[:1]
