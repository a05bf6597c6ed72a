"""Options that choose among what is kept, as filters."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime, timedelta

from playground.errors import UsageError
from playground.history import Filters, ParamFilter

_AGO = re.compile(r"^(\d{1,5})\s*([hdwmy])$")
_HOURS = {"h": 1, "d": 24, "w": 168, "m": 24 * 30, "y": 24 * 365}


def filters_of(
    query: str,
    *,
    model: str = "",
    since: str = "",
    until: str = "",
    tag: str = "",
    params: Sequence[str] = (),
    pinned: bool = False,
    deleted: bool = False,
) -> Filters:
    """The filters that the options say; raises `UsageError` for what cannot be meant."""
    return Filters(
        query=query,
        model=model,
        since=moment(since) if since else None,
        until=moment(until) if until else None,
        tag=tag,
        params=tuple(map(ParamFilter.parse, params)),
        pinned=pinned,
        deleted=deleted,
    )


def moment(text: str) -> datetime:
    """A day (its beginning), a moment, or so long ago: `2026-11-24`, `2026-11-24T18:00`, `7d`.

    In this machine's zone where none is named. `h`, `d`, `w`, `m` and `y` are hours, days, weeks,
    months of 30 days and years of 365.
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
