"""Rows read back into records."""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any

from playground.history.records import (
    ConversationRecord,
    PaneRecord,
    Rating,
    RunRecord,
    Summary,
    TurnRecord,
)
from playground.history.saving import pieces_joined
from playground.judging import Vote
from playground.params import GenerationParams
from playground.types import Choice, Message, Problem, Receipt, Timing, Usage

MAX_RECEIPT_BYTES = 32 * 1024 * 1024
"""No receipt is unpacked past this: a history file may come from anywhere."""

_MANY = 500
"""Values in one list of a query; SQLite bounds it."""


def moment(seconds: float) -> datetime:
    """A kept time, in the zone of this machine."""
    return datetime.fromtimestamp(seconds, UTC).astimezone()


def load_conversation(db: sqlite3.Connection, name: str) -> ConversationRecord | None:
    """A conversation with everything in it, None if there is none of this (whole) name."""
    row = db.execute("SELECT * FROM conversations WHERE id = ?", (name,)).fetchone()
    if row is None:
        return None
    panes = db.execute(
        "SELECT * FROM panes WHERE conversation = ? ORDER BY place, rowid", (name,)
    ).fetchall()
    turns = db.execute(
        "SELECT turns.* FROM turns JOIN panes ON panes.id = turns.pane WHERE conversation = ?"
        " ORDER BY turns.created, turns.rowid",
        (name,),
    ).fetchall()
    runs = load_runs(
        db,
        "SELECT runs.*, turns.pane, panes.conversation FROM runs JOIN turns ON turns.id = runs.turn"
        " JOIN panes ON panes.id = turns.pane WHERE conversation = ? ORDER BY runs.number",
        (name,),
    )
    by_turn: defaultdict[str, list[RunRecord]] = defaultdict(list)
    for run in runs:
        by_turn[run.turn].append(run)
    by_pane: defaultdict[str, list[TurnRecord]] = defaultdict(list)
    for turn in turns:
        by_pane[turn["pane"]].append(_turn(turn, by_turn[turn["id"]]))
    return ConversationRecord(
        id=row["id"],
        title=row["title"],
        created=moment(row["created"]),
        updated=moment(row["updated"]),
        pinned=bool(row["pinned"]),
        tags=_tags(db, [name])[name],
        origin=row["origin"],
        interrupted=bool(row["interrupted"]),
        panes=tuple(
            PaneRecord(
                id=pane["id"],
                place=pane["place"],
                model=pane["model"],
                params=GenerationParams.of_record(json.loads(pane["params"])),
                system=pane["system"],
                leaf=pane["leaf"],
                turns=tuple(by_pane[pane["id"]]),
            )
            for pane in panes
        ),
        votes=tuple(load_votes(db, name)),
    )


def load_votes(db: sqlite3.Connection, conversation: str = "") -> list[Vote]:
    """The votes on the answers of a conversation (its whole name), or all; oldest first."""
    query = "SELECT content FROM votes {} ORDER BY created, rowid"
    rows = (
        db.execute(query.format("WHERE conversation = ?"), (conversation,))
        if conversation
        else db.execute(query.format(""))
    )
    return [Vote.model_validate_json(row["content"]) for row in rows]


