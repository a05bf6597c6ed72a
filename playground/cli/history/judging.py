"""What the votes of blind tests say, printed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from playground.cli.history.opening import opened
from playground.cli.history.selecting import filters_of
from playground.cli.output import note, say, say_json
from playground.cli.table import table
from playground.judging import Tallies, Tally, count_votes

_FIGURES = ("WINS", "LOSSES", "TIES", "BAD", "SHARE", "95 % INTERVAL")


def show_votes(name: str, *, since: str, until: str, json: bool) -> None:
    """Print how models and settings stand, after all votes or those of one conversation."""
    span = filters_of("", since=since, until=until)
    with opened() as history:
        votes = history.votes(history.conversation(name).id if name else "")
    tallies = count_votes(
        vote
        for vote in votes
        if (span.since is None or vote.created >= span.since)
        and (span.until is None or vote.created < span.until)
    )
    if json:
        say_json(_as_json(tallies))
    elif tallies.votes:
        say("\n\n".join(_tables(tallies)))
    elif votes or name:
        note("No vote is like that.")
    else:
        note("Nobody has voted yet: in the terminal, Alt+V asks a prompt unseen.")


def _tables(tallies: Tallies) -> Iterator[str]:
    yield f"{tallies.votes:,} vote{'s' * (tallies.votes != 1)}"
    for head, found in (
        (("MODEL",), tallies.models),
        (("SETTING",), tallies.settings),
        (("MODEL", "SETTING"), tallies.both),
    ):
        if found:
            names = len(head)
            yield table(
                (*head, *_FIGURES),
                [_row(one) for one in found],
                right=range(names, names + len(_FIGURES)),
            )


def _row(one: Tally) -> Sequence[str]:
    low, high = one.interval
    return [
        *filter(None, (one.model, one.setting)),
        *map(str, (one.wins, one.losses, one.ties, one.bad)),
        "" if one.share is None else f"{one.share:.0%}".replace("%", " %"),
        "" if one.share is None else f"{low:.0%} to {high:.0%}".replace("%", " %"),
    ]


def _as_json(tallies: Tallies) -> dict[str, Any]:
    return {
        "votes": tallies.votes,
        "models": [*map(_tally, tallies.models)],
        "settings": [*map(_tally, tallies.settings)],
        "both": [*map(_tally, tallies.both)],
    }


def _tally(one: Tally) -> dict[str, Any]:
    names = {"model": one.model, "setting": one.setting}
    return {
        **{name: word for name, word in names.items() if word},
        "wins": one.wins,
        "losses": one.losses,
        "ties": one.ties,
        "bad": one.bad,
        "share": one.share,
        "interval": one.interval,
    }
