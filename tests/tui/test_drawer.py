"""Turning the knobs: every one of them, by keyboard and mouse, for one pane or all."""

from __future__ import annotations

from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input, Static

from playground.errors import InvalidParameter
from playground.params import GenerationParams, knobs
from playground.providers.scripted import ScriptedModel
from playground.tui.app import PlaygroundApp
from playground.tui.knob_text import range_of, read_value, state_text, write_value
from playground.tui.widgets.knob_row import KnobRow
from playground.tui.widgets.slider import Slider
from playground.types import KnobSupport
from tests.tui.stage import ask, paste, playground_of, playing, saying, screen_of, until, write


def two_panes(**params: Any) -> PlaygroundApp:
    return playground_of(
        {"a:x": saying("left"), "b:y": saying("right")}, params=GenerationParams(**params)
    )


async def open_drawer(pilot: Pilot[None]) -> None:
    await pilot.press("f2")
    await until(pilot, lambda: bool(pilot.app.query(KnobRow)))
    await pilot.pause()


def row_of(app: PlaygroundApp, name: str) -> KnobRow:
    return app.query_one(f"#knob-{name}", KnobRow)


def said(row: KnobRow, part: str) -> str:
    return str(row.query_one(f".knob-{part}", Static).content)


async def test_there_is_a_row_for_every_knob_and_a_slider_for_every_number() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await open_drawer(pilot)
        assert [row.knob.name for row in app.query(KnobRow)] == list(knobs())
        sliders = {row.knob.name for row in app.query(KnobRow) if row.query(Slider)}
        assert sliders == {name for name, knob in knobs().items() if knob.numeric}


async def test_a_knob_is_turned_by_keyboard_and_counts_for_the_next_prompt() -> None:
    app = two_panes(temperature=0.5)
    async with playing(app) as pilot:
        await open_drawer(pilot)
        await pilot.press("right", "right", "shift+right")
        assert app.panes[0].conversation.params.temperature == pytest.approx(1.1)
        assert app.panes[1].conversation.params.temperature == 0.5
        await pilot.press("home")
        assert app.panes[0].conversation.params.temperature == 0
        await pilot.press("end", "escape")
        await ask(pilot, "hello")
        run = app.panes[0].run
        assert run is not None
        assert run.params.temperature == 2
        assert "temperature 2" in screen_of(app)


async def test_delete_unsets_a_knob() -> None:
    app = two_panes(temperature=0.5)
    async with playing(app) as pilot:
        await open_drawer(pilot)
        await pilot.press("delete")
        assert app.panes[0].conversation.params.temperature is None
        assert said(row_of(app, "temperature"), "label").endswith("unset")


async def test_the_cross_unsets_a_knob_by_mouse() -> None:
    app = two_panes(top_k=5)
    async with playing(app) as pilot:
        await open_drawer(pilot)
        await pilot.click("#knob-top_k .knob-unset")
        assert app.panes[0].conversation.params.top_k is None


