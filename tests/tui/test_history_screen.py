"""Earlier conversations in the terminal: found, looked into, pinned, deleted, opened again."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from playground.errors import HistoryUnavailable
from playground.history import Summary
from playground.params import GenerationParams
from playground.tui.app import PlaygroundApp
from playground.tui.screens.history import HistoryScreen
from playground.types import Message
from tests.tui.stage import (
    answered,
    answers_of,
    ask,
    playground_of,
    playing,
    saying,
    screen_of,
    until,
    write,
)


def two_panes() -> PlaygroundApp:
    return playground_of(
        {"a:x": saying("A fox lives there."), "b:y": saying("昔々、村に狐がいました。")}
    )


async def talked(pilot: Pilot[None], *prompts: str) -> None:
    """A conversation for each of these prompts, and then a new one."""
    for prompt in prompts:
        await ask(pilot, prompt)
        await pilot.press("ctrl+l")
        await pilot.pause()


async def looked(pilot: Pilot[None], query: str = "") -> HistoryScreen:
    """The history, with this in its field."""
    app = pilot.app
    await pilot.press("f12")
    await until(pilot, lambda: isinstance(app.screen, HistoryScreen))
    screen = app.screen
    assert isinstance(screen, HistoryScreen)
    await until(pilot, lambda: "looking …" not in screen_of(app))
    if query:
        await typed(pilot, query)
        await pilot.pause(0.3)
    return screen


async def typed(pilot: Pilot[None], query: str) -> None:
    """Put this into the field; the history is searched a moment later."""
    pilot.app.screen.query_one(Input).value = query
    await pilot.pause()


def listed(screen: HistoryScreen) -> list[str]:
    return [item.title for item in screen._found]


async def kept(app: PlaygroundApp) -> list[Summary]:
    return await app.archive.read(lambda history: history.conversations())


async def test_conversations_are_listed_latest_first_and_found_by_what_was_said() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await talked(pilot, "Who lives in the wood?", "Tell me a story", "東京の猫が好きです")
        screen = await looked(pilot)
        assert listed(screen) == ["東京の猫が好きです", "Tell me a story", "Who lives in the wood?"]
        assert "a:x, b:y" in screen_of(app)
        for query, found in (
            ("story", ["Tell me a story"]),
            ("京の猫", ["東京の猫が好きです"]),
            ("wood fox", ["Who lives in the wood?"]),
            ("nothing of that", []),
        ):
            await typed(pilot, query)
            await until(pilot, lambda: listed(screen) == found)  # noqa: B023
        await until(pilot, lambda: "nothing matches" in screen_of(app))


async def test_below_the_list_stands_what_was_asked_and_answered_there() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await talked(pilot, "Who lives in the wood?")
        await looked(pilot, "fox")
        await until(pilot, lambda: "a:x: A fox lives there." in screen_of(app))
        assert "2 runs · terminal" in screen_of(app)
        assert "村に狐が" not in screen_of(app)


async def test_models_tags_days_and_parameters_narrow_the_list() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await talked(pilot, "cold")
        app.panes[0].conversation.params = GenerationParams(temperature=1.4)
        await ask(pilot, "hot")
        app.archive.label("hot", ["spicy"], pinned=False)
        screen = await looked(pilot)
        for query, found in (
            ("temperature>1", ["hot"]),
            ("temperature>1 cold", []),
            ("tag:spicy", ["hot"]),
            ("model:b", ["hot", "cold"]),
            ("model:c", []),
            ("since:1h", ["hot", "cold"]),
            ("until:1h", []),
        ):
            await typed(pilot, query)
            await until(pilot, lambda: listed(screen) == found)  # noqa: B023
        await typed(pilot, "since:2026-13")
        await until(pilot, lambda: "'2026-13' is no date" in screen_of(app))


async def test_a_conversation_is_pinned_to_the_top() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await talked(pilot, "one", "two")
        screen = await looked(pilot)
        await pilot.press("down", "ctrl+t")
        await until(pilot, lambda: listed(screen) == ["one", "two"])
        assert "★ one" in screen_of(app)
        assert [item.pinned for item in await kept(app)] == [True, False]
        await pilot.press("home", "up", "ctrl+t")
        await until(pilot, lambda: listed(screen) == ["two", "one"])


async def test_what_was_deleted_comes_back_with_a_key() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await talked(pilot, "one", "two")
        screen = await looked(pilot)
        await pilot.press("ctrl+d")
        await until(pilot, lambda: listed(screen) == ["one"])
        await pilot.press("ctrl+d")
        await until(pilot, lambda: "nothing is kept yet" in screen_of(app))
        await pilot.press("ctrl+z", "ctrl+z")
        await until(pilot, lambda: listed(screen) == ["two", "one"])
        await pilot.press("ctrl+z")
        assert [item.title for item in await kept(app)] == ["two", "one"]


async def test_one_is_opened_in_its_panes_and_gone_on_with() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        app.panes[1].conversation.params = GenerationParams(temperature=1.4)
        await ask(pilot, "Who lives in the wood?")
        name = app.archive.current
        await pilot.press("ctrl+l")
        await ask(pilot, "another one")
        await looked(pilot, "wood")
        await pilot.press("enter")
        await until(pilot, lambda: app.archive.current == name)
        await answered(pilot)
        assert answers_of(app) == [["A fox lives there."], ["昔々、村に狐がいました。"]]
        assert app.panes[1].conversation.params == GenerationParams(temperature=1.4)
        await ask(pilot, "And then?")
        run = app.panes[0].run
        assert run is not None
        assert run.messages == (
            Message(role="user", content="Who lives in the wood?"),
            Message(role="assistant", content="A fox lives there."),
            Message(role="user", content="And then?"),
        )
        record = await app.archive.load(name)
        assert [turn.prompt for turn in record.panes[0].path] == [
            "Who lives in the wood?",
            "And then?",
        ]


async def test_one_of_a_single_pane_leaves_one_pane() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await pilot.press("ctrl+t")
        await ask(pilot, "only here")
        await pilot.press("ctrl+l")
        await looked(pilot, "only")
        await pilot.press("enter")
        await until(pilot, lambda: len(app.panes) == 1)
        await answered(pilot)
        assert answers_of(app) == [["A fox lives there."]]


async def test_escape_leaves_everything_as_it_is() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await ask(pilot, "here")
        name = app.archive.current
        await looked(pilot)
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, HistoryScreen))
        assert app.archive.current == name
        assert answers_of(app)[0] == ["A fox lives there."]


@pytest.mark.parametrize("size", [(200, 50), (80, 24), (40, 20)])
async def test_it_fits_any_terminal_and_obeys_nothing_that_was_said(size: tuple[int, int]) -> None:
    app = playground_of({"a:x": saying("\x1b[2J[red]東京[/red]\u202e")})
    async with playing(app, size=size) as pilot:
        await talked(pilot, "[b]\x1b]0;x\x07" + "昔々" * 60)
        app.archive.label("", [], pinned=True)
        await looked(pilot)
        await until(pilot, lambda: "1 run" in screen_of(app))
        lines = screen_of(app).splitlines()
        assert max(map(len, lines)) <= size[0]
        row = next(line for line in lines if "[b]␛" in line)
        assert "…" in row
        if size[0] >= 80:
            assert "[red]東京[/red]‹U+202E›" in screen_of(app)


async def test_words_that_were_typed_are_searched_once_the_writer_pauses() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await talked(pilot, "Who lives in the wood?", "Tell me a story")
        screen = await looked(pilot)
        await write(pilot, "wood")
        await until(pilot, lambda: listed(screen) == ["Who lives in the wood?"])


async def test_a_preview_that_cannot_be_read_is_told_and_the_list_stays(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await talked(pilot, "Who lives in the wood?", "Tell me a story")
        screen = await looked(pilot)

        async def read(_what: object) -> object:
            raise HistoryUnavailable("The history cannot be read: disk I/O error.")

        monkeypatch.setattr(app.archive, "read", read)
        await pilot.press("down")
        await until(pilot, lambda: "cannot be read: disk I/O error" in screen_of(app))
        assert listed(screen) == ["Tell me a story", "Who lives in the wood?"]
        assert app.screen is screen
