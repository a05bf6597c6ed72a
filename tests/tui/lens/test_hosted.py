"""A real OpenAI-style server on loopback under the lens, alone and beside a local model."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Static

from playground.lens.what_if import score_at
from playground.params import GenerationParams
from playground.providers import open_model
from playground.tui.app import PlaygroundApp
from playground.tui.screens.lens import LensScreen
from playground.tui.widgets.beside_view import BesideView
from playground.tui.widgets.candidate_bars import CandidateBars
from playground.tui.widgets.chain_table import ChainTable
from playground.tui.widgets.token_text import TokenText
from tests.tui.lens.looking import open_lens
from tests.tui.stage import answered, ask, playground_of, playing, until

HOSTED, LOCAL = "llama-cpp-python:small", "demo:small"
COLD = GenerationParams(temperature=0, seed=7, logprobs=8, max_length=12)


def words(screen: LensScreen, name: str) -> str:
    content = screen.query_one(name, Static).content
    assert isinstance(content, Content)
    return content.plain


@asynccontextmanager
async def both(
    url: str, monkeypatch: pytest.MonkeyPatch, params: GenerationParams
) -> AsyncIterator[tuple[Pilot[None], PlaygroundApp, LensScreen]]:
    """The same weights behind a server in one pane and here in another, the lens on the first."""
    monkeypatch.setenv("LLAMA_CPP_PYTHON_BASE_URL", url)
    async with open_model(HOSTED) as there, open_model(LOCAL) as here:
        app = playground_of({HOSTED: there, LOCAL: here}, params=params)
        async with playing(app) as pilot:
            await ask(pilot, "Tell me a story.")
            yield pilot, app, await open_lens(pilot)


async def test_hosted_and_local_show_the_same_likeliest_tokens_in_one_view(
    llama_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with both(llama_url, monkeypatch, COLD) as (pilot, app, screen):
        await pilot.press("6")
        view = screen.query_one(BesideView)
        await until(pilot, lambda: view._beside is not None and view._beside.rated)
        compared = 0
        runs = [pane.run for pane in app.panes]
        assert runs[0] is not None
        assert runs[1] is not None
        for place, (one, other) in enumerate(zip(runs[0].tokens, runs[1].tokens, strict=False)):
            screen.query_one("#lens-text", TokenText).go(place)
            await pilot.pause()
            hosted = screen.query_one("#beside-here", CandidateBars).bars
            local = {b.name: b.raw for b in screen.query_one("#beside-there", CandidateBars).bars}
            assert hosted
            for bar in hosted[:8]:
                assert local.get(bar.name, 0.0) == pytest.approx(bar.raw, abs=1e-3)
            if one.text != other.text:
                break
            compared += 1
        assert compared >= 8
        said = words(screen, "#beside-said")
        assert f"{HOSTED} rates no text but its own" in said
        assert "mean at least" in said


async def test_what_a_hosted_answer_does_not_tell_is_said_after_it_was_asked_again_too(
    llama_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with both(llama_url, monkeypatch, COLD.updated(logprobs=None)) as (pilot, app, screen):
        assert "has no log-probabilities" in words(screen, "#lens-token")
        assert f"have {LOCAL} read the text now" in words(screen, "#lens-token")
        await pilot.press("a")
        await answered(pilot)
        await until(pilot, lambda: screen.query_one("#lens-text", TokenText).count > 0)
        await pilot.press("2")
        await pilot.pause()
        assert "tells only the likeliest tokens" in screen.query_one(ChainTable).why
        assert len(app.panes[0].conversation.turns[0].versions) == 2


async def test_what_another_model_read_of_a_hosted_answer_is_never_called_its_own(
    llama_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with both(llama_url, monkeypatch, COLD.updated(logprobs=None)) as (pilot, _, screen):
        await pilot.press("s")
        await until(pilot, lambda: screen.subject.scorer == LOCAL)
        await pilot.press("right")
        assert "read by demo:small, not the one that wrote it" in words(screen, "#lens-head")
        assert "drawn from" not in words(screen, "#lens-token")
        await pilot.press("6")
        view = screen.query_one(BesideView)
        await until(pilot, lambda: view._beside is not None and view._beside.rated)
        lines = words(screen, "#beside-said").split("\n")
        told = {line[:13]: line for line in lines}
        assert "told no log-probabilities" in told["A’s text by A"]
        assert "rates no text but its own" in told["B’s text by A"]
        # The local one can read both, the one that it wrote without figures too.
        assert "log-probability" in told["A’s text by B"]
        assert "log-probability" in told["B’s text by B"]


async def test_a_hosted_answer_is_read_with_what_it_was_asked_for_and_no_defaults_of_the_reader(
    llama_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Token 11 is one of the endpoint's vocabulary, whichever that is: here it would be another.
    asked = GenerationParams.of(seed=7, max_length=12, logit_bias={"11": -5.0})
    async with both(llama_url, monkeypatch, asked) as (pilot, app, screen):
        await pilot.press("s")
        await until(pilot, lambda: screen.subject.scorer == LOCAL)
        await pilot.press("3")
        await until(pilot, lambda: screen._certain is not None)
        await pilot.pause()
        reader, subject = app.panes[1].model, screen.subject
        assert reader is not None
        neutral = GenerationParams.of(temperature=1, top_k=0, top_p=1, min_p=0)
        wanted, filled_in = await score_at(
            reader, subject.messages, subject.tokens, [neutral, GenerationParams()]
        )
        assert screen._certain is not None
        assert screen._certain.found.outcomes == wanted.outcomes
        assert screen._certain.found.outcomes != filled_in.outcomes
        said = words(screen, "#lens-what")
        assert "unset  top_k, top_p, min_p, temperature: what was done then is not told" in said
        assert "logit_bias of 11: ids of another vocabulary, left out" in said
