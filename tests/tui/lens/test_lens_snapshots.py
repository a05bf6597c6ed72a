"""What the lens looks like, compared with pictures that somebody has looked at.

After a wanted change: `pytest tests/tui/lens/test_lens_snapshots.py --snapshot-update`, then look
at them. The figures are written here: those of a real model differ in their last digits from one
processor to the next.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence

import pytest
from textual.pilot import Pilot

from playground.params import GenerationParams
from playground.providers import open_model
from playground.providers.base import ChatModel
from playground.providers.scripted import ScriptedModel
from playground.tui.app import PlaygroundApp
from playground.tui.screens.lens import LensScreen
from playground.tui.themes import DARK, LIGHT
from playground.tui.widgets.beside_view import BesideView
from playground.tui.widgets.candidate_bars import CandidateBars
from playground.tui.widgets.temperature_curve import TemperatureCurve
from playground.types import Event, Message, Plan, TextDelta, Token, TokenAlternative
from tests.tui.lens.looking import open_lens
from tests.tui.lens.made_model import MadeModel
from tests.tui.stage import FIXED, answered, ask, playground_of, until

Snapshot = Callable[..., bool]

SIZES = {"80x24": (80, 24), "120x40": (120, 40)}
BOTH = pytest.mark.parametrize("size", list(SIZES))

STORY = [
    *["Once", "upon", "a", "time", ",", "there", "was", "a", "small", "fox", "."],
    *["It", "found", "a", "silver", "key", "under", "the", "old", "tree", "."],
    *("\n", "昔々", "、", "タロウ", "が", "い", "まし", "た", "。", "👩‍🚀"),
]
OTHER = [*STORY[:9], "bear", *STORY[10:]]


def tokens_of(words: Sequence[str]) -> list[Token]:
    """Each word among twelve candidates; how likely it was goes up and down along the text."""
    told = []
    for place, word in enumerate(words):
        text = word if word.startswith("\n") or not word.isascii() else f" {word}"
        peak = 0.15 + 0.8 * abs(math.sin(place * 1.3))
        rest = [(1 - peak) * 0.5 ** (rank + 1) for rank in range(11)]
        shares = sorted([peak, *rest], reverse=True)
        own = 3 if place % 7 == 5 else 0
        names = [f" word{place}-{rank}" for rank in range(12)]
        names[own] = text
        others = [
            TokenAlternative(text=name, logprob=math.log(share), data=name.encode())
            for name, share in zip(names, shares, strict=True)
        ]
        told.append(
            Token(
                text=text,
                logprob=math.log(shares[own]),
                data=text.encode(),
                alternatives=tuple(others),
            )
        )
    return told


class Told(ScriptedModel):
    """Says its words with their figures, as an endpoint that gives log-probabilities does."""

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        told = iter(tokens_of([*self._script(messages)]))
        async for event in super().stream(messages, plan):
            if isinstance(event, TextDelta):
                token = next(told)
                yield TextDelta(token.text, event.choice, [token])
            else:
                yield event


def scene() -> PlaygroundApp:
    """Two hosted models which wrote nearly the same."""
    return playground_of(
        {"openai:gpt-4.1": Told(STORY), "groq:llama-3.3-70b": Told(OTHER)},
        params=GenerationParams(temperature=0.7, top_p=0.9, logprobs=12, max_length=60, seed=1),
        timing_of=lambda _run: FIXED,
    )


SETTING = GenerationParams(
    temperature=1.2, top_k=40, top_p=0.95, min_p=0.01, seed=3, logprobs=12, max_length=24
)


def local_scene(*others: str) -> PlaygroundApp:
    """A local model with its whole distributions, and other models over the same vocabulary."""
    made: dict[str, ChatModel | Exception] = {
        ref: MadeModel(open_model("demo:small"), 7 * place)
        for place, ref in enumerate(("demo:small", *others))
    }
    return playground_of(made, params=SETTING, timing_of=lambda _run: FIXED)


def looked(
    *keys: str, theme: str = DARK.name, then: Callable[[Pilot[None]], Awaitable[None]] | None = None
) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def play(pilot: Pilot[None]) -> None:
        app = pilot.app
        assert isinstance(app, PlaygroundApp)
        app.theme = theme
        await until(pilot, app.furnished.is_set)
        await until(pilot, lambda: all(pane.model is not None for pane in app.panes))
        await answered(pilot)
        await ask(pilot, "Tell me a story about a fox")
        await open_lens(pilot)
        await pilot.press(*keys)
        await pilot.pause(0.3)
        if then is not None:
            await then(pilot)
            await pilot.pause(0.3)

    return play


def lens_of(pilot: Pilot[None]) -> LensScreen:
    assert isinstance(pilot.app.screen, LensScreen)
    return pilot.app.screen


async def come(pilot: Pilot[None]) -> None:
    """Wait for the whole distribution of the token that is looked at."""
    screen = lens_of(pilot)
    await until(pilot, lambda: screen._looking.whole.at(screen.place) is not None)


async def branched(pilot: Pilot[None]) -> None:
    """Two branches off the first answer, the second of which is in view; then the tree."""
    screen = lens_of(pilot)
    for way in (["home", "right", "right", "tab", "home", "down"], ["home", *["right"] * 8, "tab"]):
        await pilot.press("1", *way)
        await come(pilot)
        bars = screen.query_one("#lens-bars", CandidateBars)
        while bars.here is not None and bars.here.chosen:
            await pilot.press("down")
        before = screen.subject
        await pilot.press("enter")
        await until(pilot, lambda was=before: screen.subject is not was)
        await until(pilot, lambda: not screen.subject.live)
        await pilot.press("escape")
    await pilot.press("5")


async def rated(pilot: Pilot[None]) -> None:
    """Wait until both models have read both texts, whole distributions among it."""
    view = lens_of(pilot).query_one(BesideView)
    await until(pilot, lambda: view._beside is not None and bool(view._beside.whole))


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
@BOTH
def test_the_tokens_in_colour(snap_compare: Snapshot, size: str, theme: str) -> None:
    assert snap_compare(
        scene(), terminal_size=SIZES[size], run_before=looked("right", "right", theme=theme)
    )


@BOTH
def test_coloured_by_rank(snap_compare: Snapshot, size: str) -> None:
    assert snap_compare(scene(), terminal_size=SIZES[size], run_before=looked("c"))


@BOTH
def test_the_chain_of_an_endpoint(snap_compare: Snapshot, size: str) -> None:
    assert snap_compare(scene(), terminal_size=SIZES[size], run_before=looked("2", "right"))


@BOTH
def test_what_if_with_bounds(snap_compare: Snapshot, size: str) -> None:
    assert snap_compare(
        scene(), terminal_size=SIZES[size], run_before=looked("3", "k", "left", "left")
    )


@BOTH
def test_the_most_surprising(snap_compare: Snapshot, size: str) -> None:
    assert snap_compare(scene(), terminal_size=SIZES[size], run_before=looked("4", "n"))


@BOTH
def test_the_answers_of_a_prompt(snap_compare: Snapshot, size: str) -> None:
    assert snap_compare(scene(), terminal_size=SIZES[size], run_before=looked("5"))


@BOTH
def test_two_models_beside_each_other(snap_compare: Snapshot, size: str) -> None:
    assert snap_compare(scene(), terminal_size=SIZES[size], run_before=looked("6"))


@BOTH
def test_the_chain_of_a_local_model_with_a_knob_turned(snap_compare: Snapshot, size: str) -> None:
    async def turn(pilot: Pilot[None]) -> None:
        await come(pilot)
        await pilot.press("k", "tab", "tab", *["left"] * 15)
        screen = lens_of(pilot)
        await until(pilot, lambda: screen._certain is not None)

    assert snap_compare(
        local_scene(),
        terminal_size=SIZES[size],
        run_before=looked("2", "right", "right", "right", then=turn),
    )


@BOTH
def test_what_if_of_a_local_model(snap_compare: Snapshot, size: str) -> None:
    async def turn(pilot: Pilot[None]) -> None:
        screen = lens_of(pilot)
        curve = screen.query_one(TemperatureCurve)
        await until(pilot, lambda: screen._certain is not None and bool(curve.all_points))

    assert snap_compare(
        local_scene(),
        terminal_size=SIZES[size],
        run_before=looked("3", "k", *["left"] * 6, then=turn),
    )


@BOTH
def test_a_tree_with_two_branches(snap_compare: Snapshot, size: str) -> None:
    assert snap_compare(local_scene(), terminal_size=SIZES[size], run_before=looked(then=branched))


@BOTH
def test_two_local_models_beside_each_other(snap_compare: Snapshot, size: str) -> None:
    assert snap_compare(
        local_scene("demo:tiny"), terminal_size=SIZES[size], run_before=looked("6", then=rated)
    )


@BOTH
def test_the_same_dice_at_two_settings(snap_compare: Snapshot, size: str) -> None:
    async def again(pilot: Pilot[None]) -> None:
        screen = lens_of(pilot)
        before = screen.subject
        await pilot.press("k", "home", *["right"] * 10, "a", "escape")
        await until(pilot, lambda: screen.subject is not before and not screen.subject.live)
        await pilot.press("6", "g")
        await come(pilot)

    assert snap_compare(
        local_scene(), terminal_size=SIZES[size], run_before=looked("2", then=again)
    )
