"""In which language lessons are given: as asked, as chosen before, or as the locale says."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Final

from playground.errors import UsageError, did_you_mean

LANGUAGES: Final[Mapping[str, str]] = {"en": "English", "ja": "日本語"}
"""The languages of the lessons that ship, each with its own name."""

_VARIABLES: Final = ("LC_ALL", "LC_MESSAGES", "LANG")
"""The first of these that is set says the language of messages (POSIX)."""


def language_of(asked: str = "", chosen: str = "", *, others: tuple[str, ...] = ()) -> str:
    """The language to teach in: `asked`, else `chosen`, else that of the locale, else English.

    `others` are languages of the user's own folder. Raises `UsageError` for one that there is not.
    """
    known = {*LANGUAGES, *others}
    if asked:
        code = asked.replace("-", "_").partition("_")[0].casefold()
        if code not in known:
            raise UsageError(
                f"There are no lessons in {asked!r}.",
                hint=did_you_mean(code, known) or f"There are {', '.join(sorted(known))}.",
            )
        return code
    for code in (chosen, _of_locale()):
        if code in known:
            return code
    return "en"


def _of_locale() -> str:
    value = next((found for name in _VARIABLES if (found := os.environ.get(name))), "")
    return value.partition("_")[0].partition(".")[0].casefold()
