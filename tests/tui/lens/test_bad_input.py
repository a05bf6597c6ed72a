"""Files that have gone, texts too long to read, huge vocabularies: told, and the lens goes on."""

from __future__ import annotations

import math
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from pathlib import Path

import pytest
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import Static

from benchmarks.random_gguf import Shape, write_random_gguf
from playground.errors import BackendCrashed, ModelFileError
from playground.lens.what_if import bound_at
from playground.params import GenerationParams
from playground.providers import open_model
from playground.tui.app import PlaygroundApp
from playground.tui.screens.lens import LensScreen
from playground.tui.widgets.candidate_bars import CandidateBars
from playground.tui.widgets.chain_table import ChainTable
from playground.tui.widgets.lens_knobs import LensKnobs
from playground.tui.widgets.temperature_curve import TemperatureCurve
from playground.tui.widgets.token_text import TokenText
from tests.providers.llama.workers import workers
from tests.tui.lens.looking import PARAMS, open_lens
from tests.tui.stage import ask, playground_of, playing, saying, screen_of, until

DEMO = Path(__file__).parents[3] / "providers" / "demo" / "small.gguf"
GONE = "has gone since it was opened"


def told(app: PlaygroundApp) -> str:
    """What the toasts say: on the screen other words stand beside each of their lines."""
    return "\n".join(toast.message for toast in app._notifications)


@asynccontextmanager
async def a_file_that_goes(
    tmp_path: Path, params: GenerationParams = PARAMS
) -> AsyncIterator[tuple[Pilot[None], PlaygroundApp, LensScreen, Path]]:
    """A model has answered and the lens is open; then its file and its process have gone."""
    file = tmp_path / "fox.gguf"
    shutil.copy(DEMO, file)
    before = {worker.pid for worker in workers()}
    async with open_model(f"local:{file}") as model:
        app = playground_of({f"local:{file}": model}, params=params)
        async with playing(app) as pilot:
            await ask(pilot, "Tell me a story about a cat")
            screen = await open_lens(pilot)
            await until(pilot, lambda: screen._looking.whole.at(0) is not None)
            file.unlink()
            for worker in workers():
                if worker.pid not in before:
                    worker.kill()
                    await until(pilot, lambda gone=worker: not gone.is_running())
            # Its pipes may still be read for a moment: whoever asks then is told of the process.
            with pytest.raises(ModelFileError, match=GONE):
                while True:
                    with suppress(BackendCrashed):
                        await model.tokenize("cat")
            yield pilot, app, screen, file


async def test_what_if_without_the_file_gives_bounds_and_says_why(tmp_path: Path) -> None:
    async with a_file_that_goes(tmp_path) as (pilot, app, screen, file):
        await pilot.press("3", "k", "left")
        await until(pilot, lambda: screen._certain is not None)
        await until(pilot, lambda: bool(screen.query_one(TemperatureCurve).all_points))
        await pilot.pause()
        certain, run = screen._certain, app.panes[0].run
        assert certain is not None
        assert run is not None
        assert certain.found == bound_at(run.tokens, screen.query_one(LensKnobs).params)
        about = screen.query_one("#lens-what", Static).content
        assert isinstance(about, Content)
        assert "It cannot be read again" in about.plain
        assert f"{file} {GONE}" in about.plain
        assert "Put it back, or open another model" in about.plain
        assert "reading …" not in screen_of(app)


async def test_branching_without_the_file_says_why_and_the_answer_stays(tmp_path: Path) -> None:
    async with a_file_that_goes(tmp_path) as (pilot, app, screen, _):
        before = screen.subject
        await pilot.press("tab", "down", "enter")
        await until(pilot, lambda: GONE in told(app))
        assert screen.subject is before
        assert len(app.panes[0].conversation.turns[0].versions) == 1
        await pilot.press("escape", "right")
        assert screen.query_one("#lens-text", TokenText).cursor == 1


