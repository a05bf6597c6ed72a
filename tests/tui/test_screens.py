"""What comes up over the panes, and how to get out of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from textual.widgets import Input, OptionList

from playground.params import GenerationParams
from playground.tui.acts import ACTS
from playground.tui.screens.model_picker import ModelPicker
from playground.tui.screens.reader import Reader
from playground.types import KnobSupport
from tests.tui.stage import ask, playground_of, playing, saying, screen_of, until, write


async def test_any_reference_can_be_typed_into_the_picker() -> None:
    app = playground_of({"a:x": saying("old"), "b:y": saying("new")}, ["a:x"])
    async with playing(app) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.screen, ModelPicker))
        await write(pilot, "b:y")
        await until(pilot, lambda: "Use b:y" in screen_of(app))
        await pilot.press("enter")
        await until(pilot, lambda: app.panes[0].conversation.ref == "b:y")
        await ask(pilot, "hello")
        assert "new" in screen_of(app)


async def test_the_picker_finds_models_by_a_few_letters() -> None:
    app = playground_of({"a:x": saying("old")})
    async with playing(app) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: "demo:small" in screen_of(app))
        await write(pilot, "dmosml")
        await until(
            pilot,
            lambda: app.screen.query_one(OptionList).get_option_at_index(0).id == "demo:small",
        )
        await pilot.press("escape")
        await until(pilot, lambda: not isinstance(app.screen, ModelPicker))
        assert app.panes[0].conversation.ref == "a:x"


async def test_a_screen_is_left_once_and_takes_no_other_one_along() -> None:
    app = playground_of({"a:x": saying("old")})
    async with playing(app) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.screen, ModelPicker))
        picker = app.screen
        assert isinstance(picker, ModelPicker)
        # Enter twice, or Enter and Escape: the second is read before the screen has gone.
        picker.dismiss("a:x")
        picker.dismiss("")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await ask(pilot, "hello")
        assert "old" in screen_of(app)
        # One that ends by itself while the palette is open above it.
        await pilot.press("f3")
        await until(pilot, lambda: isinstance(app.screen, ModelPicker))
        picker = app.screen
        assert isinstance(picker, ModelPicker)
        app.action_command_palette()
        await until(pilot, lambda: app.screen is not picker and app.screen.is_running)
        await pilot.pause()
        picker.dismiss("")
        await until(pilot, lambda: len(app.screen_stack) == 1)


async def test_a_screen_that_is_left_while_it_comes_up_comes_up_and_goes() -> None:
    app = playground_of({"a:x": saying("old")})
    async with playing(app) as pilot:
        picker = ModelPicker("Model", "a:x")
        # Both in one go, before it has any widgets.
        app.push_screen(picker)
        assert not picker.is_mounted
        picker.dismiss("")
        await until(pilot, lambda: len(app.screen_stack) == 1)
        await ask(pilot, "hello")
        assert "old" in screen_of(app)


async def test_the_picker_says_which_key_a_model_needs(monkeypatch: pytest.MonkeyPatch) -> None:
    app = playground_of({"a:x": saying("old")})
    async with playing(app) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: "demo:small" in screen_of(app))
        app.screen.query_one(Input).value = "openai:gpt-4.1"
        await until(pilot, lambda: "needs OPENAI_API_KEY" in screen_of(app))


async def test_the_details_say_once_what_became_of_a_knob() -> None:
    model = saying("hi")
    refused = KnobSupport(accepted=False, reason="it has none")
    knobs = {**model.capabilities.knobs, "temperature": refused}
    model.capabilities = model.capabilities.model_copy(update={"knobs": knobs})
    app = playground_of({"a:x": model}, params=GenerationParams(temperature=0.7))
    async with playing(app, size=(120, 60)) as pilot:
        await ask(pilot, "hello")
        await pilot.press("f7")
        await until(pilot, lambda: "Adjustments" in screen_of(app))
        below = screen_of(app).partition("Adjustments")[2]
        assert below.split("\n")[1].split() == ["temperature", "dropped:", "it", "has", "none"]


async def test_a_click_on_a_header_opens_the_picker_for_that_pane() -> None:
    app = playground_of({"a:x": saying("old"), "b:y": saying("new")})
    async with playing(app) as pilot:
        await pilot.click(app.panes[1].header)
        await until(pilot, lambda: "Model for pane B" in screen_of(app))


async def test_help_names_every_key() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app, size=(120, 110)) as pilot:
        await pilot.press("f1")
        await pilot.pause()
        text = " ".join(screen_of(app).split())
        assert not [act.help for act in ACTS if act.help not in text]
        await pilot.press("escape")
        assert not isinstance(app.screen, Reader)


async def test_details_show_what_was_really_sent() -> None:
    app = playground_of({"a:x": saying("hi")}, system="Be brief.")
    async with playing(app, size=(120, 60)) as pilot:
        await pilot.press("f7")
        await until(pilot, lambda: "has not answered yet" in screen_of(app))
        await ask(pilot, "hello there")
        await pilot.press("f7")
        await pilot.pause()
        text = screen_of(app)
        for part in ('"max_length": 512', "not set by you", "Be brief.", "hello there"):
            assert part in text


async def test_a_system_prompt_is_for_one_pane_or_for_all() -> None:
    app = playground_of({"a:x": saying("hi"), "b:y": saying("ho")})
    async with playing(app) as pilot:
        await pilot.press("f4")
        await pilot.pause()
        await write(pilot, "Be kind.")
        await pilot.press("ctrl+s")
        await until(pilot, lambda: app.panes[1].conversation.system == "Be kind.")
        await pilot.press("f4")
        await pilot.pause()
        await write(pilot, " Now.")
        await pilot.press("tab", "left", "ctrl+s")
        await pilot.pause()
        assert [pane.conversation.system for pane in app.panes] == ["Be kind. Now.", "Be kind."]


async def test_every_act_is_in_the_command_palette() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        titles = {command.title for command in app.get_system_commands(app.screen)}
        assert {act.title for act in ACTS} - {"Palette"} <= titles
        await pilot.press("ctrl+p")
        await write(pilot, "stop all")
        await until(pilot, lambda: "Stop every pane" in screen_of(app))
        await pilot.press("escape")


@pytest.mark.parametrize("downloads", [True, False])
async def test_a_screenshot_lies_among_the_downloads_or_else_in_the_current_folder(
    downloads: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found, here = tmp_path / "Downloads", tmp_path / "here"
    here.mkdir()
    if downloads:
        found.mkdir()
    monkeypatch.setattr("platformdirs.user_downloads_path", lambda: found)
    monkeypatch.chdir(here)
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        app.deliver_screenshot()
        folder = found if downloads else here
        await until(pilot, lambda: any("</svg>" in p.read_text() for p in folder.glob("*.svg")))


async def test_every_act_does_something_whenever_it_is_asked_for() -> None:
    app = playground_of({"a:x": saying("hi"), "b:y": saying("ho")})
    async with playing(app) as pilot:
        for act in ACTS:
            if act.action != "quit":
                await app.run_action(act.action)
                await pilot.pause()
                while len(app.screen_stack) > 1:
                    await pilot.press("escape")
                    await pilot.pause()
        assert app.is_running
