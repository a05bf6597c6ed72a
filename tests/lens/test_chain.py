"""The chain stage by stage, and an answer at another setting: as llama.cpp does it."""

from __future__ import annotations

import math
import shutil
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.distribution import Distribution
from playground.errors import ContextOverflow, ModelFileError, UnsupportedAbility
from playground.lens.chain import Chain, Position, params_of_plan, setting_of
from playground.lens.what_if import bound_at, bound_curve, score_at, score_curve
from playground.params import SAMPLERS, GenerationParams
from playground.providers import ChatModel, open_model
from playground.providers.llama.sampling import Candidates, SamplerChain
from playground.run import Run, as_messages, generate
from playground.types import Token
from tests.providers.llama.conftest import sampling

from .made import token_of

DEMO = Path(__file__).parents[2] / "providers" / "demo" / "small.gguf"

ROUNDING = 0.05
"""Evaluating many tokens at once rounds differently from one by one on quantised weights."""


@pytest.fixture
async def model() -> AsyncIterator[ChatModel]:
    async with open_model("demo:small") as opened:
        yield opened


def _left_by_llama_cpp(logits: np.ndarray[Any, Any], seen: list[int], **values: Any) -> int:
    chain = SamplerChain(sampling(**values), 1, Candidates(len(logits)))
    chain.accept(seen)
    _, probabilities, _ = chain.survivors(logits)
    chain.close()
    return int(np.count_nonzero(probabilities))


@pytest.mark.parametrize("size", [2048, 128_256, 256_000])
@pytest.mark.parametrize("order", ["llama.cpp", "temperature-first"])
def test_the_counts_of_every_stage_are_what_llama_cpps_samplers_leave(
    size: int, order: str
) -> None:
    logits = np.random.default_rng(size).normal(0, 3, size).astype(np.float32)
    seen = [int(token) for token in np.argsort(logits)[-20:]] * 2
    knobs: dict[str, Any] = {
        "top_k": 400,
        "top_p": 0.8013,
        "min_p": 0.05007,
        "temperature": 1.3,
        "repeat_penalty": 1.2,
        "frequency_penalty": 0.3,
    }
    params = GenerationParams.of(sampler_order=order, **knobs)
    chain = Position(Distribution.of(logits), seen=seen).chain(params)
    names: list[str] = []
    for stage in chain.stages:
        names.append(stage.name)
        knobs["sampler_order"] = tuple(names)
        assert stage.survivors == _left_by_llama_cpp(logits, seen, **knobs), stage.name
        assert len(stage.cut(5)) == min(5, stage.number_cut)
        gone = {item.token_id for item in stage.cut(10**6)}
        assert len(gone) == stage.number_cut
        lost = sum(item.probability for item in stage.cut(10**6))
        assert stage.mass == pytest.approx(1 - lost, abs=1e-9)
    assert [stage.name for stage in chain.stages if stage.number_cut]


_TURNS = st.fixed_dictionaries(
    {
        "top_k": st.sampled_from([None, 0, 5, 40]),
        "top_p": st.sampled_from([None, 0.5, 0.9, 1.0]),
        "temperature": st.sampled_from([None, 0.0, 0.7, 1.0]),
        "repeat_penalty": st.sampled_from([None, 1.3]),
        "sampler_order": st.sampled_from(["llama.cpp", "temperature-first"]),
    }
)


@settings(max_examples=60, deadline=None)
@given(st.lists(_TURNS, min_size=2, max_size=6))
def test_a_knob_turned_gives_what_the_same_setting_gives_at_once(turns: list[Any]) -> None:
    logits = np.random.default_rng(4).normal(0, 3, 300).astype(np.float32)
    seen = [3, 4, int(np.argmax(logits))]
    position = Position(Distribution.of(logits), seen=seen)
    for turn in turns:
        params = GenerationParams.of(**turn)
        found = position.chain(params)
        anew = Position(Distribution.of(logits), seen=seen).chain(params)
        assert [(stage.name, stage.setting) for stage in found.stages] == [
            (stage.name, stage.setting) for stage in anew.stages
        ]
        for one, other in zip(found.stages, anew.stages, strict=True):
            assert one.after.tokens.tolist() == other.after.tokens.tolist()
            assert one.after.probabilities.tolist() == other.after.probabilities.tolist()
            assert one.mass == other.mass


