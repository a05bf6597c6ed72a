"""Two runs or two models side by side: where they part, how far apart they are, what knobs mean."""

from __future__ import annotations

import itertools
import math
from collections.abc import AsyncIterator

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import playground
import playground.lens.tokens as tokens_module
from playground.distribution import Distribution
from playground.errors import InvalidParameter
from playground.lens.divergence import (
    MOST,
    align,
    align_beginnings,
    divergence_by_text,
    jensen_shannon,
    parted_most,
    rate,
    whole_divergences,
)
from playground.lens.meanings import meanings
from playground.lens.parting import parting
from playground.lens.reading import Reading
from playground.lens.tokens import Joined, Tokens
from playground.params import GenerationParams
from playground.providers import ChatModel, open_model
from playground.run import as_messages, generate

from .made import texts, token_of

PROMPT = as_messages("Tell me a story.")
LOGITS = st.lists(st.floats(-6, 6), min_size=6, max_size=30)


@pytest.fixture
async def model() -> AsyncIterator[ChatModel]:
    async with open_model("demo:small") as opened:
        yield opened


async def test_two_settings_part_on_the_throw_that_both_drew(model: ChatModel) -> None:
    cold = await generate(model, PROMPT, seed=8, temperature=0.7, top_k=40, logprobs=50)
    hot = await generate(model, PROMPT, seed=8, temperature=1.8, top_k=40, logprobs=50)
    found = parting(cold.tokens, hot.tokens)
    assert found is not None
    before = [token.token_id for token in cold.tokens[: found.place]]
    assert before == [token.token_id for token in hot.tokens[: found.place]]
    assert found.uniform is not None
    for side in (found.one, found.other):
        assert side.token is not None
        assert side.throws is not None
        assert side.throws[0] - 1e-6 <= found.uniform <= side.throws[1] + 1e-6
    assert f"the throw {found.uniform:.6f}" in str(found)


def test_answers_that_are_the_same_do_not_part_and_one_may_end_earlier() -> None:
    tokens = texts(b"a", b"b", b"c")
    assert parting(tokens, tokens) is None
    found = parting(tokens, tokens[:2])
    assert found is not None
    assert (found.place, found.other.token, found.uniform) == (2, None, None)
    assert "the end" in str(found)


def test_where_long_answers_part_is_found_without_a_look_at_candidates_before_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    whole = Distribution.of(np.linspace(3, 0, 50))
    same = [token_of(whole, at % 7, 20) for at in range(100)]
    one, other = (Tokens([*same, token_of(whole, last, 20)]) for last in (8, 9))
    looked: list[int] = []
    unpack = tokens_module._unpack_candidates
    monkeypatch.setattr(
        tokens_module, "_unpack_candidates", lambda *at: looked.append(1) or unpack(*at)
    )
    found = parting(Joined(one[:50], one[50:]), other)
    assert found is not None
    assert found.place == 100
    assert len(looked) == 2, "those of the two that differ"


@given(LOGITS, LOGITS, st.integers(1, 30))
def test_divergences_by_text_are_never_more_than_those_of_the_whole(
    one: list[float], other: list[float], known: int
) -> None:
    size = min(len(one), len(other))
    mine, theirs = Distribution.of(one[:size]), Distribution.of(other[:size])
    whole = jensen_shannon(mine, theirs)
    assert 0 <= whole.value <= MOST
    assert whole.value == pytest.approx(jensen_shannon(theirs, mine).value, abs=1e-12)
    told = divergence_by_text(token_of(mine, 0, known), token_of(theirs, 0, known))
    assert told is not None
    assert told.value <= whole.value + 1e-9
    assert "at least" in str(told)
    if known >= size:
        assert told.value == pytest.approx(whole.value, abs=1e-9)


def test_equal_distributions_do_not_diverge_disjoint_ones_by_ln_2_and_unlike_ones_not_at_all() -> (
    None
):
    one, other = Distribution.of([0.0, -np.inf]), Distribution.of([-np.inf, 0.0])
    assert jensen_shannon(one, one).value == 0
    assert jensen_shannon(one, other).value == pytest.approx(math.log(2))
    with pytest.raises(InvalidParameter, match="same vocabulary"):
        jensen_shannon(one, Distribution.of([0.0, 1.0, 2.0]))


@given(st.text(max_size=20), st.data())
def test_readings_of_one_text_are_laid_side_by_side_without_losing_a_token(
    text: str, data: st.DataObject
) -> None:
    raw = text.encode()
    readings = []
    for _ in range(2):
        cuts = sorted({0, len(raw), *data.draw(st.lists(st.integers(0, len(raw)), max_size=6))})
        pieces = [raw[a:b] for a, b in itertools.pairwise(cuts)]
        readings.append(Reading.of(texts(*pieces)))
    found = align(*readings)
    assert "".join(stretch.text for stretch in found) == text
    for side in ("one", "other"):
        spans = [getattr(stretch, side) for stretch in found]
        assert all(a[1] == b[0] for a, b in itertools.pairwise(spans))
        if spans:
            assert (spans[0][0], spans[-1][1]) == (0, len(readings[side == "other"]))
    assert sum(stretch.logprob_one or 0 for stretch in found) == pytest.approx(
        readings[0].logprob or 0
    )


