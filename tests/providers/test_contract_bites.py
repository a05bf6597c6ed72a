"""The contract notices a provider that breaks it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator, Sequence
from typing import Any

import pytest

from playground.catalogue import ProviderSpec
from playground.errors import PlaygroundError
from playground.params import GenerationParams
from playground.providers.base import ChatModel, Provider
from playground.providers.scripted import ScriptedModel
from playground.testing import ProviderContract
from playground.types import Event, Finished, Message, Plan, Started, TextDelta

WORDS = [f"word{number} " for number in range(40)]


class _Base(ScriptedModel):
    def __init__(self) -> None:
        super().__init__(WORDS)


class NoLastEvent(_Base):
    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        async for event in super().stream(messages, plan):
            if isinstance(event, Started | TextDelta | Finished):
                yield event


class SpeaksTooSoon(_Base):
    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        yield TextDelta("early")
        async for event in super().stream(messages, plan):
            yield event


class EndsTwice(_Base):
    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        async for event in super().stream(messages, plan):
            yield event
            if isinstance(event, Finished):
                yield event


class IgnoresStop(_Base):
    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        deaf = plan.model_copy(update={"params": plan.params.updated(stop=None)})
        async for event in super().stream(messages, deaf):
            yield event


class IgnoresMaxLength(_Base):
    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        long = plan.model_copy(update={"effective": {**plan.effective, "max_length": 30}})
        async for event in super().stream(messages, long):
            yield event


class GivesOneOfThree(_Base):
    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        one = plan.model_copy(update={"effective": {**plan.effective, "n": 1}})
        async for event in super().stream(messages, one):
            yield event


class DropsSilently(_Base):
    def plan(self, params: GenerationParams) -> Plan:
        made = super().plan(params)
        kept = {name: value for name, value in made.effective.items() if name != "top_k"}
        return made.model_copy(update={"effective": kept})


class PlansAtRandom(_Base):
    count = 0

    def plan(self, params: GenerationParams) -> Plan:
        self.count += 1
        made = super().plan(params)
        return made.model_copy(update={"wire": {**made.wire, "count": self.count}})


class WorksAfterItsEnd(_Base):
    async def aclose(self) -> None:
        return


class _Wrong(Provider):
    made: type[ChatModel] = _Base

    def open(self, model: str, **options: Any) -> ChatModel:
        return self.made()


@pytest.fixture
def loop() -> Iterator[asyncio.Runner]:
    with asyncio.Runner() as runner:
        yield runner


@pytest.mark.parametrize(
    ("wrong", "promise"),
    [
        (NoLastEvent, "events_come_in_order"),
        (SpeaksTooSoon, "events_come_in_order"),
        (EndsTwice, "events_come_in_order"),
        (IgnoresStop, "a_stop_string_ends_the_answer_and_is_not_part_of_it"),
        (IgnoresMaxLength, "max_length_is_obeyed"),
        (GivesOneOfThree, "n_choices_are_given_or_refused"),
    ],
)
def test_a_wrong_stream_is_noticed(
    loop: asyncio.Runner, wrong: type[ChatModel], promise: str
) -> None:
    keep = getattr(ProviderContract(), f"test_{promise}")
    keep(_Base(), loop)
    with pytest.raises((AssertionError, PlaygroundError)):
        keep(wrong(), loop)


@pytest.mark.parametrize(
    ("wrong", "promise"),
    [
        (DropsSilently, "every_knob_that_was_asked_for_is_accounted_for"),
        (PlansAtRandom, "a_plan_is_pure"),
    ],
)
def test_a_wrong_plan_is_noticed(wrong: type[ChatModel], promise: str) -> None:
    keep = getattr(ProviderContract(), f"test_{promise}")
    keep(_Base())
    with pytest.raises(AssertionError):
        keep(wrong())


def test_a_model_that_works_after_its_end_is_noticed(loop: asyncio.Runner) -> None:
    provider = _Wrong(ProviderSpec(id="wrong"))
    promise = ProviderContract().test_closing_twice_is_harmless_and_a_closed_model_says_so
    promise(provider, "any", {}, loop)
    provider.made = WorksAfterItsEnd
    with pytest.raises(pytest.fail.Exception, match="ModelClosed"):
        promise(provider, "any", {}, loop)


def test_an_option_that_nobody_knows_must_be_refused() -> None:
    with pytest.raises(pytest.fail.Exception, match="InvalidParameter"):
        ProviderContract().test_unknown_options_are_refused(_Wrong(ProviderSpec(id="w")), "any")