def test_a_knob_turned_costs_only_the_stages_behind_it() -> None:
    position = Position(Distribution.of(np.arange(50, dtype=np.float32)), seen=[3])
    params = GenerationParams.of(repeat_penalty=1.3, top_k=20, temperature=0.8)
    before = position.chain(params)
    after = position.chain(params.updated(temperature=0.9))
    kept = [one is other for one, other in zip(before.stages, after.stages, strict=True)]
    assert kept == [stage.name != "temperature" for stage in after.stages]


def test_a_stage_that_hangs_on_more_than_a_distribution_says_so() -> None:
    chain = Position(Distribution.of([1.0, 2.0])).chain(GenerationParams(xtc_probability=0.5))
    (stage,) = [stage for stage in chain.stages if stage.name == "xtc"]
    assert "not computed" in stage.reason
    assert not stage.acted


def test_behind_a_stage_that_is_not_computed_nobody_knows_what_is_left() -> None:
    position = Position(Distribution.of([3.0, 2.0, 1.0]), seen=[1])
    params = GenerationParams(min_p=0.3, xtc_probability=0.5, repeat_penalty=1.1, temperature=0)
    *known, xtc, temperature = position.chain(params).stages
    assert known[-1].survivors == 2
    for stage in (xtc, temperature):
        assert (stage.survivors, stage.mass, stage.number_cut) == (None, None, None)
        assert not stage.cut()
    assert position.chain(params).cut_by(2) == "min_p"
    assert position.chain(params).cut_by(1) is None, "XTC may have cut it, or not"
    # The same knobs without it are known again, and a grammar leaves nothing behind it known.
    plain = params.updated(xtc_probability=None)
    assert position.chain(plain).stages[-1].survivors == 1
    bound = position.chain(plain.updated(grammar='root ::= "a"'))
    assert {stage.survivors for stage in bound.stages} == {None}
    steered = position.chain(GenerationParams(mirostat=2, grammar='root ::= "a"'))
    assert {stage.survivors for stage in steered.stages} == {None}


def test_the_token_of_another_answer_is_among_the_candidates_however_unlikely_it_is() -> None:
    position = Position(Distribution.of(np.arange(80.0) / 8), chosen=79, uniform=0.5)
    found = position.candidates(position.chain(GenerationParams()), chosen=3)
    assert found.chosen is not None
    assert (found.chosen.token_id, found.chosen.rank) == (3, 77)
    assert found.uniform is None, "the throw is the one answer's"
    assert position.candidates().chosen == position.candidates().rows[0]


def test_a_probability_that_is_too_small_for_a_number_is_not_called_cut() -> None:
    position = Position(Distribution.of([0.0, -10.0, -20.0]))
    chain = position.chain(GenerationParams(temperature=0.01))
    assert len(chain.left) == 3
    assert chain.logprob(2) == pytest.approx(-2000)
    assert [row.cut for row in position.candidates(chain).rows] == [False] * 3


async def _answer(model: ChatModel, **knobs: Any) -> Run:
    run = await generate(model, "Once upon a time", **{"logprobs": 50, "seed": 5, **knobs})
    assert run.error is None
    return run


async def _chain_at(model: ChatModel, run: Run, place: int) -> Chain:
    return (await _position_and_chain(model, run, place))[1]


async def _position_and_chain(model: ChatModel, run: Run, place: int) -> tuple[Position, Chain]:
    ids = [token.token_id or 0 for token in run.tokens]
    found = await model.next_token(run.messages, ids[:place])
    seen = (*await model.prompt_tokens(run.messages), *ids[:place])
    vocabulary = await model.vocabulary()
    assert run.plan is not None
    position = Position(replace(found, vocabulary=vocabulary), seen=seen)
    return position, position.chain(params_of_plan(run.plan))


