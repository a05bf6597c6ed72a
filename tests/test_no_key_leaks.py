"""A key is planted everywhere it could get out of, and looked for in everything that is kept."""

from __future__ import annotations

import json
import logging
import os
import sqlite3
import subprocess
import sys
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.commands import as_curl, as_llama_cli, as_python, as_receipt
from playground.config import data_dir, save_key
from playground.export import FORMATS
from playground.history import History, RunRecord
from playground.providers import open_model
from tests.conftest import forget_everything
from tests.export.kept import keep
from tests.servers import fault
from tests.servers.fault import Act, Exchange, FaultServer, delta

KEYS = {
    "environment": "sk-8w1mZqT4vN0bKcXr",
    "file": "sk-Jd7LpUeS2oYhRfQg",
    "option": "sk-5tAaVx9HnWkEi3Cz",
    "query": "sk-GmB6yPsDuF1lOjTb",
}
"""Where each key was put."""

HIDDEN = 9
"""So many characters of a key in a row are a leak."""


def leaked(text: str | bytes) -> list[str]:
    """Which keys, or halves of them, stand in a text."""
    data = text.encode("utf-8", "replace") if isinstance(text, str) else text
    return [
        place
        for place, key in KEYS.items()
        if any(key[at : at + HIDDEN].encode() in data for at in range(len(key) - HIDDEN + 1))
    ]


def everything_in(folder: Path) -> Iterator[bytes]:
    """The bytes of every file in a folder, and what is packed inside a history."""
    for path in folder.rglob("*"):
        if path.is_file():
            yield path.read_bytes()
    connection = sqlite3.connect(folder / "history.db")
    tables = [
        row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE sql != ''")
    ]
    for table in tables:
        try:
            rows = connection.execute(f"SELECT * FROM {table}").fetchall()
        except sqlite3.OperationalError:
            continue  # An index is no table.
        for row in rows:
            for cell in row:
                if isinstance(cell, bytes):
                    try:
                        yield zlib.decompress(cell)
                    except zlib.error:
                        yield cell
                else:
                    yield str(cell).encode("utf-8", "replace")
    connection.close()


def echoes(status: int) -> Act:
    """An endpoint that repeats the key that it was sent: as an error, or in an answer's text."""

    async def act(exchange: Exchange) -> None:
        sent = exchange.request.headers.get("authorization", "").removeprefix("Bearer ")
        if status != 200:
            await exchange.head(status, "application/json", X_Your_Key=sent, Location=f"/{sent}")
            await exchange.send(
                json.dumps({"error": {"message": f"No such key: {sent}", "code": sent}})
            )
            return
        await exchange.head(200, X_Your_Key=sent)
        for cut in (7, 15):
            chunks = [delta("You sent "), delta(sent[:cut]), delta(sent[cut:]), delta(".")]
            for chunk, piece in zip(chunks, ("You", sent[:cut], sent[cut:], "."), strict=True):
                figures = {"token": piece, "logprob": -1.0, "bytes": [*piece.encode()],
                           "top_logprobs": [{"token": sent, "logprob": -2.0}]}  # fmt: skip
                chunk["choices"][0]["logprobs"] = {"content": [figures]}
            for chunk in (delta(reasoning_content=f"Their key is {sent}"), *chunks):
                await exchange.send(fault.event(chunk))
        await exchange.send(fault.event(delta(finish="stop")), fault.event("[DONE]"))

    return act


def breaks_with_key() -> Act:
    """An answer that breaks off with an error that repeats the key."""

    async def act(exchange: Exchange) -> None:
        sent = exchange.request.headers.get("authorization", "").removeprefix("Bearer ")
        await exchange.head()
        await exchange.send(fault.event(delta("So far ")))
        await exchange.send(fault.event({"error": {"message": f"{sent} is over its limit"}}))

    return act


