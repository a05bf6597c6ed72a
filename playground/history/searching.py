"""Finds conversations and runs: by their words, and by model, date, tag and parameter."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Sequence
from datetime import datetime
from typing import Any, Literal, Self

from pydantic import JsonValue

from playground.errors import InvalidParameter, did_you_mean
from playground.history.loading import load_summaries, moment
from playground.history.records import Hit, Summary
from playground.history.words import asked, snippet
from playground.params import knobs
from playground.types import Frozen

Comparison = Literal["=", "!=", "<", "<=", ">", ">="]

PROMPT_WEIGHT, ANSWER_WEIGHT = 4.0, 1.0
"""How much a word in the prompt counts against one in the answer, in the ranking by BM25."""

_CONDITION = re.compile(r"^\s*(\w+)\s*(<=|>=|!=|=|<|>)\s*(.+?)\s*$")

_RUNS = (
    " FROM runs JOIN turns ON turns.id = runs.turn JOIN panes ON panes.id = turns.pane"
    " JOIN conversations ON conversations.id = panes.conversation"
)


class ParamFilter(Frozen):
    """A condition on the value that a run really used of one knob: `temperature > 1`."""

    knob: str
    comparison: Comparison
    value: JsonValue

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read a condition such as `temperature>=1.2`; raises `InvalidParameter`."""
        found = _CONDITION.match(text)
        if found is None:
            raise InvalidParameter(
                f"{text!r} is not a condition on a parameter.", hint="Write temperature>1."
            )
        name, comparison, value = found.groups()
        if name not in knobs():
            raise InvalidParameter(
                f"There is no parameter {name!r}.", hint=did_you_mean(name, knobs())
            )
        if not knobs()[name].numeric:
            return cls.model_validate({"knob": name, "comparison": comparison, "value": value})
        try:
            number = float(value)
        except ValueError as error:
            raise InvalidParameter(f"{name} is compared with {value!r}, no number.") from error
        return cls.model_validate({"knob": name, "comparison": comparison, "value": number})


class Filters(Frozen):
    """What to look for; what is empty or None does not matter.

    `model` is a whole reference, or the beginning of one; `since` is included, `until` is not.
    """

    query: str = ""
    model: str = ""
    since: datetime | None = None
    until: datetime | None = None
    tag: str = ""
    conversation: str = ""
    params: tuple[ParamFilter, ...] = ()
    pinned: bool = False
    deleted: bool = False
    """Whether those that were deleted, and can still be brought back, are meant."""


def search(db: sqlite3.Connection, filters: Filters, limit: int, offset: int = 0) -> list[Hit]:
    """The runs that match, the best first; the latest first where there are no words."""
    words = asked(filters.query)
    if filters.query.strip() and not words:
        return []  # Nothing but punctuation, which is not indexed.
    where, values = _conditions(filters)
    source, order = _RUNS, "runs.created DESC"
    if words:
        source = f" FROM words JOIN runs ON runs.number = words.rowid{_RUNS.split('runs', 1)[1]}"
        where.insert(0, "words MATCH ?")
        values.insert(0, words)
        order = f"bm25(words, {PROMPT_WEIGHT}, {ANSWER_WEIGHT}), runs.created DESC"
    numbers = [
        row[0]
        for row in db.execute(
            f"SELECT runs.number{source} WHERE {' AND '.join(where)} ORDER BY {order}"
            " LIMIT ? OFFSET ?",
            (*values, limit, offset),
        )
    ]
    return [_hit(db, number, filters.query) for number in numbers]


def summaries(
    db: sqlite3.Connection, filters: Filters, limit: int, offset: int = 0
) -> list[Summary]:
    """The conversations that match: pinned ones first, then the latest.

    Words are looked for in titles and in what was said.
    """
    where = ["conversations.deleted IS NOT NULL" if filters.deleted else "deleted IS NULL"]
    values: list[Any] = []
    if filters.pinned:
        where.append("pinned")
    if filters.tag:
        where.append("id IN (SELECT conversation FROM tags WHERE tag = ?)")
        values.append(filters.tag)
    conditions, inner = _conditions(filters.model_copy(update={"tag": "", "pinned": False}))
    if len(conditions) > 1 or asked(filters.query):
        found = f"SELECT panes.conversation{_RUNS} WHERE {' AND '.join(conditions)}"
        if words := asked(filters.query):
            found += " AND runs.number IN (SELECT rowid FROM words WHERE words MATCH ?)"
            inner.append(words)
            where.append(f"(id IN ({found}) OR title LIKE ? ESCAPE '\\')")
            values += [*inner, f"%{_escaped(filters.query.strip())}%"]
        else:
            where.append(f"id IN ({found})")
            values += inner
    return load_summaries(
        db,
        f"SELECT * FROM conversations WHERE {' AND '.join(where)}"  # noqa: S608 - our own words
        " ORDER BY pinned DESC, updated DESC LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )


def _conditions(filters: Filters) -> tuple[list[str], list[Any]]:
    """The parts of a WHERE over runs and their conversations, with their values."""
    where = ["deleted IS NOT NULL" if filters.deleted else "deleted IS NULL"]
    values: list[Any] = []
    if filters.model:
        # A range, which the index on the model serves, unlike LIKE.
        where.append("runs.model >= ? AND runs.model < ?")
        values += [filters.model, f"{filters.model}\U0010ffff"]
    if filters.since is not None:
        where.append("runs.created >= ?")
        values.append(filters.since.timestamp())
    if filters.until is not None:
        where.append("runs.created < ?")
        values.append(filters.until.timestamp())
    if filters.tag:
        where.append("conversations.id IN (SELECT conversation FROM tags WHERE tag = ?)")
        values.append(filters.tag)
    if filters.conversation:
        where.append("conversations.id = ?")
        values.append(filters.conversation)
    if filters.pinned:
        where.append("conversations.pinned")
    for item in filters.params:
        # The knob is one of ours and the comparison one of six: neither is the user's text.
        where.append(f"json_extract(runs.effective, '$.{item.knob}') {item.comparison} ?")
        values.append(item.value)
    return where, values


def _hit(db: sqlite3.Connection, number: int, query: str) -> Hit:
    row = db.execute(
        f"SELECT runs.id, runs.model, runs.created, turns.prompt, conversations.id AS whole,"
        f" conversations.title{_RUNS} WHERE runs.number = ?",
        (number,),
    ).fetchone()
    texts = [
        text
        for (text,) in db.execute(
            "SELECT text FROM choices WHERE run = ? ORDER BY choice", (number,)
        )
    ]
    return Hit(
        run=row["id"],
        conversation=row["whole"],
        title=row["title"],
        model=row["model"],
        created=moment(row["created"]),
        prompt=row["prompt"],
        snippet=_best_snippet([*texts, row["prompt"]], query),
    )


def _best_snippet(texts: Sequence[str], query: str) -> str:
    """From the first text that has the words, else the beginning of the first."""
    from playground.history.words import pieces_of

    pieces = pieces_of(query)
    for text in texts:
        low = text.casefold()
        if any(piece in low for piece in pieces):
            return snippet(text, query)
    return snippet(texts[0], "") if texts else ""


def _escaped(text: str) -> str:
    return re.sub(r"([%_\\])", r"\\\1", text)
