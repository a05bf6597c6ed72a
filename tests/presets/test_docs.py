"""docs/presets.md: its table, its file and its words are those of the playground."""

from __future__ import annotations

import re
from pathlib import Path

from playground.params import GenerationParams
from playground.presets import Layout, find_preset, list_presets, preset_folder
from playground.presets.preset import KEPT
from playground.presets.shelf import ORDER

PAGE = (Path(__file__).parents[2] / "docs" / "presets.md").read_text(encoding="utf-8")


def test_the_table_names_every_shipped_preset() -> None:
    assert tuple(re.findall(r"^\| `(\w+)` \|", PAGE, re.MULTILINE)) == ORDER


def test_the_file_of_the_page_is_a_preset() -> None:
    text = re.findall(r"```toml\n(.*?)```", PAGE, re.DOTALL)[0]
    preset_folder().mkdir(parents=True)
    preset_folder().joinpath("tales.toml").write_text(text, encoding="utf-8")
    tales = find_preset("tales")
    assert not list_presets().problems
    assert tales.params == GenerationParams(temperature=1.2, min_p=0.05, max_length=80)
    assert tales.models == ("demo:small", "demo:tiny")
    assert tales.layout == Layout(prompt_to="all", drawer=True)


def test_what_stays_as_it_was_is_named() -> None:
    sentence = next(line for line in PAGE.splitlines() if "stay as they were" in line)
    assert set(re.findall(r"`(\w+)`", sentence)) == set(KEPT)