async def test_a_slider_follows_the_mouse() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await open_drawer(pilot)
        slider = row_of(app, "top_p").query_one(Slider)
        await pilot.mouse_down(slider, offset=(0, 0))
        assert app.panes[0].conversation.params.top_p == 0
        await pilot.hover(slider, offset=(slider.size.width // 2, 0))
        middle = app.panes[0].conversation.params.top_p
        assert middle == pytest.approx(0.5, abs=0.06)
        await pilot.mouse_up(slider, offset=(slider.size.width // 2, 0))
        await pilot.hover(slider, offset=(1, 0))
        assert app.panes[0].conversation.params.top_p == middle, "the mouse was let go"


async def test_an_exact_number_can_be_typed_beyond_the_slider() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await open_drawer(pilot)
        row_of(app, "max_length").query_one(Input).focus()
        await write(pilot, "100000")
        await pilot.pause()
        assert app.panes[0].conversation.params.max_length == 100000


async def test_what_is_out_of_range_is_refused_beside_its_field_and_not_applied() -> None:
    app = two_panes(temperature=0.5)
    async with playing(app) as pilot:
        await open_drawer(pilot)
        field = row_of(app, "temperature").query_one(Input)
        field.focus()
        await pilot.press("end", "backspace", "backspace", "backspace", "9")
        await pilot.pause()
        assert "9 is outside 0 to 5" in said(row_of(app, "temperature"), "problem")
        assert app.panes[0].conversation.params.temperature is None
        await pilot.press("backspace", "1", ".", "2", "5")
        await pilot.pause()
        assert not said(row_of(app, "temperature"), "problem")
        assert app.panes[0].conversation.params.temperature == 1.25
        assert field.value == "1.25"


async def test_scope_all_panes_changes_every_pane() -> None:
    app = two_panes(temperature=0.5)
    async with playing(app) as pilot:
        await open_drawer(pilot)
        app.panes[1].conversation.params = GenerationParams(temperature=1.5)
        await pilot.press("shift+tab", "right")
        await pilot.pause()
        assert "panes differ: 0.5 | 1.5" in said(row_of(app, "temperature"), "label")
        await pilot.press("tab", "home")
        assert [pane.conversation.params.temperature for pane in app.panes] == [0, 0]


async def test_the_drawer_follows_the_active_pane() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await open_drawer(pilot)
        app.panes[1].conversation.params = GenerationParams(temperature=1.5)
        await pilot.press("f6")
        await pilot.pause()
        assert row_of(app, "temperature").query_one(Slider).value == 1.5


def with_support(name: str, support: KnobSupport) -> ScriptedModel:
    model = saying("hi")
    knob_support = {**model.capabilities.knobs, name: support}
    model.capabilities = model.capabilities.model_copy(update={"knobs": knob_support})
    return model


async def test_a_knob_that_the_model_refuses_is_disabled_with_the_reason() -> None:
    refused = KnobSupport(accepted=False, reason="reasoning models choose it themselves")
    app = playground_of({"a:x": with_support("temperature", refused)})
    async with playing(app) as pilot:
        await open_drawer(pilot)
        row = row_of(app, "temperature")
        assert row.query_one(Slider).disabled
        assert row.query_one(Input).disabled
        assert "reasoning models choose it themselves" in said(row, "label")
        assert app.focused is row_of(app, "max_length").query_one(Slider)


async def test_words_lists_and_objects_are_typed_as_text() -> None:
    app = two_panes()
    async with playing(app) as pilot:
        await open_drawer(pilot)
        params = lambda: app.panes[0].conversation.params  # noqa: E731
        for name, text, value in (
            ("stop", "END", ("END",)),
            (
                "sampler_order",
                "temperature-first",
                GenerationParams.of(sampler_order="temperature-first").sampler_order,
            ),
            ("extra", '{"logit_bias": {"50256": -100}}', {"logit_bias": {"50256": -100}}),
        ):
            row_of(app, name).query_one(Input).focus()
            await paste(pilot, text)
            assert getattr(params(), name) == value
        await pilot.press("backspace")
        await pilot.pause()
        assert "not valid JSON" in said(row_of(app, "extra"), "problem")


@pytest.mark.parametrize(
    ("name", "text", "value"),
    [
        ("temperature", "0.7", 0.7),
        ("max_length", "1e3", 1000),
        ("stop", "END", "END"),
        ("stop", '["a", "\\n"]', ["a", "\n"]),
        ("extra", '{"a": 1}', {"a": 1}),
        ("top_k", "  ", None),
    ],
)
def test_a_field_is_read_as_the_value_it_means(name: str, text: str, value: object) -> None:
    assert read_value(knobs()[name], text) == value


@pytest.mark.parametrize(
    ("name", "text"),
    [("temperature", "hot"), ("max_length", "1.5"), ("extra", "{"), ("top_k", "∞")],
)
def test_a_field_that_means_nothing_is_refused_by_name(name: str, text: str) -> None:
    with pytest.raises(InvalidParameter, match=name):
        read_value(knobs()[name], text)


@pytest.mark.parametrize("value", [0.25, 12, ("a",), ("a", "b"), ("[x",), {"k": [1]}])
def test_a_value_survives_being_written_and_read(value: object) -> None:
    name = {float: "temperature", int: "top_k", tuple: "stop", dict: "extra"}[type(value)]
    read = read_value(knobs()[name], write_value(value))
    assert GenerationParams.of(**{name: read}) == GenerationParams.of(**{name: value})


@pytest.mark.parametrize(
    ("support", "value", "text"),
    [
        (None, None, "unset"),
        (KnobSupport(default=0.8), None, "unset · 0.8 used"),
        (KnobSupport(accepted=None), None, "unset · the endpoint decides"),
        (KnobSupport(accepted=False, reason="not here"), None, "not here"),
        (KnobSupport(), 0.3, ""),
    ],
)
def test_the_state_of_a_knob_says_what_will_be_used(
    support: KnobSupport | None, value: object, text: str
) -> None:
    assert state_text(knobs()["temperature"], support, value) == text


def test_a_slider_covers_what_the_model_takes() -> None:
    assert range_of(knobs()["temperature"], KnobSupport(maximum=1)) == (0, 1)
