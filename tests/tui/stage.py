"""A terminal with models of the test's choosing, and eyes to look at it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from textual import events
from textual.pilot import Pilot

from playground.params import GenerationParams
from playground.providers.base import ChatModel
from playground.providers.scripted import ScriptedModel
from playground.run import Run
from playground.tui.app import PlaygroundApp
from playground.types import ModelRef, Timing

FIXED = Timing(queued=0.01, first_token=0.12, total=1.62)
"""The clock of every run in a test whose screen is compared."""


class NoSuchModel(Exception):
    """The test opened a model that it did not bring."""


def playground_of(
    models: Mapping[str, ChatModel | Exception],
    panes: Sequence[str] = (),
    *,
    params: GenerationParams | None = None,
    system: str = "",
    timing_of: Callable[[Run], Timing] | None = None,
) -> PlaygroundApp:
    """The app with these models behind these references; an exception is raised when opened."""

    def opener(ref: str) -> ChatModel:
        found = models.get(ref)
        if found is None:
            raise NoSuchModel(ref)
        if isinstance(found, Exception):
            raise found
        found.ref = ModelRef.parse(ref)
        return found

    options: dict[str, Any] = {} if timing_of is None else {"timing_of": timing_of}
    return PlaygroundApp(panes or list(models), params, system, opener=opener, **options)


@asynccontextmanager
async def playing(
    app: PlaygroundApp, size: tuple[int, int] = (120, 40)
) -> AsyncIterator[Pilot[None]]:
    """The app running, its panes ready; its models are closed afterwards."""
    async with app.run_test(size=size, notifications=True) as pilot:
        await asyncio.wait_for(app.furnished.wait(), 20)
        await pilot.pause()
        try:
            yield pilot
        finally:
            await app.close_models()


async def until(pilot: Pilot[None], true: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something to become true on the screen."""
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, f"it did not happen; the screen:\n{screen_of(pilot.app)}"
        # Not the pilot's own pause: it waits for an idle processor, and what we look for passes.
        await asyncio.sleep(0.01)


async def answered(pilot: Pilot[None]) -> None:
    """Wait until every pane is free and everything has been drawn."""
    app = pilot.app
    assert isinstance(app, PlaygroundApp)
    await until(pilot, lambda: not any(pane.busy for pane in app.panes))
    await until(pilot, lambda: all(p.transcript.settled for p in app.panes if p.display))
    await pilot.pause()


async def ask(pilot: Pilot[None], text: str) -> None:
    """Write a prompt, send it, and wait for the answers."""
    await paste(pilot, text)
    await pilot.press("enter")
    await pilot.pause()
    await answered(pilot)


async def paste(pilot: Pilot[None], text: str) -> None:
    """Put text in at once, as a terminal does; typing takes a tenth of a second for each word."""
    pilot.app.post_message(events.Paste(text))
    await pilot.pause()


async def write(pilot: Pilot[None], text: str) -> None:
    """Type into whatever has the keyboard."""
    names = {" ": "space", "\n": "ctrl+j"}
    await pilot.press(*(names.get(character, character) for character in text))


def screen_of(app: Any) -> str:
    """What a person reads on the screen."""
    strips = app.screen._compositor.render_strips()
    return "\n".join(strip.text.rstrip() for strip in strips)


def answers_of(app: PlaygroundApp) -> list[list[str]]:
    """The answers in every pane, exactly as they came."""
    return [
        [pane.transcript.text_of(handle) for handle in pane.transcript.answers]
        for pane in app.panes
    ]


def figures_of(app: PlaygroundApp, place: int = 0) -> str:
    """The line under a pane."""
    return " · ".join(figure.short for figure in app.panes[place].status.figures)


def saying(*pieces: str, **options: Any) -> ScriptedModel:
    """A model that always says this."""
    return ScriptedModel(pieces, **options)


def talking(delay: float = 0.01) -> ScriptedModel:
    """A model that talks until it is stopped."""
    return ScriptedModel([f"word{number} " for number in range(5000)], delay=delay)
