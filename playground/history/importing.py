"""Takes an exported history in: all of a file, or, where anything in it is wrong, nothing."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO, NoReturn

from pydantic import ValidationError

from playground.errors import BrokenFile
from playground.history import keeping
from playground.history.interchange import (
    FORMAT,
    LINE,
    MAX_LINE_BYTES,
    VERSION,
    ConversationLine,
    EndLine,
    HeadLine,
    Line,
    MessageLine,
    PaneLine,
    RunLine,
    TokensLine,
    TurnLine,
    VoteLine,
    message_of,
)
from playground.history.saving import (
    as_json,
    last_prompt,
    put_choices,
    put_messages,
    put_receipt,
    storable,
)
from playground.history.tokens import pack
from playground.history.words import indexed
from playground.sanitize import make_safe
from playground.types import Frozen, Message, Token

_QUOTE = 60
"""Characters of a value that an error repeats."""


class Imported(Frozen):
    """What an import added, and what it left alone because it was there already.

    `in_trash` are conversations among those that were there, and are deleted: `restore` shows them.
    """

    conversations: int = 0
    runs: int = 0
    votes: int = 0
    conversations_there: int = 0
    runs_there: int = 0
    votes_there: int = 0
    in_trash: tuple[str, ...] = ()


def take_file(db: sqlite3.Connection, path: Path) -> Imported:
    """Add what is in a file and not in the history, in the caller's transaction.

    Everything is told apart by its id, and what is there is not changed. Raises `BrokenFile` with
    the line; the caller's transaction must then be undone.
    """
    taking = _Taking(db, path)
    try:
        with path.open("rb") as file:
            for line in taking.lines(file):
                taking.take(line)
    except OSError as error:
        raise BrokenFile(f"{path} cannot be read: {error.strerror or error}.") from error
    return taking.done()


class _Taking:
    """One file on its way into the history."""

    def __init__(self, db: sqlite3.Connection, path: Path) -> None:
        self._db = db
        self._path = path
        self._number = 0
        self._parents: dict[str, str] = {}
        """What the file has said so far: kind and id, with the id of what it belongs to."""
        self._messages: dict[int, Message] = {}
        self._tokens: dict[tuple[str, int], list[Token]] = {}
        self._added: dict[str, RunLine] = {}
        """The run that was added last, which figures of tokens may follow."""
        self._count = dict.fromkeys(Imported.model_fields.keys() - {"in_trash"}, 0)
        self._trash: list[str] = []

    def lines(self, file: BinaryIO) -> Iterator[Line]:
        """The lines between the first and the last, checked."""
        ended = False
        while True:
            self._number += 1
            data = file.readline(MAX_LINE_BYTES + 1)
            if not data:
                break
            if len(data) > MAX_LINE_BYTES:
                self._refuse(f"it is longer than {MAX_LINE_BYTES:,} bytes")
            if ended:
                self._refuse("there is more after the last line")
            if self._number == 1:
                self._check_head(data)
                continue
            line = self._read(data)
            if isinstance(line, EndLine):
                ended = True
                if line.lines != self._number - 1:
                    self._refuse(f"it counts {line.lines} lines before it, and there are others")
                continue
            yield line
        if self._number == 1:
            self._refuse("the file is empty")
        if not ended:
            self._refuse("the file ends before its last line: it was cut off")

    def take(self, line: Line) -> None:
        """Add what one line says."""
        try:
            self._take(line)
        except OverflowError:
            self._refuse("a number in it is too large to be kept")

    def _take(self, line: Line) -> None:
        match line:
            case ConversationLine():
                self._take_conversation(line)
            case PaneLine():
                self._belongs("pane", line.id, "conversation", line.conversation)
                self._take_pane(line)
            case TurnLine():
                self._belongs("turn", line.id, "pane", line.pane)
                self._take_turn(line)
            case MessageLine():
                self._messages[line.number] = message_of(line)
            case RunLine():
                self._belongs("run", line.id, "turn", line.turn)
                self._take_run(line)
            case TokensLine():
                self._take_tokens(line)
            case VoteLine():
                self._belongs("vote", line.id, "conversation", line.conversation)
                self._take_vote(line)

    def done(self) -> Imported:
        """What came of it."""
        self._write_tokens()
        return Imported(**self._count, in_trash=tuple(self._trash))

    # Lines

    def _check_head(self, data: bytes) -> None:
        found = self._json(data.removeprefix(b"\xef\xbb\xbf"))
        if not isinstance(found, dict) or found.get("format") != FORMAT:
            self._refuse(f"this is no exported history (a first line with format {FORMAT!r})")
        version = found.get("version")
        if isinstance(version, int) and version > VERSION:
            raise BrokenFile(
                f"{self._path} was written by a newer playground (its format has version "
                f"{version}, ours {VERSION}).",
                hint="Update the playground. Nothing was imported.",
            )
        try:
            HeadLine.model_validate(found, strict=True)
        except ValidationError as error:
            self._refuse(_finding(error))

    def _read(self, data: bytes) -> Line:
        self._json(data)
        try:
            return LINE.validate_json(data, strict=True)
        except ValidationError as error:
            self._refuse(_finding(error))

    def _json(self, data: bytes) -> object:
        try:
            found: object = json.loads(data.decode("utf-8"), parse_constant=_no_number)
        except UnicodeDecodeError as error:
            self._refuse(f"it is not UTF-8 text ({error.reason})")
        except (ValueError, RecursionError) as error:
            self._refuse(f"it is not JSON ({error})")
        return found

    def _refuse(self, why: str) -> NoReturn:
        raise BrokenFile(f"{self._path}, line {self._number}: {why}.", hint="Nothing was imported.")

    # Rows

    def _take_conversation(self, line: ConversationLine) -> None:
        self._parents[f"conversation {line.id}"] = ""
        self._messages.clear()  # Each conversation has its own, so that no file fills the memory.
        added = self._db.execute(
            "INSERT OR IGNORE INTO conversations (id, title, origin, created, updated, pinned)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (
                line.id,
                storable(line.title),
                storable(line.origin),
                line.created.timestamp(),
                line.updated.timestamp(),
                int(line.pinned),
            ),
        ).rowcount
        if added:
            keeping.set_tags(self._db, line.id, map(storable, line.tags))
        elif self._one("SELECT deleted IS NOT NULL FROM conversations WHERE id = ?", line.id):
            self._trash.append(line.id)
        self._count["conversations" if added else "conversations_there"] += 1

    def _take_pane(self, line: PaneLine) -> None:
        self._db.execute(
            "INSERT OR IGNORE INTO panes (id, conversation, place, model, params, system, leaf)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (
                line.id,
                line.conversation,
                line.place,
                storable(line.model),
                storable(json.dumps(line.params, ensure_ascii=False)),
                storable(line.system),
                line.leaf,
            ),
        )
        self._is_there("panes", "conversation", line.id, line.conversation)

    def _take_turn(self, line: TurnLine) -> None:
        run, choice = line.chosen or (None, None)
        self._db.execute(
            "INSERT OR IGNORE INTO turns (id, pane, parent, round, prompt, created, chosen_run,"
            " chosen_choice) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                line.id,
                line.pane,
                line.parent,
                line.round,
                storable(line.prompt),
                line.created.timestamp(),
                run,
                choice,
            ),
        )
        self._is_there("turns", "pane", line.id, line.pane)

    def _take_run(self, line: RunLine) -> None:
        self._write_tokens()
        self._added = {}
        unknown = [number for number in line.messages if number not in self._messages]
        if unknown:
            self._refuse(f"it names message {unknown[0]}, which no line before it holds")
        if self._one("SELECT turn FROM runs WHERE id = ?", line.id) is not None:
            self._is_there("runs", "turn", line.id, line.turn)
            self._count["runs_there"] += 1
            return
        messages = [self._messages[number] for number in line.messages]
        created = line.created.timestamp()
        try:
            receipt = line.read_receipt()
        except ValidationError as error:
            self._refuse(f"run.receipt.{_finding(error)}")
        number = self._db.execute(
            "INSERT INTO runs (id, turn, version, owner, created, updated, model, state, messages,"
            " prefix, prefix_text, params, usage, timing, error_kind, error_message)"
            " VALUES (?, ?, ?, '', ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                line.id,
                line.turn,
                line.version,
                created,
                created,
                storable(line.model),
                # Its program is not ours to wait for.
                "interrupted" if line.state == "running" else line.state,
                json.dumps(put_messages(self._db, messages)),
                json.dumps(line.prefix),
                storable(line.prefix_text),
                storable(json.dumps(line.params, ensure_ascii=False)),
                as_json(line.usage),
                as_json(line.timing),
                storable(line.error.kind) if line.error is not None else None,
                storable(line.error.message) if line.error is not None else None,
            ),
        ).lastrowid
        self._db.execute(
            "INSERT INTO words (rowid, prompt, answer) VALUES (?, ?, '')",
            (number, indexed(storable(last_prompt(messages)))),
        )
        put_choices(self._db, number or 0, line.choices)
        if receipt is not None:
            put_receipt(self._db, number or 0, receipt)
        for rating in line.ratings:
            if rating.run != line.id or not 0 <= rating.choice < len(line.choices):
                self._refuse("it rates an answer that is not its own")
            keeping.rate(self._db, rating.model_copy(update={"note": storable(rating.note)}))
        self._added = {line.id: line}
        self._count["runs"] += 1

    def _take_tokens(self, line: TokensLine) -> None:
        if f"run {line.run}" not in self._parents:
            self._refuse(f"it belongs to run {line.run!r}, which no line before it holds")
        run = self._added.get(line.run)
        if run is None:
            return  # The run was there already, and so are its figures.
        if line.choice >= len(run.choices):
            self._refuse(f"run {line.run!r} has no choice {line.choice}")
        figures = self._tokens.setdefault((line.run, line.choice), [])
        figures.extend(token.token() for token in line.tokens)

    def _take_vote(self, line: VoteLine) -> None:
        try:
            vote = line.vote()
        except ValidationError as error:
            self._refuse(f"vote.{_finding(error)}")
        for judged in vote.candidates:
            if f"run {judged.run}" not in self._parents:
                self._refuse(f"it judges run {judged.run!r}, which no line before it holds")
        added = keeping.add_vote(self._db, vote, line.conversation)
        # Known, but not whose it is: its conversation had been removed for good.
        self._db.execute(
            "UPDATE votes SET conversation = ? WHERE id = ? AND conversation = ''",
            (line.conversation, line.id),
        )
        self._is_there("votes", "conversation", line.id, line.conversation)
        self._count["votes" if added else "votes_there"] += 1

    def _write_tokens(self) -> None:
        for (run, choice), tokens in self._tokens.items():
            self._db.execute(
                "UPDATE choices SET tokens = ? WHERE choice = ?"
                " AND run = (SELECT number FROM runs WHERE id = ?)",
                (pack(tokens), choice, run),
            )
        self._tokens.clear()

    def _belongs(self, kind: str, name: str, parent_kind: str, parent: str) -> None:
        """Refuse what hangs in the air; remember what the file has said."""
        if f"{parent_kind} {parent}" not in self._parents:
            self._refuse(f"it belongs to {parent_kind} {parent!r}, which no line before it holds")
        self._parents[f"{kind} {name}"] = parent

    def _is_there(self, table: str, column: str, name: str, parent: str) -> None:
        """Refuse an id that the history has in another place: the file was tampered with."""
        # Both names are ours.
        found = self._one(f"SELECT {column} FROM {table} WHERE id = ?", name)  # noqa: S608
        if found != parent:
            self._refuse(f"{name!r} is in the history already, in another {column}")

    def _one(self, query: str, value: str) -> object:
        row = self._db.execute(query, (value,)).fetchone()
        return None if row is None else row[0]


def _finding(error: ValidationError) -> str:
    """The first thing that is wrong, in a few words that are safe to print."""
    finding = error.errors(include_url=False)[0]
    place = ".".join(str(step) for step in finding["loc"])
    shown = ascii(finding["input"])
    cut = shown if len(shown) <= _QUOTE else f"{shown[:_QUOTE]}…"
    text = finding["msg"].removeprefix("Value error, ")
    said = f"{text[:1].lower()}{make_safe(text[1:])} (it is {cut})"
    return f"{ascii(place)[1:-1]}: {said}" if place else said


def _no_number(word: str) -> NoReturn:
    raise ValueError(f"{word} is no number")
