"""`hf:ORG/REPO[:QUANT]`, the name of something on the Hub."""

from __future__ import annotations

import re
from typing import Self

from pydantic import BaseModel, ConfigDict

from playground.errors import InvalidReference

PREFIX = "hf:"
_WORD = r"[A-Za-z0-9][A-Za-z0-9._-]{0,95}"
_REPO = re.compile(f"{_WORD}/{_WORD}")


class HubRef(BaseModel):
    """A repository, and what of it is meant.

    `quant` is the name of a quantisation (`Q4_K_M`) or of a file; empty leaves the choice to us.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: str
    quant: str = ""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `hf:ORG/REPO[:QUANT]`; raises `InvalidReference`."""
        if not text.startswith(PREFIX):
            raise InvalidReference(
                f"{text!r} does not begin with {PREFIX!r}.",
                hint=f"Write {PREFIX}{text}" if _REPO.fullmatch(text.split(":")[0]) else _FORM,
            )
        repo, _, quant = text.removeprefix(PREFIX).partition(":")
        # Two dots or hyphens in a row, and `.git`, are what the Hub forbids; the dots are also
        # what a path would climb with.
        if not _REPO.fullmatch(repo) or ".." in repo or "--" in repo or repo.endswith(".git"):
            raise InvalidReference(f"{repo!r} is not the name of a repository.", hint=_FORM)
        return cls(repo=repo, quant=quant.strip())

    def __str__(self) -> str:
        return f"{PREFIX}{self.repo}" + f":{self.quant}" * bool(self.quant)


_FORM = f"Write {PREFIX}ORGANISATION/REPOSITORY or {PREFIX}ORGANISATION/REPOSITORY:QUANT."
