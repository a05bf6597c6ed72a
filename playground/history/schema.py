"""The tables, one script for each version of them, and how a file comes from one to the next."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator

WORDS = """
CREATE VIRTUAL TABLE words USING fts5 (
    prompt, answer, tokenize = 'unicode61 remove_diacritics 2'
)
"""
"""The index of words, as the first script makes it."""

# Never change a script that has been released: add another.
_FIRST = """
CREATE TABLE conversations (
    id TEXT PRIMARY KEY,
    title TEXT NOT NULL DEFAULT '',
    origin TEXT NOT NULL DEFAULT 'terminal',
    created REAL NOT NULL,
    updated REAL NOT NULL,
    pinned INTEGER NOT NULL DEFAULT 0,
    interrupted INTEGER NOT NULL DEFAULT 0,
    deleted REAL
);
CREATE INDEX conversations_by_time ON conversations (pinned, updated);
CREATE INDEX deleted ON conversations (deleted) WHERE deleted IS NOT NULL;

CREATE TABLE tags (
    conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
    tag TEXT NOT NULL,
    PRIMARY KEY (conversation, tag)
) WITHOUT ROWID;
CREATE INDEX tags_by_name ON tags (tag);

CREATE TABLE panes (
    id TEXT PRIMARY KEY,
    conversation TEXT NOT NULL REFERENCES conversations ON DELETE CASCADE,
    place INTEGER NOT NULL,
    model TEXT NOT NULL,
    params TEXT NOT NULL,
    system TEXT NOT NULL DEFAULT '',
    leaf TEXT NOT NULL DEFAULT ''
);
CREATE INDEX panes_of_conversation ON panes (conversation);

CREATE TABLE turns (
    id TEXT PRIMARY KEY,
    pane TEXT NOT NULL REFERENCES panes ON DELETE CASCADE,
    parent TEXT NOT NULL DEFAULT '',
    round TEXT NOT NULL DEFAULT '',
    prompt TEXT NOT NULL,
    created REAL NOT NULL,
    chosen_run TEXT,
    chosen_choice INTEGER
);
CREATE INDEX turns_of_pane ON turns (pane);

CREATE TABLE messages (
    hash TEXT PRIMARY KEY,
    role TEXT NOT NULL,
    content TEXT NOT NULL
) WITHOUT ROWID;

CREATE TABLE runs (
    number INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    turn TEXT NOT NULL REFERENCES turns ON DELETE CASCADE,
    version INTEGER NOT NULL,
    owner TEXT NOT NULL,
    created REAL NOT NULL,
    updated REAL NOT NULL,
    model TEXT NOT NULL,
    state TEXT NOT NULL,
    messages TEXT NOT NULL,
    prefix TEXT NOT NULL,
    params TEXT NOT NULL,
    usage TEXT NOT NULL DEFAULT '{}',
    timing TEXT NOT NULL DEFAULT '{}',
    error_kind TEXT,
    error_message TEXT
);
CREATE INDEX runs_of_turn ON runs (turn);
CREATE INDEX runs_by_model ON runs (model, created);
CREATE INDEX runs_by_time ON runs (created);
CREATE INDEX running ON runs (owner) WHERE state = 'running';

CREATE TABLE receipts (
    run INTEGER PRIMARY KEY REFERENCES runs ON DELETE CASCADE,
    content BLOB NOT NULL
);

CREATE TABLE settings (
    knob TEXT NOT NULL,
    value NOT NULL,
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    PRIMARY KEY (knob, value, run)
) WITHOUT ROWID;
CREATE INDEX settings_of_run ON settings (run);

CREATE TABLE choices (
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    choice INTEGER NOT NULL,
    text TEXT NOT NULL,
    reasoning TEXT NOT NULL DEFAULT '',
    finish_reason TEXT,
    tokens BLOB,
    PRIMARY KEY (run, choice)
);

CREATE TABLE pieces (
    number INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    choice INTEGER NOT NULL,
    text TEXT NOT NULL,
    reasoning TEXT NOT NULL DEFAULT ''
);
CREATE INDEX pieces_of_run ON pieces (run, choice, number);

