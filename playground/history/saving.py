"""Rows written: a run when it begins, grows and ends, and what users do to conversations."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import time
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import BaseModel, JsonValue

from playground.history.filing import Filing
from playground.history.tokens import pack
from playground.history.words import indexed
from playground.history.writer import RunGone
from playground.params import GenerationParams
from playground.sanitize import encodable
from playground.types import Choice, EndState, Message, Problem, Receipt, Timing, Token, Usage


@dataclass(frozen=True, slots=True)
class BegunRun:
    """A run as it is written when it begins."""

    id: str
    model: str
    messages: tuple[Message, ...]
    prefix: str | tuple[int, ...]
    params: GenerationParams
    created: float
    prefix_text: str = ""


@dataclass(frozen=True, slots=True)
class Growth:
    """What has come of one choice since the last time."""

    choice: int
    text: str
    reasoning: str


@dataclass(frozen=True, slots=True)
class EndedRun:
    """A run as it is written when it has ended."""

    id: str
    state: EndState
    choices: tuple[Choice, ...]
    tokens: tuple[Sequence[Token], ...]
    receipt: Receipt | None
    usage: Usage
    timing: Timing
    error: Problem | None


def begin_run(db: sqlite3.Connection, filing: Filing, run: BegunRun, owner: str) -> None:
    """Write a run that has just begun, with the conversation, pane and turn that it belongs to."""
    number = _put_run(db, filing, run, owner)
    db.execute(
        "INSERT INTO words (rowid, prompt, answer) VALUES (?, ?, '')",
        (number, indexed(storable(last_prompt(run.messages)))),
    )


def add_run(
    db: sqlite3.Connection, filing: Filing, begun: BegunRun, ended: EndedRun, owner: str
) -> int:
    """Write a run that has begun and ended, whole; its number.

    In one go it takes half the time: nothing of it is indexed twice.
    """
    number = _put_run(db, filing, begun, owner)
    _put_answers(db, number, ended.choices, ended.tokens)
    db.execute(
        "INSERT INTO words (rowid, prompt, answer) VALUES (?, ?, ?)",
        (number, indexed(storable(last_prompt(begun.messages))), _indexed(ended.choices)),
    )
    if ended.receipt is not None:
        _put_receipt(db, number, ended.receipt)
    _put_end(db, number, ended)
    return number


def _put_run(db: sqlite3.Connection, filing: Filing, run: BegunRun, owner: str) -> int:
    put_turn(db, filing, run.created)
    # Of the turn's own answers the one that is coming is in view now, whichever was chosen before.
    db.execute(
        "UPDATE turns SET chosen_run = NULL, chosen_choice = NULL WHERE id = ?"
        " AND chosen_run IN (SELECT id FROM runs WHERE turn = turns.id)",
        (filing.turn,),
    )
    number = db.execute(
        "INSERT INTO runs (id, turn, version, owner, created, updated, model, state, messages,"
        " prefix, prefix_text, params) VALUES (?, ?, ?, ?, ?, ?, ?, 'running', ?, ?, ?, ?)",
        (
            run.id,
            filing.turn,
            filing.version,
            owner,
            run.created,
            run.created,
            storable(run.model),
            json.dumps(put_messages(db, run.messages)),
            json.dumps(storable(run.prefix) if isinstance(run.prefix, str) else run.prefix),
            storable(run.prefix_text),
            as_json(run.params),
        ),
    ).lastrowid
    return number or 0


def put_turn(db: sqlite3.Connection, filing: Filing, now: float) -> None:
    """Write the conversation, the pane and the turn, where they are not there yet."""
    db.execute(
        "INSERT INTO conversations (id, title, origin, created, updated) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO UPDATE SET updated = excluded.updated, deleted = NULL",
        (filing.conversation, storable(filing.title_or_prompt), filing.origin, now, now),
    )
    db.execute(
        "INSERT INTO panes (id, conversation, place, model, params, system, leaf)"
        " VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE SET place = excluded.place,"
        " model = excluded.model, params = excluded.params, system = excluded.system,"
        " leaf = excluded.leaf",
        (
            filing.pane,
            filing.conversation,
            filing.place,
            storable(filing.model),
            as_json(filing.params),
            storable(filing.system),
            filing.turn,
        ),
    )
    db.execute(
        "INSERT INTO turns (id, pane, parent, round, prompt, created) VALUES (?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (id) DO NOTHING",
        (filing.turn, filing.pane, filing.parent, filing.round, storable(filing.prompt), now),
    )


def put_messages(db: sqlite3.Connection, messages: Iterable[Message]) -> list[str]:
    """Write messages, each once however many runs were sent it; their names, in order.

    A conversation sends all of its turns again with every prompt.
    """
    names = []
    for message in messages:
        text = f"{message.role}\0{message.content}".encode("utf-8", "surrogatepass")
        name = hashlib.sha256(text).hexdigest()[:32]
        db.execute(
            "INSERT OR IGNORE INTO messages VALUES (?, ?, ?)",
            (name, message.role, storable(message.content)),
        )
        names.append(name)
    return names


def grow_run(db: sqlite3.Connection, run: str, growth: Iterable[Growth]) -> None:
    """Write what has come of a run since the last time; costs the same however long it is."""
    number = _number(db, run)
    db.executemany(
        "INSERT INTO pieces (run, choice, text, reasoning) VALUES (?, ?, ?, ?)",
        [(number, item.choice, storable(item.text), storable(item.reasoning)) for item in growth],
    )
    db.execute("UPDATE runs SET updated = ? WHERE number = ?", (time.time(), number))


def end_run(db: sqlite3.Connection, run: EndedRun) -> None:
    """Write the whole of a run that has ended, in place of its pieces."""
    number = _number(db, run.id)
    db.execute("DELETE FROM pieces WHERE run = ?", (number,))
    put_choices(db, number, run.choices, run.tokens)
    if run.receipt is not None:
        put_receipt(db, number, run.receipt)
    _put_end(db, number, run)


def _put_end(db: sqlite3.Connection, number: int, run: EndedRun) -> None:
    db.execute(
        "UPDATE runs SET state = ?, updated = ?, usage = ?, timing = ?, error_kind = ?,"
        " error_message = ? WHERE number = ?",
        (
            run.state,
            time.time(),
            as_json(run.usage),
            as_json(run.timing),
            run.error.kind if run.error is not None else None,
            storable(run.error.message) if run.error is not None else None,
            number,
        ),
    )


def complete_receipt(db: sqlite3.Connection, run: str, receipt: Receipt) -> None:
    """Write a receipt as far as it is known: when the work began, and with all sums afterwards."""
    put_receipt(db, _number(db, run), receipt)


def put_receipt(db: sqlite3.Connection, number: int, receipt: Receipt) -> None:
    """Write the receipt of a run, and the values it used to where runs are found by them.

    Apart from the runs, because a receipt is four times as large as the rest of a row, and what is
    searched must be small.
    """
    db.execute("DELETE FROM settings WHERE run = ?", (number,))
    _put_receipt(db, number, receipt)


def _put_receipt(db: sqlite3.Connection, number: int, receipt: Receipt) -> None:
    db.execute(
        "INSERT OR REPLACE INTO receipts VALUES (?, ?)",
        (number, zlib.compress(as_json(receipt).encode())),
    )
    db.executemany(
        "INSERT INTO settings VALUES (?, ?, ?)",
        [(knob, _comparable(value), number) for knob, value in receipt.plan.effective.items()],
    )


def _comparable(value: JsonValue) -> str | float:
    """A knob's value as a query compares it: numbers as numbers, the rest as text."""
    return value if isinstance(value, int | float | str) else json.dumps(value)


