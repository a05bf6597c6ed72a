"""A chain that is shown a shortlist leaves what it would leave of the whole vocabulary."""

from collections.abc import Iterator, Sequence

import llama_cpp as lib
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from playground.knobs import REMEMBERING
from playground.params import SAMPLERS
from playground.providers.llama import shortlist as shortlist_module
from playground.providers.llama.protocol import SamplingParams
from playground.providers.llama.sampling import Candidates
from playground.providers.llama.shortlist import Shortlist, reached
from playground.providers.llama.stages import Making, biased_tokens, make_stages
from tests.providers.llama.conftest import sampling

VOCABULARY = 2_000
LLAMA_3 = 128_256


@pytest.fixture(autouse=True, scope="module")
def _every_vocabulary_is_large() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(shortlist_module, "LARGE_VOCABULARY", 1)
        yield


KNOBS = st.fixed_dictionaries(
    {},
    optional={
        "temperature": st.sampled_from([0.0, 1e-30, 0.05, 0.7, 1.0, 1.9]),
        "dynatemp_range": st.sampled_from([0.0, 0.3]),
        "top_k": st.integers(0, 600),
        "top_p": st.sampled_from([1.0, 0.5, 0.95]),
        "min_p": st.sampled_from([0.0, 1e-4, 0.05, 1.0]),
        "typical_p": st.sampled_from([1.0, 0.9]),
        "top_n_sigma": st.sampled_from([0.0, 1.0]),
        "xtc_probability": st.sampled_from([0.0, 1.0]),
        "repeat_penalty": st.sampled_from([1.0, 0.5, 1.7]),
        "presence_penalty": st.sampled_from([0.0, -1.5, 1.5]),
        "penalty_window": st.sampled_from([0, 8, 64]),
        "mirostat": st.sampled_from([0, 0, 0, 2]),
        "logit_bias": st.dictionaries(
            st.integers(0, VOCABULARY - 1).map(str),
            st.sampled_from([-100.0, 3.0, 40.0]),
            max_size=4,
        ),
    },
)


def _left(
    params: SamplingParams, logits: NDArray[np.float32], seen: Sequence[int], *, shortened: bool
) -> dict[int, float]:
    """What the chain leaves, by token, and with which logit."""
    making = Making(params, 1, len(logits), None)
    stages = dict(make_stages(making))
    shortlist = Shortlist(params, list(stages))
    shortlist.keep(*biased_tokens(making))
    shortlist.keep(*seen)
    chain = lib.llama_sampler_chain_init(lib.llama_sampler_chain_default_params())
    for name, stage in stages.items():
        lib.llama_sampler_chain_add(chain, stage)
        if name in REMEMBERING:
            for token in seen:
                lib.llama_sampler_accept(stage, token)
    some = shortlist.of(logits) if shortened else None
    left = Candidates(len(logits)).after(chain, logits, some).copy()
    lib.llama_sampler_free(chain)
    # What temperature 0 leaves out it keeps at -inf.
    return {int(i): float(x) for i, x in zip(left["id"], left["logit"], strict=True) if x > -np.inf}


@settings(max_examples=400, deadline=None)
@given(KNOBS, st.permutations(SAMPLERS), st.integers(0, 2**32), st.sampled_from([0.3, 2.0, 9.0]))
def test_nothing_that_a_chain_would_leave_is_missing(
    knobs: dict[str, object], order: list[str], seed: int, spread: float
) -> None:
    dice = np.random.default_rng(seed)
    logits = (dice.standard_normal(VOCABULARY) * spread).astype(np.float32)
    # Forbidden tokens, and some that nothing tells apart.
    logits[dice.integers(0, VOCABULARY, 100)] = -np.inf
    seen = dice.integers(0, VOCABULARY, 20).tolist()
    params = sampling(**knobs, sampler_order=tuple(order))

    whole = _left(params, logits, seen, shortened=False)

    assert _left(params, logits, seen, shortened=True) == whole


@pytest.mark.parametrize(
    "knobs",
    [
        {"top_k": 40, "top_p": 0.95, "min_p": 0.05, "temperature": 0.8},
        {"min_p": 0.05},
        {"temperature": 0},
        {"top_k": 40, "repeat_penalty": 1.1},
    ],
    ids=str,
)
def test_of_a_large_vocabulary_few_tokens_are_shown(knobs: dict[str, object]) -> None:
    dice = np.random.default_rng(1)
    logits = (dice.standard_normal(LLAMA_3) * 2).astype(np.float32)
    params = sampling(**knobs)
    shortlist = Shortlist(params, [name for name, _ in make_stages(Making(params, 1, 8, None))])

    some = shortlist.of(logits)

    assert some is not None
    assert len(some) < 500


@pytest.mark.parametrize(
    "knobs",
    [
        {},
        {"top_p": 0.9},
        {"typical_p": 0.9, "top_k": 0},
        {"top_n_sigma": 1, "top_k": 40},
        {"temperature": 0, "mirostat": 2},
        {"dynatemp_range": 0.2, "temperature": 0.8},
        {"xtc_probability": 0.5},
    ],
    ids=str,
)
def test_what_weighs_every_token_sees_them_all(knobs: dict[str, object]) -> None:
    params = sampling(**knobs)
    shortlist = Shortlist(params, [name for name, _ in make_stages(Making(params, 1, 8, None))])

    assert shortlist.of(np.arange(VOCABULARY, dtype=np.float32)) is None


def test_a_grammar_may_forbid_the_likeliest_tokens() -> None:
    assert Shortlist(sampling(top_k=1), ["grammar", "top_k"]).of(np.ones(9, np.float32)) is None


@pytest.mark.parametrize("broken", [np.nan, np.inf])
def test_what_is_no_distribution_is_shown_whole(broken: float) -> None:
    logits = np.zeros(VOCABULARY, dtype=np.float32)
    logits[7] = broken

    assert Shortlist(sampling(top_k=3), ["top_k"]).of(logits) is None


def test_a_small_vocabulary_is_shown_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    usual = Shortlist(sampling(top_k=40), ["top_k"])
    logits = np.arange(VOCABULARY, dtype=np.float32)
    assert usual.of(logits) is not None
    monkeypatch.setattr(shortlist_module, "LARGE_VOCABULARY", VOCABULARY + 1)
    assert usual.of(logits) is None


@given(st.integers(1, 3_000), st.integers(0, 2**32))
def test_reached_is_reached_by_that_many(count: int, seed: int) -> None:
    values = np.random.default_rng(seed).integers(0, 50, 3_000).astype(np.float32)

    assert np.count_nonzero(values >= reached(values, count)) >= count