CREATE VIRTUAL TABLE words USING fts5 (
    prompt, answer, tokenize = 'unicode61 remove_diacritics 2'
);
CREATE TRIGGER forget_words AFTER DELETE ON runs BEGIN
    DELETE FROM words WHERE rowid = old.number;
END;
"""

_RATINGS_AND_VOTES = """
CREATE TABLE ratings (
    run TEXT NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    choice INTEGER NOT NULL,
    stars INTEGER,
    note TEXT NOT NULL DEFAULT '',
    PRIMARY KEY (run, choice)
) WITHOUT ROWID;

CREATE TABLE votes (
    id TEXT PRIMARY KEY,
    created REAL NOT NULL,
    content TEXT NOT NULL
);
"""

_SWEEPS = """
CREATE TABLE sweeps (
    id TEXT PRIMARY KEY REFERENCES conversations ON DELETE CASCADE,
    definition TEXT NOT NULL,
    state TEXT NOT NULL,
    reason TEXT NOT NULL DEFAULT '',
    owner TEXT NOT NULL,
    files TEXT NOT NULL DEFAULT '{}'
);

CREATE TABLE cells (
    sweep TEXT NOT NULL REFERENCES sweeps ON DELETE CASCADE,
    cell INTEGER NOT NULL,
    point TEXT NOT NULL,
    estimates TEXT NOT NULL,
    PRIMARY KEY (sweep, cell)
) WITHOUT ROWID;

CREATE TABLE samples (
    sweep TEXT NOT NULL REFERENCES sweeps ON DELETE CASCADE,
    cell INTEGER NOT NULL,
    sample INTEGER NOT NULL,
    run INTEGER NOT NULL REFERENCES runs ON DELETE CASCADE,
    tries INTEGER NOT NULL,
    measures TEXT NOT NULL DEFAULT '{}',
    PRIMARY KEY (sweep, cell, sample)
) WITHOUT ROWID;
CREATE INDEX samples_of_run ON samples (run);
"""

# No reference: what was voted still counts after the conversation was removed for good.
_VOTES_OF_CONVERSATIONS = """
ALTER TABLE votes ADD COLUMN conversation TEXT NOT NULL DEFAULT '';
UPDATE votes SET conversation = coalesce((
    SELECT panes.conversation FROM runs
    JOIN turns ON turns.id = runs.turn JOIN panes ON panes.id = turns.pane
    WHERE runs.id = json_extract(votes.content, '$.candidates[0].run')
), '');
CREATE INDEX votes_of_conversation ON votes (conversation);
"""

# Tokens are numbers: only whoever gave them, or the model, knows how they read.
_HOW_PREFIXES_READ = """
ALTER TABLE runs ADD COLUMN prefix_text TEXT NOT NULL DEFAULT '';
"""

SCRIPTS = (_FIRST, _RATINGS_AND_VOTES, _SWEEPS, _VOTES_OF_CONVERSATIONS, _HOW_PREFIXES_READ)
"""Script `n` makes version `n + 1` out of version `n`."""

VERSION = len(SCRIPTS)
"""The version that this playground reads and writes; kept in the file as `user_version`."""


def migrate(connection: sqlite3.Connection) -> None:
    """Bring a file to our version, all of the way or not at all.

    Another playground may be doing the same: the version is read once nobody else can write.
    """
    connection.execute("BEGIN IMMEDIATE")
    try:
        version: int = connection.execute("PRAGMA user_version").fetchone()[0]
        for number in range(version, VERSION):
            for statement in _statements(SCRIPTS[number]):
                connection.execute(statement)
            connection.execute(f"PRAGMA user_version = {number + 1}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _statements(script: str) -> Iterator[str]:
    """The statements of a script, each whole: a trigger holds semicolons of its own."""
    statement = ""
    for line in script.splitlines():
        statement += f"{line}\n"
        if sqlite3.complete_statement(statement):
            yield statement
            statement = ""
