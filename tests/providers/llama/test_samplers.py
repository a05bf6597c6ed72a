"""Every sampler that llama.cpp has does what its knob says, on the real model."""

from __future__ import annotations

import json
import math
from collections.abc import AsyncIterator
from typing import Any

import numpy as np
import pytest

from playground.errors import InvalidParameter, UnsupportedParameter
from playground.params import GenerationParams
from playground.providers import ChatModel, open_model
from playground.providers.llama.native import NativeModel
from playground.providers.llama.sampling import Candidates, SamplerChain
from playground.run import Run, generate
from playground.types import Message, TextDelta

from .conftest import sampling

PROMPT = "Once upon a time"
NEUTRAL: dict[str, Any] = {"temperature": 1, "top_k": 0, "top_p": 1, "min_p": 0}


@pytest.fixture
async def model() -> AsyncIterator[ChatModel]:
    async with open_model("demo:small") as opened:
        yield opened


async def _run(model: ChatModel, **knobs: Any) -> Run:
    run = await generate(
        model, PROMPT, **{**NEUTRAL, "seed": 3, "logprobs": 0, "max_length": 24, **knobs}
    )
    assert run.error is None
    return run


def _survivors(run: Run) -> list[int]:
    return [token.draw.survivors for token in run.tokens if token.draw]


@pytest.mark.parametrize(
    "knobs", [{"typical_p": 0.3}, {"top_n_sigma": 1.0}, {"min_p": 0.2}, {"top_k": 3}], ids=str
)
async def test_a_truncating_sampler_leaves_fewer_candidates(
    model: ChatModel, knobs: dict[str, float]
) -> None:
    everything, fewer = await _run(model), await _run(model, **knobs)
    assert max(_survivors(fewer)) < max(_survivors(everything))


async def test_xtc_takes_the_usual_choice_away(model: ChatModel) -> None:
    run = await _run(model, xtc_probability=1, xtc_threshold=0.01, temperature=0)
    assert any(token.rank != 1 for token in run.tokens)


async def test_a_frequency_penalty_sees_as_far_as_its_window(model: ChatModel) -> None:
    plain = await _run(model, temperature=0, max_length=60)
    blind = await _run(model, temperature=0, max_length=60, frequency_penalty=2, penalty_window=0)
    seeing = await _run(
        model, temperature=0, max_length=60, frequency_penalty=2, penalty_window=256
    )
    assert blind.text == plain.text
    assert seeing.text != plain.text


def test_dry_penalises_the_token_that_would_go_on_repeating(native_model: NativeModel) -> None:
    knobs = sampling(dry_multiplier=1, dry_base=2, dry_allowed_length=2, dry_window=64)
    chain = SamplerChain(knobs, 1, Candidates(native_model.vocabulary, native_model))
    chain.accept([1005, 1006, 1007, 1008, 1005, 1006, 1007])
    logits = np.zeros(native_model.vocabulary, dtype=np.float32)
    tokens, probabilities, _ = chain.survivors(logits)
    by_token = dict(zip(tokens.tolist(), probabilities.tolist(), strict=True))
    chain.close()
    assert by_token[1008] < by_token[1009] / 2
    assert by_token[1005] == by_token[1009]


async def test_dynamic_temperature_changes_the_draw_and_not_the_dice(model: ChatModel) -> None:
    fixed = await _run(model, temperature=1)
    moving = await _run(model, temperature=1, dynatemp_range=0.9)
    first, other = fixed.tokens[0].draw, moving.tokens[0].draw
    assert first is not None
    assert other is not None
    assert first.uniform == other.uniform
    assert first.entropy != pytest.approx(other.entropy)


@pytest.mark.parametrize("version", [1, 2])
async def test_mirostat_draws_itself_and_repeats_with_its_seed(
    model: ChatModel, version: int
) -> None:
    first = await _run(model, mirostat=version, mirostat_tau=2)
    again = await _run(model, mirostat=version, mirostat_tau=2)
    assert first.text == again.text
    assert all(token.draw and token.draw.uniform is None for token in first.tokens)


async def test_a_bias_forbids_a_token_by_its_text_or_its_id(model: ChatModel) -> None:
    greedy = await _run(model, temperature=0, max_length=1)
    token = greedy.tokens[0]
    for name in (str(token.token_id), token.text):
        run = await _run(model, temperature=0, max_length=1, logit_bias={name: -100})
        assert run.tokens[0].token_id != token.token_id


async def test_a_grammar_is_followed(model: ChatModel) -> None:
    run = await _run(model, grammar='root ::= ("yes" | "no")')
    assert run.text in ("yes", "no")
    assert run.choices[0].finish_reason == "stop"


async def test_what_no_grammar_can_say_of_a_json_schema_is_said_and_not_ignored(
    model: ChatModel,
) -> None:
    schema = {
        "type": "object",
        "properties": {
            "minimum": {"type": "integer", "minimum": 5, "title": "a name like a word's"},
            "list": {"type": "array", "items": {"anyOf": [{"multipleOf": 2}]}, "uniqueItems": True},
        },
    }
    plan = model.plan(GenerationParams(json_schema=schema))
    lost = ["json_schema (minimum)", "json_schema (uniqueItems)", "json_schema (multipleOf)"]
    assert [item.knob for item in plan.departures] == lost
    assert "dropped: a grammar of llama.cpp cannot say it" in str(plan.departures[0])
    run = await generate(model, "Hi", json_schema=schema)
    assert isinstance(run.error, UnsupportedParameter)
    plain = GenerationParams(json_schema={"type": "object", "title": "x", "minLength": 2})
    assert model.plan(plain).departures == ()


