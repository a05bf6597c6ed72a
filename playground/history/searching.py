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
from playground.history.words import asked, pieces_of, snippet
from playground.params import knobs
from playground.types import Frozen

Comparison = Literal["=", "!=", "<", "<=", ">", ">="]

PROMPT_WEIGHT, ANSWER_WEIGHT = 4.0, 1.0
"""How much a word in the prompt counts against one in the answer, in the ranking by BM25."""

_CONDITION = re.compile(r"^\s*(\w+)\s*(<=|>=|!=|=|<|>)\s*(.+?)\s*$")

MOST_RANKED = 5_000
"""Runs that are ranked against each other, the latest of all that have the words."""

_RUNS_IN = (
    "SELECT runs.number FROM panes JOIN turns ON turns.pane = panes.id"
    " JOIN runs ON runs.turn = turns.id WHERE panes.conversation IN ({})"
)
_CONVERSATIONS_OF = (
    "SELECT panes.conversation FROM runs JOIN turns ON turns.id = runs.turn"
    " JOIN panes ON panes.id = turns.pane WHERE runs.number IN ({})"
)

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
    """The runs that match, the best first; the latest first where there are no words.

    Of words that nearly every run has, the latest `MOST_RANKED` runs are ranked: the score of a
    hundred thousand of them would take the better part of a second.
    """
    words = asked(filters.query)
    if filters.query.strip() and not words:
        return []  # Nothing but punctuation, which is not indexed.
    where, values = _conditions(db, filters)
    if words:
        scored, values = _scored(db, words, where, values)
        chosen = f"SELECT number FROM ({scored}) ORDER BY score, number DESC"
    else:
        conditions = _and(where, "number").removeprefix(" AND ") or "1"
        chosen = f"SELECT number FROM runs WHERE {conditions} ORDER BY created DESC"
    numbers = [row[0] for row in db.execute(f"{chosen} LIMIT ? OFFSET ?", (*values, limit, offset))]
    return [_hit(db, number, filters.query) for number in numbers]


def summaries(
    db: sqlite3.Connection, filters: Filters, limit: int, offset: int = 0
) -> list[Summary]:
    """The conversations that match: pinned ones first, then the best, without words the latest.

    Words are looked for in titles and in what was said. A conversation is as good as its best run
    (see `search`); one that was given the words as its title, and has them nowhere else, is best.
    """
    where = [f"deleted IS {'NOT ' * filters.deleted}NULL"]
    values: list[Any] = []
    ranked, order = "", "updated DESC"
    words = asked(filters.query)
    if filters.query.strip() and not words:
        return []
    inner, more = _conditions(db, filters.model_copy(update={"tag": "", "pinned": False}))
    narrowed = bool(filters.model or filters.since or filters.until or filters.params)
    fitting = _CONVERSATIONS_OF.format(
        f"SELECT number FROM runs WHERE {_and(inner, 'number').removeprefix(' AND ')}"
    )
    if words:
        # Of so many runs only the latest are ranked: those of other tags must not be among them.
        scored, values = _scored(db, words, *_conditions(db, filters))
        ranked = (
            f" LEFT JOIN (SELECT panes.conversation AS found, min(score) AS score"
            f" FROM ({scored}) AS hits JOIN runs ON runs.number = hits.number"
            " JOIN turns ON turns.id = runs.turn JOIN panes ON panes.id = turns.pane"
            " GROUP BY panes.conversation) ON found = id"
        )
        titled = "title LIKE ? ESCAPE '\\'"
        values.append(f"%{_escaped(filters.query.strip())}%")
        if narrowed:
            titled += f" AND id IN ({fitting})"
            values += more
        where.append(f"(found IS NOT NULL OR {titled})")
        # SQLite puts NULL first.
        order = "score, updated DESC"
    elif narrowed:
        where.append(f"id IN ({fitting})")
        values += more
    if filters.pinned:
        where.append("pinned")
    if filters.tag:
        where.append("id IN (SELECT conversation FROM tags WHERE tag = ?)")
        values.append(filters.tag)
    return load_summaries(
        db,
        f"SELECT conversations.* FROM conversations{ranked} WHERE {' AND '.join(where)}"
        f" ORDER BY pinned DESC, {order}, id LIMIT ? OFFSET ?",
        (*values, limit, offset),
    )


