"""KV cells are laid out for the work: one pool for many answers to one prompt, else one's own."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest

import playground.providers.llama.layouts as layouts
import playground.providers.llama.sizing as sizing
from benchmarks.random_gguf import Shape, write_random_gguf
from playground.errors import ModelLoadFailed
from playground.history import History
from playground.providers import open_model
from playground.providers.llama.context import NativeContext
from playground.providers.llama.engine import Engine
from playground.providers.llama.layouts import Layouts
from playground.providers.llama.log import start_llama
from playground.providers.llama.model import LlamaModel
from playground.providers.llama.native import NativeModel
from playground.providers.llama.protocol import Began, EngineSettings, Text
from playground.repeating import engine_options
from playground.run import Run, generate
from playground.sweep.asked import Asked, build
from playground.sweep.result import SweepResult
from playground.sweep.starting import begin
from playground.types import Message

from .conftest import sampling
from .workers import long_run

LONG = "Tell me a story about the old king who walks home by the river. " * 12
SMALL = Shape(width=64, layers=2, heads=4, kv_heads=2, hidden=128, vocabulary=512, context=1024)


@pytest.fixture
async def model() -> AsyncIterator[LlamaModel]:
    opened = open_model("demo:small")
    assert isinstance(opened, LlamaModel)
    async with opened:
        yield opened


async def _answered(model: LlamaModel, prompt: str | tuple[Message, ...], **knobs: Any) -> Run:
    run = await generate(model, prompt, **{"seed": 1, "max_length": 24, **knobs})
    await run.prove()
    assert run.error is None
    return run


def _pooled(run: Run) -> Any:
    assert run.receipt is not None
    return run.receipt.provenance.engine["unified"]


async def test_the_choices_of_one_run_share_a_pool_and_the_next_answer_has_cells_of_its_own(
    model: LlamaModel,
) -> None:
    many = await _answered(model, LONG, n=8)
    assert (await model.occupancy()).unified
    one = await _answered(model, "Hello!")
    assert not (await model.occupancy()).unified
    assert (_pooled(many), _pooled(one)) == (True, False), "each receipt tells its own"


async def test_announced_answers_share_a_pool_and_other_prompts_do_not(model: LlamaModel) -> None:
    turns = (Message(role="user", content=LONG),)
    model.expect(turns, 12)
    assert _pooled(await _answered(model, turns))
    assert not _pooled(await _answered(model, f"Once more: {LONG}"))


async def test_a_chat_keeps_its_cells_and_what_lies_in_them(model: LlamaModel) -> None:
    turns: tuple[Message, ...] = ()
    reused = []
    for word in (LONG, "And then?", "Why?"):
        turns = (*turns, Message(role="user", content=word))
        run = await _answered(model, turns)
        assert not _pooled(run)
        reused.append(run.usage.cached_tokens or 0)
        turns = (*turns, Message(role="assistant", content=run.text))
    assert reused[1] > 100
    assert reused[2] > reused[1]


async def test_a_conversation_longer_than_what_a_job_draws_is_not_given_up_for_it(
    model: LlamaModel,
) -> None:
    kept = await _answered(model, LONG * 3)
    few = await _answered(model, LONG, n=8, max_length=8)
    assert (kept.usage.input_tokens or 0) > 8 * 8
    assert not _pooled(few)
    again = await _answered(model, LONG * 3)
    assert (again.usage.cached_tokens or 0) > 8 * 8
    assert _pooled(await _answered(model, LONG, n=16, max_length=100))


async def test_the_layout_stays_while_anything_is_decoded(model: LlamaModel) -> None:
    running = long_run(model).start()
    async for _ in running:
        break
    beside = await _answered(model, LONG, n=8)
    assert running.state == "running"
    assert not _pooled(beside)
    await running.cancel()


@pytest.mark.parametrize("unified", [False, True])
async def test_a_layout_that_is_asked_for_stays_whatever_the_work(unified: bool) -> None:
    async with open_model("demo:small", unified=unified) as opened:
        assert isinstance(opened, LlamaModel)
        assert _pooled(await _answered(opened, LONG, n=8)) is unified
        assert _pooled(await _answered(opened, "Hello!")) is unified


@pytest.mark.parametrize(("prompts", "pooled"), [([LONG], True), ([LONG, f"Now: {LONG}"], False)])
async def test_a_sweep_over_one_prompt_is_made_in_a_pool_and_can_be_repeated_in_one(
    prompts: list[str], pooled: bool
) -> None:
    told: dict[str, object] = {"models": "demo:small", "samples": 8, "seed": 3, "prompt": prompts}
    space = {"temperature": "0.5,1", "max_length": 24}
    with History.in_memory() as history:
        runner = begin(build(Asked.of_words(space=space, **told)), history)
        await runner.run()
        result = SweepResult.load(history, runner.id)
        kept = [
            history.run(answer.run)
            for cell in result.cells
            for answer in result.answers(cell.number)
        ]
    assert len(kept) == 16 * len(prompts)
    for run in kept:
        assert engine_options(run)["unified"] is pooled


@pytest.fixture(scope="module")
def exact_model(tmp_path_factory: pytest.TempPathFactory) -> NativeModel:
    """Random weights in F32: nothing is quantised on the way."""
    path = tmp_path_factory.mktemp("models") / "f32.gguf"
    write_random_gguf(path, SMALL, quantised=False)
    start_llama()
    return NativeModel(Path(path), gpu_layers=0)


def _drawn(engine: Engine, prompt: list[int], number: int) -> tuple[bool, dict[int, list[int]]]:
    """Sixteen answers to one prompt, and whether they shared a pool."""
    knobs = sampling(temperature=0.9, max_length=40, logprobs=0, seed=5, n=16)
    engine.generate(number, prompt, knobs, ())
    tokens: dict[int, list[int]] = {choice: [] for choice in range(16)}
    pooled = False
    while not engine.idle:
        for report in engine.step():
            if isinstance(report, Began):
                pooled = report.unified
            if isinstance(report, Text):
                tokens[report.choice] += [token.token_id or 0 for token in report.tokens]
    return pooled, tokens


def test_on_exact_weights_an_answer_is_the_same_from_a_pool_and_from_cells_of_its_own(
    exact_model: NativeModel,
) -> None:
    prompt = list(b"the old king walks home by the river " * 8)
    laid_out = Layouts(exact_model, EngineSettings(threads=1), lambda: False)
    in_own, own = _drawn(laid_out.engine, prompt, 1)
    laid_out.suit(prompt, 64, 64)
    in_pool, pool = _drawn(laid_out.engine, prompt, 2)
    assert (in_own, in_pool) == (False, True)
    assert sum(map(len, own.values())) > 16 * 20
    assert pool == own


def test_without_room_for_another_layout_the_engine_goes_on_in_the_one_it_had(
    exact_model: NativeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    prompt = list(b"the old king walks home by the river " * 8)
    laid_out = Layouts(exact_model, EngineSettings(threads=1), lambda: False)

    def no_room(model: NativeModel, **wanted: Any) -> NativeContext:
        if wanted["unified"]:
            raise ModelLoadFailed("no room")
        return NativeContext(model, **wanted)

    monkeypatch.setattr(layouts, "NativeContext", no_room)
    laid_out.suit(prompt, 64, 64)
    in_pool, tokens = _drawn(laid_out.engine, prompt, 1)
    assert not in_pool
    assert all(tokens.values())


def test_where_memory_made_a_pool_answers_to_one_prompt_do_without_flash_attention(
    exact_model: NativeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizing, "KV_BYTES", 1_000_000)
    prompt = list(b"the old king walks home by the river " * 8)
    laid_out = Layouts(exact_model, EngineSettings(threads=1), lambda: False)
    before = laid_out.engine.occupancy(1)
    laid_out.suit(prompt, 16, 40)
    shared = laid_out.engine.occupancy(2)
    laid_out.suit(prompt, 1, 40)
    after = laid_out.engine.occupancy(3)
    assert [told.unified for told in (before, shared, after)] == [True, True, True]
    assert [told.flash_attention for told in (before, shared, after)] == [True, False, True]


def test_where_little_memory_is_free_the_cells_take_half_of_it_and_no_more(
    exact_model: NativeModel, monkeypatch: pytest.MonkeyPatch
) -> None:
    one = exact_model.kv_bytes(exact_model.trained_context)
    monkeypatch.setattr(sizing, "free_memory", lambda: one * 8)
    little = sizing.choose_layout(exact_model, EngineSettings())
    assert little.unified
    assert exact_model.kv_bytes(little.cells) == one * 4
    assert little.length == exact_model.trained_context
    monkeypatch.setattr(sizing, "free_memory", lambda: one + 1)
    assert sizing.choose_layout(exact_model, EngineSettings()).cells == little.length
    monkeypatch.setattr(sizing, "free_memory", lambda: one - 1)
    with pytest.raises(ModelLoadFailed, match="are free"):
        sizing.choose_layout(exact_model, EngineSettings())