def test_answers_of_two_models_are_laid_side_by_side_as_far_as_they_are_the_same() -> None:
    one = Reading.of(texts(b"Once", b" upon", b" a", b" fox"))
    other = Reading.of(texts(b"On", b"ce", b" upon", b" a f", b"rog"))
    found = align_beginnings(one, other)
    assert [(item.text, item.one, item.other) for item in found.stretches] == [
        ("Once", (0, 1), (0, 2)),
        (" upon", (1, 2), (2, 3)),
    ]
    assert (found.one, found.other) == (2, 3)
    # One that ended where the other goes on, and two that are the same.
    ended = align_beginnings(Reading.of(texts(b"Once")), other)
    assert (ended.one, ended.other) == (1, 2)
    same = align_beginnings(one, one)
    assert (same.one, same.other, len(same.stretches)) == (4, 4, 4)
    apart = align_beginnings(one, Reading.of(texts(b"A")))
    assert (apart.stretches, apart.one, apart.other) == ((), 0, 0)


def test_throws_that_nobody_told_are_not_called_different() -> None:
    found = parting(texts(b"a", b"b"), texts(b"a", b"c"))
    assert str(found).endswith("“b” instead of “c”; the throws of the dice are not told")
    assert str(parting(texts(b"a", b"b"), texts(b"a"))).endswith("“b” instead of the end")


def test_texts_that_differ_are_not_laid_side_by_side() -> None:
    with pytest.raises(InvalidParameter, match="same text"):
        align(Reading.of(texts(b"a")), Reading.of(texts(b"b")))


async def test_two_models_rate_the_others_answer_and_their_distributions_are_compared(
    model: ChatModel,
) -> None:
    async with open_model("demo:tiny") as tiny:
        run = await generate(model, PROMPT, temperature=0, max_length=20, logprobs=20)
        mine, theirs = Reading.of(run.tokens), await rate(tiny, PROMPT, run.text, alternatives=20)
        stretches = align(mine, theirs)
        assert stretches[0].divergence is not None
        ids = [token.token_id or 0 for token in run.tokens]
        if await model.vocabulary() != await tiny.vocabulary():
            with pytest.raises(InvalidParameter, match="vocabulary"):
                await whole_divergences(model, tiny, PROMPT, ids)
        else:
            whole = await whole_divergences(model, tiny, PROMPT, ids, most=5)
            assert len(whole) == 5
            for exact, stretch in zip(whole, stretches, strict=False):
                assert stretch.divergence is not None
                assert stretch.divergence.value <= exact.value + 0.05
        assert len(parted_most(stretches, 3)) == 3


async def test_a_hosted_run_and_a_local_one_show_the_same_likeliest_tokens(
    llama_url: str, monkeypatch: pytest.MonkeyPatch, model: ChatModel
) -> None:
    monkeypatch.setenv("LLAMA_CPP_PYTHON_BASE_URL", llama_url)
    asked = {"temperature": 0, "seed": 7, "max_length": 12, "logprobs": 8}
    async with playground.open_model("llama-cpp-python:small") as hosted:
        there = await generate(hosted, "Tell me a story.", **asked)
    here = await generate(model, "Tell me a story.", **asked)
    assert there.error is None
    shared = 0
    for one, other in zip(there.tokens, here.tokens, strict=False):
        # Its list ends before the first half of a character, of which it does not tell the bytes.
        told = len(one.alternatives)
        assert told == 8 or any(item.data for item in other.alternatives[: told + 1])
        mine = {item.text: math.exp(item.logprob) for item in other.alternatives}
        for item in one.alternatives:
            share = math.exp(item.logprob)
            assert mine.get(item.text, 0.0) == pytest.approx(share, abs=1e-3)
        if one.text != other.text:
            break
        shared += 1
    assert shared >= 8


def test_what_backends_treat_differently_is_told_with_the_setting_that_comes_closest(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "unused")
    pair = [open_model("demo:small"), open_model("openai:gpt-4.1")]

    def told(**knobs: object) -> dict[str, str]:
        params = GenerationParams.of(**knobs)
        return {item.knob: item.line for item in meanings([m.plan(params) for m in pair])}

    assert set(told()) == {"temperature", "max_length"}
    every = told(
        temperature=3, top_p=0.9, top_k=40, frequency_penalty=0.5, seed=5, max_length=9, mirostat=2
    )
    assert set(every) == {
        "temperature", "sampler_order", "penalty_window", "seed", "top_k", "mirostat",
    }  # fmt: skip
    assert "does not say in which order" in every["sampler_order"]
    assert "top_k 0, which changes nothing" in every["top_k"]
    assert "temperature 2 on all" in every["temperature"]
    assert "seed" not in told(temperature=0, seed=5), "no dice are thrown at temperature 0"
    assert "seed" in told(temperature=1, seed=5)
    local = pair[0].plan(GenerationParams())
    drawn = [
        local.model_copy(update={"effective": {**local.effective, "seed": seed}})
        for seed in (2_732_697_309, 4)
    ]
    assert meanings(drawn) == (), "that each draws a seed of its own is no other meaning"
    plans = [m.plan(GenerationParams.of(temperature=1, max_length=9)) for m in pair]
    assert meanings(plans) == ()
    assert meanings(plans[:1]) == ()


def test_the_closest_settings_make_the_difference_go_away() -> None:
    model = open_model("demo:small")
    hot = {"temperature": 1.4, "top_p": 0.9}
    params = [
        GenerationParams.of(**hot),
        GenerationParams.of(sampler_order="temperature-first", **hot),
    ]
    (found,) = meanings([model.plan(item) for item in params])
    assert found.knob == "sampler_order"
    assert "demo:small (1)" in found.line
    closer = [item.updated(**found.settings[place]) for place, item in enumerate(params)]
    assert meanings([model.plan(item) for item in closer]) == ()
