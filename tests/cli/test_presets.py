"""Presets in the shell: listed, shown, and asked with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from playground.cli.knob_options import params_over_settings
from playground.config import settings
from playground.params import GenerationParams
from playground.presets import Preset, find_preset, save_preset
from playground.presets.shelf import ORDER
from tests.cli.conftest import Shell


def test_they_are_listed_with_what_they_set(shell: Shell) -> None:
    save_preset(Preset.of("mine", title="日本語", system_prompt="Be kind.", models=("demo:small",)))
    done = shell("presets")
    lines = done.stdout.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [*ORDER, "mine"]
    assert "temperature 0.2, top_p 0.9, top_k 40, min_p 0.05" in done.stdout
    assert "own" in lines[-1]
    assert "system prompt, models" in lines[-1]


def test_as_json_they_come_one_a_line(shell: Shell) -> None:
    records = [json.loads(line) for line in shell("presets", "--json").stdout.splitlines()]
    assert [record["name"] for record in records] == list(ORDER)
    assert records[-1]["params"] == {"temperature": 0}
    assert json.loads(shell("presets", "show", "greedy", "--json").stdout) == records[-1]


def test_one_is_shown_whole(shell: Shell) -> None:
    save_preset(
        Preset.of("mine", system_prompt="Be kind.", params=GenerationParams(stop=("a", "b")))
    )
    said = shell("presets", "show", "mine").stdout
    for part in ("mine  (own)", "system prompt  Be kind.", "a, b"):
        assert part in said


@pytest.mark.parametrize(
    "arguments", [("presets", "show", "gredy"), ("ask", "--preset", "gredy", "x")]
)
def test_an_unknown_one_is_a_usage_error_with_the_nearest(
    shell: Shell, arguments: tuple[str, ...]
) -> None:
    done = shell(*arguments)
    assert done.returncode == 2
    assert "Did you mean 'greedy'?" in done.stderr


def test_a_broken_file_is_told_beside_the_others(shell: Shell, config_folder: Path) -> None:
    folder = config_folder / "presets"
    folder.mkdir(parents=True)
    folder.joinpath("bad.toml").write_text("[params]\ntemperature = 9\n", encoding="utf-8")
    done = shell("presets")
    assert "greedy" in done.stdout
    assert "bad.toml, line 2" in done.stderr
    assert shell("presets", "show", "bad").returncode == 1


def test_a_preset_stands_on_the_settings_and_flags_stand_on_the_preset(
    shell: Shell, config_file: Path
) -> None:
    config_file.write_text(
        "system_prompt = 'settings'\nmodels = ['scripted:lorem']\n"
        "[params]\ntemperature = 1.5\ntop_k = 9\nmax_length = 77\n",
        encoding="utf-8",
    )
    save_preset(
        Preset.of(
            "mine",
            models=("scripted:echo",),
            system_prompt="preset",
            params=GenerationParams(temperature=0.3, top_p=0.5),
        )
    )
    answer = json.loads(shell("ask", "--json", "--preset", "mine", "-t", "0.4", "hi").stdout)
    assert answer["model"] == "scripted:echo"
    assert answer["text"] == "hi"
    # top_k of the settings shapes the distribution, and the preset does not want it.
    assert answer["params"] == {"temperature": 0.4, "top_p": 0.5, "max_length": 77}
    named = shell("ask", "--json", "--preset", "mine", "-m", "scripted:lorem", "hi").stdout
    assert json.loads(named)["model"] == "scripted:lorem"


def test_without_a_preset_the_settings_stand(config_file: Path) -> None:
    config_file.write_text("[params]\ntop_k = 9\n", encoding="utf-8")
    settings.cache_clear()
    assert params_over_settings({"temperature": 1}).given() == {"temperature": 1, "top_k": 9}
    greedy = find_preset("greedy")
    assert params_over_settings({}, greedy).given() == {"temperature": 0}