async def test_the_chain_at_the_settings_of_a_run_gives_what_the_run_reported(
    model: ChatModel,
) -> None:
    run = await _answer(
        model, max_length=16, temperature=1.3, top_p=0.9, min_p=0.01, repeat_penalty=1.2
    )
    for place, token in enumerate(run.tokens):
        assert token.draw is not None
        assert token.token_id is not None
        assert token.draw.uniform is not None
        chain = await _chain_at(model, run, place)
        assert chain.logprob(token.token_id) == pytest.approx(token.draw.logprob, abs=ROUNDING)
        assert chain.left.entropy == pytest.approx(token.draw.entropy, abs=ROUNDING)
        assert abs(len(chain.left) - token.draw.survivors) <= 1 + 0.02 * token.draw.survivors
        low, high = chain.interval(token.token_id)
        assert low - 0.02 <= token.draw.uniform <= high + 0.02
        if low + 0.02 < token.draw.uniform < high - 0.02:
            assert chain.draw(token.draw.uniform) == token.token_id


@pytest.mark.parametrize(
    ("knobs", "names"),
    [
        ({"grammar": 'root ::= "yes" | "no"'}, ["grammar", *SAMPLERS]),
        ({"logit_bias": {"Once": 5}}, ["logit_bias", *SAMPLERS]),
        ({"mirostat": 2, "top_k": 5}, ["penalties", "temperature", "mirostat"]),
        ({"dry_multiplier": 0.8}, [*SAMPLERS]),
    ],
    ids=["grammar", "bias", "mirostat", "dry"],
)
async def test_what_the_chain_cannot_compute_stands_in_it_and_is_said_not_to_be_known(
    model: ChatModel, knobs: dict[str, Any], names: list[str]
) -> None:
    run = await _answer(model, max_length=2, **knobs)
    position, chain = await _position_and_chain(model, run, 0)
    assert [stage.name for stage in chain.stages] == names
    (unknown,) = [stage for stage in chain.stages if stage.reason]
    behind = chain.stages[chain.stages.index(unknown) :]
    assert {stage.survivors for stage in behind} == {None}
    assert "is not computed here" in unknown.reason
    assert not chain.computed
    found = position.candidates(chain)
    assert found.survivors is None
    assert all(row.drawn is None for row in found.rows), "no figures that nobody drew by"
    # Of the setting of the run it is known what the token was drawn from: the run recorded that.
    token = run.tokens[0]
    assert token.draw is not None
    told = position.candidates(chain, recorded=token)
    assert (told.survivors, told.drawn_entropy) == (token.draw.survivors, token.draw.entropy)
    left = {item.token_id: math.exp(item.logprob) for item in token.draw.alternatives}
    cut = 0.0 if token.draw.survivors <= len(left) else None
    left[token.token_id] = math.exp(token.draw.logprob)
    for row in told.rows:
        assert row.drawn == left.get(row.token_id, cut)


async def test_of_dry_every_setting_of_the_run_is_told(model: ChatModel) -> None:
    run = await _answer(model, max_length=2, dry_multiplier=0.8, dry_base=2, dry_window=100)
    assert run.plan is not None
    used = params_of_plan(run.plan)
    assert (used.dry_multiplier, used.dry_base, used.dry_window) == (0.8, 2, 100)
    told = "dry_multiplier 0.8, dry_base 2, dry_allowed_length 2, dry_window 100"
    assert setting_of("dry", used) == told
    assert not setting_of("dry", used.updated(dry_multiplier=0))


