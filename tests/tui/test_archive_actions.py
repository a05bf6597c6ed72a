"""What is done with a whole conversation: its card, its export, also while the disk is full."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from textual.pilot import Pilot
from textual.widgets import Checkbox, Input

from playground.config import data_dir
from playground.export import FORMATS
from playground.history import Filing, History
from playground.history.saving import BegunRun, Growth
from playground.ids import new_id
from playground.params import GenerationParams
from playground.providers import open_model
from playground.tui.app import PlaygroundApp
from playground.tui.screens.card import CardScreen
from playground.tui.screens.exporting import ExportScreen
from playground.types import Message
from tests.tui.bare import shown
from tests.tui.real_terminal import terminal
from tests.tui.stage import ask, playground_of, playing, saying, screen_of, until


async def screen(pilot: Pilot[None], kind: type[object]) -> None:
    await until(pilot, lambda: isinstance(pilot.app.screen, kind))
    await pilot.pause()


def fill_the_disk(app: PlaygroundApp, *, full: bool = True) -> None:
    """No page more for the history, or as many as it likes."""
    connection = app.archive._history._database._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {pages if full else 1_000_000}")


def forbid_writing(app: PlaygroundApp) -> None:
    """Not a row more: on a full disk a small one may still find room in a page that is there."""
    app.archive._history._database._connection.execute("PRAGMA query_only = 1")


def told(app: PlaygroundApp) -> str:
    """The notices, whose lines a screen breaks where they happen to be full."""
    return "\n".join(f"{notice.title} {notice.message}" for notice in app._notifications)


# The card


async def test_a_conversation_gets_a_title_tags_and_a_pin_which_stay() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        await pilot.press("alt+t")
        await until(pilot, lambda: "nothing to give a title to yet" in screen_of(app))
        await ask(pilot, "hello there")
        await pilot.press("alt+t")
        await screen(pilot, CardScreen)
        assert app.screen.query_one("#card-title", Input).value == "hello there"
        app.screen.query_one("#card-title", Input).value = "Greetings"
        app.screen.query_one("#card-tags", Input).value = "good, , short"
        assert "▐ ▌ Pinned" in screen_of(app)
        app.screen.query_one(Checkbox).focus()
        await pilot.press("space")
        await until(pilot, lambda: "▐★▌ Pinned" in screen_of(app))
        await pilot.press("enter")
        await until(pilot, lambda: not isinstance(app.screen, CardScreen))
        record = await app.archive.load(app.archive.current)
        assert (record.title, record.tags, record.pinned) == ("Greetings", ("good", "short"), True)
        await ask(pilot, "more")
        assert (await app.archive.load(app.archive.current)).title == "Greetings"
        await pilot.press("alt+t")
        await screen(pilot, CardScreen)
        assert "good, short" in screen_of(app)
        await pilot.press("escape")
        # Elsewhere: in the list of F12, or in a shell.
        app.archive._history.set_tags(record.id, ["good", "later"])
        app.archive.pin(record.id, pinned=False)
        await pilot.press("alt+t")
        await screen(pilot, CardScreen)
        assert "good, later" in screen_of(app)
        app.screen.query_one("#card-title", Input).value = ""
        await pilot.press("enter")
        await until(pilot, lambda: "it keeps its own" in told(app))
        record = await app.archive.load(app.archive.current)
        assert (record.title, record.tags, record.pinned) == ("Greetings", ("good", "later"), False)


# Export


async def export(pilot: Pilot[None], format_name: str, path: Path) -> None:
    await pilot.press("alt+x")
    await screen(pilot, ExportScreen)
    await pilot.press(*["down"] * list(FORMATS).index(format_name))
    pilot.app.screen.query_one(Input).value = str(path)
    await pilot.press("enter")
    await until(pilot, lambda: not isinstance(pilot.app.screen, ExportScreen))


@pytest.mark.parametrize("form", list(FORMATS))
async def test_a_conversation_is_written_in_any_format_as_the_shell_writes_it(
    form: str, tmp_path: Path
) -> None:
    path = tmp_path / "out"
    async with open_model("demo:tiny") as model:
        app = playground_of(
            {"demo:tiny": model}, params=GenerationParams(max_length=5, logprobs=3, n=2)
        )
        async with playing(app) as pilot:
            await ask(pilot, "Hello")
            await app.archive._recorder.settled(30)  # The receipt is whole a little later.
            await export(pilot, form, path)
            await until(pilot, lambda: "Written to" in screen_of(app))
            record = await app.archive.load(app.archive.current)
            text = await app.archive.read(
                lambda history: FORMATS[form].write([record], history.tokens)
            )
    assert path.read_bytes().decode() == text
    kinds = [json.loads(line).get("kind") for line in text.splitlines()] if form == "jsonl" else []
    assert kinds.count("tokens") == (2 if form == "jsonl" else 0)


async def test_the_name_follows_the_format() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        await ask(pilot, "hello")
        await pilot.press("alt+x")
        await screen(pilot, ExportScreen)
        field = app.screen.query_one(Input)
        names = []
        for _ in FORMATS:
            names.append(field.value)
            await pilot.press("down")
            await pilot.pause()
        assert names == [f"conversation{kind.suffix}" for kind in FORMATS.values()]


async def test_after_another_format_the_name_is_still_selected_whole() -> None:
    async with shown(ExportScreen()) as screen_of_export:
        field = screen_of_export.app.screen.query_one(Input)
        for _ in FORMATS:
            await screen_of_export.press("down")
            assert field.selected_text == field.value
        await screen_of_export.press(*"tale")
        assert field.value == "tale"
        await screen_of_export.press("down")
        assert field.cursor_position == len("tale")


async def test_a_file_that_is_there_and_a_folder_that_is_not_are_said(tmp_path: Path) -> None:
    app = playground_of({"a:x": saying("hi")})
    taken = tmp_path / "taken.md"
    taken.write_text("mine")
    async with playing(app) as pilot:
        await pilot.press("alt+x")
        await until(pilot, lambda: "nothing to export yet" in screen_of(app))
        await ask(pilot, "hello")
        await export(pilot, "markdown", taken)
        await until(pilot, lambda: "File exists" in told(app))
        assert taken.read_text() == "mine"
        await export(pilot, "markdown", tmp_path / "nowhere" / "x.md")
        await until(pilot, lambda: "No such file or directory" in told(app))


# A full disk


async def test_an_export_says_what_could_not_be_kept_and_is_whole_once_there_is_room(
    tmp_path: Path,
) -> None:
    app = playground_of({"a:x": saying("answer " * 3000)})
    async with playing(app) as pilot:
        await ask(pilot, "one")
        assert await app.archive.read(lambda history: history.flush())
        fill_the_disk(app)
        await ask(pilot, "two")
        await until(pilot, lambda: "The history cannot be written" in screen_of(app), seconds=30)
        await export(pilot, "messages", tmp_path / "some.jsonl")
        await until(pilot, lambda: "What was said last is missing there" in screen_of(app))
        fill_the_disk(app, full=False)
        await until(pilot, lambda: not app.archive.problem, seconds=30)
        await export(pilot, "messages", tmp_path / "all.jsonl")
        await until(pilot, (tmp_path / "all.jsonl").exists)
    prompts = [
        [
            message["content"]
            for message in json.loads((tmp_path / name).read_text())["messages"]
            if message["role"] == "user"
        ]
        for name in ("some.jsonl", "all.jsonl")
    ]
    assert prompts == [["one"], ["one", "two"]]


async def test_what_is_not_kept_at_all_gets_a_title_and_no_export(tmp_path: Path) -> None:
    app = playground_of({"a:x": saying("answer " * 3000)})
    async with playing(app) as pilot:
        forbid_writing(app)
        await ask(pilot, "one")
        await until(pilot, lambda: "The history cannot be written" in screen_of(app), seconds=30)
        await pilot.press("alt+t")
        await until(pilot, lambda: isinstance(app.screen, CardScreen))
        await pilot.press("escape")
        await export(pilot, "markdown", tmp_path / "x.md")
        await until(pilot, lambda: "Nothing to export" in told(app))
        assert not (tmp_path / "x.md").exists()


async def test_what_could_not_be_kept_is_copied_as_it_is_known_here() -> None:
    async with open_model("demo:tiny") as model:
        app = playground_of({"demo:tiny": model}, params=GenerationParams(max_length=5))
        async with playing(app) as pilot:
            forbid_writing(app)
            await ask(pilot, "one")
            await until(pilot, lambda: bool(app.archive.problem), seconds=30)
            run = app.panes[0].run
            assert run is not None
            assert run.receipt is not None
            seed = run.receipt.plan.effective["seed"]
            await pilot.press("alt+y")
            await until(pilot, lambda: f"seed={seed}," in app.clipboard)
            assert "the seed that it had" in app.clipboard
            await pilot.press("alt+r")
            await until(pilot, lambda: '"plan"' in app.clipboard)


async def test_what_another_playground_is_answering_is_said_to_be_that() -> None:
    other = History.open()
    run = BegunRun(
        id=new_id(),
        model="a:x",
        messages=(Message(role="user", content="elsewhere"),),
        prefix="",
        params=GenerationParams(),
        created=time.time(),
    )
    other.begin(Filing(conversation="talk", prompt="elsewhere", model="a:x"), run)
    other.grow(run.id, [Growth(0, "the first words", "")])
    assert other.flush()
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        app._do(app._open("talk"))
        await until(pilot, lambda: "being answered in another playground" in screen_of(app))
        assert "the first words" in screen_of(app)
    other.close()


FULL = """
from playground.history.store import History
from playground.params import GenerationParams
from playground.tui import run_app

opened = History.open
def full(*args, **options):
    history = opened(*args, **options)
    connection = history._database._connection
    pages = connection.execute("PRAGMA page_count").fetchone()[0]
    connection.execute(f"PRAGMA max_page_count = {{pages}}")
    return history
History.open = full
raise SystemExit(run_app({models!r}, GenerationParams(max_length=20_000)))
"""


def test_whoever_leaves_while_the_disk_is_full_is_told_that_not_all_was_kept(
    tmp_path: Path,
) -> None:
    with terminal(tmp_path, FULL, ("scripted:lorem",)) as running:
        running.shows("ready")
        running.child.send("Talk to me\r")
        running.shows("The history cannot be written")
        running.child.send("\x11")
        assert running.end() == 0
        assert b"Not everything was kept" in running.seen
        running.assert_clean()
    with History.open(data_dir() / "history.db") as history:
        assert history.problems() == []
