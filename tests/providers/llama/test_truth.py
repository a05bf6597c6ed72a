"""Batching changes nothing but speed, and what is drawn follows the distribution that is shown."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from benchmarks.random_gguf import Shape, write_random_gguf
from playground.distribution import Distribution
from playground.providers.llama.context import NativeContext
from playground.providers.llama.engine import Engine
from playground.providers.llama.log import start_llama
from playground.providers.llama.native import NativeModel
from playground.providers.llama.protocol import Scored, Text
from playground.providers.llama.sampling import Candidates, SamplerChain
from playground.types import Token

from .conftest import sampling

SMALL = Shape(width=64, layers=2, heads=4, kv_heads=2, hidden=128, vocabulary=512, context=512)


@pytest.fixture(scope="module")
def exact_model(tmp_path_factory: pytest.TempPathFactory) -> NativeModel:
    """Random weights in F32: nothing is quantised on the way."""
    path = tmp_path_factory.mktemp("models") / "f32.gguf"
    write_random_gguf(path, SMALL, quantised=False)
    start_llama()
    return NativeModel(Path(path), gpu_layers=0)


@pytest.fixture(params=[False, True], ids=["plain-attention", "flash-attention"])
def engine(request: pytest.FixtureRequest, exact_model: NativeModel) -> Engine:
    context = NativeContext(
        exact_model,
        length=128,
        cells=128 * 16,
        sequences=16,
        unified=False,
        threads=1,
        batch_tokens=512,
        flash_attention=request.param,
    )
    return Engine(exact_model, context, 16)


def _tokens_of(engine: Engine, number: int) -> list[int]:
    tokens: list[int] = []
    while not engine.idle:
        for report in engine.step():
            if isinstance(report, Text) and report.id == number:
                tokens += [token.token_id for token in report.tokens]
    return tokens


@pytest.mark.parametrize("temperature", [0.0, 0.7, 1.3])
def test_an_answer_is_the_same_alone_and_beside_fifteen_others(
    engine: Engine, temperature: float
) -> None:
    prompt = list(b"Once upon a time")
    knobs = sampling(temperature=temperature, max_length=48, logprobs=0, seed=11)
    engine.generate(1, prompt, knobs, ())
    alone = _tokens_of(engine, 1)
    for number in range(2, 17):
        other = sampling(temperature=1.0, max_length=60, logprobs=0, seed=number)
        engine.generate(number, [*list(b"Another prompt"), number], other, ())
    engine.generate(100, prompt, knobs, ())
    beside = _tokens_of(engine, 100)
    assert len(alone) == 48
    assert beside == alone


def test_scoring_an_answer_on_exact_weights_gives_what_was_reported_to_the_third_digit(
    engine: Engine,
) -> None:
    prompt = list(b"Once upon a time")
    knobs = sampling(temperature=0.7, top_k=40, max_length=48, logprobs=0, seed=11)
    engine.generate(1, prompt, knobs, ())
    tokens: list[Token] = []
    while not engine.idle:
        for report in engine.step():
            if isinstance(report, Text):
                tokens += report.tokens
    engine.score(2, prompt, [token.token_id or 0 for token in tokens], (knobs,))
    scored = None
    while scored is None:
        scored = next((item for item in engine.step() if isinstance(item, Scored)), None)
    assert len(tokens) == len(scored.scores) == 48
    for told, score in zip(tokens, scored.scores, strict=True):
        assert told.draw is not None
        assert score.token.token_id == told.token_id
        # KV cells are kept in 16 bits, and are added up in another order here.
        assert score.token.logprob == pytest.approx(told.logprob, abs=2e-3)
        assert score.logprobs[0] == pytest.approx(told.draw.logprob, abs=2e-3)


# The upper 0.1% point of chi-square for so many degrees of freedom (Wilson and Hilferty 1931).
def _critical(freedom: int) -> float:
    spread = 2 / (9 * freedom)
    return float(freedom * (1 - spread + 3.0902 * spread**0.5) ** 3)


@pytest.mark.parametrize(
    "knobs",
    [
        {"temperature": 1.0},
        {"temperature": 0.5},
        {"temperature": 1.6, "min_p": 0.02},
        {"temperature": 1.0, "top_k": 7},
        {"temperature": 1.2, "top_p": 0.8, "sampler_order": ("temperature", "top_p")},
    ],
    ids=str,
)
def test_twenty_thousand_draws_follow_the_computed_distribution(knobs: dict[str, float]) -> None:
    logits = np.random.default_rng(3).normal(0, 2, 40).astype(np.float32)
    chain = SamplerChain(sampling(**knobs), 4, Candidates(len(logits)))
    draws = np.bincount([chain.draw(logits).token for _ in range(20_000)], minlength=len(logits))
    chain.close()
    expected = Distribution.of(logits).after(**knobs).probabilities * 20_000
    assert not draws[expected == 0].any(), "what the chain cuts is never drawn"
    # Cells that hardly anything falls into are put together, as the test demands.
    often = expected >= 5
    observed = [*draws[often], draws[~often].sum()]
    wanted = [*expected[often], expected[~often].sum()]
    cells = [(seen, due) for seen, due in zip(observed, wanted, strict=True) if due > 0]
    statistic = sum((seen - due) ** 2 / due for seen, due in cells)
    assert statistic < _critical(len(cells) - 1)
