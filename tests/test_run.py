"""A run ends in exactly one way, keeps what came, and has the same clock for every backend."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Sequence

import pytest

from playground.comparison import Comparison, compare
from playground.errors import (
    InvalidReference,
    PlaygroundError,
    StreamTruncated,
    UnsupportedParameter,
    UsageError,
)
from playground.providers.scripted import ScriptedModel
from playground.run import Run, as_messages, generate, text_of
from playground.types import (
    Answer,
    Completed,
    Event,
    KnobSupport,
    Message,
    ModelRef,
    Plan,
    ReasoningDelta,
    Started,
    TextDelta,
)


def _endless() -> ScriptedModel:
    return ScriptedModel(lambda _messages: ("word " for _ in itertools.count()), delay=0.001)


class _Truncated(ScriptedModel):
    """Breaks the contract: ends without `Completed`."""

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        yield Started(plan)
        yield TextDelta("half an ")


async def test_a_run_gives_its_events_in_order_and_ends_done() -> None:
    run = generate(ScriptedModel(["a", "b"]), "x")
    events = [event async for event in run]
    assert isinstance(events[0], Started)
    assert isinstance(events[-1], Completed)
    assert run.text == "ab"
    assert run.state == "done"
    assert run.answer().finish_reason == "stop"


async def test_awaiting_a_run_waits_for_all_of_it_and_raises_nothing() -> None:
    broken = ScriptedModel(["a", "b"], fail_after=1, error=PlaygroundError("It broke."))
    run = await generate(broken, "x")
    assert run.state == "failed"
    assert run.text == "a"
    assert str(run.error) == "It broke."


async def test_iterating_a_failed_run_gives_what_came_and_then_raises() -> None:
    broken = ScriptedModel(["a", "b"], fail_after=1, error=PlaygroundError("It broke."))
    came = []
    with pytest.raises(PlaygroundError, match="broke"):
        async for event in generate(broken, "x"):
            came.append(event)
    assert TextDelta("a") in came


async def test_an_unexpected_error_of_a_backend_is_kept_too() -> None:
    run = await generate(ScriptedModel(["a"], fail_after=0, error=KeyError("oops")), "x")
    assert isinstance(run.error, KeyError)
    problem = run.answer().error
    assert problem is not None
    assert problem.kind == "KeyError"


async def test_a_stream_that_ends_without_its_last_event_is_an_error_not_a_success() -> None:
    run = await generate(_Truncated(["x"]), "x")
    assert isinstance(run.error, StreamTruncated)
    assert run.text == "half an "


async def test_cancelling_keeps_the_text_and_stops_the_clock() -> None:
    run = generate(_endless(), "x", max_length=100_000)
    async for event in run:
        if isinstance(event, TextDelta):
            break
    await run.cancel()
    assert run.state == "cancelled"
    assert run.text.startswith("word ")
    assert run.answer().finish_reason == "cancelled"
    total = run.timing.total
    await asyncio.sleep(0.01)
    assert run.elapsed == total


async def test_cancelling_before_the_start_and_after_the_end_is_harmless() -> None:
    unborn = generate(_endless(), "x")
    await unborn.cancel()
    assert unborn.state == "cancelled"
    over = await generate(ScriptedModel(["a"]), "x")
    await over.cancel()
    assert over.state == "done"


async def test_a_run_that_is_cancelled_before_its_first_step_has_ended() -> None:
    run = generate(_endless(), "x").start()
    await run.cancel()
    assert run.state == "cancelled"
    assert run.timing.total is not None
    assert [event async for event in run] == []


async def test_a_slow_reader_delays_neither_the_backend_nor_the_clock() -> None:
    run = generate(ScriptedModel(["a"] * 20, delay=0.001), "x")
    async for _event in run:
        if run.state == "running":
            await asyncio.sleep(0.02)
    assert run.timing.total is not None
    assert run.timing.total < 20 * 0.02


async def test_leaving_the_text_early_cancels_the_run() -> None:
    run = generate(_endless(), "x", max_length=100_000)
    pieces = text_of(run)
    assert await anext(pieces) == "word "
    await pieces.aclose()
    assert run.state == "cancelled"


async def test_an_unsupported_knob_is_refused_before_anything_is_sent_unless_adjusting() -> None:
    model = ScriptedModel(["a"])
    refused = KnobSupport(accepted=False, reason="this one cannot")
    model.capabilities = model.capabilities.model_copy(
        update={"knobs": {**model.capabilities.knobs, "top_k": refused}}
    )
    strict = await generate(model, "x", top_k=5)
    assert isinstance(strict.error, UnsupportedParameter)
    assert "this one cannot" in str(strict.error)
    assert strict.text == ""
    adjusted = await generate(model, "x", top_k=5, unsupported="adjust")
    assert adjusted.state == "done"
    assert [note.knob for note in adjusted.answer().adjustments if note.kind == "dropped"] == [
        "top_k"
    ]


async def test_every_choice_is_kept() -> None:
    run = await generate(ScriptedModel(["a", "b"]), "x", n=3)
    assert [choice.text for choice in run.choices] == ["ab"] * 3


async def test_an_answer_survives_json() -> None:
    run = await generate(ScriptedModel(["日本"]), "x", n=2, stop="end")
    answer = run.answer()
    assert Answer.model_validate_json(answer.model_dump_json()) == answer


async def test_speed_counts_the_tokens_after_the_first() -> None:
    run = await generate(ScriptedModel(["a"] * 11, delay=0.002), "x")
    assert run.timing.first_token is not None
    assert run.timing.total is not None
    expected = 10 / (run.timing.total - run.timing.first_token)
    assert run.tokens_per_second == pytest.approx(expected)


async def test_a_comparison_interleaves_and_one_failure_leaves_the_others() -> None:
    broken = ScriptedModel(["a", "b"], name="broken", fail_after=1, error=PlaygroundError("No."))
    models = [ScriptedModel(["x"] * 5, name="good", delay=0.001), broken]
    comparison = compare(models, "prompt")
    seen: list[Run] = []
    async with comparison:
        async for run, _event in comparison:
            seen.append(run)
    good, bad = comparison.runs
    assert good.text == "xxxxx"
    assert good.state == "done"
    assert bad.state == "failed"
    assert {id(run) for run in seen} == {id(good), id(bad)}


async def test_leaving_a_comparison_cancels_what_still_runs() -> None:
    comparison = compare([_endless(), _endless()], "x", max_length=100_000)
    async with comparison:
        async for _run, event in comparison:
            if isinstance(event, TextDelta):
                break
    assert [run.state for run in comparison.runs] == ["cancelled", "cancelled"]


def test_comparing_nothing_is_refused() -> None:
    with pytest.raises(UsageError):
        Comparison([])


def test_a_plain_prompt_becomes_a_user_turn_after_the_system_prompt() -> None:
    assert as_messages("hi", system="be kind") == (
        Message(role="system", content="be kind"),
        Message(role="user", content="hi"),
    )


@pytest.mark.parametrize("text", ["gpt-4", ":x", "openai:", ""])
def test_a_reference_without_both_sides_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(InvalidReference, match="demo:small"):
        ModelRef.parse(text)


def test_a_reference_is_split_at_the_first_colon() -> None:
    ref = ModelRef.parse("ollama:llama3:8b")
    assert (ref.provider, ref.model) == ("ollama", "llama3:8b")
    assert str(ref) == "ollama:llama3:8b"


async def test_a_run_in_a_prompt_of_python_says_whose_it_is_how_it_stands_and_what_came() -> None:
    run = generate(ScriptedModel(["one\n", "\x1b[31mtwo ", "word " * 100], name="talker"), "x")
    assert repr(run) == f"<Run {run.id} of scripted:talker, running: ''>"
    await run
    shown = repr(run)
    assert shown.startswith(f"<Run {run.id} of scripted:talker, done: 'one\\n\\x1b[31mtwo word ")
    assert shown.endswith("'…>")
    assert shown.isprintable()
    assert len(shown) < 160


THINKS = ["<th", "ink>\nThe user ", "asks.\n</think>", "\n\nPar", "is."]


async def test_reasoning_that_a_model_writes_into_its_answer_is_told_apart() -> None:
    run = generate(ScriptedModel(THINKS), "Capital of France?")
    came = [event async for event in run if isinstance(event, TextDelta | ReasoningDelta)]
    assert came == [
        ReasoningDelta("The user"),
        ReasoningDelta(" asks."),
        TextDelta("Par"),
        TextDelta("is."),
    ]
    assert (run.choices[0].reasoning, run.text) == ("The user asks.", "Paris.")
    assert run.answer().choices[0].reasoning == "The user asks."


async def test_of_several_choices_each_has_its_own_reasoning() -> None:
    run = await generate(ScriptedModel(THINKS), "x", n=3)
    assert [(c.reasoning, c.text) for c in run.choices] == [("The user asks.", "Paris.")] * 3


async def test_the_clock_hears_the_first_mark_of_reasoning() -> None:
    model = ScriptedModel(lambda _messages: iter(["<think>", "\n", "x"]), delay=0.05)
    run = await generate(model, "x")
    assert run.timing.first_token is not None
    assert run.timing.first_token < 0.1


async def test_reasoning_that_is_cut_is_kept_as_reasoning() -> None:
    run = await generate(ScriptedModel(THINKS), "x", max_length=2)
    assert (run.choices[0].reasoning, run.text) == ("The user", "")
    broken = ScriptedModel(THINKS, fail_after=1, error=PlaygroundError("It broke."))
    assert (await generate(broken, "x")).text == "<th"


async def test_a_run_that_goes_on_from_within_the_reasoning_knows_it() -> None:
    class GoesOn(ScriptedModel):
        def continue_from(self, messages, prefix, plan):
            return self.stream(messages, plan)

    run = generate(GoesOn([" asks.", "</think>", "Paris."]), "x", prefix="<think>\nThe user")
    await run
    assert (run.choices[0].reasoning, run.text) == (" asks.", "Paris.")


async def test_a_prompt_that_opened_the_reasoning_says_so_when_the_run_starts() -> None:
    class Opened(ScriptedModel):
        async def stream(self, messages, plan):
            async for event in super().stream(messages, plan):
                yield Started(plan, opened="<think>") if isinstance(event, Started) else event

    run = await generate(Opened(["\nThe user asks.\n</think>\n\n", "Paris."]), "x")
    assert (run.choices[0].reasoning, run.text) == ("The user asks.", "Paris.")
