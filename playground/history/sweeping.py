"""Rows of sweeps: what was to be done, and each sample and cell as it ends.

A sweep's answers are runs like any others, in a conversation of the sweep's name with a pane for
each model and a turn for each cell: they are searched, shown, exported and replayed the same way.
What is kept here beside them says which cell and sample each run is, and what was measured.
"""

from __future__ import annotations

import json
import sqlite3
import time
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final, NamedTuple

from pydantic import JsonValue

from playground.errors import UnknownRecord, did_you_mean
from playground.history.filing import Filing
from playground.history.loading import moment
from playground.history.saving import (
    BegunRun,
    EndedRun,
    add_run,
    storable,
)

ORIGIN = "sweep"
"""The origin of a sweep's conversation."""

RUNNING, DONE, STOPPED, INTERRUPTED = "running", "done", "stopped", "interrupted"
"""How a sweep stands: at work, with nothing missing, ended before that (by its user, a budget, or a
model that never answered), or left by a program that died."""


SPENT: Final = "asking"
"""Among the figures kept with a sample: what it cost beside its run, US dollars.

That is asking other models for the figures, and earlier tries that broke off.
"""

GUESSED: Final = "guessed"
"""There, too: what of all that may have cost at most of which nobody said it, US dollars."""


@dataclass(frozen=True, slots=True)
class KeptSweep:
    """A sweep as it is kept. `definition` is its own JSON.

    `files` are the sums of the files behind each local model: one, unless it was gone on with
    although the file had changed; then the one of its last start comes last.
    `reason` says why it stopped. `cells` and `samples` count what is there, `failed` the samples
    that ended in an error.
    """

    id: str
    title: str
    state: str
    reason: str
    created: datetime
    updated: datetime
    definition: str
    files: dict[str, tuple[str, ...]]
    cells: int
    samples: int
    failed: int


@dataclass(frozen=True, slots=True)
class EndedSample:
    """A sample that has ended, as it is written: its place, its run, and its own figures."""

    sweep: str
    cell: int
    sample: int
    tries: int
    filing: Filing
    begun: BegunRun
    ended: EndedRun
    measures: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class EndedCell:
    """A cell whose samples have all ended: its point, and what was measured of all together."""

    sweep: str
    cell: int
    point: dict[str, JsonValue]
    estimates: dict[str, JsonValue]


@dataclass(frozen=True, slots=True)
class KeptCell:
    """A cell as it is kept; without estimates while its samples have not all ended."""

    cell: int
    point: dict[str, JsonValue]
    estimates: dict[str, JsonValue]


class KeptValue(NamedTuple):
    """What one metric came to in a cell: its interval, from `samples` answers beside `failed`.

    All three figures are None where the metric has no value there.
    """

    cell: int
    samples: int
    failed: int
    value: float | None
    low: float | None
    high: float | None


class EndedPlace(NamedTuple):
    """A sample that is there: whether it failed, and what it used (JSON).

    `asking` and `guessed` are what it cost beside that, and may have cost at most where nobody
    said, US dollars: see `SPENT` and `GUESSED`.
    """

    cell: int
    sample: int
    failed: bool
    usage: str
    asking: float = 0.0
    guessed: float = 0.0


@dataclass(frozen=True, slots=True)
class KeptSample:
    """A sample as it is kept, without receipt and tokens. `usage` and `timing` are JSON."""

    cell: int
    sample: int
    run: str
    state: str
    tries: int
    text: str
    finish_reason: str | None
    usage: str
    timing: str
    measures: dict[str, JsonValue]
    error: str


def begin(db: sqlite3.Connection, sweep: str, title: str, definition: str, owner: str) -> None:
    """Write a sweep that begins, or one that is resumed as it is now and running again."""
    now = time.time()
    db.execute(
        "INSERT INTO conversations (id, title, origin, created, updated) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET updated = excluded.updated, deleted = NULL",
        (sweep, storable(title), ORIGIN, now, now),
    )
    db.execute(
        "INSERT INTO sweeps (id, definition, state, owner) VALUES (?, ?, ?, ?) ON CONFLICT (id)"
        " DO UPDATE SET definition = excluded.definition, state = excluded.state,"
        " owner = excluded.owner, reason = ''",
        (sweep, storable(definition), RUNNING, owner),
    )


def claim(db: sqlite3.Connection, sweep: str, owner: str) -> bool:
    """Mark a sweep that is not running as running, in one step: of two programs one gets it."""
    found = db.execute(
        "UPDATE sweeps SET state = ?, owner = ?, reason = '' WHERE id = ? AND state != ?",
        (RUNNING, owner, sweep, RUNNING),
    )
    return found.rowcount > 0


def keep_files(db: sqlite3.Connection, sweep: str, files: dict[str, tuple[str, ...]]) -> None:
    """Write the sums of the files behind its models; see `KeptSweep`."""
    db.execute("UPDATE sweeps SET files = ? WHERE id = ?", (json.dumps(files), sweep))