def put_choices(
    db: sqlite3.Connection,
    number: int,
    choices: Sequence[Choice],
    tokens: Sequence[Sequence[Token]] = (),
) -> None:
    """Write the answers of a run, and put them into the index."""
    _put_answers(db, number, choices, tokens)
    db.execute("UPDATE words SET answer = ? WHERE rowid = ?", (_indexed(choices), number))


def _put_answers(
    db: sqlite3.Connection,
    number: int,
    choices: Sequence[Choice],
    tokens: Sequence[Sequence[Token]],
) -> None:
    for place, choice in enumerate(choices):
        figures = tokens[place] if place < len(tokens) else ()
        db.execute(
            "INSERT OR REPLACE INTO choices VALUES (?, ?, ?, ?, ?, ?)",
            (
                number,
                place,
                storable(choice.text),
                storable(choice.reasoning),
                choice.finish_reason,
                pack(figures) if figures else None,
            ),
        )


def _indexed(choices: Sequence[Choice]) -> str:
    return indexed(storable("\n".join(choice.text for choice in choices)))


def mark_interrupted(db: sqlite3.Connection, owners: Iterable[str]) -> list[str]:
    """End the runs of programs that died with what had come; the conversations that it was in."""
    conversations: list[str] = []
    for owner in owners:
        for row in db.execute(
            "SELECT runs.number, panes.conversation FROM runs JOIN turns ON turns.id = runs.turn"
            " JOIN panes ON panes.id = turns.pane WHERE owner = ? AND state = 'running'",
            (owner,),
        ).fetchall():
            put_choices(db, row["number"], pieces_joined(db, row["number"]))
            db.execute("DELETE FROM pieces WHERE run = ?", (row["number"],))
            db.execute("UPDATE runs SET state = 'interrupted' WHERE number = ?", (row["number"],))
            db.execute(
                "UPDATE conversations SET interrupted = 1 WHERE id = ?", (row["conversation"],)
            )
            conversations.append(row["conversation"])
    return list(dict.fromkeys(conversations))


def pieces_joined(db: sqlite3.Connection, number: int) -> tuple[Choice, ...]:
    """The answers of a run that has not ended, as far as they are written."""
    texts: dict[int, list[str]] = {0: []}
    reasonings: dict[int, list[str]] = {0: []}
    for choice, text, reasoning in db.execute(
        "SELECT choice, text, reasoning FROM pieces WHERE run = ? ORDER BY number", (number,)
    ):
        texts.setdefault(choice, []).append(text)
        reasonings.setdefault(choice, []).append(reasoning)
    return tuple(
        Choice(text="".join(texts.get(place, ())), reasoning="".join(reasonings.get(place, ())))
        for place in range(max(texts) + 1)
    )


def _number(db: sqlite3.Connection, run: str) -> int:
    row = db.execute("SELECT number FROM runs WHERE id = ?", (run,)).fetchone()
    if row is None:
        raise RunGone(run)
    return int(row[0])


def last_prompt(messages: Sequence[Message]) -> str:
    """The last thing that the user said: what a run is found by."""
    return next((turn.content for turn in reversed(messages) if turn.role == "user"), "")


def as_json(model: BaseModel) -> str:
    """A model as it is kept."""
    try:
        return model.model_dump_json(exclude_none=True)
    except ValueError:
        # Half a surrogate pair; everything else takes a third as long without this way round.
        kept = model.model_dump(mode="json", exclude_none=True)
        return storable(json.dumps(kept, ensure_ascii=False))


def storable(text: str) -> str:
    """Text that SQLite can keep: half a surrogate pair, which JSON may hold, is not UTF-8.

    It is kept as it is shown (`sanitize.make_safe`).
    """
    return encodable(text)
