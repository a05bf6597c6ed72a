"""The line over a pane says first what the pane is there to show."""

from __future__ import annotations

import pytest
from textual.pilot import Pilot

from playground.params import GenerationParams
from playground.tui.app import PlaygroundApp
from playground.tui.lesson_actions import LessonRequest
from tests.tui.stage import playground_of, playing, saying, screen_of, until


def headers(pilot: Pilot[None]) -> list[str]:
    """What stands over each pane, on terminals where they are side by side."""
    app = pilot.app
    assert isinstance(app, PlaygroundApp)
    return [pane.header.render().plain for pane in app.panes]


async def set_knobs(pilot: Pilot[None], *each: dict[str, object]) -> None:
    app = pilot.app
    assert isinstance(app, PlaygroundApp)
    for pane, knobs in zip(app.panes, each, strict=True):
        pane.conversation.params = GenerationParams.model_validate(knobs)
        pane.params_changed()
    await pilot.pause()


async def test_what_panes_differ_in_is_said_first_and_whole() -> None:
    common = {"temperature": 1.5, "max_length": 60, "seed": 1}
    app = playground_of({"demo:small": saying("hi")}, ["demo:small", "demo:small"])
    async with playing(app, (80, 24)) as pilot:
        await set_knobs(pilot, {**common, "top_k": 5}, {**common, "top_p": 0.9})
        left, right = headers(pilot)
        assert left.endswith(" top_k 5 …")
        assert right.endswith(" top_p 0.9 …")
        await set_knobs(pilot, common, {**common, "repeat_penalty": 1.3})
        left, right = headers(pilot)
        assert "temperature 1.5" in left
        assert right.endswith(" repeat_penalty 1.3")


async def test_where_there_is_room_every_knob_is_said() -> None:
    common = {"temperature": 1.5, "max_length": 60}
    app = playground_of({"demo:small": saying("hi")}, ["demo:small", "demo:small"])
    async with playing(app, (160, 24)) as pilot:
        await set_knobs(pilot, common, {**common, "min_p": 0.1})
        left, right = headers(pilot)
        assert left.endswith(" temperature 1.5 · max_length 60")
        assert right.endswith(" min_p 0.1 · temperature 1.5 · max_length 60")


async def test_when_a_pane_goes_the_order_is_that_of_the_rest() -> None:
    app = playground_of({"demo:small": saying("hi")}, ["demo:small"] * 3)
    async with playing(app, (160, 24)) as pilot:
        same = {"temperature": 1, "seed": 3}
        await set_knobs(pilot, same, same, {"temperature": 1, "seed": 4})
        assert [header.split("▾")[1].strip() for header in headers(pilot)] == [
            "seed 3 · temperature 1", "seed 3 · temperature 1", "seed 4 · temperature 1",
        ]  # fmt: skip
        await pilot.press("f6", "f6", "f9")
        await until(pilot, lambda: len(app.panes) == 2)
        assert [header.split("▾")[1].strip() for header in headers(pilot)] == [
            "temperature 1 · seed 3", "temperature 1 · seed 3",
        ]  # fmt: skip


@pytest.mark.parametrize(
    ("lesson", "knobs"),
    [
        ("temperature", ("temperature 0 ", "temperature 0.7 ")),
        ("max-length", ("max_length 24 ", "max_length 200 ")),
        ("truncation", ("temperature 1.5 ", "min_p 0.1 ")),
        ("penalties", ("temperature 1 ", "repeat_penalty 1.3 ")),
        ("seeds", ("seed 7 ", "seed 7 ")),
    ],
)
async def test_the_knob_of_a_lesson_is_in_view_on_a_small_terminal(
    lesson: str, knobs: tuple[str, str]
) -> None:
    app = playground_of({"demo:small": saying("hi"), "demo:tiny": saying("hi")}, ["demo:small"])
    app._lesson_asked = LessonRequest(lesson, "en")
    async with playing(app, (80, 24)) as pilot:
        await until(pilot, lambda: app._guide is not None and not app._moving)
        await pilot.pause()
        line = screen_of(app).splitlines()[0]
        for knob in knobs:
            assert knob in line
