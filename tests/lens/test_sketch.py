"""Colours that follow a knob: a sketch lies where the certain figures say that it may."""

from __future__ import annotations

import math

import pytest

from playground.lens.chain import params_of_plan
from playground.lens.sketch import Sketch
from playground.lens.what_if import bound_at
from playground.params import GenerationParams
from playground.providers import open_model
from playground.run import Run, generate
from playground.types import Token


@pytest.fixture
async def told() -> Run:
    async with open_model("demo:small") as model:
        return await generate(
            model, "Tell me a story", temperature=1.5, top_k=0, top_p=1, min_p=0, seed=2,
            logprobs=20, max_length=60,
        )  # fmt: skip


SETTINGS = [
    {"temperature": 0.5},
    {"temperature": 2.0},
    {"top_k": 5},
    {"top_k": 60},
    {"top_p": 0.8, "temperature": 0.9},
    {"min_p": 0.1},
    {"top_k": 10, "top_p": 0.9, "min_p": 0.02, "temperature": 1.2},
    {"temperature": 0.0},
    {"temperature": 2.0, "top_p": 0.7, "sampler_order": ("temperature", "top_p")},
]


@pytest.mark.parametrize("values", SETTINGS, ids=str)
async def test_a_sketch_is_within_the_bounds(told: Run, values: dict[str, object]) -> None:
    assert told.plan is not None
    params = params_of_plan(told.plan).updated(**values)
    bounds = bound_at(told.tokens, params, vocabulary=2048).outcomes
    for share, outcome in zip(Sketch(told.tokens).at(params), bounds, strict=True):
        assert share is not None
        assert math.exp(outcome.low) - 1e-3 <= share <= math.exp(outcome.high) + 1e-3


async def test_where_the_bounds_meet_a_sketch_is_exact(told: Run) -> None:
    assert told.plan is not None
    params = params_of_plan(told.plan).updated(top_k=8, temperature=0.7)
    bounds = bound_at(told.tokens, params, vocabulary=2048).outcomes
    exact = [
        (share, math.exp(outcome.high))
        for share, outcome in zip(Sketch(told.tokens).at(params), bounds, strict=True)
        if outcome.exact
    ]
    assert len(exact) == len(told.tokens)
    assert [share for share, _ in exact] == pytest.approx([value for _, value in exact], abs=1e-6)


def test_of_tokens_that_came_without_candidates_nothing_is_sketched() -> None:
    params = GenerationParams(temperature=0.5)
    assert Sketch([Token("a", -0.5), Token("b")]).at(params) == [None, None]
    assert Sketch([]).at(params) == []


@pytest.mark.parametrize("values", [{"top_k": 8, "temperature": 0.7}, {"top_k": 1}], ids=str)
async def test_where_only_known_candidates_are_left_the_entropy_is_exact(
    told: Run, values: dict[str, object]
) -> None:
    assert told.plan is not None
    params = params_of_plan(told.plan).updated(**values)
    found = Sketch(told.tokens).entropies(params)
    for token, entropy in zip(told.tokens, found, strict=True):
        logprobs = [other.logprob for other in token.alternatives[: params.top_k]]
        weights = [math.exp(logprob / (params.temperature or 1)) for logprob in logprobs]
        shares = [weight / sum(weights) for weight in weights]
        assert entropy == pytest.approx(-sum(p * math.log(p) for p in shares), abs=1e-9)


async def test_heat_opens_every_choice(told: Run) -> None:
    assert told.plan is not None
    params = params_of_plan(told.plan)
    sketch = Sketch(told.tokens)
    cool = sketch.entropies(params.updated(temperature=0.5))
    hot = sketch.entropies(params.updated(temperature=1.5))
    assert all(
        low is not None and high is not None and low <= high + 1e-9
        for low, high in zip(cool, hot, strict=True)
    )


async def test_without_candidates_nothing_is_said_of_the_choice() -> None:
    assert Sketch([Token(text="a", logprob=-1.0)]).entropies(GenerationParams()) == [None]
