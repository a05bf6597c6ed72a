"""The history for a command: opened, and closed with everything written."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence

from playground.cli.output import note
from playground.errors import HistoryUnavailable, UnknownRecord
from playground.history import ConversationRecord, History, RunRecord


@contextlib.contextmanager
def opened() -> Iterator[History]:
    """The user's history; raises `HistoryUnavailable` where what was to be written was not."""
    history = History.open()
    try:
        if history.begun_again:
            raise HistoryUnavailable(history.notice)
        if history.notice:
            note(history.notice)
        yield history
    finally:
        problem = history.problem
        lost = history.close()
    if lost or problem:
        raise HistoryUnavailable(
            history.problem or problem or "The history could not be written.",
            hint="Nothing else was changed.",
        )


def conversations(history: History, names: Sequence[str]) -> list[ConversationRecord]:
    """The conversations of these names, each once; raises `UnknownRecord`."""
    found = {record.id: record for record in map(history.conversation, names)}
    return list(found.values())


def conversation_or_run(history: History, name: str) -> ConversationRecord | RunRecord:
    """What has this id; raises `UnknownRecord` with what is near."""
    misses: list[UnknownRecord] = []
    for find in (history.conversation, history.run):
        try:
            return find(name)
        except UnknownRecord as error:
            misses.append(error)
    telling = [error for error in misses if "several" in error.message or "mean" in error.hint]
    if telling:
        raise telling[0]
    raise UnknownRecord(
        f"There is no conversation and no run {name!r} in the history.", hint=misses[0].hint
    )
