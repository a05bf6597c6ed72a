"""The file: private, from another version, damaged, on a full or a closed disk; several at once."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import stat
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from playground.errors import HistoryTooNew, HistoryUnavailable
from playground.history import Filing, Filters, History, Recorder, database, writer
from playground.history.schema import SCRIPTS, VERSION, migrate
from playground.providers.scripted import ScriptedModel
from playground.run import generate
from tests.history.conftest import Keep, cast_on


def test_only_its_owner_can_read_it(history: History, path: Path) -> None:
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    for beside in path.parent.glob("history.db-*"):
        assert stat.S_IMODE(beside.stat().st_mode) == 0o600


def test_a_file_that_others_could_read_is_closed_to_them(path: Path) -> None:
    History.open(path).close()
    path.chmod(0o644)
    History.open(path).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_it_writes_ahead_and_keeps_its_references(history: History) -> None:
    with history._database.reading() as db:
        assert db.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
        assert db.execute("PRAGMA foreign_keys").fetchone()[0] == 1


def test_a_history_from_a_newer_version_is_refused_and_left_as_it_was(path: Path) -> None:
    History.open(path).close()
    db = sqlite3.connect(path)
    db.execute(f"PRAGMA user_version = {VERSION + 1}")
    db.close()
    before = path.read_bytes()
    with pytest.raises(HistoryTooNew, match="Update the playground"):
        History.open(path)
    assert path.read_bytes() == before
    assert [item.name for item in path.parent.iterdir() if item.is_file()] == ["history.db"]


def test_an_older_history_comes_to_our_version_after_it_was_copied(path: Path) -> None:
    path.parent.mkdir()
    db = sqlite3.connect(path)
    db.executescript(f"{SCRIPTS[0]} PRAGMA user_version = 1;")
    db.execute(
        "INSERT INTO conversations (id, title, created, updated) VALUES ('old', 'Of old', 1, 1)"
    )
    db.commit()
    db.close()
    with History.open(path) as history:
        assert [item.title for item in history.conversations()] == ["Of old"]
        history.add_vote(cast_on("nowhere"))
        assert history.flush()
        assert len(history.votes()) == 1
    (backup,) = path.parent.glob("history.v1-*.db")
    copy = sqlite3.connect(backup)
    assert copy.execute("PRAGMA user_version").fetchone()[0] == 1
    assert copy.execute("SELECT title FROM conversations").fetchone()[0] == "Of old"
    copy.close()
    assert stat.S_IMODE(backup.stat().st_mode) == 0o600


async def test_votes_of_an_older_history_find_their_conversation(
    path: Path, history: History, keep: Keep
) -> None:
    run = await keep("hello", conversation="one")
    kept, lost = cast_on(run.id), cast_on("purged")
    history.close()
    db = sqlite3.connect(path)
    # As it was in version 3, in which votes belonged to no conversation.
    db.execute("DROP INDEX votes_of_conversation")
    db.execute("ALTER TABLE votes DROP COLUMN conversation")
    db.execute("ALTER TABLE runs DROP COLUMN prefix_text")
    for vote in (kept, lost):
        row = (vote.id, vote.created.timestamp(), vote.model_dump_json())
        db.execute("INSERT INTO votes VALUES (?, ?, ?)", row)
    db.execute("PRAGMA user_version = 3")
    db.commit()
    db.close()
    with History.open(path) as again:
        assert again.conversation("one").votes == (kept,)
        assert again.votes() == [kept, lost]


def test_a_damaged_history_on_a_full_disk_is_told_of(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(connection: sqlite3.Connection) -> None:
        if connection.execute("PRAGMA database_list").fetchone()["file"]:
            raise sqlite3.OperationalError("database or disk is full")
        migrate(connection)

    path.parent.mkdir()
    path.write_bytes(b"noise" * 8_000)
    monkeypatch.setattr(database, "migrate", full)
    history, problem = History.open_or_memory(path)
    history.close()
    assert "set aside as history.damaged-" in str(problem)
    assert "disk is full" in str(problem)


_OPENER = """
import sys, time
from pathlib import Path
from playground.history import History
while time.time() < float(sys.argv[2]): pass
with History.open(Path(sys.argv[1])) as history:
    print(history.notice)
    sys.stdout.flush()
    sys.stdin.read()
