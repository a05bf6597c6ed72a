"""The first-run card: what it says, and that nothing typed or pasted over it is lost."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.pilot import Pilot

from playground.tui.app import PlaygroundApp
from playground.tui.widgets.welcome_card import WelcomeCard
from tests.tui.stage import answers_of, ask, paste, playing, saying, screen_of, until, write


def newcomer() -> PlaygroundApp:
    return PlaygroundApp(opener=lambda _ref: saying("hi"))


async def welcomed(pilot: Pilot[None]) -> PlaygroundApp:
    """The app with the card on it."""
    app = pilot.app
    assert isinstance(app, PlaygroundApp)
    await until(pilot, lambda: "New to this?" in screen_of(app))
    return app


@pytest.mark.parametrize("size", [(80, 24), (120, 40)], ids=["80x24", "120x40"])
async def test_all_that_a_newcomer_needs_is_in_view_beside_the_prompt_box(
    size: tuple[int, int],
) -> None:
    async with playing(newcomer(), size) as pilot:
        text = screen_of(await welcomed(pilot))
        for word in (
            "Welcome", "demo:small", "OPENAI_API_KEY", "playground key openai", "~/models",
            "local:/path", "Type, Enter", "F5", "Alt+G", "日本語", "Esc closes",
            "Prompt to all panes",
        ):  # fmt: skip
            assert word in text


async def test_the_card_is_shown_once(config_folder: Path) -> None:
    async with playing(newcomer()) as pilot:
        await welcomed(pilot)
        await until(pilot, (config_folder / "welcomed").exists)
    async with playing(newcomer()) as pilot:
        await pilot.pause()
        assert not pilot.app.query(WelcomeCard)


@pytest.mark.parametrize("text", ["let us begin, quickly", "quoi ?", " indented", "昔々うさぎが"])
async def test_what_is_typed_over_the_card_goes_into_the_prompt_box_and_the_card_goes(
    text: str,
) -> None:
    async with playing(newcomer()) as pilot:
        app = await welcomed(pilot)
        await write(pilot, text)
        assert app._prompt.text == text
        await until(pilot, lambda: not app.query(WelcomeCard))


async def test_what_is_pasted_over_the_card_goes_into_the_prompt_box_and_the_card_goes() -> None:
    async with playing(newcomer()) as pilot:
        app = await welcomed(pilot)
        await paste(pilot, "昔々、\nうさぎが")
        assert app._prompt.text == "昔々、\nうさぎが"
        await until(pilot, lambda: not app.query(WelcomeCard))


async def test_a_prompt_can_be_sent_over_the_card_as_it_says() -> None:
    async with playing(newcomer()) as pilot:
        app = await welcomed(pilot)
        await ask(pilot, "Hello!")
        assert answers_of(app) == [["hi"], ["hi"]]
        assert not app.query(WelcomeCard)


@pytest.mark.parametrize("key", ["enter", "escape", "f2"])
async def test_keys_that_write_nothing_close_the_card_too(key: str) -> None:
    async with playing(newcomer()) as pilot:
        app = await welcomed(pilot)
        await pilot.press(key)
        await until(pilot, lambda: not app.query(WelcomeCard))
        assert app._prompt.text == ""


async def test_a_click_closes_the_card() -> None:
    async with playing(newcomer()) as pilot:
        app = await welcomed(pilot)
        await pilot.click(WelcomeCard)
        await until(pilot, lambda: not app.query(WelcomeCard))