async def test_a_json_schema_is_followed(model: ChatModel) -> None:
    schema = {"type": "object", "properties": {"n": {"type": "integer"}}, "required": ["n"]}
    run = await _run(model, json_schema=schema, max_length=200)
    if run.choices[0].finish_reason == "stop":
        assert isinstance(json.loads(run.text)["n"], int)
    assert run.text.lstrip().startswith("{")


async def _continued(model: ChatModel, prefix: str, **knobs: Any) -> str:
    plan = model.plan(GenerationParams.of(seed=3, max_length=24, **knobs))
    turns = (Message(role="user", content="Yes or no?"),)
    events = model.continue_from(turns, prefix, plan)
    return "".join([event.text async for event in events if isinstance(event, TextDelta)])


async def test_an_answer_that_goes_on_from_inside_follows_the_grammar_from_there(
    model: ChatModel,
) -> None:
    grammar = 'root ::= "yes" | "no"'
    assert await _continued(model, "ye", grammar=grammar) == "s"
    assert await _continued(model, "yes", grammar=grammar) == ""
    with pytest.raises(InvalidParameter, match="does not follow the grammar"):
        await _continued(model, "maybe", grammar=grammar)


async def test_a_text_that_leaves_the_grammar_scores_as_cut_from_there(model: ChatModel) -> None:
    follows = GenerationParams.of(grammar='root ::= "yes" | "no"')
    turns = (Message(role="user", content="Yes or no?"),)
    (first, *_) = await model.score(turns, "yes", [follows])
    assert math.isfinite(first.logprobs[0])
    scores = await model.score(turns, "yes or no", [follows, GenerationParams.of(top_p=1)])
    assert math.isfinite(scores[0].logprobs[0])
    assert scores[-1].logprobs[0] == -math.inf
    assert all(math.isfinite(score.token.logprob or 0) for score in scores)


@pytest.mark.parametrize(
    "knobs",
    [
        {"mirostat": 1, "mirostat_tau": 8},
        {"mirostat": 2, "mirostat_tau": 8},
        {"xtc_probability": 0.5, "xtc_threshold": 0.05, "temperature": 0},
    ],
    ids=str,
)
async def test_choices_of_the_last_seed_repeat_too(model: ChatModel, knobs: dict[str, Any]) -> None:
    first = await _run(model, n=3, seed=2**32 - 2, **knobs)
    again = await _run(model, n=3, seed=2**32 - 2, **knobs)
    assert [choice.text for choice in first.choices] == [choice.text for choice in again.choices]
    alone = await _run(model, seed=0, **knobs)
    assert alone.text == first.choices[1].text


@pytest.mark.parametrize(
    ("knobs", "says"),
    [
        ({"grammar": "this is no grammar"}, "GBNF"),
        ({"grammar": f'root ::= {"(" * 20_000}"a"{")" * 20_000}'}, "too long or too deep"),
        ({"json_schema": {"type": "nonsense"}}, "json_schema"),
        ({"grammar": 'root ::= "a"\0 "b"'}, "NUL"),
        ({"json_schema": {"type": "string", "minLength": 10**12}}, "minLength 1000000000000"),
        ({"json_schema": {"items": [{"type": "string", "maxLength": 10**12}]}}, "maxLength"),
        (
            {"json_schema": {"type": "string", "pattern": "^((a{9999}){9999}){9999}$"}},
            "the pattern",
        ),
        ({"json_schema": {"type": "string", "pattern": f"^a{{{'9' * 5_000}}}$"}}, "the pattern"),
        ({"json_schema": {"type": "string", "maxLength": 5_000}}, "about a thousand"),
        (
            {"json_schema": {"maxItems": 2000, "items": {"type": "string", "maxLength": 900}}},
            "come together to more than 1,000,000",
        ),
        ({"logit_bias": {"more than one token": 1}}, "tokens for this model"),
        ({"logit_bias": {"99999999": 1}}, "names token"),
    ],
    ids=str,
)
async def test_what_cannot_be_meant_is_refused_and_the_model_goes_on(
    model: ChatModel, knobs: dict[str, Any], says: str
) -> None:
    run = await generate(model, PROMPT, **knobs)
    assert isinstance(run.error, InvalidParameter)
    assert says in str(run.error)
    assert (await generate(model, PROMPT, max_length=1)).state == "done"


async def test_a_knob_of_a_sampler_that_is_off_is_not_reported_as_used(model: ChatModel) -> None:
    off = await _run(model)
    on = await _run(model, xtc_probability=0.5)
    assert off.plan is not None
    assert on.plan is not None
    assert "xtc_threshold" not in off.plan.effective
    assert on.plan.effective["xtc_threshold"] == 0.1