"""


def test_of_programs_that_find_the_same_damage_one_begins_a_fresh_history(path: Path) -> None:
    path.parent.mkdir()
    path.write_bytes(b"noise" * 8_000)
    moment = str(time.time() + 1.5)
    programs = [
        subprocess.Popen(
            [sys.executable, "-c", _OPENER, str(path), moment],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    told = [program.stdout.readline().strip() for program in programs if program.stdout]
    failures = [program.communicate("")[1] for program in programs]
    assert failures == ["", "", ""]
    assert len([text for text in told if "set aside" in text]) == 1
    assert len(list(path.parent.glob("history.damaged-*.db"))) == 1


async def test_a_damaged_index_of_words_is_made_anew_from_the_texts(
    path: Path, history: History, keep: Keep
) -> None:
    for number in range(30):
        await keep(f"hello 長い number{number}", f"answer{number} " * 20)
    history.close()
    db = sqlite3.connect(path)
    page, size = (
        db.execute(query).fetchone()[0]
        for query in (
            "SELECT rootpage FROM sqlite_master WHERE name = 'words_data'",
            "PRAGMA page_size",
        )
    )
    db.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * size)
        file.write(b"\xde\xad\xbe\xef" * (size // 4))
    with History.open(path) as again:
        assert "has been made anew" in again.notice
        assert again.problems() == []
        assert len(again.search(Filters(query="hello"))) == 30
        assert len(again.search(Filters(query="長い answer7"))) == 1
        run = generate(ScriptedModel(["later"]), "more")
        await Recorder(again).follow(run, Filing(prompt="more"))
        assert again.flush()
        assert len(again.search(Filters(query="later"))) == 1
    assert not list(path.parent.glob("history.damaged*"))
    with History.open(path) as again:
        assert again.notice == ""


async def test_what_is_said_while_the_file_is_locked_at_the_start_is_kept_afterwards(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(database, "BUSY_SECONDS", 0.1)
    monkeypatch.setattr(writer, "RETRY_SECONDS", 0.1)
    History.open(path).close()
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    told: list[str] = []
    history, problem = History.open_or_memory(path, on_problem=told.append)
    assert "database is locked" in str(problem)
    assert "waits in memory" in str(problem)
    assert "database is locked" in history.problem
    assert history.kept
    run = generate(ScriptedModel(["hi"]), "hello")
    await Recorder(history).follow(run, Filing(prompt="hello"))
    with pytest.raises(HistoryUnavailable):
        history.run(run.id)
    other.execute("ROLLBACK")
    other.close()
    assert history.flush()
    assert history.run(run.id).choices[0].text == "hi"
    assert (told, history.problem) == ([""], "")
    assert history.close() == 0


@pytest.mark.parametrize("how", ["noise", "text", "cut off", "written over"])
async def test_a_damaged_history_is_kept_beside_a_fresh_one(path: Path, how: str) -> None:
    with History.open(path) as history:
        for number in range(30):
            run = generate(ScriptedModel([f"answer {number} " * 50]), "hello")
            await Recorder(history).follow(run, Filing(prompt="hello"))
    data = bytearray(path.read_bytes())
    match how:
        case "noise":
            data[:] = os.urandom(len(data))
        case "text":
            data[:] = b"I am not a database.\n" * 500
        case "cut off":
            del data[len(data) // 2 :]
        case "written over":
            data[100:] = b"\xff" * (len(data) - 100)
    path.write_bytes(data)
    with History.open(path) as history:
        assert "set aside" in history.notice
        assert history.conversations() == []
        run = generate(ScriptedModel(["fine"]), "hello")
        await Recorder(history).follow(run, Filing(prompt="hello"))
        assert history.flush()
    (kept,) = path.parent.glob("history.damaged-*.db")
    assert kept.read_bytes() == data


async def test_without_a_place_for_it_the_chat_goes_on_in_memory(tmp_path: Path) -> None:
    blocked = tmp_path / "a file" / "history.db"
    blocked.parent.write_text("not a folder")
    with pytest.raises(HistoryUnavailable, match="PLAYGROUND_DATA_DIR"):
        History.open(blocked)
    history, problem = History.open_or_memory(blocked)
    assert isinstance(problem, HistoryUnavailable)
    with history:
        run = generate(ScriptedModel(["fine"]), "hello")
        await Recorder(history).follow(run, Filing(prompt="hello"))
        assert history.flush()
        assert not history.kept
        assert history.run(run.id).text == "fine"
    assert blocked.parent.read_text() == "not a folder"


async def test_a_full_disk_is_said_once_and_what_waited_is_written_when_there_is_room(
    path: Path,
) -> None:
    told: list[str] = []
    with History.open(path, on_problem=told.append) as history:
        # SQLite itself says that the disk is full once a file may not grow any more.
        with history._database.writing() as db:
            pages = db.execute("PRAGMA page_count").fetchone()[0]
        history._database._connection.execute(f"PRAGMA max_page_count = {pages}")
        runs = []
        for number in range(3):
            run = generate(ScriptedModel([f"answer {number} " * 5000]), "hello")
            await Recorder(history).follow(run, Filing(prompt="hello"))
            assert run.state == "done", "answering does not depend on keeping"
            runs.append(run)
        deadline = time.monotonic() + 10
        while not history.problem:
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        assert "disk is full" in history.problem
        history._database._connection.execute("PRAGMA max_page_count = 1000000")
        assert history._writer.flush(30)
        assert [history.run(run.id).text for run in runs] == [run.text for run in runs]
    assert len(told) == 2, "told when it began and when it was over"
    assert told[1] == ""


def test_what_shares_a_transaction_with_something_that_fails_is_written_all_the_same(
    path: Path,
) -> None:
    def tag(name: str) -> Callable[[sqlite3.Connection], object]:
        return lambda db: db.execute("INSERT INTO tags VALUES ('talk', ?)", (name,))

    def wrong(db: sqlite3.Connection) -> None:
        db.execute("INSERT INTO tags VALUES ('talk', 'half')")
        db.execute("INSERT INTO no_such_table VALUES (1)")

    with History.open(path) as history:
        history.write(
            lambda db: db.execute(
                "INSERT INTO conversations (id, created, updated) VALUES ('talk', 0, 0)"
            )
        )
        # While somebody reads, all of it comes together.
        with history._database.reading():
            for work in (tag("one"), wrong, tag("two"), tag("three")):
                history.write(work)
        assert history.flush()
        with history._database.reading() as db:
            tags = [row[0] for row in db.execute("SELECT tag FROM tags ORDER BY tag")]
        assert tags == ["one", "three", "two"]
        assert "no_such_table" in history.problem


async def test_what_nobody_foresaw_is_said_and_stops_no_writing_after_it(
    history: History, keep: Keep
) -> None:
    def wrong(_db: sqlite3.Connection) -> None:
        raise IndexError("a defect")

    await keep("hello")
    (talk,) = history.conversations()
    history.write(wrong)
    history.rename(talk.id, "half a pair: \udcff")
    history.set_tags(talk.id, ["\udcff"])
    assert history.flush()
    assert "a defect" in history.problem
    kept = history.conversation(talk.id)
    shown = "\N{REPLACEMENT CHARACTER}"
    assert (kept.title, kept.tags) == (f"half a pair: {shown}", (shown,))


async def test_what_could_not_be_written_is_counted_at_the_end(path: Path) -> None:
    history = History.open(path)
    pages = history._database._connection.execute("PRAGMA page_count").fetchone()[0]
    history._database._connection.execute(f"PRAGMA max_page_count = {pages}")
    run = generate(ScriptedModel(["answer " * 20000]), "hello")
    await Recorder(history).follow(run, Filing(prompt="hello"))
    assert history.close() > 0


async def test_a_backup_is_whole_and_overwrites_nothing(
    history: History, keep: Keep, tmp_path: Path
) -> None:
    run = await keep("hello")
    target = tmp_path / "copy.db"
    history.back_up(target)
    assert stat.S_IMODE(target.stat().st_mode) == 0o600
    with History.open(target) as copy:
        assert copy.run(run.id).text == "yes"
        assert copy.problems() == []
    with pytest.raises(HistoryUnavailable, match="already"):
        history.back_up(target)


BUSY = """
import asyncio, sys
from collections.abc import Callable
from pathlib import Path
from playground.history import Filing, History, Recorder, database
from playground.providers.scripted import ScriptedModel
from playground.run import generate

async def main():
    with History.open(Path(sys.argv[1])) as history:
        for number in range(40):
            run = generate(ScriptedModel(["x"]), "hello")
            await Recorder(history).follow(run, Filing(prompt="hello"))
        assert history.flush()
        assert not history.problem, history.problem

asyncio.run(main())
"""


def test_a_file_to_which_another_program_just_writes_its_first_words_is_waited_for(
    path: Path,
) -> None:
    path.parent.mkdir()
    other = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    soon = threading.Timer(0.3, lambda: other.execute("COMMIT"))
    soon.start()
    with History.open(path) as history:
        assert not soon.is_alive()
        assert history.problems() == []
    other.close()


def test_several_programs_write_at_once_and_nothing_is_missing(path: Path) -> None:
    programs = [
        subprocess.Popen([sys.executable, "-c", BUSY, str(path)], stderr=subprocess.PIPE, text=True)
        for _ in range(4)
    ]
    ended = [(program.communicate(timeout=120)[1], program.returncode) for program in programs]
    assert ended == [("", 0)] * 4
    with History.open(path) as history:
        assert len(history.conversations(limit=1000)) == 160
        assert history.problems() == []
    assert list((path.parent / "owners").iterdir()) == []