async def test_what_if_at_the_original_settings_gives_back_the_recorded_probabilities(
    model: ChatModel,
) -> None:
    asked = GenerationParams(temperature=0.8, top_k=20, max_length=30)
    run = await _answer(model, **asked.given())
    assert run.plan is not None
    recorded = [token.draw.logprob for token in run.tokens if token.draw]
    (scored,) = await score_at(model, run.messages, run.tokens, [run.params])
    assert scored.exact
    assert not scored.cut
    assert [item.high for item in scored.outcomes] == pytest.approx(recorded, abs=ROUNDING)
    # From the candidates alone: all that survived are among the fifty, so that they tell exactly.
    told = bound_at(run.tokens, params_of_plan(run.plan))
    assert told.exact
    assert [item.high for item in told.outcomes] == pytest.approx(recorded, abs=1e-4)


async def test_a_setting_that_cuts_says_which_tokens_and_a_curve_goes_with_temperature(
    model: ChatModel,
) -> None:
    run = await _answer(model, temperature=1.5, max_length=30)
    greedy, hot = await score_at(
        model, run.messages, run.tokens, [GenerationParams(top_k=1), run.params]
    )
    for place in greedy.cut:
        token = run.tokens[place]
        first, second = token.alternatives[:2]
        # Not the likeliest, or so close to the next that rounding may exchange the two.
        assert token.rank != 1 or first.logprob - second.logprob < 2 * ROUNDING
    assert greedy.cut
    assert greedy.high == -math.inf
    assert "cannot come" in str(greedy)
    assert "no token cut" in str(hot)
    curve = await score_curve(model, run.messages, run.tokens, run.params, (0.5, 1.0, 1.5))
    assert [point.temperature for point in curve] == [0.5, 1.0, 1.5]
    assert curve[-1].high == pytest.approx(hot.high, abs=1e-6)
    for point, bound in zip(
        curve, bound_curve(run.tokens, GenerationParams(), (0.5, 1.0, 1.5)), strict=True
    ):
        assert bound.low - 1.5 <= point.high <= bound.high + 1.5


async def test_an_answer_of_another_model_is_scored_by_its_text(model: ChatModel) -> None:
    said = [Token(text, -1.0) for text in ("Once upon", " a time, a", " fox sang.")]
    (found,) = await score_at(
        model, as_messages("Tell me a story."), said, [GenerationParams(temperature=1)]
    )
    ids = await model.tokenize("Once upon a time, a fox sang.")
    assert len(found.outcomes) == len(ids)
    assert found.exact


async def test_the_beginning_that_a_run_was_given_is_scored_with_it_and_not_counted(
    model: ChatModel,
) -> None:
    prefix = "Once upon a time, there was"
    run = await generate(
        model, "Tell me a story.", prefix=prefix, seed=2, logprobs=50, max_length=8, top_k=20
    )
    (found,) = await score_at(model, run.messages, run.tokens, [run.params], prefix=prefix)
    recorded = [token.draw.logprob for token in run.tokens if token.draw]
    assert [item.high for item in found.outcomes] == pytest.approx(recorded, abs=ROUNDING)


@settings(max_examples=300)
@given(
    logits=st.lists(st.integers(-2000, 2000).map(lambda x: x / 256), min_size=2, max_size=60),
    known=st.integers(1, 20),
    vocabulary_is_known=st.booleans(),
    data=st.data(),
    order=st.sampled_from(["llama.cpp", "temperature-first"]),
    knobs=st.fixed_dictionaries(
        {},
        optional={
            "temperature": st.sampled_from([0.0, 0.3, 0.8, 1.5, 3.0]),
            "top_k": st.integers(0, 30),
            "top_p": st.sampled_from([0.1, 0.5, 0.9, 0.99]),
            "min_p": st.sampled_from([0.01, 0.1, 0.5]),
            "typical_p": st.sampled_from([0.3, 0.9]),
        },
    ),
)
def test_bounds_from_some_candidates_hold_for_the_whole_distribution(
    logits: list[float],
    known: int,
    vocabulary_is_known: bool,
    data: st.DataObject,
    order: str,
    knobs: dict[str, Any],
) -> None:
    whole = Distribution.of(logits)
    chosen = data.draw(st.integers(0, len(logits) - 1))
    params = GenerationParams.of(sampler_order=order, **knobs)
    vocabulary = len(logits) if vocabulary_is_known else None
    (found,) = bound_at([token_of(whole, chosen, known)], params, vocabulary=vocabulary).outcomes
    truth = float(whole.after(params).logprobs[chosen])
    if truth == -math.inf:
        assert found.low == -math.inf
    else:
        assert found.low - 1e-4 <= truth <= found.high + 1e-4


