"""Lessons in the terminal: each played to its end on the demo pair, left, skipped, gone on with."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from textual.pilot import Pilot

from playground.lessons import Lesson, Progress, keep_progress, kept_progress, list_lessons
from playground.lessons.progress import progress_path
from playground.providers.scripted import ScriptedModel
from playground.tui import lesson_guide
from playground.tui.app import PlaygroundApp
from playground.tui.lesson_actions import LessonRequest
from playground.tui.lesson_guide import LessonGuide
from playground.tui.screens.lesson_list import LessonList
from playground.tui.themes import DARK, LIGHT
from playground.tui.widgets.lesson_panel import LessonPanel
from playground.tui.widgets.welcome_card import WelcomeCard
from tests.tui.stage import (
    FIXED,
    answers_of,
    ask,
    paste,
    playground_of,
    playing,
    saying,
    screen_of,
    until,
)
from tests.tui.test_snapshots import Snapshot, played

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
            assert set(re.findall(r"\{(.*?)\}", guide.step.text)) <= {*guide.figures}
            if guide.step.seen:
                # Every shipped lesson has a sentence for what really comes of it.
                assert said.count("\n") == 1, said
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(pilot.app.screen, LessonList))
        assert "✓" in screen_of(pilot.app)
        # It is written in the background, while the list shows already.
        await until(pilot, lambda: kept_progress().done == {lesson.name})


async def skip(pilot: Pilot[None], guide: LessonGuide) -> None:
    """Let the lesson do the step."""
    app: Any = pilot.app
    at = guide.at
    await until(pilot, lambda: all(pane.model is not None for pane in app.panes))
    await pilot.press("alt+n")
    await until(pilot, lambda: guide.at > at and not app._moving)


async def test_escape_leaves_and_everything_is_as_it_was() -> None:
    app: Any = PlaygroundApp(["demo:tiny", "demo:small", "demo:tiny"], system="Be brief.")
    async with playing(app, (140, 40)) as pilot:
        await until(pilot, lambda: all(pane.model is not None for pane in app.panes))
        await ask(pilot, "Hello!")
        held, answers = app.archive.current, answers_of(app)
        await pilot.press("f6")
        await paste(pilot, "half a thought")
        await pilot.press("alt+g")
        await until(pilot, lambda: isinstance(app.screen, LessonList))
        await pilot.press("down", "enter")
        guide = await begun(pilot)
        assert guide.lesson.name == "temperature"
        assert len(app.panes) == 2
        await skip(pilot, guide)
        assert app.archive.current != held
        await pilot.press("escape")
        await until(pilot, lambda: len(app.panes) == 3 and not app.query(LessonPanel))
        await pilot.pause(0.2)
        assert answers_of(app) == answers
        assert [pane.conversation.ref for pane in app.panes] == [
            "demo:tiny", "demo:small", "demo:tiny",
        ]  # fmt: skip
        assert app.active_pane.letter == "B"
        assert app._prompt.text == "half a thought"
        assert app.archive.current == held
        assert all(pane.conversation.system == "Be brief." for pane in app.panes)


async def test_every_step_can_be_skipped() -> None:
    async with playing(classroom("system-prompts"), (100, 32)) as pilot:
        guide = await begun(pilot)
        while not guide.last:
            await skip(pilot, guide)
        assert guide.figures["a.same"] is False


async def test_a_lesson_goes_on_at_the_scene_where_it_was_left() -> None:
    async with playing(classroom("truncation"), (100, 32)) as pilot:
        guide = await begun(pilot)
        for _ in range(3):
            await skip(pilot, guide)
        await pilot.press("escape")
        await until(pilot, lambda: not pilot.app.query(LessonPanel))
    assert kept_progress().left_at == {"truncation": 2}
    async with playing(classroom(), (100, 32)) as pilot:
        await until(pilot, lambda: isinstance(pilot.app.screen, LessonList))
        await until(pilot, lambda: "step 3" in screen_of(pilot.app))
        await pilot.press("down", "down", "down", "enter")
        guide = await begun(pilot)
        assert guide.at == 2
        assert pilot.app.panes[0].conversation.params.top_k == 5


async def test_the_lessons_of_a_conversation_are_marked_in_the_history() -> None:
    app: Any = classroom("seeds")
    async with playing(app, (100, 32)) as pilot:
        guide = await begun(pilot)
        await skip(pilot, guide)
        kept = await app.archive.load(app.archive.current)
        assert kept.title == "Seeds and determinism"


async def test_the_language_is_chosen_in_the_list_and_remembered() -> None:
    async with playing(classroom(language=""), (100, 32)) as pilot:
        await until(pilot, lambda: "What a token is" in screen_of(pilot.app))
        await pilot.press("l")
        await until(pilot, lambda: "トークンとは" in screen_of(pilot.app))
        await pilot.press("escape")
        await until(pilot, lambda: kept_progress().language == "ja")
    async with playing(classroom(language=""), (100, 32)) as pilot:
        await until(pilot, lambda: "トークンとは" in screen_of(pilot.app))


async def test_a_broken_lesson_is_named_with_its_line_in_the_list(config_folder: Path) -> None:
    folder = config_folder / "lessons" / "en"
    folder.mkdir(parents=True)
    (folder / "09-bad.toml").write_text('title = "x"\nsumary = "y"\n', encoding="utf-8")
    async with playing(classroom(), (110, 32)) as pilot:
        await until(pilot, lambda: "09-bad.toml: line 2: sumary" in screen_of(pilot.app))
        assert "System prompts" in screen_of(pilot.app)


async def test_an_own_prompt_is_as_good_as_the_written_one() -> None:
    async with playing(classroom("max-length"), (100, 32)) as pilot:
        guide = await begun(pilot)
        app: Any = pilot.app
        await until(pilot, lambda: all(pane.model is not None for pane in app.panes))
        app._prompt.load_text("What is the capital of France?")
        await pilot.press("enter")
        await until(pilot, lambda: guide.at == 1 and not app._moving)
        # Nothing was cut: the sentence of the story that is cut would not be true.
        assert panel_of(pilot).said.startswith("A wrote 4 tokens, B 4.")


async def test_the_first_run_has_a_door_to_the_lessons() -> None:
    async with playing(PlaygroundApp(), (100, 40)) as pilot:
        await until(pilot, lambda: "Alt+G" in screen_of(pilot.app))
        await pilot.press("alt+g")
        await until(pilot, lambda: isinstance(pilot.app.screen, LessonList))
        await pilot.press("enter")
        await begun(pilot)
        assert not pilot.app.query(WelcomeCard)


async def test_damaged_progress_is_told_and_the_lessons_are_there() -> None:
    progress_path().parent.mkdir(parents=True)
    progress_path().write_text("{", encoding="utf-8")
    app: Any = classroom()
    async with playing(app, (100, 32)) as pilot:
        await until(pilot, lambda: isinstance(app.screen, LessonList))
        assert "lessons.json" in " ".join(notice.message for notice in app._notifications)


async def at_the_knob(pilot: Pilot[None]) -> None:
    guide = await begun(pilot)
    while guide.step.wait.kind != "knob":
        await skip(pilot, guide)
    await pilot.pause(0.3)


@pytest.mark.parametrize(
    ("size", "theme"), [((80, 24), DARK.name), ((120, 40), LIGHT.name)], ids=["80x24", "120x40"]
)
def test_a_lesson_as_a_picture(snap_compare: Snapshot, size: tuple[int, int], theme: str) -> None:
    """Scripted models, whose figures are the same on every machine."""
    said = ScriptedModel(["Once ", "upon ", "a ", "time."])
    app = playground_of(
        {"demo:small": said}, ["demo:small", "demo:small"], timing_of=lambda _run: FIXED
    )
    app._lesson_asked = LessonRequest("temperature", "en")
    assert snap_compare(app, terminal_size=size, run_before=played(theme, at_the_knob))


def test_the_list_as_a_picture(snap_compare: Snapshot) -> None:
    async def listed(pilot: Pilot[None]) -> None:
        await until(pilot, lambda: "システムプロンプト" in screen_of(pilot.app))

    keep_progress(Progress().finished("tokens").left("truncation", 2))
    app = playground_of({"demo:small": saying("x")}, ["demo:small", "demo:small"])
    app._lesson_asked = LessonRequest("", "ja")
    assert snap_compare(app, terminal_size=(100, 28), run_before=played(DARK.name, listed))
