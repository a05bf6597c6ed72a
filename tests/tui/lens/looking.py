"""The lens on an answer of the shipped model, in the whole terminal."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import replace

from textual.pilot import Pilot

from playground.distribution import Distribution
from playground.params import GenerationParams
from playground.providers import open_model
from playground.providers.base import ChatModel, Given
from playground.tui.app import PlaygroundApp
from playground.tui.screens.lens import LensScreen
from playground.types import Event, Message, Plan, TextDelta, Token
from tests.tui.stage import ask, playground_of, playing, until

PARAMS = GenerationParams(temperature=1.0, seed=3, logprobs=20, max_length=24)


class Slowed(ChatModel):
    """The shipped model at a pace at which its tokens can be watched."""

    def __init__(self, model: ChatModel) -> None:
        self.ref, self.capabilities, self._model = model.ref, model.capabilities, model

    def plan(self, params: GenerationParams) -> Plan:
        return self._model.plan(params)

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        async for event in self._model.stream(messages, plan):
            yield event
            await asyncio.sleep(0.03)

    async def next_token(self, messages: Sequence[Message], prefix: Given = "") -> Distribution:
        return await self._model.next_token(messages, prefix)

    async def aclose(self) -> None:
        await self._model.aclose()


class Hosted(ChatModel):
    """The shipped model as an endpoint would tell of it: the likeliest tokens, and no abilities."""

    def __init__(self, model: ChatModel) -> None:
        self.ref, self.capabilities, self._model = model.ref, model.capabilities, model

    def plan(self, params: GenerationParams) -> Plan:
        return self._model.plan(params)

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        async for event in self._model.stream(messages, plan):
            if isinstance(event, TextDelta):
                yield replace(event, tokens=[*map(_as_told, event.tokens)])
            else:
                yield event

    async def aclose(self) -> None:
        await self._model.aclose()


def _as_told(token: Token) -> Token:
    others = tuple(replace(other, token_id=None) for other in token.alternatives)
    return replace(token, token_id=None, rank=None, entropy=None, draw=None, alternatives=others)


async def open_lens(pilot: Pilot[None]) -> LensScreen:
    """Press the key and wait for the screen."""
    await pilot.press("alt+l")
    await until(pilot, lambda: isinstance(pilot.app.screen, LensScreen))
    await pilot.pause()
    screen = pilot.app.screen
    assert isinstance(screen, LensScreen)
    return screen


@asynccontextmanager
async def looking(
    params: GenerationParams = PARAMS,
    *,
    prompt: str = "Tell me a story about a cat",
    size: tuple[int, int] = (120, 40),
    model: str = "demo:small",
) -> AsyncIterator[tuple[Pilot[None], PlaygroundApp, LensScreen]]:
    """The model has answered, and the lens is open."""
    async with open_model(model) as opened:
        app = playground_of({model: opened}, params=params)
        async with playing(app, size=size) as pilot:
            await ask(pilot, prompt)
            yield pilot, app, await open_lens(pilot)
