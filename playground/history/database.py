"""The file of the history: opened, checked, brought up to date; one connection behind a lock."""

from __future__ import annotations

import contextlib
import errno
import os
import shutil
import sqlite3
import threading
import time
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from playground.errors import HistoryTooNew, HistoryUnavailable
from playground.history.owner import opening
from playground.history.reindexing import index_again, words_are_bad
from playground.history.schema import VERSION, migrate

BUSY_SECONDS = 5.0
"""How long to wait for another playground that is writing."""

_PASSING = {
    sqlite3.SQLITE_BUSY,
    sqlite3.SQLITE_LOCKED,
    sqlite3.SQLITE_NOMEM,
    sqlite3.SQLITE_READONLY,
    sqlite3.SQLITE_IOERR,
    sqlite3.SQLITE_FULL,
    sqlite3.SQLITE_CANTOPEN,
}
"""What SQLite says where it may be able to write later."""

_OPENING_LATER = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL}

_MAGIC = b"SQLite format 3\x00"
_HEADER = 100
_VERSION_AT = 60
"""Where a file keeps its user_version, as four bytes: SQLite's file format, section 1.3."""


class Database:
    """An open history. `path` is None for one in memory; `notice` says what became of a bad file.

    Writers and readers of one program take turns; SQLite keeps several programs apart. With
    `later` the file is opened when it is first used, and again for as long as that fails.
    """

    def __init__(self, path: Path | None, *, later: bool = False) -> None:
        self.path = path
        self.notice = ""
        self.begun_again = False
        """Whether the file was set aside, so that this one is empty."""
        self._lock = threading.RLock()
        self._opened: sqlite3.Connection | None = None
        if path is None:
            self._opened = _connect(":memory:")
            migrate(self._opened)
        elif not later:
            self._opened = self._open_file(path)

    def _open_file(self, path: Path) -> sqlite3.Connection:
        try:
            path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            return self._open(path)
        except OSError as error:
            raise HistoryUnavailable(
                f"The history {path} cannot be opened: {error.strerror or error}.",
                hint="Check the folder's permissions, or set PLAYGROUND_DATA_DIR.",
            ) from error

    @property
    def _connection(self) -> sqlite3.Connection:
        """The connection, to be used behind the lock; raises `HistoryUnavailable`."""
        if self._opened is None:
            if self.path is None:
                raise HistoryUnavailable("The history is closed.")
            self._opened = self._open_file(self.path)
        return self._opened

    def _open(self, path: Path) -> sqlite3.Connection:
        try:
            try:
                with opening(path, alone=False):
                    _prepare_file(path)
                    _refuse_newer(path, _version_in_header(path))
                    return self._checked(path)
            except sqlite3.OperationalError:
                raise
            except sqlite3.DatabaseError:
                with opening(path, alone=True):
                    return self._begun_again(path)
        except sqlite3.Error as error:
            # Also what a disk without room and a file that may not be written say.
            raise HistoryUnavailable(
                f"The history {path} cannot be used: {error}.",
                hint="Is there room on the disk, and may the file be written?",
            ) from error

    def _begun_again(self, path: Path) -> sqlite3.Connection:
        """A fresh file in place of a damaged one, unless somebody has just begun one."""
        try:
            return self._checked(path)
        except sqlite3.OperationalError:
            raise
        except sqlite3.DatabaseError:
            kept = _set_aside(path)
        try:
            _prepare_file(path)
            connection = self._checked(path)
        except (OSError, sqlite3.Error) as error:
            raise HistoryUnavailable(
                f"The history could not be read and was set aside as {kept.name}; a fresh one "
                f"cannot be begun: {error}.",
                hint="Is there room on the disk?",
            ) from error
        self.notice = (
            f"The history could not be read and was set aside as {kept.name}; a fresh one has "
            "been begun."
        )
        self.begun_again = True
        return connection

    def _checked(self, path: Path) -> sqlite3.Connection:
        """A connection to a file that is whole as far as a glance tells, in our version."""
        connection = _connect(str(path))
        try:
            _look_for_damage(connection, path)
            version: int = connection.execute("PRAGMA user_version").fetchone()[0]
            _refuse_newer(path, version)
            if 0 < version < VERSION:
                _back_up(connection, path, version)
            # Takes the writer's lock even where there is nothing to do: so a file that may not be
            # written is noticed now, and not with the first answer.
            migrate(connection)
            self._mend_words(connection)
        except BaseException:
            connection.close()
            raise
        return connection

    def _mend_words(self, connection: sqlite3.Connection) -> None:
        """Make a damaged index of words anew: nothing could be kept any more."""
        if words_are_bad(connection):
            try:
                index_again(connection)
            except ValueError as error:
                raise sqlite3.DatabaseError(str(error)) from error
            self.notice = (
                "The index of the history's words was damaged and has been made anew; nothing of "
                "the texts was lost. `playground history check` looks for more damage."
            )

    @contextlib.contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """The connection, for queries; raises `HistoryUnavailable` where the file has gone bad."""
        with self._lock:
            try:
                yield self._connection
            except sqlite3.Error as error:
                raise HistoryUnavailable(
                    f"The history cannot be read: {error}.",
                    hint="`playground history check` looks for damage.",
                ) from error

    @contextlib.contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """The connection in a transaction, which is undone if the block fails.

        Raises `sqlite3.Error`: whoever writes knows what is lost.
        """
        with self._lock:
            try:
                connection = self._connection
            except HistoryUnavailable as error:
                raise _as_of_sqlite(error) from error
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield connection
            except BaseException:
                with contextlib.suppress(sqlite3.Error):
                    connection.execute("ROLLBACK")
                raise
            connection.execute("COMMIT")

    def problems(self) -> list[str]:
        """What SQLite's own check finds wrong; empty if nothing. Reads the whole file."""
        with self._lock:
            try:
                rows = self._connection.execute("PRAGMA integrity_check").fetchall()
            except sqlite3.DatabaseError as error:
                return [str(error)]
        found = [str(row[0]) for row in rows]
        return [] if found == ["ok"] else found

    def back_up(self, target: Path) -> None:
        """Copy the history to another file while it is in use; raises `HistoryUnavailable`."""
        if target.exists():
            raise HistoryUnavailable(f"{target} is there already.", hint="Name another file.")
        try:
            _create_private(target)
            with self._lock:
                _copy(self._connection, target)
        except (OSError, sqlite3.Error) as error:
            target.unlink(missing_ok=True)
            raise HistoryUnavailable(f"{target} cannot be written: {error}.") from error

    def close(self) -> None:
        """Close the file."""
        with self._lock, contextlib.suppress(sqlite3.Error):
            if self._opened is not None:
                self._opened.close()


