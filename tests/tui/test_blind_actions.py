"""A blind test in the terminal, from the prompt to the tallies."""

from __future__ import annotations

from playground.errors import RateLimited
from playground.params import GenerationParams
from playground.tui.screens.blind_test import BlindTestScreen
from playground.tui.screens.waiting import WaitingScreen
from tests.tui.stage import paste, playground_of, playing, saying, screen_of, talking, until


async def test_the_panes_answer_unseen_and_the_vote_is_kept_with_model_and_setting() -> None:
    app = playground_of(
        {"a:x": saying("the left answer"), "b:y": saying("the right answer", delay=0.1)},
        params=GenerationParams(temperature=0.3),
    )
    async with playing(app) as pilot:
        app.panes[1].conversation.params = GenerationParams(temperature=1.4)
        await paste(pilot, "Which is better?")
        await pilot.press("alt+v")
        await until(pilot, lambda: isinstance(app.screen, WaitingScreen | BlindTestScreen))
        assert "a:x" not in screen_of(app)
        await until(pilot, lambda: isinstance(app.screen, BlindTestScreen))
        await until(pilot, lambda: "the left answer" in screen_of(app))
        seen = screen_of(app)
        assert "the right answer" in seen
        for secret in ("a:x", "b:y", "0.3", "1.4", "tok/s", "temperature"):
            assert secret not in seen
        await pilot.press("a")
        await until(pilot, lambda: "By model and setting" in screen_of(app))
        assert "temperature 1.4" in screen_of(app)
        # Kept before the result is left: the playground may be left instead.
        (vote,) = (await app.archive.load(app.archive.current)).votes
        assert vote.winner == 0
        assert {one.model for one in vote.candidates} == {"a:x", "b:y"}
        assert {one.setting for one in vote.candidates} == {"temperature 0.3", "temperature 1.4"}
        assert {one.run for one in vote.candidates} == {
            pane.run.id for pane in app.panes if pane.run is not None
        }


async def test_a_blind_test_can_be_left_while_the_panes_answer() -> None:
    app = playground_of({"a:x": talking(), "b:y": talking()})
    async with playing(app) as pilot:
        await paste(pilot, "go")
        await pilot.press("alt+v")
        await until(pilot, lambda: isinstance(app.screen, WaitingScreen))
        await until(pilot, lambda: all(pane.busy for pane in app.panes))
        await pilot.press("escape")
        await until(pilot, lambda: not any(pane.busy for pane in app.panes))
        assert not isinstance(app.screen, BlindTestScreen)


async def test_a_blind_test_wants_two_panes_and_a_prompt() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        await pilot.press("alt+v")
        await until(pilot, lambda: "needs two panes" in screen_of(app))
        await pilot.press("f8")
        await until(pilot, lambda: len(app.panes) == 2)
        await pilot.press("alt+v")
        await until(pilot, lambda: "Write the prompt first" in screen_of(app))


async def test_a_pane_that_fails_leaves_nothing_to_vote_on() -> None:
    failing = saying("x", fail_after=0, error=RateLimited("Too fast."))
    app = playground_of({"a:x": saying("hi"), "b:y": failing})
    async with playing(app) as pilot:
        await paste(pilot, "go")
        await pilot.press("alt+v")
        await until(pilot, lambda: "Not every pane gave an answer" in screen_of(app))