@pytest.fixture
def loops(config_folder: Path, faults: FaultServer, monkeypatch: pytest.MonkeyPatch) -> None:
    """Endpoints of the user's own, each of which gets its key in another way."""
    monkeypatch.setenv("LOOP_API_KEY", KEYS["environment"])
    monkeypatch.setenv("OPENAI_API_KEY", KEYS["environment"])
    entries = {
        "inenv": f'base_url = "{faults.url}"\nkey_env = "LOOP_API_KEY"\n',
        "infile": f'base_url = "{faults.url}"\nkey_env = "INFILE_API_KEY"\n',
        "inquery": f'base_url = "{faults.url}?key={KEYS["query"]}"\nkey_required = false\n',
    }
    for name, text in entries.items():
        place = config_folder / "providers" / name / "provider.toml"
        place.parent.mkdir(parents=True)
        place.write_text(text)
    save_key("infile", KEYS["file"])
    forget_everything()


async def kept_runs(history: History, faults: FaultServer) -> list[RunRecord]:
    """Hosted runs in which the endpoint repeats its key, and local ones beside them."""
    runs = []
    for act in (echoes(200), echoes(401), echoes(400), echoes(500), echoes(307), breaks_with_key()):
        for ref in ("inenv:x", "infile:x", "inquery:x"):
            faults.play(act)
            runs.append(await keep(history, ref, "Which key is it?", logprobs=1, max_length=50))
        faults.play(act)
        async with open_model("inenv:x", api_key=KEYS["option"], max_retries=0) as model:
            runs.append(await keep(history, model, "Which key is it?", logprobs=1))
    runs.append(await keep(history, "demo:small", "Tell me a story", max_length=20, logprobs=1))
    return runs


async def test_no_key_gets_into_what_is_kept_exported_shown_or_logged(
    loops: None, faults: FaultServer, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    with History.open() as history:
        runs = await kept_runs(history, faults)
        sent = {request.headers.get("authorization", "") for request in faults.requests}
        records = [history.conversation(found.id) for found in history.conversations(limit=1000)]
        # While it is open, so that what is still in the log beside the file is seen too.
        assert (data_dir() / "history.db-wal").exists()
        found = {name for data in everything_in(data_dir()) for name in leaked(data)}
        assert found == set()
        for name, kind in FORMATS.items():
            assert leaked(kind.write(records, history.tokens)) == [], name
        history.back_up(tmp_path / "backup.db")
    assert leaked((tmp_path / "backup.db").read_bytes()) == []
    assert sent == {f"Bearer {KEYS['option']}"}, "the key was sent, and could have leaked"

    # What came beside the key was kept.
    told = [run for run in runs if run.state == "done" and run.model != "demo:small"]
    assert len(told) == 4
    assert told[0].text.count("You sent [key].") == 2
    assert any("No such key: [key]" in run.error.message for run in runs if run.error)
    assert any("[key] is over its limit" in run.error.message for run in runs if run.error)

    for run in runs:
        forms = [as_python(run), repr(run), run.model_dump_json(), run.answer().model_dump_json()]
        if run.receipt is not None:
            forms += [as_receipt(run), as_curl(run)]
        if run.model == "demo:small":
            forms.append(as_llama_cli(run))
        assert [leaked(form) for form in forms] == [[]] * len(forms)
        if run.model == "inenv:x" and run.receipt is not None:
            assert '"Authorization: Bearer $LOOP_API_KEY"' in as_curl(run)

    for arguments in (("list",), ("search", "key"), ("export", "--all", "-f", "jsonl")):
        assert_silent("history", *arguments)
    for run in runs[:4]:
        assert_silent("history", "show", run.id)
        assert_silent("history", "show", run.id, "--json")
    assert "httpcore2" in caplog.text, "the layers below us did log"
    assert [line for line in caplog.text.splitlines() if leaked(line)] == []


def assert_silent(*arguments: str) -> None:
    """Run a command with everything that could make it talk; it prints no key."""
    done = subprocess.run(
        [sys.executable, "-m", "playground", *arguments],
        capture_output=True,
        check=True,
        env={**os.environ, "PLAYGROUND_DEBUG": "1"},
    )
    assert done.stdout
    assert leaked(done.stdout + done.stderr) == []


def test_the_search_for_keys_would_find_one() -> None:
    for place, key in KEYS.items():
        assert leaked(f"…{key}…") == [place]
        assert leaked(key[3:].encode()) == [place]
