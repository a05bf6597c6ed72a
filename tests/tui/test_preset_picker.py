"""Presets in the terminal: chosen, saved, deleted and brought back."""

from __future__ import annotations

import pytest

from playground.params import GenerationParams
from playground.presets import Preset, find_preset, list_presets, preset_folder, save_preset
from playground.presets.shelf import ORDER
from playground.tui.screens.preset_picker import PaneSettings, PresetChoice, PresetPicker
from tests.tui.bare import Shown, shown

PARAMS = GenerationParams(temperature=0.7, top_k=9, max_length=64)


def picker(system: str = "", *, everywhere: bool = False) -> PresetPicker:
    return PresetPicker("Presets, pane A", PaneSettings(PARAMS, system), everywhere=everywhere)


async def choose(up: Shown, name: str) -> None:
    await up.sees(name)
    names = [preset.name for preset in list_presets().found]
    await up.press("home", *["down"] * names.index(name))


async def test_enter_gives_back_the_highlighted_one() -> None:
    async with shown(picker()) as up:
        await choose(up, "creative")
        await up.press("enter")
        assert up.app.given == [PresetChoice(find_preset("creative"), everywhere=False)]


async def test_it_can_be_for_every_pane() -> None:
    async with shown(picker(everywhere=True)) as up:
        await choose(up, "precise")
        await up.press("tab", "left", "right", "shift+tab", "enter")
        assert up.app.given == [PresetChoice(find_preset("precise"), everywhere=True)]


async def test_escape_changes_nothing() -> None:
    async with shown(picker()) as up:
        await up.sees("neutral")
        await up.press("escape")
        assert up.app.given == [None]


async def test_each_says_what_it_sets_and_what_would_change_here() -> None:
    async with shown(picker()) as up:
        await up.sees("temperature 0.2, top_p 0.9")
        await choose(up, "greedy")
        await up.sees("temperature 0.7 → 0")
        assert "top_k 9 → unset" in up.text
        assert "Stays  max_length" in up.text


async def test_the_settings_of_the_pane_are_saved_under_a_name() -> None:
    async with shown(picker("Be kind.")) as up:
        await up.sees("neutral")
        await up.press("s", *"my-own", "enter")
        await up.sees("my-own")
        preset = find_preset("my-own")
        assert preset.params == PARAMS
        assert preset.system_prompt == "Be kind."
        await up.press("enter")
        assert up.app.given == [PresetChoice(preset, everywhere=False)]


async def test_a_name_that_cannot_be_is_refused_and_the_field_stays() -> None:
    async with shown(picker()) as up:
        await up.sees("neutral")
        await up.press("s", *"../x", "enter")
        assert "cannot be a preset's name" in up.notices
        assert not preset_folder().exists()
        await up.press("escape")
        assert up.app.given == []
        await up.press("escape")
        assert up.app.given == [None]


async def test_replacing_takes_a_second_enter() -> None:
    save_preset(Preset.of("mine", title="old"))
    async with shown(picker()) as up:
        await up.sees("mine")
        await up.press("s", *"mine", "enter")
        assert "Enter again replaces it" in up.notices
        assert find_preset("mine").title == "old"
        await up.press("enter")
        assert find_preset("mine").params == PARAMS


async def test_ones_own_is_deleted_and_put_back() -> None:
    mine = Preset.of("mine", title="Mine", params=GenerationParams(top_k=3))
    save_preset(mine)
    async with shown(picker()) as up:
        await choose(up, "mine")
        await up.press("ctrl+d")
        assert "mine" not in [preset.name for preset in list_presets().found]
        await up.press("ctrl+z")
        assert find_preset("mine") == mine
        assert up.app.given == []


async def test_a_shipped_one_stays() -> None:
    async with shown(picker()) as up:
        await choose(up, "greedy")
        await up.press("ctrl+d")
        assert "ships with the playground" in up.notices
        assert tuple(preset.name for preset in list_presets().found) == ORDER


async def test_a_broken_file_is_shown_among_the_others_and_cannot_be_chosen() -> None:
    preset_folder().mkdir(parents=True)
    preset_folder().joinpath("bad.toml").write_text("title = 'a\x1b[2J'\n[[[", "utf-8")
    async with shown(picker(), size=(200, 30)) as up:
        await up.sees("bad: ")
        assert "neutral" in up.text
        assert "\x1b" not in up.text
        await up.press("end", "enter")
        assert up.app.given[0].preset.name in ORDER


async def test_texts_of_files_are_data() -> None:
    save_preset(
        Preset.of(
            "mine", title="[red]x[/red]\x1b]0;t\x07", description="[b]日本[/b]", models=("a:\x1b",)
        )
    )
    async with shown(picker()) as up:
        await choose(up, "mine")
        await up.sees("[red]x[/red]␛]0;t␇")
        assert "[b]日本[/b]" in up.text
        assert "a:␛" in up.text


async def test_a_folder_that_cannot_be_written_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    preset_folder().parent.mkdir(parents=True, exist_ok=True)
    preset_folder().write_text("in the way", "utf-8")
    async with shown(picker()) as up:
        await up.sees("neutral")
        await up.press("s", *"mine", "enter")
        assert "cannot be written" in up.notices
        assert up.app.given == []