def may_pass(error: BaseException) -> bool:
    """Whether work that failed may succeed later. The low byte of a code is its kind."""
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in _PASSING


def may_open(error: BaseException | None) -> bool:
    """Whether a file that could not be opened may be later: it was locked, or the disk full."""
    if isinstance(error, OSError):
        return error.errno in {errno.ENOSPC, errno.EDQUOT}
    code = getattr(error, "sqlite_errorcode", 0)
    return code & 0xFF in _OPENING_LATER or code == sqlite3.SQLITE_IOERR_SHMSIZE


def _as_of_sqlite(error: HistoryUnavailable) -> sqlite3.Error:
    """Why the file cannot be opened, as whoever writes is told of it."""
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return cause
    told = sqlite3.OperationalError(error.message)
    told.sqlite_errorcode = sqlite3.SQLITE_CANTOPEN
    return told


def _connect(name: str) -> sqlite3.Connection:
    connection = sqlite3.connect(
        name, timeout=BUSY_SECONDS, isolation_level=None, check_same_thread=False
    )
    try:
        # A commit is safe from a killed program at once, and from a power cut a little later.
        _keep_a_log(connection)
        for pragma in ("synchronous = NORMAL", "foreign_keys = ON"):
            connection.execute(f"PRAGMA {pragma}")
    except BaseException:
        connection.close()
        raise
    connection.row_factory = sqlite3.Row
    return connection


