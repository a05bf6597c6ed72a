"""Presets: what ships, what the user keeps, and what becomes of params."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from playground.distribution import Distribution
from playground.errors import BrokenFile, ConfigurationError, NoSpace, UnknownPreset, UsageError
from playground.params import GenerationParams, knobs
from playground.presets import (
    KEPT,
    Layout,
    Preset,
    delete_preset,
    find_preset,
    list_presets,
    preset_folder,
    save_preset,
)
from playground.presets.shelf import MAX_PRESETS, ORDER, SHIPPED


def write(name: str, text: str) -> Path:
    preset_folder().mkdir(parents=True, exist_ok=True)
    path = preset_folder() / f"{name}.toml"
    path.write_text(text, encoding="utf-8")
    return path


def names() -> list[str]:
    return [preset.name for preset in list_presets().found]


# What ships


def test_the_shipped_ones_are_there_in_their_order_and_each_says_what_it_is_for() -> None:
    shelf = list_presets()
    assert tuple(preset.name for preset in shelf.found) == ORDER
    assert not shelf.problems
    assert sorted(ORDER) == sorted(path.stem for path in SHIPPED.glob("*.toml"))
    for preset in shelf.found:
        assert preset.title
        assert preset.description.endswith(".")
        assert not preset.own


def test_neutral_sets_every_knob_that_has_a_neutral_value_to_it() -> None:
    expected = {
        name: knob.neutral
        for name, knob in knobs().items()
        if knob.neutral is not None and name not in KEPT
    }
    assert find_preset("neutral").params.given() == expected


def test_neutral_leaves_the_raw_distribution_alone() -> None:
    raw = Distribution.of(np.random.default_rng(5).normal(0, 3, 500))
    left = raw.after(find_preset("neutral").params, seen=[1, 2, 2, 3])
    assert left.left == 500
    np.testing.assert_allclose(left.probabilities, raw.probabilities, rtol=1e-12)


def test_balanced_is_what_local_models_use_while_nothing_is_set() -> None:
    preset = find_preset("balanced").params.given()
    assert preset == {name: knobs()[name].default for name in preset}
    switches = {name for name, knob in knobs().items() if knob.neutral is not None} - {*KEPT}
    acting = {name for name in switches if knobs()[name].default != knobs()[name].neutral}
    assert acting <= set(preset)


def test_the_other_three_order_themselves_by_how_wide_they_draw() -> None:
    raw = Distribution.of(np.random.default_rng(5).normal(0, 3, 500))
    widths = [
        raw.after(find_preset(name).params).entropy
        for name in ("greedy", "precise", "balanced", "creative", "neutral")
    ]
    assert widths == sorted(widths)
    assert widths[0] == 0


# Applying


def test_a_preset_replaces_the_sampling_knobs_and_keeps_what_does_not_say_how_to_draw() -> None:
    before = GenerationParams.of(
        temperature=2, top_k=3, logit_bias={"5": 1}, max_length=9, n=2, seed=7, logprobs=1, stop="X"
    )
    after = find_preset("greedy").applied_to(before)
    kept = {"max_length": 9, "n": 2, "seed": 7, "logprobs": 1, "stop": ("X",)}
    assert after.given() == {"temperature": 0, **kept}


def test_what_a_preset_sets_itself_is_not_kept() -> None:
    preset = Preset.of("short", params=GenerationParams(max_length=5, seed=1))
    after = preset.applied_to(GenerationParams(max_length=900, seed=2, n=3))
    assert after.given() == {"max_length": 5, "seed": 1, "n": 3}


# The user's own

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
_JSON = st.recursive(
    st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=6,
)
_PARAMS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.floats(0, 5),
        "seed": st.integers(0, 2**32 - 2),
        "stop": st.lists(_TEXT.filter(bool), min_size=1, max_size=3).map(tuple),
        "sampler_order": st.just(("top_k", "temperature")),
        "logit_bias": st.dictionaries(_TEXT, st.floats(-100, 100), max_size=3),
        "grammar": _TEXT,
        "extra": st.dictionaries(_TEXT, _JSON, max_size=3),
    },
)


@given(
    title=_TEXT,
    description=_TEXT,
    system=st.none() | _TEXT,
    params=_PARAMS,
    models=st.lists(st.sampled_from(["demo:small", "local:~/a b.gguf"]), max_size=4),
    layout=st.builds(
        Layout,
        prompt_to=st.sampled_from(["all", "one", None]),
        drawer=st.sampled_from([True, False, None]),
    ),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_what_was_saved_is_found_again_exactly(
    title: str,
    description: str,
    system: str | None,
    params: dict[str, Any],
    models: list[str],
    layout: Layout,
) -> None:
    preset = Preset.of(
        "mine",
        title=title,
        description=description,
        system_prompt=system,
        params=GenerationParams.of(**params),
        models=tuple(models),
        layout=layout,
    )
    save_preset(preset)
    assert find_preset("mine") == preset


@pytest.mark.parametrize("text", ["a\r\nb", "\r\n", "a\nb", "\n\n"])
def test_every_text_of_a_preset_keeps_its_line_ends(text: str) -> None:
    texts = {"grammar": text, "extra": {"note": [text]}, "stop": (text,)}
    for told in ({"title": text}, {"description": text}, {"system_prompt": text}):
        preset = Preset.of("mine", params=GenerationParams.of(**texts), **told)
        save_preset(preset)
        assert find_preset("mine") == preset


def test_the_users_own_come_after_the_shipped_ones_and_over_them_by_name() -> None:
    save_preset(Preset.of("zebra"))
    save_preset(Preset.of("ape"))
    save_preset(Preset.of("greedy", title="Mine", params=GenerationParams(top_k=1)))
    assert names() == [*ORDER, "ape", "zebra"]
    assert find_preset("greedy").title == "Mine"
    assert find_preset("greedy").own
    delete_preset("greedy")
    assert find_preset("greedy").title == "Greedy"


def test_a_long_system_prompt_stays_readable_in_its_file() -> None:
    path = save_preset(Preset.of("mine", system_prompt="One.\nTwo.\n"))
    assert "\nOne.\nTwo.\n" in path.read_text("utf-8")


@pytest.mark.parametrize(
    "name", ["", "../x", "a/b", "a\\b", ".hidden", "A", "a.b", "-a", "a b", "ü", "x" * 41, "a\n"]
)
def test_no_name_leaves_the_folder(name: str, config_folder: Path) -> None:
    with pytest.raises(UsageError, match="cannot be a preset's name"):
        Preset.of(name)
    with pytest.raises(UnknownPreset):
        find_preset(name)
    with pytest.raises(UnknownPreset):
        delete_preset(name)


def test_an_unknown_name_gets_the_nearest_ones() -> None:
    with pytest.raises(UnknownPreset, match="Did you mean 'creative'"):
        find_preset("creativ")


def test_a_shipped_one_cannot_be_deleted() -> None:
    with pytest.raises(UsageError, match="ships with the playground"):
        delete_preset("neutral")


# What bad files get


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("title = 'x'\n[params\n", "not valid TOML.*line 2"),
        ("titel = 'x'\n", "line 1: titel"),
        ("\n[params]\ntemperture = 1\n", "line 3: params.temperture"),
        ("[params]\nseed = 1\ntemperature = 9\n", "line 3: params.temperature: 9 is outside 0 to"),
        ("[params]\nsampler_order = ['{x}']\n", "line 2: params.sampler_order: names '{x}'"),
        ("[layout]\nprompt_to = 'some'\n", "line 2: layout.prompt_to"),
        ("models = ['gpt']\n", "line 1: models: 'gpt' is not a model reference"),
        ("name = 'other'\n", "line 1: name"),
        ("own = false\n", "line 1: own"),
        (f"title = '{'x' * 81}'\n", "line 1: title"),
        (f"system_prompt = '{'x' * 100_001}'\n", "line 1: system_prompt"),
        ("#" * 1_000_001, "larger than"),
    ],
)
def test_a_broken_file_is_named_with_its_line_and_hides_no_other(text: str, said: str) -> None:
    path = write("bad", text)
    save_preset(Preset.of("good"))
    shelf = list_presets()
    assert [preset.name for preset in shelf.found] == [*ORDER, "good"]
    problem = shelf.problems["bad"]
    assert str(path) in str(problem)
    with pytest.raises(BrokenFile, match=f"(?s){said}"):
        find_preset("bad")
    delete_preset("bad")
    assert not list_presets().problems


def test_nothing_else_passes_for_a_preset_whose_file_is_broken() -> None:
    write("precise", "temperature = ")
    assert "precise" not in names()
    with pytest.raises(BrokenFile):
        find_preset("precise")


def test_what_is_not_a_file_or_is_badly_named_is_told_and_keeps_nobody_waiting() -> None:
    write("My Preset", "")
    os.mkfifo(preset_folder() / "pipe.toml")
    (preset_folder() / "folder.toml").mkdir()
    (preset_folder() / "gone.toml").symlink_to("nowhere")
    shelf = list_presets()
    assert sorted(shelf.problems) == ["My Preset", "folder", "gone", "pipe"]
    assert "Rename it" in str(shelf.problems["My Preset"])


def test_more_files_than_anybody_has_are_not_read() -> None:
    for number in range(MAX_PRESETS + 3):
        write(f"p{number:04}", "")
    shelf = list_presets()
    assert len(shelf.found) == MAX_PRESETS + len(ORDER)
    assert list(shelf.problems) == [f"p{MAX_PRESETS:04}"]


def test_what_toml_cannot_hold_is_refused_before_anything_is_written() -> None:
    for params in ({"json_schema": {"enum": [1, None]}}, {"grammar": "root ::= \ud800"}):
        with pytest.raises(UsageError):
            save_preset(Preset.of("mine", params=GenerationParams.of(**params)))
    assert not preset_folder().exists()


@pytest.mark.parametrize(
    ("number", "kind"), [(errno.ENOSPC, NoSpace), (errno.EACCES, ConfigurationError)]
)
def test_a_file_that_cannot_be_written_leaves_the_old_one(
    number: int, kind: type[ConfigurationError], monkeypatch: pytest.MonkeyPatch
) -> None:
    save_preset(Preset.of("mine", title="old"))

    def fails(_descriptor: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(os, "fsync", fails)
    with pytest.raises(kind, match=r"mine\.toml cannot be written") as caught:
        save_preset(Preset.of("mine", title="new"))
    assert type(caught.value) is kind
    assert [path.name for path in preset_folder().iterdir()] == ["mine.toml"]
    assert find_preset("mine").title == "old"
