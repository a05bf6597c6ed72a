# ruff: noqa: S101, D102 - assertions are what this module is for, and test names are sentences
"""`ProviderContract`: the suite that every provider of the playground passes.

Subclass it in a test module of yours, say which provider and which model, and run pytest; no
plug-in of pytest is needed::

    class TestMine(ProviderContract):
        @pytest.fixture(scope="class")
        def provider(self):
            return find_provider("mine")

        @pytest.fixture(scope="class")
        def model_name(self):
            return "small"

The model must be able to say more than a few words to `prompt`, and say the same again at
temperature 0 with the same seed. For assertions that explain themselves, put
`pytest.register_assert_rewrite("playground.testing")` into your `conftest.py`.
"""

from __future__ import annotations

import asyncio
import json
import math
from collections.abc import Coroutine, Iterator
from contextlib import aclosing
from typing import Any, TypeVar

import pytest

from playground.errors import ContextOverflow, InvalidParameter, ModelClosed
from playground.params import GenerationParams, Knob, knobs
from playground.providers.base import ChatModel, Provider
from playground.run import Run, as_messages, generate
from playground.types import (
    Completed,
    Event,
    Finished,
    Plan,
    ProviderStatus,
    ReasoningDelta,
    Started,
    TextDelta,
)

_Result = TypeVar("_Result")

SOON = 10.0
"""Seconds that a cancel or a close may take: generous, because a busy machine is no defect."""

PATIENCE = 120.0
"""Seconds that an answer may take."""


def sample(knob: Knob) -> Any:
    """A value of a knob that is not its neutral one."""
    match knob.name:
        case "stop":
            return ("\n\n\n",)
        case "sampler_order":
            return ("top_k", "temperature")
        case "extra":
            return {"playground_contract": True}
        case "logit_bias":
            return {"5": -1.0}
        case "grammar":
            return 'root ::= "yes" | "no"'
        case "json_schema":
            return {"type": "object"}
        case "max_length":
            return 7
        case "n" | "logprobs":
            return 2
    low = knob.minimum if knob.minimum is not None else 0.0
    value = knob.slider[1] / 4 if knob.slider else low + 0.3
    value = value if value != knob.neutral else value + 0.2
    return math.ceil(value) if knob.kind == "int" else value