def _scored(
    db: sqlite3.Connection, words: str, where: Sequence[str], values: Sequence[Any]
) -> tuple[str, list[Any]]:
    """A query for the runs that have the words, each with its score (the lower the better).

    Of sweeps as many are ranked as of everything else: one of them may have thousands of answers
    to one prompt, which must not push all conversations before it out of sight.
    """
    sides: list[Sequence[str]] = [where]
    if db.execute("SELECT 1 FROM samples LIMIT 1").fetchone():
        swept = "{} %sIN (SELECT run FROM samples)"
        sides = [[*where, swept % "NOT "], [*where, swept % ""]]
    parts = [
        f"SELECT * FROM (SELECT rowid AS number, bm25(words, {PROMPT_WEIGHT}, {ANSWER_WEIGHT})"
        f" AS score FROM words WHERE words MATCH ?{_and(side, '+rowid')}"
        f" ORDER BY rowid DESC LIMIT {MOST_RANKED})"
        for side in sides
    ]
    return " UNION ALL ".join(parts), [words, *values] * len(sides)


def _and(conditions: Sequence[str], number: str) -> str:
    """Conditions as the end of a WHERE; `{}` in them is the run's number, as it is called there.

    `+rowid` keeps SQLite from looking up every run of a list in the index of words one by one.
    """
    return "".join(f" AND {condition.format(number)}" for condition in conditions)


def _conditions(db: sqlite3.Connection, filters: Filters) -> tuple[list[str], list[Any]]:
    """Conditions on the number of a run, with their values.

    Each is a list of numbers that an index gives, so that none reads the rows of all runs.
    """
    where: list[str] = []
    values: list[Any] = []
    deleted = _RUNS_IN.format("SELECT id FROM conversations WHERE deleted IS NOT NULL")
    where.append(f"{{}} {'' if filters.deleted else 'NOT '}IN ({deleted})")
    if filters.model:
        # Names, so that the index serves: there are few of them, and many runs of each.
        names = [
            row[0]
            for row in db.execute(
                "SELECT DISTINCT model FROM runs WHERE model >= ? AND model < ?",
                (filters.model, f"{filters.model}\U0010ffff"),
            )
        ]
        where.append(f"{{}} IN (SELECT number FROM runs WHERE model IN ({_marks(names)}))")
        values += names
    for comparison, moment_ in ((">=", filters.since), ("<", filters.until)):
        if moment_ is not None:
            where.append(f"{{}} IN (SELECT number FROM runs WHERE created {comparison} ?)")
            values.append(moment_.timestamp())
    if filters.tag:
        where.append(f"{{}} IN ({_RUNS_IN.format('SELECT conversation FROM tags WHERE tag = ?')})")
        values.append(filters.tag)
    if filters.conversation:
        where.append(f"{{}} IN ({_RUNS_IN.format('?')})")
        values.append(filters.conversation)
    if filters.pinned:
        where.append(f"{{}} IN ({_RUNS_IN.format('SELECT id FROM conversations WHERE pinned')})")
    for item in filters.params:
        # The comparison is one of six words of ours.
        where.append(
            f"{{}} IN (SELECT run FROM settings WHERE knob = ? AND value {item.comparison} ?)"
        )
        values += [item.knob, item.value]
    return where, values


def _marks(values: Sequence[object]) -> str:
    return ",".join("?" * len(values))


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
        snippet=_best_snippet(texts, row["prompt"], query),
    )


def _best_snippet(texts: Sequence[str], prompt: str, query: str) -> str:
    """From the first answer that has the words, else how the first begins.

    Unless they are far into a long prompt: its beginning is shown anyhow, that place is not.
    """
    pieces = pieces_of(query)
    for text in texts:
        low = text.casefold()
        if any(piece in low for piece in pieces):
            return snippet(text, query)
    asked_for = snippet(prompt, query)
    begins = snippet(texts[0], "") if texts else ""
    return asked_for if asked_for.startswith("…") or not begins else begins


def _escaped(text: str) -> str:
    return re.sub(r"([%_\\])", r"\\\1", text)
