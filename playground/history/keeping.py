"""What users do to what is kept: titles, tags, pins, ratings, votes, deleting and bringing back."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence

from playground.errors import UnknownRecord, did_you_mean
from playground.history.records import Rating
from playground.history.saving import as_json, storable
from playground.judging import Vote

DAYS_TO_REGRET = 30
"""How long a deleted conversation can be brought back."""


def resolve(db: sqlite3.Connection, table: str, text: str) -> str:
    """The whole name of a conversation or a run from its beginning.

    `table` is `conversations` or `runs`. Raises `UnknownRecord` where there is none, with those
    that are near, or more than one.
    """
    what = {"conversations": "conversation", "runs": "run"}[table]
    low = text.strip().lower()
    names = [
        row[0]
        for row in db.execute(
            f"SELECT id FROM {table} WHERE id >= ? AND id < ? LIMIT 6",  # noqa: S608 - of two words
            (low, f"{low}\U0010ffff"),
        )
    ]
    if low in names:
        return low
    if len(names) == 1 and low:
        return str(names[0])
    if names and low:
        raise UnknownRecord(
            f"{text!r} is the beginning of several {what}s: {', '.join(names[:5])}.",
            hint="Write more of it.",
        )
    everything = [row[0] for row in db.execute(f"SELECT id FROM {table}")]  # noqa: S608
    raise UnknownRecord(
        f"There is no {what} {text!r} in the history.",
        hint=did_you_mean(low, everything) or "`playground history list` shows what there is.",
    )


def rename(db: sqlite3.Connection, conversation: str, title: str) -> None:
    """Give a conversation a title."""
    db.execute("UPDATE conversations SET title = ? WHERE id = ?", (storable(title), conversation))


def pin(db: sqlite3.Connection, conversation: str, *, pinned: bool) -> None:
    """Keep a conversation at the top of lists, or no longer."""
    db.execute("UPDATE conversations SET pinned = ? WHERE id = ?", (int(pinned), conversation))


def set_tags(db: sqlite3.Connection, conversation: str, tags: Iterable[str]) -> None:
    """Give a conversation these tags instead of those it had."""
    db.execute("DELETE FROM tags WHERE conversation = ?", (conversation,))
    db.executemany(
        "INSERT OR IGNORE INTO tags VALUES (?, ?)",
        [(conversation, word) for tag in tags if (word := " ".join(storable(tag).split()))],
    )


def delete(db: sqlite3.Connection, conversations: Sequence[str]) -> None:
    """Hide conversations; `restore` brings them back for `DAYS_TO_REGRET` days."""
    db.executemany(
        "UPDATE conversations SET deleted = ? WHERE id = ?",
        [(time.time(), name) for name in conversations],
    )


def restore(db: sqlite3.Connection, conversations: Sequence[str]) -> None:
    """Bring deleted conversations back."""
    db.executemany(
        "UPDATE conversations SET deleted = NULL WHERE id = ?",
        [(name,) for name in conversations],
    )


def purge(db: sqlite3.Connection, before: float) -> int:
    """Remove for good what was deleted before a moment; how many conversations it was."""
    gone = db.execute("DELETE FROM conversations WHERE deleted < ?", (before,)).rowcount
    if gone:
        db.execute(
            "DELETE FROM messages WHERE hash NOT IN"
            " (SELECT value FROM runs, json_each(runs.messages))"
        )
    return gone


def settle_interrupted(db: sqlite3.Connection, conversation: str) -> None:
    """An interrupted conversation has been opened again: it is like any other."""
    db.execute("UPDATE conversations SET interrupted = 0 WHERE id = ?", (conversation,))


def leave_interrupted(db: sqlite3.Connection, conversation: str) -> None:
    """The user has been offered an interrupted conversation: it stays one, not to be offered."""
    db.execute(
        "UPDATE conversations SET interrupted = 2 WHERE id = ? AND interrupted", (conversation,)
    )


def choose(db: sqlite3.Connection, turn: str, run: str, choice: int) -> None:
    """Go on from this answer of a turn."""
    db.execute(
        "UPDATE turns SET chosen_run = ?, chosen_choice = ? WHERE id = ?", (run, choice, turn)
    )


def set_leaf(db: sqlite3.Connection, pane: str, turn: str) -> None:
    """Remember which turn of a pane was in view last."""
    db.execute("UPDATE panes SET leaf = ? WHERE id = ?", (turn, pane))


def rate(db: sqlite3.Connection, rating: Rating) -> None:
    """Keep what the user thinks of an answer; nothing at all takes an earlier rating away."""
    if rating.stars is None and not rating.note:
        db.execute("DELETE FROM ratings WHERE run = ? AND choice = ?", (rating.run, rating.choice))
        return
    db.execute(
        "INSERT OR REPLACE INTO ratings VALUES (?, ?, ?, ?)",
        (rating.run, rating.choice, rating.stars, storable(rating.note)),
    )


def add_vote(db: sqlite3.Connection, vote: Vote, conversation: str = "") -> bool:
    """Keep a vote of a blind test; false if it is there already.

    Without a name it belongs to the conversation of the answers that it judges.
    """
    content = as_json(vote)
    return bool(
        db.execute(
            "INSERT OR IGNORE INTO votes (id, created, content, conversation) VALUES (?, ?, ?,"
            " coalesce(nullif(?, ''), (SELECT panes.conversation FROM runs"
            " JOIN turns ON turns.id = runs.turn JOIN panes ON panes.id = turns.pane"
            " WHERE runs.id = ?), ''))",
            (vote.id, vote.created.timestamp(), content, conversation, vote.candidates[0].run),
        ).rowcount
    )
