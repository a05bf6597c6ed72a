"""`History`: the one door to what is kept."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self, TypeVar

from playground.config import data_dir
from playground.errors import HistoryUnavailable, PlaygroundError, UnknownRecord
from playground.history import importing, keeping, loading, saving, searching, sweeping
from playground.history.database import Database, may_open
from playground.history.filing import Filing
from playground.history.importing import Imported
from playground.history.owner import Owner
from playground.history.records import (
    ConversationRecord,
    Hit,
    Rating,
    RunRecord,
    Summary,
)
from playground.history.searching import Filters
from playground.history.sweep_shelf import SweepShelf
from playground.history.tokens import unpack
from playground.history.writer import Writer
from playground.judging import Vote
from playground.types import Receipt, Token

_Result = TypeVar("_Result")

FILE = "history.db"


class History:
    """An open history. Writing returns at once (see `flush`); reading is for threads.

    `problem` says what is wrong with keeping, and is empty while all is well; `on_problem` is
    called in another thread when it changes.
    """

    def __init__(
        self,
        database: Database,
        *,
        on_problem: Callable[[str], None] = lambda _text: None,
        problem: str = "",
    ) -> None:
        self._database = database
        self.problem = problem
        self._told = on_problem
        folder = None if database.path is None else database.path.parent / "owners"
        try:
            self._owner = Owner(folder)
        except OSError as error:
            database.close()
            raise HistoryUnavailable(f"{folder} cannot be made: {error.strerror}.") from error
        self._writer = Writer(database, self._problem_changed, failing=bool(problem))
        self.sweeps = SweepShelf(database, self._writer, self._owner.id)

    @classmethod
    def open(
        cls, path: Path | None = None, *, on_problem: Callable[[str], None] = lambda _text: None
    ) -> Self:
        """Open the history, of the user if no other file is named; blocks, so not on a loop.

        Ends the runs of programs that died, and removes what was deleted long ago. Raises
        `HistoryUnavailable` or `HistoryTooNew`; a damaged file is set aside, see `notice`.
        """
        found = cls(Database(path or data_dir() / FILE), on_problem=on_problem)
        try:
            found._tidy()
        except BaseException:
            found.close()
            raise
        return found

    @classmethod
    def in_memory(cls) -> Self:
        """A history that ends with the program, for where none can be kept."""
        return cls(Database(None))

    @classmethod
    def open_or_memory(
        cls, path: Path | None = None, *, on_problem: Callable[[str], None] = lambda _text: None
    ) -> tuple[Self, PlaygroundError | None]:
        """The history, or one in memory with the reason why it is not kept.

        Where the file is locked, or the disk full, it is one that is opened as soon as it can be:
        until then what is written waits, and nothing can be read.
        """
        path = path or data_dir() / FILE
        try:
            return cls.open(path, on_problem=on_problem), None
        except PlaygroundError as error:
            reason = error
        if isinstance(reason, HistoryUnavailable) and may_open(reason.__cause__):
            with suppress(HistoryUnavailable):
                waiting = cls(
                    Database(path, later=True), on_problem=on_problem, problem=reason.message
                )
                return waiting, HistoryUnavailable(
                    f"{reason.message} It is tried again; what is said now waits in memory.",
                    hint=reason.hint,
                )
        reason.message += " What is said now is not kept."
        return cls.in_memory(), reason

    @property
    def kept(self) -> bool:
        """Whether it is on a disk."""
        return self._database.path is not None

    @property
    def path(self) -> Path | None:
        """The file, if there is one."""
        return self._database.path

    @property
    def notice(self) -> str:
        """What became of a file that could not be read; empty where it could."""
        return self._database.notice

    @property
    def begun_again(self) -> bool:
        """Whether that file was set aside, so that this one is empty."""
        return self._database.begun_again

    def _tidy(self) -> None:
        with self._database.reading() as db:
            owners = [
                row[0]
                for row in db.execute(
                    "SELECT owner FROM runs WHERE state='running'"
                    " UNION SELECT owner FROM sweeps WHERE state='running'"
                )
            ]
            limit = time.time() - keeping.DAYS_TO_REGRET * 86_400
            old = db.execute(
                "SELECT 1 FROM conversations WHERE deleted < ? LIMIT 1", (limit,)
            ).fetchone()
        if dead := self._owner.dead_among(owners):
            self._write(lambda db: saving.mark_interrupted(db, dead))
            self._write(lambda db: sweeping.mark_interrupted(db, dead))
        if old:
            self._write(lambda db: keeping.purge(db, limit))

    # Runs

    def begin(self, filing: Filing, run: saving.BegunRun) -> None:
        """Write a run that has begun."""
        owner = self._owner.id
        self._writer.post(lambda db: saving.begin_run(db, filing, run, owner))

    def grow(self, run: str, growth: Sequence[saving.Growth]) -> None:
        """Write what has come of it since the last time."""
        self._writer.post(lambda db: saving.grow_run(db, run, growth))

    def end(self, run: saving.EndedRun) -> None:
        """Write the whole of it."""
        self._writer.post(lambda db: saving.end_run(db, run))

    def complete_receipt(self, run: str, receipt: Receipt) -> None:
        """Write a receipt that is known better now than when its run ended."""
        self._writer.post(lambda db: saving.complete_receipt(db, run, receipt))

    def run(self, name: str) -> RunRecord:
        """A run by its name or the beginning of it; raises `UnknownRecord`."""
        with self._database.reading() as db:
            found = loading.load_runs(
                db,
                "SELECT runs.*, turns.pane, panes.conversation FROM runs"
                " JOIN turns ON turns.id = runs.turn JOIN panes ON panes.id = turns.pane"
                " WHERE runs.id = ?",
                (keeping.resolve(db, "runs", name),),
            )
        return found[0]

    def tokens(self, run: str, choice: int = 0) -> Sequence[Token]:
        """The per-token figures of an answer; empty where none were asked for."""
        with self._database.reading() as db:
            row = db.execute(
                "SELECT tokens FROM choices JOIN runs ON runs.number = choices.run"
                " WHERE runs.id = ? AND choice = ?",
                (run, choice),
            ).fetchone()
        return unpack(row[0]) if row is not None and row[0] is not None else ()

    # Conversations

    def conversation(self, name: str) -> ConversationRecord:
        """A conversation by its name or the beginning of it; raises `UnknownRecord`."""
        with self._database.reading() as db:
            whole = keeping.resolve(db, "conversations", name)
            found = loading.load_conversation(db, whole)
        if found is None:
            raise UnknownRecord(f"The conversation {name!r} has just been deleted.")
        return found

    def conversations(
        self, filters: Filters | None = None, *, limit: int = 50, offset: int = 0
    ) -> list[Summary]:
        """Conversations, pinned ones first, then the latest."""
        with self._database.reading() as db:
            return searching.summaries(db, filters or Filters(), limit, offset)

    def search(self, filters: Filters, *, limit: int = 50, offset: int = 0) -> list[Hit]:
        """Runs that match, the best first."""
        with self._database.reading() as db:
            return searching.search(db, filters, limit, offset)

    def interrupted(self) -> list[Summary]:
        """Conversations that a program died in, the latest first, until they have been offered."""
        with self._database.reading() as db:
            return loading.load_summaries(
                db,
                "SELECT * FROM conversations WHERE interrupted = 1 AND deleted IS NULL"
                " ORDER BY updated DESC LIMIT 20",
                (),
            )

    def settle(self, conversation: str) -> None:
        """An interrupted conversation has been opened again: it is like any other."""
        self._writer.post(lambda db: keeping.settle_interrupted(db, conversation))

    def leave_interrupted(self, conversation: str) -> None:
        """It has been offered: it stays marked as interrupted, and is not offered again."""
        self._writer.post(lambda db: keeping.leave_interrupted(db, conversation))

    def rename(self, conversation: str, title: str) -> None:
        """Give a conversation a title."""
        self._writer.post(lambda db: keeping.rename(db, conversation, title))

    def pin(self, conversation: str, *, pinned: bool) -> None:
        """Keep a conversation at the top, or no longer."""
        self._writer.post(lambda db: keeping.pin(db, conversation, pinned=pinned))

    def set_tags(self, conversation: str, tags: Iterable[str]) -> None:
        """Give a conversation these tags instead of those it had."""
        given = tuple(tags)
        self._writer.post(lambda db: keeping.set_tags(db, conversation, given))

    def delete(self, *conversations: str) -> None:
        """Hide conversations; `restore` brings them back."""
        self._writer.post(lambda db: keeping.delete(db, conversations))

    def restore(self, *conversations: str) -> None:
        """Bring deleted conversations back."""
        self._writer.post(lambda db: keeping.restore(db, conversations))

    def purge(self) -> None:
        """Remove for good all that was deleted."""
        self._writer.post(lambda db: keeping.purge(db, time.time() + 1))

    def keep_turn(self, filing: Filing, chosen: tuple[str, int] | None) -> None:
        """Write a turn that has no run of its own: it took its answer along from elsewhere."""
        now = time.time()

        def work(db: sqlite3.Connection) -> None:
            saving.put_turn(db, filing, now)
            if chosen is not None:
                keeping.choose(db, filing.turn, *chosen)

        self._writer.post(work)

    def choose(self, turn: str, run: str, choice: int) -> None:
        """Go on from this answer of a turn."""
        self._writer.post(lambda db: keeping.choose(db, turn, run, choice))

    def set_leaf(self, pane: str, turn: str) -> None:
        """Remember which turn of a pane is in view."""
        self._writer.post(lambda db: keeping.set_leaf(db, pane, turn))

    # Judgements

    def rate(self, rating: Rating) -> None:
        """Keep what the user thinks of an answer."""
        self._writer.post(lambda db: keeping.rate(db, rating))

    def add_vote(self, vote: Vote) -> None:
        """Keep a vote of a blind test."""
        self._writer.post(lambda db: keeping.add_vote(db, vote))

    def votes(self, conversation: str = "") -> list[Vote]:
        """The votes on the answers of a conversation (its whole name), or all; oldest first."""
        with self._database.reading() as db:
            return loading.load_votes(db, conversation)

    # The file

    def flush(self) -> bool:
        """Wait until all is written; false if it cannot be written now."""
        return self._writer.flush()

    def back_up(self, target: Path) -> None:
        """Copy it to another file while it is in use; raises `HistoryUnavailable`."""
        self.flush()
        self._database.back_up(target)

    def import_file(self, path: Path) -> Imported:
        """Add what an exported file holds and this has not: all of it, or nothing.

        Raises `BrokenFile` with the line that is wrong, or `HistoryUnavailable`. Others wait to
        write for as long as it takes.
        """
        self.flush()
        return self._write(lambda db: importing.take_file(db, path))

    def problems(self) -> Sequence[str]:
        """What SQLite's own check finds wrong with the file; empty if nothing."""
        return self._database.problems()

    def write(self, work: Callable[[sqlite3.Connection], object]) -> None:
        """Have a piece of work done in a transaction, after all that was posted before."""
        self._writer.post(work)

    def close(self) -> int:
        """Write what is left and close; how many writes could not be made."""
        lost = self._writer.close()
        self._owner.close()
        self._database.close()
        return lost

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def _write(self, work: Callable[[sqlite3.Connection], _Result]) -> _Result:
        """Do a piece of work now; raises `HistoryUnavailable` if it cannot be done."""
        try:
            with self._database.writing() as db:
                return work(db)
        except sqlite3.Error as error:
            raise HistoryUnavailable(f"The history cannot be written: {error}.") from error

    def _problem_changed(self, problem: str) -> None:
        self.problem = problem
        self._told(problem)
