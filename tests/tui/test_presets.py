"""Presets in the whole terminal: applied to a pane or to all, saved from one, deleted, undone."""

from __future__ import annotations

from pathlib import Path

from textual.pilot import Pilot

from playground.params import GenerationParams
from playground.presets import Layout, Preset, find_preset, list_presets, preset_folder, save_preset
from playground.tui.app import PlaygroundApp
from playground.tui.screens.preset_picker import PresetPicker
from tests.tui.stage import ask, playground_of, playing, saying, screen_of, talking, until, write


def two_panes() -> PlaygroundApp:
    return playground_of({"a:x": saying("One."), "b:y": saying("Two.")})


def names() -> list[str]:
    return [preset.name for preset in list_presets().found]


async def picking(pilot: Pilot[None], name: str) -> None:
    """The presets, with this one highlighted."""
    await pilot.press("alt+p")
    await until(pilot, lambda: isinstance(pilot.app.screen, PresetPicker))
    await until(pilot, lambda: name in screen_of(pilot.app))
    await pilot.press("home", *["down"] * names().index(name))


async def chosen(pilot: Pilot[None], name: str, *keys: str) -> None:
    await picking(pilot, name)
    await pilot.press(*keys, "enter")
    await until(pilot, lambda: not isinstance(pilot.app.screen, PresetPicker))
    await until(pilot, lambda: "counts from the next prompt on" in screen_of(pilot.app))


async def test_a_preset_for_all_panes_counts_from_the_next_prompt_on() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        app.panes[1].conversation.params = GenerationParams(max_length=7)
        await chosen(pilot, "greedy")
        await ask(pilot, "Hello?")
        for pane in app.panes:
            assert pane.run is not None
            assert pane.run.params.temperature == 0
        assert app.panes[1].conversation.params.max_length == 7


async def test_a_preset_for_one_pane_leaves_the_others() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await pilot.press("ctrl+t")
        await chosen(pilot, "creative")
        left, right = (pane.conversation.params for pane in app.panes)
        assert left.temperature is not None
        assert right == GenerationParams()


async def test_models_are_not_exchanged_while_a_pane_answers() -> None:
    save_preset(Preset.of("swapped", models=("b:y", "a:x"), params={"temperature": 0.1}))
    app = playground_of({"a:x": talking(), "b:y": saying("Two.")})
    async with playing(app) as pilot:
        await write(pilot, "go")
        await pilot.press("enter")
        await until(pilot, lambda: app.panes[0].busy and not app.panes[1].busy)
        await picking(pilot, "swapped")
        await pilot.press("enter")
        await until(pilot, lambda: "A is still answering" in screen_of(app))
        assert [pane.conversation.ref for pane in app.panes] == ["a:x", "b:y"]
        assert app.panes[0].conversation.params == GenerationParams()
        await pilot.press("escape")
        await until(pilot, lambda: not app.panes[0].busy)
        await chosen(pilot, "swapped")
        assert [pane.conversation.ref for pane in app.panes] == ["b:y", "a:x"]


async def test_models_system_prompt_and_layout_of_a_preset_are_taken_over() -> None:
    save_preset(
        Preset.of(
            "swapped",
            models=("b:y", "a:x"),
            system_prompt="Be brief.",
            layout=Layout(prompt_to="one", drawer=True),
        )
    )
    app = two_panes()
    async with playing(app, size=(160, 40)) as pilot:
        await chosen(pilot, "swapped")
        assert [pane.conversation.ref for pane in app.panes] == ["b:y", "a:x"]
        assert {pane.conversation.system for pane in app.panes} == {"Be brief."}
        assert "Prompt to pane A" in screen_of(app)
        assert "temperature" in screen_of(app)


async def test_the_settings_of_a_pane_are_saved_and_deleted_and_brought_back() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        mine = GenerationParams(temperature=0.3, stop=("\n\n",))
        app.panes[0].conversation.params = mine
        app.panes[0].conversation.system = "Be kind."
        await picking(pilot, "neutral")
        await pilot.press("s")
        await write(pilot, "my-own")
        await pilot.press("enter")
        path = Path(preset_folder()) / "my-own.toml"
        await until(pilot, path.exists)
        kept = path.read_text("utf-8")
        assert "Be kind." in kept
        await until(pilot, lambda: "yours" in screen_of(app))
        await pilot.press("ctrl+d")
        await until(pilot, lambda: not path.exists())
        await until(pilot, lambda: "^Z brings it back" in screen_of(app))
        await pilot.press("ctrl+z")
        await until(pilot, path.exists)
        assert path.read_text("utf-8") == kept
        await pilot.press("escape")
        app.panes[1].conversation.params = GenerationParams(top_k=3)
        await chosen(pilot, "my-own")
        assert [pane.conversation.params for pane in app.panes] == [mine, mine]
        assert app.panes[1].conversation.system == "Be kind."


async def test_models_and_layout_are_saved_with_a_key_of_their_own_and_come_back() -> None:
    app = two_panes()
    async with playing(app, size=(160, 40)) as pilot:
        app.panes[0].conversation.params = GenerationParams(temperature=0.3)
        await pilot.press("ctrl+t")
        await picking(pilot, "neutral")
        await pilot.press("m")
        await write(pilot, "the-desk")
        await pilot.press("enter")
        await until(pilot, lambda: "the-desk" in names())
        await until(pilot, lambda: "Layout  prompts to one pane" in screen_of(app))
        assert find_preset("the-desk").layout == Layout(prompt_to="one", drawer=False)
        await pilot.press("escape", "f6", "f9", "ctrl+t")
        await until(pilot, lambda: len(app.panes) == 1)
        await chosen(pilot, "the-desk", "tab", "right", "shift+tab")
        await until(pilot, lambda: len(app.panes) == 2)
        assert [pane.conversation.ref for pane in app.panes] == ["a:x", "b:y"]
        assert {pane.conversation.params.temperature for pane in app.panes} == {0.3}
        assert "Prompt to pane" in screen_of(app)