@pytest.mark.parametrize("chosen", [0, 1])
def test_bounds_hold_where_what_is_outside_is_exactly_as_likely_as_what_is_known(
    chosen: int,
) -> None:
    whole = Distribution.of([0.0, 0.0, 0.0])
    params = GenerationParams(
        temperature=1.5, typical_p=0.3, min_p=0.01, top_p=0.1, sampler_order="temperature-first"
    )
    (found,) = bound_at([token_of(whole, chosen, 1)], params, vocabulary=3).outcomes
    truth = float(whole.after(params).logprobs[chosen])
    assert found.low <= truth <= found.high + 1e-4


def test_of_tokens_without_figures_nothing_is_claimed() -> None:
    found = bound_at([Token("a"), Token("b", -1.0)], GenerationParams(top_p=0.9))
    assert found.perhaps_cut == (0, 1)
    assert not found.exact
    assert str(found) == "not known: its tokens came without candidates"
    assert bound_at([], GenerationParams(top_p=0.9)).exact


@pytest.mark.parametrize(
    "knob",
    [
        {"mirostat": 2},
        {"repeat_penalty": 1.2},
        {"dry_multiplier": 1},
        {"logit_bias": {"2": 5.0}},
        {"grammar": 'root ::= "yes"'},
        {"json_schema": {"type": "object"}},
    ],
    ids=str,
)
def test_of_what_the_candidates_do_not_tell_nothing_is_claimed_and_the_knob_is_named(
    knob: dict[str, Any],
) -> None:
    token = token_of(Distribution.of(np.log([0.6, 0.3, 0.1])), 0, 3)
    plain = bound_at([token], GenerationParams(temperature=1))
    assert plain.exact
    assert plain.known
    found = bound_at([token], GenerationParams(temperature=1, **knob))
    assert found.perhaps_cut == (0,)
    assert not found.known
    assert found.beyond == tuple(knob)
    assert str(found) == f"not known: the candidates do not tell what {found.beyond[0]} does"
    assert not any(point.known for point in bound_curve([token], found.params))
    assert all(point.known for point in bound_curve([token], plain.params))


async def test_what_cannot_be_scored_says_why(model: ChatModel, tmp_path: Any) -> None:
    prompt = as_messages("Hello")
    long = [Token("word ", -1.0, data=b"word ")] * 5000
    with pytest.raises(ContextOverflow):
        await score_at(model, prompt, long, [GenerationParams()])
    scripted = open_model("scripted:echo")
    with pytest.raises(UnsupportedAbility, match="Local models can"):
        await score_at(scripted, prompt, [Token("a", token_id=1)], [GenerationParams()])
    gone = tmp_path / "gone.gguf"
    with pytest.raises(ModelFileError, match=r"gone\.gguf"):
        async with open_model(f"local:{gone}") as opened:
            await score_at(opened, prompt, [Token("a", token_id=1)], [GenerationParams()])


async def test_a_file_that_has_gone_since_it_was_opened_says_so(tmp_path: Path) -> None:
    file = tmp_path / "fox.gguf"
    shutil.copy(DEMO, file)
    async with open_model(f"local:{file}") as opened:
        file.unlink()
        with pytest.raises(ModelFileError, match=r"fox\.gguf has gone since it was opened"):
            await score_at(
                opened, as_messages("Hello"), [Token("a", token_id=1)], [GenerationParams()]
            )
