"""Options that choose among what is kept, as filters."""

from __future__ import annotations

from collections.abc import Sequence

from playground.history import Filters, ParamFilter
from playground.history.typed import typed_moment


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
        since=typed_moment(since) if since else None,
        until=typed_moment(until) if until else None,
        tag=tag,
        params=tuple(map(ParamFilter.parse, params)),
        pinned=pinned,
        deleted=deleted,
    )