async def test_asking_again_without_the_file_says_that_there_is_no_answer(tmp_path: Path) -> None:
    async with a_file_that_goes(tmp_path) as (pilot, app, screen, _):
        first = screen.subject.version
        await pilot.press("a")
        await until(pilot, lambda: "There is no answer" in screen_of(app))
        about = screen.query_one("#lens-token", Static).content
        assert isinstance(about, Content)
        assert GONE in about.plain
        assert "log-probabilities" not in about.plain
        # The first answer is two keys away.
        await pilot.press("5", "tab", "home", "enter")
        await until(pilot, lambda: screen.subject.version == first)


async def test_scoring_without_the_file_says_why(tmp_path: Path) -> None:
    async with a_file_that_goes(tmp_path, PARAMS) as (pilot, app, screen, _):
        before = screen.subject
        await pilot.press("s")
        await until(pilot, lambda: GONE in told(app))
        assert screen.subject is before
        assert screen.query_one("#lens-text", TokenText).count


async def test_a_file_that_is_put_back_is_read_again_at_the_next_token(tmp_path: Path) -> None:
    async with a_file_that_goes(tmp_path) as (pilot, _, screen, file):
        await pilot.press("2", *["right"] * 12)
        chain = screen.query_one(ChainTable)
        await until(pilot, lambda: GONE in chain.why)
        shutil.copy(DEMO, file)
        await pilot.press("right")
        await until(pilot, lambda: screen._looking.whole.at(13) is not None)
        await pilot.pause()
        assert chain.links
        await pilot.press("3")
        await until(pilot, lambda: screen._certain is not None)
        assert screen._certain is not None
        assert screen._certain.found.exact
        assert not screen._certain.why


async def test_a_text_that_the_other_model_cannot_hold_is_told_beside_it() -> None:
    async with open_model("demo:tiny", context_length=64) as local:
        app = playground_of({"a:x": saying("word " * 200), "demo:tiny": local}, params=PARAMS)
        async with playing(app) as pilot:
            await ask(pilot, "a story")
            screen = await open_lens(pilot)
            await pilot.press("6")
            await until(pilot, lambda: "A’s text by B" in screen_of(app))
            said = screen.query_one("#beside-said", Static).content
            assert isinstance(said, Content)
            assert "context" in said.plain
            assert isinstance(app.screen, LensScreen)


async def test_a_vocabulary_of_256k_is_looked_at_like_any_other(tmp_path: Path) -> None:
    file = tmp_path / "huge.gguf"
    shape = Shape(
        width=32, layers=1, heads=1, kv_heads=1, hidden=64, vocabulary=256_000, context=256
    )
    write_random_gguf(file, shape)
    params = GenerationParams.of(
        temperature=0.8, top_k=0, top_p=1, min_p=0, seed=1, logprobs=20, max_length=6
    )
    async with open_model(f"local:{file}") as model:
        app = playground_of({f"local:{file}": model}, params=params)
        async with playing(app) as pilot:
            await ask(pilot, "Hello")
            screen = await open_lens(pilot)
            await pilot.press("2", "right")
            await until(pilot, lambda: screen._looking.whole.at(1) is not None, 60)
            await pilot.pause()
            first = screen.query_one(ChainTable).links[0]
            assert first.survivors == 256_000
            assert "256,000" in screen_of(app)
            await pilot.press("k", "tab", "right", "right", "right")
            assert screen.query_one(LensKnobs).params.top_k == 3
            assert screen.query_one(ChainTable).links[1].survivors == 3
            assert [b.rank for b in screen.query_one("#lens-bars", CandidateBars).bars][:5] == [
                *range(1, 6)
            ]
            await pilot.press("r", "3")
            await until(pilot, lambda: screen._certain is not None, 60)
            certain, run = screen._certain, app.panes[0].run
            assert certain is not None
            assert run is not None
            recorded = [token.draw.logprob for token in run.tokens if token.draw is not None]
            assert math.isclose(certain.found.high, math.fsum(recorded), abs_tol=0.5)
