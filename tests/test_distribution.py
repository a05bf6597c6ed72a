"""`playground.distribution` computes what llama.cpp's samplers do to the same logits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import given, reject, settings
from hypothesis import strategies as st

from playground.distribution import Distribution
from playground.errors import InvalidParameter
from playground.params import SAMPLERS
from playground.providers.llama.sampling import Candidates, SamplerChain

from .providers.llama.conftest import sampling

COMPUTED = [stage for stage in SAMPLERS if stage not in ("dry", "xtc")]


def _by_llama_cpp(
    logits: Sequence[float], seen: Sequence[int] = (), **values: object
) -> dict[int, float]:
    """Surviving tokens and probabilities, by llama.cpp's own chain."""
    chain = SamplerChain(sampling(**values), 1, Candidates(len(logits)))
    chain.accept(list(seen))
    tokens, probabilities, _ = chain.survivors(np.asarray(logits, dtype=np.float32))
    found = {
        int(token): float(probability)
        for token, probability in zip(tokens, probabilities, strict=True)
        if probability > 0
    }
    chain.close()
    return found


def _by_us(logits: Sequence[float], seen: Sequence[int] = (), **values: object) -> dict[int, float]:
    after = Distribution.of(np.asarray(logits, dtype=np.float32)).after(seen=seen, **values)
    return {
        token: float(probability)
        for token, probability in enumerate(after.probabilities)
        if math.isfinite(after.logits[token])
    }


# Well apart, and penalties off the grid, so that no threshold falls between two tokens that
# rounding could exchange.
_LOGITS = st.lists(
    st.integers(-3000, 3000).map(lambda step: step / 256), min_size=2, max_size=60, unique=True
)


@settings(max_examples=300, deadline=None)
@given(
    logits=_LOGITS,
    top_k=st.integers(0, 70),
    top_p=st.sampled_from([0.0, 0.1234, 0.5017, 0.9013, 0.98765, 1.0]),
    min_p=st.sampled_from([0.0, 0.01003, 0.05007, 0.3011, 1.0]),
    temperature=st.sampled_from([0.0, 0.25, 0.7, 1.0, 1.5, 4.0]),
    typical_p=st.sampled_from([1.0, 0.2017, 0.6013, 0.9511]),
    top_n_sigma=st.sampled_from([0.0, 0.5013, 1.0017, 2.5]),
    dynatemp_range=st.sampled_from([0.0, 0.0, 0.5]),
    order=st.permutations(COMPUTED),
    length=st.integers(1, len(COMPUTED)),
    seen=st.lists(st.integers(0, 1), max_size=80),
    repeat=st.sampled_from([1.0, 0.7513, 1.2531]),
    frequency=st.sampled_from([0.0, 0.5037, -0.4981]),
    presence=st.sampled_from([0.0, 0.2519]),
)
def test_any_chain_in_any_order_keeps_the_same_tokens_at_the_same_probabilities(
    logits: list[float],
    top_k: int,
    top_p: float,
    min_p: float,
    temperature: float,
    typical_p: float,
    top_n_sigma: float,
    dynatemp_range: float,
    order: list[str],
    length: int,
    seen: list[int],
    repeat: float,
    frequency: float,
    presence: float,
) -> None:
    knobs = {
        "top_k": top_k,
        "top_p": top_p,
        "min_p": min_p,
        "temperature": temperature,
        "typical_p": typical_p,
        "top_n_sigma": top_n_sigma,
        "dynatemp_range": dynatemp_range,
        "dynatemp_exponent": 1.0,
        "repeat_penalty": repeat,
        "frequency_penalty": frequency,
        "presence_penalty": presence,
        "sampler_order": tuple(order[:length]),
    }
    try:
        ours = _by_us(logits, seen, **knobs)
    except InvalidParameter:
        assert typical_p < 1
        reject()
    theirs = _by_llama_cpp(logits, seen, **knobs)
    borderline = 1e-5
    for token in ours.keys() ^ theirs.keys():
        # A sum within rounding of the threshold may fall on either side.
        assert min(ours.get(token, 0), theirs.get(token, 0)) == 0
        chosen = ours if token in ours else theirs
        assert chosen[token] <= borderline or _on_the_edge(ours, theirs)
    if ours.keys() == theirs.keys():
        for token, probability in ours.items():
            assert theirs[token] == pytest.approx(probability, abs=1e-5)


def _on_the_edge(ours: dict[int, float], theirs: dict[int, float]) -> bool:
    """Whether the two differ by one token at most, which only rounding explains."""
    return len(ours.keys() ^ theirs.keys()) <= 1


def test_each_stage_reports_what_it_left() -> None:
    distribution = Distribution.of(np.arange(10.0))
    stages = dict(distribution.stages(top_k=5, top_p=0.9, temperature=2))
    assert list(stages) == COMPUTED
    assert stages["penalties"].left == 10
    assert stages["top_k"].left == 5
    assert stages["top_p"].left < 5
    assert stages["temperature"].entropy > stages["min_p"].entropy


def test_a_knob_that_is_not_set_changes_nothing() -> None:
    distribution = Distribution.of([0.5, -1, 3])
    assert np.array_equal(distribution.after().logits, distribution.logits)


