"""Makes the index of words anew, from the texts, where only the index is damaged."""

from __future__ import annotations

import contextlib
import json
import sqlite3

from playground.history.schema import WORDS
from playground.history.words import indexed

_SHADOWS = tuple(f"words_{part}" for part in ("data", "idx", "content", "docsize", "config"))


def words_are_bad(connection: sqlite3.Connection) -> bool:
    """Whether the index cannot be asked; a glance. What others hold the file for is not that."""
    try:
        connection.execute("SELECT rowid FROM words WHERE words MATCH 'a' LIMIT 1").fetchall()
    except sqlite3.DatabaseError as error:
        return error.sqlite_errorcode & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_ERROR}
    return False


def index_again(connection: sqlite3.Connection) -> None:
    """Make the index anew, all of it or nothing; raises `sqlite3.Error` where a text is bad too."""
    marks = ", ".join("?" * (len(_SHADOWS) + 1))
    connection.execute("BEGIN IMMEDIATE")
    try:
        # A damaged index cannot be dropped: its tables are struck from the list of tables.
        connection.execute("PRAGMA writable_schema = ON")
        connection.execute(
            f"DELETE FROM sqlite_master WHERE tbl_name IN ({marks})",  # noqa: S608 - of marks
            ("words", *_SHADOWS),
        )
        version = connection.execute("PRAGMA schema_version").fetchone()[0]
        connection.execute(f"PRAGMA schema_version = {version + 1}")
        connection.execute("PRAGMA writable_schema = RESET")
        connection.execute(WORDS)
        for number, names in connection.execute("SELECT number, messages FROM runs").fetchall():
            connection.execute(
                "INSERT INTO words (rowid, prompt, answer) VALUES (?, ?, ?)",
                (number, indexed(_prompt(connection, names)), indexed(_answer(connection, number))),
            )
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    finally:
        connection.execute("PRAGMA writable_schema = OFF")
    connection.execute("COMMIT")
    # The pages of the old one belong to nothing; while others use the file they stay.
    with contextlib.suppress(sqlite3.Error):
        connection.execute("VACUUM")


def _prompt(connection: sqlite3.Connection, names: str) -> str:
    for name in reversed(json.loads(names)):
        row = connection.execute(
            "SELECT role, content FROM messages WHERE hash = ?", (name,)
        ).fetchone()
        if row is not None and row["role"] == "user":
            return str(row["content"])
    return ""


def _answer(connection: sqlite3.Connection, number: int) -> str:
    rows = connection.execute("SELECT text FROM choices WHERE run = ? ORDER BY choice", (number,))
    return "\n".join(row["text"] for row in rows)
