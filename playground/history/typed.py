"""What people type to find what is kept: dates, and a line of words with filters among them."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from playground.errors import UsageError
from playground.history.searching import Filters, ParamFilter
from playground.params import knobs

_AGO = re.compile(r"^(\d{1,5})\s*([hdwmy])$")
_HOURS = {"h": 1, "d": 24, "w": 168, "m": 24 * 30, "y": 24 * 365}
_WORD = re.compile(r'(?:model|tag|since|until):"[^"]*"?|\S+')
_CONDITION = re.compile(r"^(\w+)(<=|>=|!=|=|<|>)\S")


def typed_moment(text: str) -> datetime:
    """A day (its beginning), a moment, or so long ago: `2026-11-24`, `2026-11-24T18:00`, `7d`.

    In this machine's zone where none is named. `h`, `d`, `w`, `m` and `y` are hours, days, weeks,
    months of 30 days and years of 365. Raises `UsageError`.
    """
    try:
        if ago := _AGO.match(text.strip()):
            hours = int(ago[1]) * _HOURS[ago[2]]
            return datetime.now().astimezone() - timedelta(hours=hours)
        found = datetime.fromisoformat(text.strip())
        found.timestamp()
        return found if found.tzinfo is not None else found.astimezone()
    except (ValueError, OverflowError) as error:
        raise UsageError(
            f"{text!r} is no date.",
            hint="Write 2026-11-24, 2026-11-24T18:00, or 7d for a week ago.",
        ) from error


def typed_filters(text: str) -> Filters:
    """The filters in one line: `fox model:demo tag:good since:7d until:2026-11-24 temperature>1`.

    A value with blanks in it stands in double quotes: `tag:"two words"`.
    Everything else in it is words to look for. What begins like a filter and has no value yet is
    passed over: it is still being typed. Raises `UsageError` or `InvalidParameter` for a date or a
    number that is none.
    """
    words: list[str] = []
    named = {"model": "", "tag": "", "since": "", "until": ""}
    params: list[ParamFilter] = []
    for word in _WORD.findall(text):
        name, colon, value = word.partition(":")
        condition = _CONDITION.match(word)
        if colon and name in named:
            named[name] = value.strip('"') or named[name]
        elif condition is not None and condition[1] in knobs():
            params.append(ParamFilter.parse(word))
        else:
            words.append(word)
    return Filters(
        query=" ".join(words),
        model=named["model"],
        tag=named["tag"],
        since=typed_moment(named["since"]) if named["since"] else None,
        until=typed_moment(named["until"]) if named["until"] else None,
        params=tuple(params),
    )