class ProviderContract:
    """What a provider promises to everything that is built on it."""

    prompt = "Tell me a story."
    """Something that the model says a good deal to."""

    too_long_prompt = ""
    """A prompt beyond the model's context; empty where there is none to speak of."""

    async def settle(self) -> None:
        """Awaited after a stream was left early, before the model is asked again.

        Nothing by default; for a server behind the model that needs a moment to notice.
        """

    @pytest.fixture(scope="class")
    def provider(self) -> Provider:
        """The provider under test."""
        raise NotImplementedError("a subclass of ProviderContract has a fixture `provider`")

    @pytest.fixture(scope="class")
    def model_name(self) -> str:
        """The name of a model of it."""
        raise NotImplementedError("a subclass of ProviderContract has a fixture `model_name`")

    @pytest.fixture(scope="class")
    def options(self) -> dict[str, Any]:
        """What `open` is given beside the name."""
        return {}

    @pytest.fixture(scope="class")
    def loop(self) -> Iterator[asyncio.Runner]:
        """The event loop that the tests of this class share."""
        with asyncio.Runner() as runner:
            yield runner

    @pytest.fixture(scope="class")
    def model(
        self,
        provider: Provider,
        model_name: str,
        options: dict[str, Any],
        loop: asyncio.Runner,
    ) -> Iterator[ChatModel]:
        """The open model that the tests of this class share."""
        opened = provider.open(model_name, **options)
        yield opened
        loop.run(opened.aclose())

    # What it says of itself.

    def test_unknown_options_are_refused(self, provider: Provider, model_name: str) -> None:
        with pytest.raises(InvalidParameter):
            provider.open(model_name, no_such_option=1)

    def test_the_reference_names_provider_and_model(
        self, provider: Provider, model: ChatModel, model_name: str
    ) -> None:
        assert model.ref.model == model_name
        assert all(info.ref.provider == provider.spec.id for info in provider.models())

    def test_every_knob_is_declared_and_every_refusal_explained(self, model: ChatModel) -> None:
        for name, knob in knobs().items():
            if name == "extra":
                continue
            support = model.capabilities.knobs[name]
            if support.accepted is False:
                assert support.reason, f"{name} is refused without a reason"
            plan = model.plan(GenerationParams.of(**{name: sample(knob)}))
            assert all(item.reason for item in plan.adjustments)

    def test_status_and_remote_models_answer(
        self, provider: Provider, loop: asyncio.Runner
    ) -> None:
        status = _finish(loop, provider.status())
        assert isinstance(status, ProviderStatus)
        assert status.summary
        for info in _finish(loop, provider.remote_models()):
            assert info.ref.provider == provider.spec.id

    # The plan.

    def test_a_plan_is_pure(self, model: ChatModel) -> None:
        for params in _all_params():
            before = model.capabilities.model_dump_json()
            first, second = model.plan(params), model.plan(params)
            assert first == second
            assert first.params == params
            assert first.ref == model.ref
            assert model.capabilities.model_dump_json() == before

    def test_every_knob_that_was_asked_for_is_accounted_for(self, model: ChatModel) -> None:
        for params in _all_params():
            plan = model.plan(params)
            explained = {item.knob for item in plan.adjustments}
            for name, value in params.given().items():
                if name == "extra":
                    continue
                neutral = value == knobs()[name].neutral
                assert name in plan.effective or name in explained or neutral, name

    def test_effective_values_are_the_ones_asked_for_unless_an_adjustment_says_so(
        self, model: ChatModel
    ) -> None:
        for params in _all_params():
            plan = model.plan(params)
            changed = {item.knob for item in plan.departures}
            for name, value in params.given().items():
                if name in plan.effective and name not in changed:
                    asked = list(value) if isinstance(value, tuple) else value
                    assert plan.effective[name] == asked

    def test_a_plan_can_be_stored(self, model: ChatModel) -> None:
        for params in _all_params():
            plan = model.plan(params)
            assert Plan.model_validate_json(plan.model_dump_json()) == plan
            json.dumps(plan.wire)

    def test_extra_is_passed_verbatim_or_dropped_with_a_reason(self, model: ChatModel) -> None:
        extra = {"playground_contract": {"deep": [1, None, "ü"]}}
        plan = model.plan(GenerationParams.of(extra=extra))
        dropped = any(item.knob == "extra" for item in plan.departures)
        assert dropped or plan.wire["playground_contract"] == extra["playground_contract"]

    # The stream.

    def test_events_come_in_order(self, model: ChatModel, loop: asyncio.Runner) -> None:
        events = _finish(loop, self._events(model, max_length=12))
        assert isinstance(events[0], Started)
        assert isinstance(events[-1], Completed)
        assert sum(isinstance(event, Started) for event in events) == 1
        assert sum(isinstance(event, Completed) for event in events) == 1
        _check_choices(events, {0})

    def test_the_text_is_what_the_deltas_say(self, model: ChatModel, loop: asyncio.Runner) -> None:
        async def listen() -> tuple[Run, str]:
            run = self._run(model, max_length=16)
            said = ""
            async for event in run:
                if isinstance(event, TextDelta):
                    said += event.text
            return run, said

        run, said = _finish(loop, listen())
        assert run.state == "done"
        assert run.text == said != ""
        assert run.answer().text == said

    def test_started_carries_the_plan_that_was_asked_for(
        self, model: ChatModel, loop: asyncio.Runner
    ) -> None:
        started = _finish(loop, self._events(model, max_length=3))[0]
        assert isinstance(started, Started)
        assert started.plan.ref == model.ref
        assert started.plan.params.max_length == 3

    def test_max_length_is_obeyed(self, model: ChatModel, loop: asyncio.Runner) -> None:
        short = _finish(loop, self._whole(model, max_length=3))
        long = _finish(loop, self._whole(model, max_length=24))
        assert long.text.startswith(short.text)
        assert len(short.text) < len(long.text)
        assert short.choices[0].finish_reason == "length"
        if short.usage.output_tokens is not None:
            assert short.usage.output_tokens <= 3

    def test_a_stop_string_ends_the_answer_and_is_not_part_of_it(
        self, model: ChatModel, loop: asyncio.Runner
    ) -> None:
        whole = _finish(loop, self._whole(model, max_length=24)).text
        middle = len(whole) // 2
        stop = whole[middle : middle + 3]
        run = _finish(loop, self._whole(model, max_length=24, stop=(stop,)))
        assert run.text == whole[: whole.index(stop)]
        assert run.choices[0].finish_reason == "stop"

    def test_n_choices_are_given_or_refused(self, model: ChatModel, loop: asyncio.Runner) -> None:
        plan = model.plan(GenerationParams.of(n=3))
        if plan.effective.get("n") != 3:
            assert any(item.knob == "n" for item in plan.departures)
            return
        events = _finish(loop, self._events(model, n=3, max_length=6))
        _check_choices(events, {0, 1, 2})

    def test_token_probabilities_come_when_they_are_asked_for(
        self, model: ChatModel, loop: asyncio.Runner
    ) -> None:
        if not model.capabilities.logprobs:
            return
        run = _finish(loop, self._whole(model, max_length=6, logprobs=2))
        assert run.tokens
        for token in run.tokens:
            assert token.logprob is None or token.logprob <= 0
            assert len(token.alternatives) <= 2
            likeliest = [other.logprob for other in token.alternatives]
            assert likeliest == sorted(likeliest, reverse=True)

    def test_streams_run_side_by_side(self, model: ChatModel, loop: asyncio.Runner) -> None:
        async def several() -> list[Run]:
            return await asyncio.gather(
                *(self._whole(model, max_length=length) for length in (4, 8, 12))
            )

        runs = _finish(loop, several())
        assert [run.state for run in runs] == ["done"] * 3
        assert runs[2].text.startswith(runs[1].text)

    # Ends.

    def test_closing_the_stream_stops_it_and_leaves_the_model_usable(
        self, model: ChatModel, loop: asyncio.Runner
    ) -> None:
        async def leave_early() -> None:
            plan = model.plan(_params(max_length=400))
            async with asyncio.timeout(PATIENCE):
                events = model.stream(as_messages(self.prompt), plan)
                async for event in events:
                    if isinstance(event, TextDelta | ReasoningDelta):
                        break
            async with asyncio.timeout(SOON):
                await events.aclose()
            await self.settle()

        _finish(loop, leave_early())
        assert _finish(loop, self._whole(model, max_length=3)).state == "done"

    def test_cancelling_the_task_stops_it_and_leaves_the_model_usable(
        self, model: ChatModel, loop: asyncio.Runner
    ) -> None:
        async def cancel() -> Run:
            run = self._run(model, max_length=400).start()
            await asyncio.sleep(0.02)
            async with asyncio.timeout(SOON):
                await run.cancel()
            await self.settle()
            return run

        # A quick model may have said all there was before the cancel.
        assert _finish(loop, cancel()).state in ("cancelled", "done")
        assert _finish(loop, self._whole(model, max_length=3)).state == "done"

    def test_a_reader_that_fails_leaves_the_model_usable(
        self, model: ChatModel, loop: asyncio.Runner
    ) -> None:
        async def fail() -> None:
            plan = model.plan(_params(max_length=400))
            async with aclosing(model.stream(as_messages(self.prompt), plan)) as events:
                async for event in events:
                    if isinstance(event, TextDelta):
                        raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            _finish(loop, fail())
        _finish(loop, self.settle())
        assert _finish(loop, self._whole(model, max_length=3)).state == "done"

    def test_a_prompt_beyond_the_context_is_an_error_and_leaves_the_model_usable(
        self, model: ChatModel, loop: asyncio.Runner
    ) -> None:
        if not self.too_long_prompt:
            return

        async def ask() -> Run:
            return await generate(model, self.too_long_prompt, max_length=3)

        run = _finish(loop, ask())
        assert run.state == "failed"
        assert isinstance(run.error, ContextOverflow)
        assert _finish(loop, self._whole(model, max_length=3)).state == "done"

    def test_closing_twice_is_harmless_and_a_closed_model_says_so(
        self,
        provider: Provider,
        model_name: str,
        options: dict[str, Any],
        loop: asyncio.Runner,
    ) -> None:
        async def close_twice() -> None:
            model = provider.open(model_name, **options)
            await self._whole(model, max_length=2)
            await model.aclose()
            await model.aclose()
            with pytest.raises(ModelClosed):
                async for _event in model.stream(as_messages("Hi"), model.plan(_params())):
                    pass

        _finish(loop, close_twice())

    def test_closing_the_model_ends_its_running_streams(
        self,
        provider: Provider,
        model_name: str,
        options: dict[str, Any],
        loop: asyncio.Runner,
    ) -> None:
        async def close_under_way() -> Run:
            model = provider.open(model_name, **options)
            run = self._run(model, max_length=400)
            async for event in run:
                if isinstance(event, TextDelta):
                    break
            async with asyncio.timeout(SOON):
                await model.aclose()
                await run
            await self.settle()
            return run

        run = _finish(loop, close_under_way())
        # A short answer may have been whole before the close was heard.
        assert run.state == "done" or isinstance(run.error, ModelClosed)
        assert run.text

    # Ways to ask.

    def _run(self, model: ChatModel, **given: Any) -> Run:
        return generate(model, self.prompt, _params(**given), unsupported="adjust")

    async def _whole(self, model: ChatModel, **given: Any) -> Run:
        run = await self._run(model, **given)
        if run.error is not None:
            raise run.error
        return run

    async def _events(self, model: ChatModel, **given: Any) -> list[Event]:
        plan = model.plan(_params(**given))
        async with aclosing(model.stream(as_messages(self.prompt), plan)) as events:
            return [event async for event in events]


