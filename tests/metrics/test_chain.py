"""What the sampler chain did, told from the likeliest tokens alone, against the whole of it."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.distribution import Distribution
from playground.errors import InvalidParameter
from playground.knobs import SAMPLERS, TEMPERATURE_FIRST
from playground.metrics import chain_params, stage_effects
from playground.metrics.outside import NotKnown, active, after, begin
from playground.params import GenerationParams


def logs(*probabilities: float) -> list[float]:
    return [math.log(one) for one in probabilities]


SEVEN = logs(0.4, 0.2, 0.1, 0.08, 0.06, 0.05, 0.04, 0.01)


def told(params: GenerationParams, *rows: list[float], order: object = None) -> list[str]:
    return [str(one) for one in stage_effects(rows, params, order=order)]  # type: ignore[arg-type]


def test_a_stage_that_found_nothing_left_to_cut_names_the_one_before() -> None:
    params = GenerationParams.of(top_p=0.92, top_k=40)
    assert told(params, SEVEN, SEVEN, order=["top_p", "top_k"]) == [
        "top_p 0.92 cut at 2 of 2 tokens",
        "top_k 40 never cut: top_p had left at most 7 tokens",
    ]


def test_a_stage_whose_work_a_later_one_would_have_done_is_needless() -> None:
    params = GenerationParams.of(top_p=0.75, top_k=40)
    assert told(params, SEVEN) == [
        "top_k 40 cut nothing that top_p would not have cut: at most 4 tokens were left in the end",
        "top_p 0.75 cut at 1 of 1 token",
    ]


def test_a_temperature_among_one_token_changes_nothing() -> None:
    params = GenerationParams.of(top_k=1, temperature=1.5)
    assert told(params, SEVEN)[1] == (
        "temperature 1.5 changed nothing: top_k had left at most 1 token"
    )
    assert told(GenerationParams.of(top_k=2, temperature=1.5), SEVEN)[1] == (
        "temperature 1.5 acted on 1 of 1 token"
    )


def test_where_the_likeliest_is_always_taken_it_is_that_which_cuts() -> None:
    needless, _ = told(GenerationParams.of(top_k=4, temperature=0), SEVEN)
    assert needless == (
        "top_k 4 cut nothing that temperature 0 would not have cut: "
        "at most 1 token was left in the end"
    )
    before = GenerationParams.of(top_k=4, temperature=0)
    assert told(before, SEVEN, order=["temperature", "top_k"])[1] == (
        "top_k 4 never cut: temperature 0 had left at most 1 token"
    )


def test_what_the_known_tokens_do_not_tell_is_not_told() -> None:
    (said,) = told(GenerationParams.of(top_k=40), SEVEN)
    assert said == (
        "whether top_k 40 did anything cannot be said at 1 of 1 token: "
        "it may have met tokens that are not known"
    )
    # Without the rest that top_k may cut, six tokens would be nine tenths; with it, seven are.
    assert told(GenerationParams.of(top_k=40, top_p=0.92), SEVEN)[0] == said
    # With the whole vocabulary known, it can.
    (effect,) = stage_effects([SEVEN], GenerationParams.of(top_k=40), vocabulary=30)
    assert (effect.effect, str(effect)) == (
        "none",
        "top_k 40 never cut: nothing was there to be cut",
    )


@pytest.mark.parametrize("temperature", [1e-300, 0.00022875, 0.01])
def test_next_to_no_temperature_leaves_what_is_outside_as_unlikely_as_it_becomes(
    temperature: float,
) -> None:
    known = begin([math.log(0.6), math.log(0.39)], 2048)
    left = after(known, "temperature", GenerationParams(temperature=temperature))
    # Less than one token as likely as the last known one is outside, and it is no likelier now.
    assert left.most.outside == pytest.approx(known.most.outside / temperature)
    assert left.most.outside < left.most.logits[-1]
    assert left.least.outside <= left.most.outside


def test_nothing_is_told_after_penalties() -> None:
    effects = stage_effects([SEVEN], GenerationParams.of(repeat_penalty=1.2, top_k=2))
    assert [effect.effect for effect in effects] == ["unknown", "unknown"]
    assert str(effects[0]).startswith("whether repeat_penalty 1.2 did anything cannot be said")


def test_stages_that_are_off_are_not_mentioned() -> None:
    params = GenerationParams.of(top_k=0, top_p=1, min_p=0, temperature=1, typical_p=1)
    assert stage_effects([SEVEN], params) == ()
    assert stage_effects([], GenerationParams.of(top_k=3))[0].tokens == 0


def test_the_chain_is_read_from_what_a_plan_used() -> None:
    params = chain_params(
        {"temperature": 0.8, "top_k": 40, "seed": 3, "max_length": 9, "sampler_order": ["top_k"]}
    )
    assert params.given() == {"temperature": 0.8, "top_k": 40, "sampler_order": ("top_k",)}


def test_of_typical_p_behind_a_top_n_sigma_that_cut_nothing_is_claimed() -> None:
    params = GenerationParams.of(top_n_sigma=1.5, typical_p=0.5)
    state = after(begin(SEVEN, len(SEVEN)), "top_n_sigma", params)
    assert 1 < len(state.most.places) < len(SEVEN)
    with pytest.raises(NotKnown):
        after(state, "typical_p", params)


KNOBS = st.fixed_dictionaries(
    {},
    optional={
        "top_k": st.integers(1, 60),
        "top_p": st.floats(0.05, 0.999),
        "min_p": st.floats(0.0001, 1),
        "temperature": st.sampled_from([0.0, 0.0002, 0.3, 0.9, 1.5, 4.0]),
        "typical_p": st.floats(0.1, 0.99),
        "top_n_sigma": st.floats(0.5, 3),
    },
)


@settings(max_examples=400, deadline=None)
@given(
    st.integers(0, 2**31),
    st.sampled_from([0.02, 0.1, 1.0, 10.0]),
    st.integers(2, 150),
    st.integers(1, 25),
    KNOBS,
    st.permutations(SAMPLERS),
    st.booleans(),
)
def test_the_whole_distribution_is_always_within_the_bounds(
    seed: int,
    evenness: float,
    size: int,
    shown: int,
    values: dict[str, float],
    order: list[str],
    told_size: bool,
) -> None:
    drawn = np.random.default_rng(seed).dirichlet(np.full(size, evenness))
    whole = Distribution.of(np.sort(np.log(drawn + 1e-30))[::-1])
    params, shown = GenerationParams.of(**values), min(shown, size)
    state = begin(whole.logprobs[:shown].tolist(), size if told_size else None)
    for stage in active(params, order):
        try:
            whole = whole.stages(params, order=(stage,))[0][1]
        except InvalidParameter:
            with pytest.raises(NotKnown):
                after(state, stage, params)
            return
        try:
            state = after(state, stage, params)
        except NotKnown:
            return
        assert len(state.least.places) <= min(whole.left, shown)
        assert state.most.may or whole.left <= len(state.most.places)
        if state.least.may:
            assert whole.left > shown or size == shown
        if state.exact:
            left = np.flatnonzero(np.isfinite(whole.logits))
            assert sorted(state.least.places.tolist()) == left.tolist()


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 2**31), KNOBS, st.sampled_from([SAMPLERS, TEMPERATURE_FIRST]))
def test_what_is_called_needless_or_idle_leaves_the_same_distribution_without_it(
    seed: int, values: dict[str, float], order: tuple[str, ...]
) -> None:
    dice = np.random.default_rng(seed)
    rows = [
        Distribution.of(np.sort(np.log(dice.dirichlet(np.full(80, 0.08)) + 1e-30))[::-1])
        for _ in range(3)
    ]
    params = GenerationParams.of(**values)
    effects = stage_effects([row.logprobs[:20].tolist() for row in rows], params, order=order)
    for one in effects:
        if one.effect not in ("none", "needless"):
            continue
        without = [stage for stage in order if stage != one.stage]
        for row in rows:
            try:
                with_it = row.after(params, order=order)
                without_it = row.after(params, order=without)
            except InvalidParameter:
                continue
            assert with_it.probabilities == pytest.approx(without_it.probabilities)