def test_entropy_rank_and_effective_vocabulary_of_known_distributions() -> None:
    even = Distribution.of(np.zeros(8))
    assert even.entropy == pytest.approx(math.log(8))
    assert even.effective_vocabulary(0.5) == 4
    assert even.rank(3) == 1
    peaked = Distribution.of([0.0, 100.0, 1.0])
    assert peaked.entropy == pytest.approx(0, abs=1e-9)
    assert [peaked.rank(token) for token in range(3)] == [3, 1, 2]
    assert peaked.top(2)[0] == (1, pytest.approx(1.0))


def test_what_survives_is_named_likeliest_first_and_orders_have_names() -> None:
    distribution = Distribution.of([0.0, 2.0, 1.0, -5.0])
    assert distribution.surviving().tolist() == [1, 2, 0, 3]
    assert distribution.surviving(top_k=2).tolist() == [1, 2]
    hot = {"temperature": 4, "top_p": 0.6}
    by_name = distribution.surviving(order="temperature-first", **hot)
    assert by_name.tolist() == [1, 2]
    assert distribution.surviving(**hot).tolist() == [1]
    assert distribution.after(order="temperature-first", **hot).left == 2
    with pytest.raises(InvalidParameter, match="no order 'backwards'"):
        distribution.after(order="backwards")
    with pytest.raises(InvalidParameter, match="no stage 'top_q'"):
        distribution.after(order=["top_q"])


def test_equal_tokens_stand_in_the_order_of_their_ids_whatever_the_precision() -> None:
    for exact in (0.5, 0.1):
        logits = np.array([exact, -np.inf, 1 + exact, exact, -0.0, 0.0, 1 + exact])
        assert Distribution.of(logits).surviving().tolist() == [2, 6, 0, 3, 4, 5]


@pytest.mark.parametrize(
    "logits", [[], [[1.0]], [math.nan, 1.0], [1.0, math.inf], [-math.inf]], ids=str
)
def test_logits_that_are_no_distribution_are_refused(logits: list[float]) -> None:
    with pytest.raises(InvalidParameter, match="no distribution"):
        Distribution.of(logits)


def test_a_distribution_draws_itself_and_what_its_tokens_say_is_escaped() -> None:
    page = Distribution.of([3.0, 1.0, 0.0], [b"<script>alert(1)</script>", b"\x1b[2J", b"\xe3\x81"])
    drawn = page._repr_html_()
    assert "<script" not in drawn
    assert "&lt;script&gt;" in drawn
    assert "\x1b" not in drawn
    assert "‹E3 81›" in drawn
    assert "token 2" in Distribution.of([3.0, 1.0, 0.0])._repr_html_()
    assert (
        "1 of 3 tokens, entropy 0.000 nats, one holds 95%"
        in Distribution.of([3.0, 1.0, 0.0]).after(top_k=1)._repr_html_()
    )


def test_temperature_zero_leaves_the_likeliest_token_only() -> None:
    assert Distribution.of([1.0, 3.0, 2.0]).after(temperature=0).top(5) == [(1, 1.0)]


@pytest.mark.parametrize(
    "knobs",
    [
        {"top_n_sigma": 0.5},
        {"temperature": 0.1, "order": ("temperature", "typical_p")},
    ],
    ids=str,
)
def test_typical_p_that_meets_tokens_without_probability_is_refused(knobs: dict[str, Any]) -> None:
    # llama.cpp's entropy is 0 × log 0 there, and what it leaves no part of the distribution.
    spread = Distribution.of(np.linspace(0, 12, 40))
    with pytest.raises(InvalidParameter, match=r"typical_p .* no number"):
        spread.after(typical_p=0.5, **knobs)
    assert spread.after(typical_p=0.5).left > 1
    # Where nothing was cut, or what was cut is counted no more, it is llama.cpp's.
    theirs = _by_llama_cpp(spread.logits, top_n_sigma=0.5, top_k=5, typical_p=0.5)
    ours = _by_us(spread.logits, top_n_sigma=0.5, top_k=5, typical_p=0.5)
    assert ours == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize(
    "knobs",
    [
        {"dry_multiplier": 1},
        {"xtc_probability": 0.5},
        {"mirostat": 2},
        {"grammar": 'root ::= "yes"'},
        {"json_schema": {"type": "object"}},
        {"logit_bias": {"yes": 1}},
    ],
    ids=str,
)
def test_what_hangs_on_more_than_a_distribution_is_refused_not_left_out(
    knobs: dict[str, Any],
) -> None:
    (name,) = knobs
    for ask in (Distribution.after, Distribution.surviving, Distribution.stages):
        with pytest.raises(InvalidParameter, match=f"What {name[:3]}.*not computed here"):
            ask(Distribution.of([1.0, 2.0]), **knobs)


def test_what_is_certain_has_no_entropy_below_nothing_and_no_more_tokens_than_there_are() -> None:
    certain = Distribution.of([0.0, -math.inf])
    assert math.copysign(1, certain.entropy) == math.copysign(1, certain.ranked().entropy) == 1
    assert Distribution.of(np.zeros(7)).effective_vocabulary(1.0) == 7
    assert Distribution.of([3.0, 1.0, -math.inf]).effective_vocabulary(1.0) == 2