def _params(**given: Any) -> GenerationParams:
    """Params that repeat an answer, with these on top."""
    return GenerationParams.of(**{"temperature": 0, "seed": 1, **given})


def _all_params() -> list[GenerationParams]:
    """Nothing set, each knob set alone, and all of them at once."""
    # A grammar and a schema cannot be asked for at once.
    each = {name: sample(knob) for name, knob in knobs().items() if name != "json_schema"}
    alone = [GenerationParams.of(**{name: value}) for name, value in each.items()]
    return [GenerationParams(), *alone, GenerationParams.of(**each)]


def _check_choices(events: list[Event], choices: set[int]) -> None:
    """Each choice has text, ends exactly once, and says nothing after that."""
    ended: set[int] = set()
    spoken: set[int] = set()
    for event in events:
        if isinstance(event, TextDelta | ReasoningDelta):
            assert event.choice not in ended, "text after the choice had ended"
            spoken.add(event.choice)
        elif isinstance(event, Finished):
            assert event.choice not in ended, "the choice ended twice"
            ended.add(event.choice)
    assert ended == choices
    assert spoken == choices


def _finish(loop: asyncio.Runner, work: Coroutine[Any, Any, _Result]) -> _Result:
    """Run to the end, but not for ever."""

    async def bounded() -> _Result:
        async with asyncio.timeout(PATIENCE):
            return await work

    return loop.run(bounded())
