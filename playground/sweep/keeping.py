"""A sweep as it is written into the history: all of it but passwords."""

from __future__ import annotations

import re
from typing import Final

from playground.sweep.definition import BayesianSearch, Sweep

HIDDEN: Final = "***"
"""What stands for a password."""

_PASSWORD: Final = re.compile(r"(?<=://)([^/@]*?):[^/]*@")


def as_kept(sweep: Sweep) -> str:
    """The definition as JSON; a password in the address of a database is left out."""
    search = sweep.search
    if isinstance(search, BayesianSearch):
        storage = _PASSWORD.sub(rf"\1:{HIDDEN}@", search.storage)
        sweep = sweep.model_copy(update={"search": search.model_copy(update={"storage": storage})})
    return sweep.model_dump_json()