def load_runs(db: sqlite3.Connection, query: str, values: Sequence[Any]) -> list[RunRecord]:
    """The runs that a query finds; it gives all columns of `runs`, `pane` and `conversation`."""
    rows = db.execute(query, tuple(values)).fetchall()
    named = {name for row in rows for name in json.loads(row["messages"])}
    messages = {
        row["hash"]: Message(role=row["role"], content=row["content"])
        for row in _in_parts(db, "SELECT * FROM messages WHERE hash IN ({})", sorted(named))
    }
    numbers = [row["number"] for row in rows]
    choices: defaultdict[int, list[Choice]] = defaultdict(list)
    with_tokens: set[int] = set()
    for row in _in_parts(
        db,
        "SELECT run, choice, text, reasoning, finish_reason, tokens IS NOT NULL AS counted"
        " FROM choices WHERE run IN ({}) ORDER BY run, choice",
        numbers,
    ):
        choices[row["run"]].append(
            Choice(text=row["text"], reasoning=row["reasoning"], finish_reason=row["finish_reason"])
        )
        if row["counted"]:
            with_tokens.add(row["run"])
    receipts = {
        row["run"]: _receipt(row["content"])
        for row in _in_parts(db, "SELECT * FROM receipts WHERE run IN ({})", numbers)
    }
    ratings: defaultdict[str, list[Rating]] = defaultdict(list)
    for row in _in_parts(
        db, "SELECT * FROM ratings WHERE run IN ({}) ORDER BY choice", [row["id"] for row in rows]
    ):
        ratings[row["run"]].append(Rating(**dict(row)))
    return [
        RunRecord(
            id=row["id"],
            conversation=row["conversation"],
            pane=row["pane"],
            turn=row["turn"],
            version=row["version"],
            created=moment(row["created"]),
            model=row["model"],
            state=row["state"],
            messages=tuple(messages[name] for name in json.loads(row["messages"])),
            prefix=json.loads(row["prefix"]),
            prefix_text=row["prefix_text"],
            params=GenerationParams.of_record(json.loads(row["params"])),
            receipt=receipts.get(row["number"]),
            choices=tuple(choices[row["number"]]) or pieces_joined(db, row["number"]),
            usage=Usage.model_validate_json(row["usage"]),
            timing=Timing.model_validate_json(row["timing"]),
            error=(
                Problem(kind=row["error_kind"], message=row["error_message"] or "")
                if row["error_kind"]
                else None
            ),
            has_tokens=row["number"] in with_tokens,
            ratings=tuple(ratings[row["id"]]),
        )
        for row in rows
    ]


def load_summaries(db: sqlite3.Connection, query: str, values: Sequence[Any]) -> list[Summary]:
    """The conversations that a query finds, in its order; it gives columns of `conversations`."""
    rows = db.execute(query, tuple(values)).fetchall()
    names = [row["id"] for row in rows]
    tags = _tags(db, names)
    models: defaultdict[str, list[str]] = defaultdict(list)
    runs: defaultdict[str, int] = defaultdict(int)
    for found in _in_parts(
        db,
        "SELECT panes.conversation, panes.model, COUNT(runs.number) AS runs FROM panes"
        " LEFT JOIN turns ON turns.pane = panes.id LEFT JOIN runs ON runs.turn = turns.id"
        " WHERE panes.conversation IN ({}) GROUP BY panes.id ORDER BY place",
        names,
    ):
        if found["model"] not in models[found["conversation"]]:
            models[found["conversation"]].append(found["model"])
        runs[found["conversation"]] += found["runs"]
    return [
        Summary(
            id=row["id"],
            title=row["title"],
            created=moment(row["created"]),
            updated=moment(row["updated"]),
            pinned=bool(row["pinned"]),
            tags=tags[row["id"]],
            origin=row["origin"],
            interrupted=bool(row["interrupted"]),
            models=tuple(models[row["id"]]),
            runs=runs[row["id"]],
        )
        for row in rows
    ]


def _receipt(packed: bytes) -> Receipt:
    unpacking = zlib.decompressobj()
    text = unpacking.decompress(packed, MAX_RECEIPT_BYTES)
    content = json.loads(text)
    params = content.get("plan", {}).get("params")
    if isinstance(params, dict):
        content["plan"]["params"] = GenerationParams.of_record(params)
    return Receipt.model_validate(content)


def _turn(row: sqlite3.Row, runs: Sequence[RunRecord]) -> TurnRecord:
    chosen = (row["chosen_run"], row["chosen_choice"]) if row["chosen_run"] else None
    return TurnRecord(
        id=row["id"],
        parent=row["parent"],
        round=row["round"],
        prompt=row["prompt"],
        created=moment(row["created"]),
        chosen=chosen,
        runs=tuple(runs),
    )


def _tags(db: sqlite3.Connection, names: Sequence[str]) -> defaultdict[str, tuple[str, ...]]:
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for row in _in_parts(db, "SELECT * FROM tags WHERE conversation IN ({}) ORDER BY tag", names):
        found[row["conversation"]] += (row["tag"],)
    return found


def _in_parts(db: sqlite3.Connection, query: str, values: Sequence[Any]) -> Iterable[sqlite3.Row]:
    """The rows of a query with `IN ({})`, asked for some of the values at a time."""
    for start in range(0, len(values), _MANY):
        part = values[start : start + _MANY]
        yield from db.execute(query.format(",".join("?" * len(part))), tuple(part)).fetchall()
