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
from playground.providers.scripted import ScriptedModel
from playground.tui.app import PlaygroundApp
from playground.tui.themes import DARK, LIGHT
from playground.types import Event, Message, Plan, TextDelta, Token, TokenAlternative
from tests.tui.lens.looking import open_lens
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


def looked(*keys: str, theme: str = DARK.name) -> Callable[[Pilot[None]], Awaitable[None]]:
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

    return play


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
