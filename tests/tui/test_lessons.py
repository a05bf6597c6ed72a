"""Lessons in the terminal: each played to its end on the demo pair, left, skipped, gone on with."""

from __future__ import annotations

import re
from typing import Any

import pytest
from textual.pilot import Pilot

from playground.lessons import Lesson, kept_progress, list_lessons
from playground.tui import lesson_guide
from playground.tui.app import PlaygroundApp
from playground.tui.lesson_actions import LessonRequest
from playground.tui.lesson_guide import LessonGuide
from playground.tui.screens.lesson_list import LessonList
from playground.tui.widgets.lesson_panel import LessonPanel
from tests.tui.stage import playing, screen_of, until

LESSONS = [lesson for language in ("en", "ja") for lesson in list_lessons(language).lessons]


@pytest.fixture(autouse=True)
def no_rest(monkeypatch: pytest.MonkeyPatch) -> None:
    """A knob that was turned by a test rests at once."""
    monkeypatch.setattr(lesson_guide, "SETTLE_SECONDS", 0.0)


def classroom(name: str = "", language: str = "en") -> PlaygroundApp:
    """The terminal as `playground lessons` opens it."""
    return PlaygroundApp(["demo:small", "demo:small"], lesson=LessonRequest(name, language))


def guide_of(pilot: Pilot[None]) -> LessonGuide:
    app = pilot.app
    assert isinstance(app, PlaygroundApp)
    assert app._guide is not None
    return app._guide


def panel_of(pilot: Pilot[None]) -> LessonPanel:
    return pilot.app.screen_stack[0].query_one(LessonPanel)


async def begun(pilot: Pilot[None]) -> LessonGuide:
    app: Any = pilot.app
    await until(pilot, lambda: app._guide is not None and not app._moving)
    await until(pilot, lambda: bool(panel_of(pilot).said))
    return guide_of(pilot)


async def do_step(pilot: Pilot[None], guide: LessonGuide) -> None:
    """Press what the panel says, and wait until the lesson has gone on."""
    app: Any = pilot.app
    at, step = guide.at, guide.step
    await until(pilot, lambda: all(pane.model is not None for pane in app.panes))
    match step.wait.kind:
        case "answer":
            await pilot.press("enter" if step.prompt else "f5")
        case "knob":
            wait, pane = step.wait, guide.pane_of(app.panes)
            assert pane is not None
            key = "right" if wait.at_least is not None else "left"
            for _ in range(60):
                value = getattr(pane.conversation.params, wait.knob)
                if wait.meets(value) or guide.at != at:
                    break
                await pilot.press(key)
        case "system":
            await pilot.press("f4")
            await until(pilot, lambda: app.screen.query("#editor-text"))
            await pilot.press(*step.wait.example.replace(" ", "_").replace("_", " ").strip())
            await pilot.press("ctrl+s")
        case "screen":
            await pilot.press({"details": "f7", "lens": "alt+l"}[step.wait.screen])
            await until(pilot, lambda: len(app.screen_stack) > 1)
            await pilot.pause(0.3)
            await pilot.press("escape")
        case _:
            await pilot.press("enter")
    await until(pilot, lambda: (guide.at > at or app._guide is not guide) and not app._moving)


@pytest.mark.parametrize(
    "lesson", LESSONS, ids=[f"{lesson.language}-{lesson.name}" for lesson in LESSONS]
)
async def test_a_lesson_is_played_to_its_end_and_says_only_what_was_seen(lesson: Lesson) -> None:
    async with playing(classroom(lesson.name, lesson.language), (100, 32)) as pilot:
        guide = await begun(pilot)
        while not guide.last:
            await do_step(pilot, guide)
            said = panel_of(pilot).said
            print(f"[{guide.at + 1}] {said}\n    > {panel_of(pilot).hint}")
            assert set(re.findall(r"\{(.*?)\}", guide.step.text)) <= {*guide.figures}
            if guide.step.seen:
                # Every shipped lesson has a sentence for what really comes of it.
                assert said.count("\n") == 1, said
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LessonList))
        assert "✓" in screen_of(pilot.app)
    assert kept_progress().done == {lesson.name}