def _keep_a_log(connection: sqlite3.Connection) -> None:
    """Turn write-ahead logging on, and wait while another program does the same to a new file.

    SQLite itself does not wait for this one: it fails at once while somebody else writes.
    """
    end = time.monotonic() + BUSY_SECONDS
    while True:
        try:
            connection.execute("PRAGMA journal_mode = WAL")
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY or time.monotonic() > end:
                raise
            time.sleep(0.01)
        else:
            return


def _prepare_file(path: Path) -> None:
    """The file, readable by its owner only."""
    if not path.exists():
        _create_private(path)
    elif os.name == "posix" and path.stat().st_mode & 0o077:
        path.chmod(0o600)


def _create_private(path: Path) -> None:
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))


def _version_in_header(path: Path) -> int:
    """The version in the file's first bytes, read without touching it; 0 where it is no SQLite."""
    with path.open("rb") as file:
        head = file.read(_HEADER)
    if len(head) < _HEADER or not head.startswith(_MAGIC):
        return 0
    return int.from_bytes(head[_VERSION_AT : _VERSION_AT + 4], "big")


def _refuse_newer(path: Path, version: int) -> None:
    if version > VERSION:
        raise HistoryTooNew(
            f"{path} was written by a newer playground (its version is {version}, ours {VERSION}).",
            hint="Update the playground, or set PLAYGROUND_DATA_DIR to another folder. Nothing "
            "was changed.",
        )


def _look_for_damage(connection: sqlite3.Connection, path: Path) -> None:
    """Raise `sqlite3.DatabaseError` for a file that was cut off or written over.

    A glance, because reading all of a large history would hold up every start: the schema, the
    pages that the newest rows lie on, and whether the file is as long as it says.
    """
    tables = [row[0] for row in connection.execute("SELECT name FROM sqlite_master")]
    pages, size = (
        connection.execute(f"PRAGMA {what}").fetchone()[0] for what in ("page_count", "page_size")
    )
    in_log = path.with_name(f"{path.name}-wal")
    logged = in_log.exists() and in_log.stat().st_size > 0
    if not logged and path.stat().st_size < pages * size:
        raise sqlite3.DatabaseError("the file is shorter than it says")
    if "runs" in tables:
        for query in (
            "SELECT * FROM runs ORDER BY number DESC LIMIT 1",
            "SELECT * FROM conversations ORDER BY updated DESC LIMIT 1",
        ):
            connection.execute(query).fetchall()


def _back_up(connection: sqlite3.Connection, path: Path, version: int) -> None:
    """Copy a file of an older version beside itself, before it is changed."""
    target = _free_name(path, f"v{version}-{_now()}")
    try:
        _create_private(target)
        _copy(connection, target)
    except BaseException:
        target.unlink(missing_ok=True)  # Half a copy would take the room that is missing.
        raise


def _copy(connection: sqlite3.Connection, target: Path) -> None:
    copy = sqlite3.connect(target)
    try:
        connection.backup(copy)
    finally:
        copy.close()


def _set_aside(path: Path) -> Path:
    """Rename a damaged file, with its log, so that nothing of it is overwritten."""
    kept = _free_name(path, f"damaged-{_now()}")
    shutil.move(path, kept)
    for end in ("-wal", "-shm"):
        beside = path.with_name(path.name + end)
        if beside.exists():
            shutil.move(beside, kept.with_name(kept.name + end))
    return kept


def _free_name(path: Path, word: str) -> Path:
    """`history.<word>.db`, numbered where that is taken."""
    candidate, number = path.with_name(f"{path.stem}.{word}{path.suffix}"), 1
    while candidate.exists():
        number += 1
        candidate = path.with_name(f"{path.stem}.{word}-{number}{path.suffix}")
    return candidate


def _now() -> str:
    return datetime.now().astimezone().strftime("%Y%m%d-%H%M%S")
