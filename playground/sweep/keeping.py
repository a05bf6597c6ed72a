"""A sweep as it is written down: all of it but passwords."""

from __future__ import annotations

import re
from typing import Final

from playground.sweep.definition import BayesianSearch, Sweep

HIDDEN: Final = "***"
"""What stands for a password."""

_IN_FRONT: Final = re.compile(r"(?<=://)([^/@:]*):.*@")
_WORDS: Final = "password|passwd|pwd|secret|token|key"
_IN_QUERY: Final = re.compile(rf"(?<=[?&])([^=&]*(?:{_WORDS})[^=&]*)=[^&]*", re.IGNORECASE)


def without_passwords(sweep: Sweep) -> Sweep:
    """The same sweep; passwords in the address of its study's database are hidden."""
    search = sweep.search
    if not isinstance(search, BayesianSearch):
        return sweep
    storage = address_without_passwords(search.storage)
    return sweep.model_copy(update={"search": search.model_copy(update={"storage": storage})})


def address_without_passwords(address: str) -> str:
    """The address of a database; passwords in it are hidden."""
    return _IN_QUERY.sub(rf"\1={HIDDEN}", _IN_FRONT.sub(rf"\1:{HIDDEN}@", address))