def settle(db: sqlite3.Connection, sweep: str, state: str, reason: str) -> None:
    """Write how a sweep ended, for now."""
    db.execute(
        "UPDATE sweeps SET state = ?, reason = ? WHERE id = ?", (state, storable(reason), sweep)
    )
    db.execute("UPDATE conversations SET updated = ? WHERE id = ?", (time.time(), sweep))


def add_sample(db: sqlite3.Connection, item: EndedSample, owner: str) -> None:
    """Write a sample with its run, in place of an earlier one of its number that failed."""
    db.execute(
        "DELETE FROM runs WHERE number IN"
        " (SELECT run FROM samples WHERE sweep = ? AND cell = ? AND sample = ?)",
        (item.sweep, item.cell, item.sample),
    )
    number = add_run(db, item.filing, item.begun, item.ended, owner)
    db.execute(
        "INSERT OR REPLACE INTO samples (sweep, cell, sample, run, tries, measures)"
        " VALUES (?, ?, ?, ?, ?, ?)",
        (
            item.sweep,
            item.cell,
            item.sample,
            number,
            item.tries,
            json.dumps(item.measures),
        ),
    )


def add_cell(db: sqlite3.Connection, item: EndedCell) -> None:
    """Write what was measured of a cell."""
    db.execute(
        "INSERT OR REPLACE INTO cells VALUES (?, ?, ?, ?)",
        (item.sweep, item.cell, json.dumps(item.point), json.dumps(item.estimates)),
    )


def mark_interrupted(db: sqlite3.Connection, owners: Sequence[str]) -> None:
    """End the sweeps of programs that died."""
    db.executemany(
        "UPDATE sweeps SET state = ? WHERE owner = ? AND state = ?",
        [(INTERRUPTED, owner, RUNNING) for owner in owners],
    )


_SUMMARY = (
    "SELECT sweeps.*, conversations.title, conversations.created, conversations.updated,"
    " (SELECT COUNT(*) FROM cells WHERE cells.sweep = sweeps.id"
    "   AND estimates != '{}') AS cells,"
    " (SELECT COUNT(*) FROM samples WHERE samples.sweep = sweeps.id) AS samples,"
    " (SELECT COUNT(*) FROM samples JOIN runs ON runs.number = samples.run"
    "   WHERE samples.sweep = sweeps.id AND runs.error_kind IS NOT NULL) AS failed"
    " FROM sweeps JOIN conversations ON conversations.id = sweeps.id"
    " WHERE conversations.deleted IS NULL"
)


def sweeps(db: sqlite3.Connection, limit: int) -> list[KeptSweep]:
    """The latest sweeps first."""
    rows = db.execute(f"{_SUMMARY} ORDER BY conversations.updated DESC LIMIT ?", (limit,))
    return [_sweep(row) for row in rows.fetchall()]


def load(db: sqlite3.Connection, name: str) -> KeptSweep:
    """A sweep by its name or the beginning of it; raises `UnknownRecord`."""
    low = name.strip().lower()
    rows = db.execute(
        f"{_SUMMARY} AND sweeps.id >= ? AND sweeps.id < ? LIMIT 6", (low, f"{low}\U0010ffff")
    ).fetchall()
    if low and (whole := [row for row in rows if row["id"] == low]):
        return _sweep(whole[0])
    if low and len(rows) == 1:
        return _sweep(rows[0])
    if low and rows:
        raise UnknownRecord(
            f"{name!r} is the beginning of several sweeps: "
            f"{', '.join(row['id'] for row in rows[:5])}.",
            hint="Write more of it.",
        )
    deleted = db.execute(
        "SELECT sweeps.id FROM sweeps JOIN conversations ON conversations.id = sweeps.id"
        " WHERE conversations.deleted IS NOT NULL AND sweeps.id >= ? AND sweeps.id < ? LIMIT 2",
        (low, f"{low}\U0010ffff"),
    ).fetchall()
    if low and len(deleted) == 1:
        raise UnknownRecord(
            f"The sweep {deleted[0][0]} is deleted.",
            hint=f"It comes back with: playground history restore {deleted[0][0]}",
        )
    everything = [
        row[0]
        for row in db.execute(
            "SELECT sweeps.id FROM sweeps JOIN conversations ON conversations.id = sweeps.id"
            " WHERE conversations.deleted IS NULL"
        )
    ]
    raise UnknownRecord(
        f"There is no sweep {name!r} in the history.",
        hint=did_you_mean(low, everything) or "`playground sweep list` shows what there is.",
    )


def cells(db: sqlite3.Connection, sweep: str) -> Iterator[KeptCell]:
    """The cells that have ended, by number."""
    for number, point, estimates in db.execute(
        "SELECT cell, point, estimates FROM cells WHERE sweep = ? ORDER BY cell", (sweep,)
    ):
        yield KeptCell(number, json.loads(point), json.loads(estimates))


def cell(db: sqlite3.Connection, sweep: str, number: int) -> KeptCell | None:
    """One cell; None where it has not begun."""
    row = db.execute(
        "SELECT point, estimates FROM cells WHERE sweep = ? AND cell = ?", (sweep, number)
    ).fetchone()
    return None if row is None else KeptCell(number, json.loads(row[0]), json.loads(row[1]))


