"""What can be done with the answers in the panes, by keys."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from textual.pilot import Pilot

from playground.commands import FORMS
from playground.history import Rating, RunRecord
from playground.params import GenerationParams
from playground.providers import open_model
from playground.providers.scripted import ScriptedModel
from playground.tui.app import PlaygroundApp
from playground.tui.screens.details import DetailsScreen
from playground.tui.screens.difference import DifferenceScreen
from playground.tui.screens.editor import Editor
from playground.tui.screens.rating import RatingScreen
from playground.tui.screens.turns import TurnsScreen
from playground.types import Message
from tests.tui.stage import (
    answered,
    ask,
    figures_of,
    playground_of,
    playing,
    saying,
    screen_of,
    until,
    write,
)


def counting() -> ScriptedModel:
    """A model whose answers differ: it says how many messages it was sent, and the last prompt."""
    return ScriptedModel(lambda messages: [f"{len(messages)} messages, ", messages[-1].content])


def prompts_of(app: PlaygroundApp, place: int = 0) -> list[str]:
    return [turn.prompt for turn in app.panes[place].conversation.turns]


async def kept_runs(app: PlaygroundApp) -> list[RunRecord]:
    record = await app.archive.load(app.archive.current)
    return sorted(record.runs, key=lambda run: run.created)


async def screen(pilot: Pilot[None], kind: type[object]) -> None:
    """Wait until a screen of this kind is up."""
    await until(pilot, lambda: isinstance(pilot.app.screen, kind))
    await pilot.pause()


# Turns


async def test_any_turn_is_edited_and_sent_again_and_the_old_path_stays() -> None:
    app = playground_of({"a:x": counting()})
    async with playing(app) as pilot:
        for prompt in ("one", "two", "three"):
            await ask(pilot, prompt)
        await pilot.press("f10")
        await screen(pilot, TurnsScreen)
        await pilot.press("home", "down", "enter")
        await screen(pilot, Editor)
        assert "two" in screen_of(app)
        await write(pilot, "!")
        await pilot.press("ctrl+s")
        await answered(pilot)
        assert prompts_of(app) == ["one", "two!"]
        assert "3 messages, two!" in screen_of(app)
        assert "edit 2/2" in screen_of(app)
        # The earlier prompt, and what followed it, is one step away.
        await pilot.press("f10")
        await screen(pilot, TurnsScreen)
        assert "↳ two (Enter: look)" in screen_of(app)
        await pilot.press("end", "enter")
        await until(pilot, lambda: prompts_of(app) == ["one", "two", "three"])
        await until(pilot, lambda: "5 messages, three" in screen_of(app))
        assert [run.messages[-1].content for run in await kept_runs(app)] == [
            "one", "two", "three", "two!",
        ]  # fmt: skip
        again = await app.archive.load(app.archive.current)
        assert [turn.prompt for turn in again.panes[0].path] == ["one", "two", "three"]


async def test_an_edited_prompt_goes_to_all_panes_that_were_asked_together() -> None:
    app = playground_of({"a:x": counting(), "b:y": counting()})
    async with playing(app) as pilot:
        await ask(pilot, "one")
        await pilot.press("f10")
        await screen(pilot, TurnsScreen)
        await pilot.press("enter")
        await screen(pilot, Editor)
        await write(pilot, "!")
        await pilot.press("ctrl+s")
        await answered(pilot)
        assert [prompts_of(app, place) for place in (0, 1)] == [["one!"], ["one!"]]


async def test_a_pane_is_forked_from_any_turn_and_goes_its_own_way() -> None:
    app = playground_of({"a:x": counting()})
    async with playing(app) as pilot:
        for prompt in ("one", "two"):
            await ask(pilot, prompt)
        await pilot.press("f10")
        await screen(pilot, TurnsScreen)
        await pilot.press("home", "f")
        await until(pilot, lambda: len(app.panes) == 2)
        assert prompts_of(app, 1) == ["one"]
        await until(pilot, lambda: app.active_pane is app.panes[1])
        await pilot.press("ctrl+t")
        await ask(pilot, "other")
        assert [prompts_of(app, place) for place in (0, 1)] == [["one", "two"], ["one", "other"]]
        run = app.panes[1].run
        assert run is not None
        assert run.messages == (
            Message(role="user", content="one"),
            Message(role="assistant", content="1 messages, one"),
            Message(role="user", content="other"),
        )
        record = await app.archive.load(app.archive.current)
        assert [[turn.prompt for turn in pane.path] for pane in record.panes] == [
            ["one", "two"],
            ["one", "other"],
        ]


async def test_the_answers_of_any_turn_are_compared() -> None:
    app = playground_of({"a:x": counting()}, params=GenerationParams(n=2))
    async with playing(app) as pilot:
        await ask(pilot, "one")
        await ask(pilot, "two")
        await pilot.press("f10")
        await screen(pilot, TurnsScreen)
        assert "(2 answers)" in screen_of(app)
        await pilot.press("home", "d")
        await screen(pilot, DifferenceScreen)
        await until(pilot, lambda: "The two are the same" in screen_of(app))
        for word in ("A · answer 1", "A · answer 2", "1 messages, one"):
            assert word in screen_of(app)


# Versions


async def test_answers_are_drawn_again_with_the_same_or_other_settings_and_kept_as_versions() -> (
    None
):
    app = playground_of({"a:x": counting()})
    async with playing(app) as pilot:
        await ask(pilot, "one")
        app.panes[0].conversation.params = GenerationParams(temperature=0.3)
        await pilot.press("f5")
        await answered(pilot)
        assert "temperature 0.3 · answer 2/2" in screen_of(app)
        await pilot.press("alt+left")
        await until(pilot, lambda: "answer 1/2" in screen_of(app))
        assert "temperature 0.3 · answer" not in screen_of(app)
        first, second = await kept_runs(app)
        assert (first.version, second.version) == (1, 2)
        assert (first.params, second.params) == (
            GenerationParams(),
            GenerationParams(temperature=0.3),
        )
        record = await app.archive.load(app.archive.current)
        assert record.panes[0].turns[0].chosen == (first.id, 0)
        await pilot.press("f5")
        await answered(pilot)
        assert "answer 3/3" in screen_of(app)
        record = await app.archive.load(app.archive.current)
        assert record.panes[0].turns[0].chosen is None


async def test_samples_in_one_pane_are_paged_through_with_their_spread() -> None:
    async with open_model("demo:small") as model:
        app = playground_of({"demo:small": model}, params=GenerationParams.of(n=6, temperature=1.2))
        async with playing(app) as pilot:
            await ask(pilot, "Tell me a story")
            await until(pilot, lambda: "6 answers, " in figures_of(app))
            await until(pilot, lambda: "% alike" in figures_of(app))
            assert "answer 1/6" in screen_of(app)
            seen = set()
            for _ in range(6):
                await pilot.press("alt+right")
                version = app.panes[0].conversation.last_version
                assert version is not None
                seen.add(version.choice)
            assert seen == set(range(6))


async def test_a_cut_answer_is_continued_where_it_was_cut() -> None:
    async with open_model("demo:small") as model:
        params = GenerationParams(max_length=8, temperature=0)
        app = playground_of({"demo:small": model}, params=params)
        async with playing(app) as pilot:
            await ask(pilot, "Tell me a story")
            await until(pilot, lambda: "max_length" in figures_of(app))
            first = app.panes[0].conversation.last_version
            assert first is not None
            app.panes[0].conversation.params = GenerationParams(max_length=20, temperature=0)
            await pilot.press("alt+e")
            await answered(pilot)
            second = app.panes[0].conversation.last_version
            assert second is not None
            assert second.text.startswith(first.text)
            assert len(second.text) > len(first.text) + 10
            assert "continued" in screen_of(app)
            kept = await kept_runs(app)
            assert [run.prefix for run in kept] == ["", first.text]


async def test_the_answers_in_view_of_two_panes_are_compared() -> None:
    app = playground_of({"a:x": saying("A quick fox."), "b:y": saying("A slow fox.")})
    async with playing(app) as pilot:
        await pilot.press("alt+d")
        await until(pilot, lambda: "no two answers to compare yet" in screen_of(app))
        await ask(pilot, "Tell me of a fox")
        await pilot.press("alt+d")
        await screen(pilot, DifferenceScreen)
        await until(pilot, lambda: "1 difference" in screen_of(app))
        for word in ("A · a:x", "B · b:y", "A quick fox.", "A slow fox."):
            assert word in screen_of(app)


# Rating


async def test_any_answer_gets_stars_and_a_note_which_stay() -> None:
    app = playground_of({"a:x": counting()}, params=GenerationParams(n=2))
    async with playing(app) as pilot:
        await pilot.press("alt+s")
        await until(pilot, lambda: "no answer to rate yet" in screen_of(app))
        await ask(pilot, "one")
        await pilot.press("alt+right", "alt+s")
        await screen(pilot, RatingScreen)
        await pilot.press("4", "tab")
        await write(pilot, "short")
        await pilot.press("enter")
        await until(pilot, lambda: "★★★★ with a note" in screen_of(app))
        (run,) = await kept_runs(app)
        assert run.ratings == (Rating(run=run.id, choice=1, stars=4, note="short"),)
        await pilot.press("alt+left")
        await until(pilot, lambda: "answer 1/2" in screen_of(app))
        assert "★★★★" not in screen_of(app)


async def test_an_answer_of_an_earlier_turn_is_rated_from_the_list_of_turns() -> None:
    app = playground_of({"a:x": counting()})
    async with playing(app) as pilot:
        await ask(pilot, "one")
        await ask(pilot, "two")
        await pilot.press("f10")
        await screen(pilot, TurnsScreen)
        await pilot.press("home", "s")
        await screen(pilot, RatingScreen)
        await pilot.press("2", "enter")
        await until(pilot, lambda: "★★" in screen_of(app))
        first, second = await kept_runs(app)
        assert [rating.stars for rating in first.ratings] == [2]
        assert second.ratings == ()


# Copying


@pytest.fixture
async def told() -> AsyncIterator[tuple[PlaygroundApp, Pilot[None]]]:
    """A terminal in which the shipped model has answered."""
    async with open_model("demo:tiny") as model:
        app = playground_of({"demo:tiny": model}, params=GenerationParams(max_length=6))
        async with playing(app) as pilot:
            await ask(pilot, "Hello")
            yield app, pilot


FORM_KEYS = {"r": "receipt", "p": "python", "c": "curl", "l": "llama-cli"}


@pytest.mark.parametrize("key", FORM_KEYS)
async def test_the_details_have_a_key_for_each_form_that_repeats_the_answer(
    told: tuple[PlaygroundApp, Pilot[None]], key: str
) -> None:
    app, pilot = told
    assert set(FORM_KEYS.values()) == set(FORMS)
    await pilot.press("f7")
    await screen(pilot, DetailsScreen)
    assert "R receipt · P Python · C curl · L llama-cli" in screen_of(app)
    await pilot.press(key)
    await until(pilot, lambda: bool(app.clipboard))
    (run,) = await kept_runs(app)
    assert app.clipboard == FORMS[FORM_KEYS[key]](run)
    await until(pilot, lambda: "Copied " in screen_of(app))
    await pilot.press("escape")
    await until(pilot, lambda: not isinstance(app.screen, DetailsScreen))


async def test_one_key_copies_the_receipt_of_the_answer_in_view(
    told: tuple[PlaygroundApp, Pilot[None]],
) -> None:
    app, pilot = told
    await ask(pilot, "And now?")
    await pilot.press("alt+r")
    await until(pilot, lambda: bool(app.clipboard))
    assert app.clipboard == FORMS["receipt"]((await kept_runs(app))[1])


async def test_what_no_command_can_say_is_said() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        await ask(pilot, "hello")
        await pilot.press("f7")
        await screen(pilot, DetailsScreen)
        await pilot.press("l")
        await until(pilot, lambda: "llama-cli runs local models, and a:x is none" in screen_of(app))
        assert not app.clipboard
