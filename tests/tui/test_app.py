"""Two models answer one prompt, and what can happen on the way."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence

import pytest

from playground.errors import BackendCrashed, MissingKey, RateLimited
from playground.params import GenerationParams
from playground.providers.scripted import ScriptedModel
from playground.tui.acts import ACTS
from playground.types import Event, KnobSupport, Message, Plan, ReasoningDelta, TextDelta
from tests.tui.stage import (
    answered,
    answers_of,
    ask,
    figures_of,
    playground_of,
    playing,
    saying,
    screen_of,
    talking,
    until,
    write,
)


async def test_one_prompt_is_answered_in_every_pane() -> None:
    app = playground_of({"a:x": saying("left ", "answer"), "b:y": saying("right")})
    async with playing(app) as pilot:
        await ask(pilot, "hello")
        assert answers_of(app) == [["left answer"], ["right"]]
        screen = screen_of(app)
        assert "left answer" in screen
        assert "right" in screen


async def test_the_figures_stay_after_the_answer() -> None:
    app = playground_of({"a:x": saying("one ", "two ", "three", delay=0.01)})
    async with playing(app) as pilot:
        await ask(pilot, "how many words")
        figures = figures_of(app)
        for part in ("done", "first ", "tok/s", "3 in → 3 out", "ctx 6/4,096 0%"):
            assert part in figures
        await pilot.pause(0.3)
        assert figures_of(app) == figures


async def test_the_conversation_goes_on() -> None:
    def counting(messages: Sequence[Message]) -> list[str]:
        return [f"turn {len(messages)}"]

    app = playground_of({"a:x": ScriptedModel(counting)})
    async with playing(app) as pilot:
        await ask(pilot, "one")
        await ask(pilot, "two")
        assert answers_of(app) == [["turn 1", "turn 3"]]


async def test_the_system_prompt_goes_first() -> None:
    app = playground_of({"a:x": saying("yes")}, system="Answer yes.")
    async with playing(app) as pilot:
        await ask(pilot, "well?")
        run = app.panes[0].run
        assert run is not None
        assert run.messages[0] == Message(role="system", content="Answer yes.")


async def test_escape_stops_all_panes_from_the_prompt_and_keeps_what_came() -> None:
    app = playground_of({"a:x": talking(), "b:y": talking()})
    async with playing(app) as pilot:
        await write(pilot, "go")
        await pilot.press("enter")
        await until(pilot, lambda: all(app.panes[i].run is not None for i in (0, 1)))
        await until(pilot, lambda: "streaming" in figures_of(app, 0) + figures_of(app, 1))
        await pilot.press("escape")
        await answered(pilot)
        for place in (0, 1):
            assert figures_of(app, place).startswith("stopped")
            assert answers_of(app)[place][0].startswith("word0 word1")


async def test_escape_in_a_pane_stops_that_pane_only() -> None:
    app = playground_of({"a:x": talking(), "b:y": talking()})
    async with playing(app) as pilot:
        await write(pilot, "go")
        await pilot.press("enter")
        await until(pilot, lambda: all(pane.run is not None for pane in app.panes))
        app.panes[0].transcript.focus()
        await pilot.pause()
        await pilot.press("escape")
        await until(pilot, lambda: not app.panes[0].busy)
        assert app.panes[1].busy
        await pilot.press("escape")
        assert app.focused is not None
        assert app.focused.id == "prompt"
        await pilot.press("escape")
        await answered(pilot)


async def test_a_prompt_waits_until_the_answer_before_it_has_ended() -> None:
    app = playground_of({"a:x": talking()})
    async with playing(app) as pilot:
        await write(pilot, "first")
        await pilot.press("enter")
        await until(pilot, lambda: app.panes[0].busy)
        await write(pilot, "second")
        await pilot.press("enter")
        await until(pilot, lambda: "still answering" in screen_of(app))
        assert "second" in screen_of(app), "the prompt is not lost"
        await pilot.press("escape")
        await answered(pilot)
        assert len(app.panes[0].conversation.turns) == 1


async def test_retry_asks_again_with_the_params_as_they_are_now() -> None:
    app = playground_of({"a:x": saying("again")})
    async with playing(app) as pilot:
        await ask(pilot, "hello")
        app.panes[0].conversation.params = GenerationParams(temperature=1.5)
        await pilot.press("f5")
        await answered(pilot)
        assert answers_of(app) == [["again"]]
        assert "temperature 1.5 · answer 2/2" in screen_of(app)
        await pilot.press("alt+left")
        await until(pilot, lambda: "a:x · answer 1/2" in screen_of(app))


async def test_clear_forgets_the_conversation_even_while_it_grows() -> None:
    app = playground_of({"a:x": talking()})
    async with playing(app) as pilot:
        await write(pilot, "go")
        await pilot.press("enter")
        await until(pilot, lambda: "word1" in screen_of(app))
        await pilot.press("ctrl+l")
        await until(pilot, lambda: not app.panes[0].busy and "word" not in screen_of(app))
        assert app.panes[0].conversation.turns == []


async def test_an_error_shows_in_its_pane_with_the_way_out_and_the_other_goes_on() -> None:
    failing = saying("half", "never", fail_after=1, error=RateLimited("Too fast.", hint="Wait."))
    app = playground_of({"a:x": failing, "b:y": saying("fine")})
    async with playing(app) as pilot:
        await ask(pilot, "hello")
        assert answers_of(app) == [["half"], ["fine"]]
        assert figures_of(app, 0).startswith("failed")
        assert figures_of(app, 1).startswith("done")
        screen = screen_of(app)
        assert "Rate limited. Too fast." in screen
        assert "Wait." in screen


async def test_a_crash_of_llama_cpp_shows_its_last_words() -> None:
    log = [f"line {number}" for number in range(9)]
    crash = BackendCrashed("The process died.", hint="Ask again.", log=log)
    app = playground_of({"a:x": saying("x", fail_after=0, error=crash)})
    async with playing(app) as pilot:
        await ask(pilot, "hello")
        assert "│ line 8" in screen_of(app)
        assert "line 2" not in screen_of(app)


async def test_a_retry_takes_the_place_of_a_failure() -> None:
    app = playground_of({"a:x": saying("never", fail_after=0, error=RateLimited("Too fast."))})
    async with playing(app) as pilot:
        await ask(pilot, "hello")
        await pilot.press("f5")
        await answered(pilot)
        assert screen_of(app).count("Rate limited") == 1


async def test_a_model_that_cannot_be_opened_says_so_in_its_pane() -> None:
    app = playground_of(
        {"a:x": MissingKey("No key for a.", hint="Set A_API_KEY."), "b:y": saying("fine")}
    )
    async with playing(app) as pilot:
        await until(pilot, lambda: "Set A_API_KEY." in screen_of(app))
        await ask(pilot, "hello")
        assert answers_of(app)[1] == ["fine"]
        assert figures_of(app, 0).startswith("failed")


class Defective(ScriptedModel):
    """A plug-in with a bug."""

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        raise ZeroDivisionError("a bug in a plug-in")
        yield


async def test_a_bug_in_a_plug_in_never_closes_the_app() -> None:
    app = playground_of({"a:x": Defective([]), "b:y": saying("fine")})
    async with playing(app) as pilot:
        await ask(pilot, "hello")
        assert "Unexpected ZeroDivisionError" in screen_of(app)
        assert answers_of(app)[1] == ["fine"]


class Thinking(ScriptedModel):
    """Shows its reasoning before its answer."""

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        yield ReasoningDelta("Let me think.")
        async for event in super().stream(messages, plan):
            yield event


async def test_reasoning_is_shown_and_is_not_part_of_the_answer() -> None:
    app = playground_of({"a:x": Thinking(["Four."])})
    async with playing(app) as pilot:
        await ask(pilot, "2+2")
        assert "Let me think." in screen_of(app)
        assert answers_of(app) == [["Four."]]


async def test_several_answers_to_one_prompt_are_a_strip_to_page_through() -> None:
    app = playground_of({"a:x": saying("yes")}, params=GenerationParams(n=3))
    async with playing(app) as pilot:
        await ask(pilot, "well?")
        assert answers_of(app) == [["yes"]]
        assert "answer 1/3" in screen_of(app)
        assert "3 answers" in figures_of(app)
        await pilot.press("alt+left")
        await until(pilot, lambda: "answer 3/3" in screen_of(app))
        await pilot.press("alt+right")
        await until(pilot, lambda: "answer 1/3" in screen_of(app))


async def test_an_adjustment_is_told_under_the_answer_it_was_made_for() -> None:
    model = saying("one ", "two ")
    knobs = {**model.capabilities.knobs, "max_length": KnobSupport(maximum=1, default=1)}
    model.capabilities = model.capabilities.model_copy(update={"knobs": knobs})
    app = playground_of({"a:x": model}, params=GenerationParams(max_length=50))
    async with playing(app) as pilot:
        await ask(pilot, "count")
        assert "max_length 50 → 1: this model takes 1 to 1" in " ".join(screen_of(app).split())
        assert "1 adjustment" in figures_of(app)
        assert figures_of(app).startswith("max_length"), "cut off by max_length"


async def test_prompts_can_go_to_one_pane_only() -> None:
    app = playground_of({"a:x": saying("left"), "b:y": saying("right")})
    async with playing(app) as pilot:
        await pilot.press("f6", "ctrl+t")
        await ask(pilot, "hello")
        assert answers_of(app) == [[], ["right"]]
        assert "Prompt to pane B" in screen_of(app)


class Closable(ScriptedModel):
    """Remembers being closed; hangs while it is, if told to."""

    def __init__(self, *, hang: bool = False) -> None:
        super().__init__(["hi"])
        self.closed = False
        self._hang = hang

    async def aclose(self) -> None:
        self.closed = True
        if self._hang:
            await asyncio.sleep(60)


async def test_a_model_is_closed_when_no_pane_uses_it_any_more() -> None:
    unused = Closable()
    app = playground_of({"a:x": saying("hi"), "b:y": unused})
    async with playing(app) as pilot:
        await until(pilot, lambda: app.panes[1].model is not None)
        await pilot.press("f6", "f9")
        await until(pilot, lambda: unused.closed)


async def test_quitting_does_not_wait_for_a_model_that_hangs(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = playground_of({"a:x": Closable(hang=True)})
    async with playing(app) as pilot:
        await until(pilot, lambda: app.panes[0].model is not None)
        await asyncio.wait_for(app._shelf.aclose(limit=0.05), 2)


class Loading(ScriptedModel):
    """Takes its time to load."""

    def __init__(self) -> None:
        super().__init__(["hi"])
        self.ready = asyncio.Event()

    async def warm_up(self) -> None:
        await self.ready.wait()


async def test_a_pane_says_that_its_model_is_loading_and_that_it_is_ready() -> None:
    model = Loading()
    app = playground_of({"a:x": model})
    async with playing(app) as pilot:
        await until(pilot, lambda: "loading" in figures_of(app))
        model.ready.set()
        await until(pilot, lambda: "ready" in figures_of(app))


async def test_a_prompt_sent_before_the_panes_are_ready_is_sent_once_they_are() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with app.run_test() as pilot:
        await write(pilot, "early")
        await pilot.press("enter", "enter")
        await until(pilot, lambda: app.furnished.is_set() and app.panes[0].attached)
        await until(pilot, lambda: answers_of(app) == [["hi"]])
        assert len(app.panes[0].conversation.turns) == 1
        await app.close_models()


@pytest.mark.parametrize("what", ["start.look_around", "archive.History.open_or_memory"])
async def test_what_nobody_expects_at_the_start_is_told_and_one_can_talk(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    def fail(*_given: object, **_more: object) -> None:
        raise ZeroDivisionError("nobody thought of that")

    monkeypatch.setattr(f"playground.tui.{what}", fail)
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        await until(pilot, lambda: "Unexpected ZeroDivisionError" in screen_of(app))
        await ask(pilot, "hello")
        assert answers_of(app) == [["hi"]]


class Deaf(ScriptedModel):
    """Does not listen to being stopped."""

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        yield TextDelta("x")
        for _ in range(8):
            try:
                await asyncio.sleep(0.1)
            except asyncio.CancelledError:
                continue


async def test_a_backend_that_does_not_stop_does_not_keep_its_pane(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("playground.tui.widgets.pane.STOP_SECONDS", 0.1)
    app = playground_of({"a:x": Deaf([])})
    async with playing(app) as pilot:
        await write(pilot, "go")
        await pilot.press("enter")
        await until(pilot, lambda: app.panes[0].run is not None)
        await pilot.press("escape")
        await until(pilot, lambda: not app.panes[0].busy, seconds=2)


async def test_every_key_is_harmless_before_the_panes_have_their_models() -> None:
    app = playground_of({"a:x": saying("hi"), "b:y": saying("ho")})
    async with app.run_test() as pilot:
        for act in ACTS:
            if act.action not in ("quit", "help", "command_palette"):
                await app.run_action(act.action)
        await until(pilot, app.furnished.is_set)
        assert len(app.panes) == 2
        await app.close_models()


async def test_alt_and_a_letter_does_something_and_types_nothing() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        await ask(pilot, "hello")
        await write(pilot, "draft")
        await pilot.press("alt+s")
        await until(pilot, lambda: "The answer in pane A" in screen_of(app))
        await pilot.press("escape")
        await until(pilot, lambda: "The answer in pane A" not in screen_of(app))
        assert app._prompt.text == "draft"