def values(db: sqlite3.Connection, sweep: str, metric: str) -> Iterator[KeptValue]:
    """What one metric came to in every cell that has ended.

    SQLite takes the figures out of the JSON: reading all of it here costs ten times as much.
    """
    path = f'$.estimates."{metric}"'
    for row in db.execute(
        "SELECT cell, json_extract(kept, '$.samples'), json_extract(kept, '$.failed'),"
        " json_extract(kept, ?), json_extract(kept, ?), json_extract(kept, ?) FROM"
        " (SELECT cell, CASE WHEN json_valid(estimates) THEN estimates END AS kept"
        "   FROM cells WHERE sweep = ? AND estimates != '{}')"
        " ORDER BY cell",
        (f"{path}[0]", f"{path}[1]", f"{path}[2]", sweep),
    ):
        yield KeptValue(row[0], row[1] or 0, row[2] or 0, row[3], row[4], row[5])


def measured(db: sqlite3.Connection, sweep: str, metric: str) -> bool:
    """Whether a metric has a value in some cell."""
    row = db.execute(
        "SELECT 1 FROM cells WHERE sweep = ? AND json_valid(estimates)"
        " AND json_extract(estimates, ?) IS NOT NULL LIMIT 1",
        (sweep, f'$.estimates."{metric}"[0]'),
    ).fetchone()
    return row is not None


def points(db: sqlite3.Connection, sweep: str) -> Iterator[tuple[int, dict[str, JsonValue]]]:
    """The point of every cell that has begun."""
    for number, point in db.execute("SELECT cell, point FROM cells WHERE sweep = ?", (sweep,)):
        yield number, json.loads(point)


def exists(db: sqlite3.Connection, sweep: str) -> bool:
    """Whether there is a sweep of this name."""
    row = db.execute("SELECT 1 FROM sweeps WHERE id = ?", (sweep,)).fetchone()
    return row is not None


def ended(db: sqlite3.Connection, sweep: str) -> Iterator[EndedPlace]:
    """Every sample that is there, without what it says."""
    for row in db.execute(
        "SELECT cell, sample, error_kind IS NOT NULL, usage,"
        " CASE WHEN json_valid(measures) THEN json_extract(measures, ?) END,"
        " CASE WHEN json_valid(measures) THEN json_extract(measures, ?) END FROM samples"
        " JOIN runs ON runs.number = samples.run WHERE sweep = ?",
        (f"$.{SPENT}", f"$.{GUESSED}", sweep),
    ):
        beside = (one if isinstance(one, int | float) else 0.0 for one in row[4:6])
        yield EndedPlace(row[0], row[1], bool(row[2]), row[3], *beside)


def made_with(db: sqlite3.Connection, sweep: str) -> Iterator[tuple[int, int, str]]:
    """Cell, number and the sum of the model's file of every sample whose receipt names one."""
    for cell_, sample, receipt in db.execute(
        "SELECT cell, sample, content FROM samples JOIN receipts ON receipts.run = samples.run"
        " WHERE sweep = ? ORDER BY cell, sample",
        (sweep,),
    ):
        file = (json.loads(zlib.decompress(receipt)).get("provenance") or {}).get("file") or {}
        if file.get("sha256"):
            yield cell_, sample, file["sha256"]


def samples(db: sqlite3.Connection, sweep: str, cell: int | None = None) -> Iterator[KeptSample]:
    """The samples of a sweep, or of one of its cells, by number."""
    one = "" if cell is None else " AND cell = ?"
    for row in db.execute(
        "SELECT samples.*, runs.id AS name, runs.state, runs.usage, runs.timing,"
        " runs.error_message, choices.text, choices.finish_reason FROM samples"
        " JOIN runs ON runs.number = samples.run"
        " LEFT JOIN choices ON choices.run = runs.number AND choices.choice = 0"
        f" WHERE sweep = ?{one} ORDER BY cell, sample",
        (sweep,) if cell is None else (sweep, cell),
    ):
        yield KeptSample(
            cell=row["cell"],
            sample=row["sample"],
            run=row["name"],
            state=row["state"],
            tries=row["tries"],
            text=row["text"] or "",
            finish_reason=row["finish_reason"],
            usage=row["usage"],
            timing=row["timing"],
            measures=json.loads(row["measures"]),
            error=row["error_message"] or "",
        )


def _sweep(row: sqlite3.Row) -> KeptSweep:
    return KeptSweep(
        id=row["id"],
        title=row["title"],
        state=row["state"],
        reason=row["reason"],
        created=moment(row["created"]),
        updated=moment(row["updated"]),
        definition=row["definition"],
        files={
            # One alone was written as it is before there could be several.
            ref: (sums,) if isinstance(sums, str) else tuple(sums)
            for ref, sums in json.loads(row["files"]).items()
        },
        cells=row["cells"],
        samples=row["samples"],
        failed=row["failed"],
    )
