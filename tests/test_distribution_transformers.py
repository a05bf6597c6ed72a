"""`playground.distribution` computes what transformers' logits warpers do: a second reference.

It is independent of llama.cpp, and it is where the `temperature-first` order comes from. Where the
two have other conventions, the tests say so; everywhere else the same tokens survive at the same
probabilities. Needs the extra `reference`: `make reference` installs it.
"""

from __future__ import annotations

import math
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st

from playground.distribution import Distribution
from playground.errors import InvalidParameter
from playground.knobs import TEMPERATURE_FIRST

with warnings.catch_warnings():
    # What other people's modules warn of when they are imported is no defect of ours.
    warnings.simplefilter("ignore")
    why = "not installed: `make reference` installs what this needs"
    torch = pytest.importorskip("torch", reason=why)
    transformers = pytest.importorskip("transformers", reason=why)
    from transformers.generation import logits_process as theirs

EXACT = 1e-9
"""Both sides compute in double precision, so that rounding does not show."""

# All different: where tokens are equally likely, see the test about ties.
LOGITS = st.lists(
    st.integers(-3000, 3000).map(lambda step: step / 256), min_size=2, max_size=60, unique=True
)
SHARES = st.floats(0.01, 0.99)
TEMPERATURES = st.floats(0.05, 5)
PENALTIES = st.floats(0.5, 2)

WARPERS = {
    "temperature": lambda value: theirs.TemperatureLogitsWarper(value),
    "top_k": lambda value: theirs.TopKLogitsWarper(value),
    "top_p": lambda value: theirs.TopPLogitsWarper(value),
    "min_p": lambda value: theirs.MinPLogitsWarper(value),
    "typical_p": lambda value: theirs.TypicalLogitsWarper(value),
    "repeat_penalty": lambda value: theirs.RepetitionPenaltyLogitsProcessor(value),
}
"""Their warpers, by the names of our knobs. They have none for `top_n_sigma`, nor for presence and
frequency penalties: those have llama.cpp as their only reference."""


def _by_transformers(
    logits: Sequence[float], seen: Sequence[int], knobs: dict[str, Any]
) -> np.ndarray[Any, Any]:
    """Probabilities by their warpers, one after the other in the order of `knobs`."""
    scores = torch.tensor([list(logits)], dtype=torch.float64)
    tokens = torch.tensor([list(seen)], dtype=torch.long)
    for name, value in knobs.items():
        scores = WARPERS[name](value)(tokens, scores)
    found: np.ndarray[Any, Any] = torch.softmax(scores, dim=-1)[0].numpy()
    return found


def _by_us(
    logits: Sequence[float], seen: Sequence[int], knobs: dict[str, Any]
) -> np.ndarray[Any, Any]:
    """Probabilities by ours, in the same order. Theirs penalise the whole text, so ours do here."""
    stages = ["penalties" if name == "repeat_penalty" else name for name in knobs]
    after = Distribution.of(logits).after(
        seen=seen, order=stages, penalty_window=len(seen), **knobs
    )
    return after.probabilities


def _agree(logits: Sequence[float], seen: Sequence[int] = (), **knobs: Any) -> None:
    ours, reference = _by_us(logits, seen, knobs), _by_transformers(logits, seen, knobs)
    assert np.array_equal(ours > 0, reference > 0), "other tokens survive"
    assert ours == pytest.approx(reference, abs=EXACT)


def _no_sum_on_the_edge(probabilities: Sequence[float], share: float) -> None:
    """Leave out cases in which rounding decides which token is the one that reaches a share."""
    sums = np.cumsum(probabilities)
    assume(np.abs(sums - share).min() > 1e-12)


@given(logits=LOGITS, temperature=TEMPERATURES)
def test_temperature_divides_the_logits(logits: list[float], temperature: float) -> None:
    _agree(logits, temperature=temperature)


@given(logits=LOGITS, top_k=st.integers(1, 80))
def test_top_k_keeps_the_likeliest(logits: list[float], top_k: int) -> None:
    _agree(logits, top_k=top_k)


@given(logits=LOGITS, top_p=SHARES)
def test_top_p_keeps_the_token_that_reaches_the_share(logits: list[float], top_p: float) -> None:
    # Theirs adds up from the unlikely end and cuts what stays within 1 - p; ours from the likely
    # end until p is reached. Both keep the token that crosses.
    _no_sum_on_the_edge(sorted(Distribution.of(logits).probabilities, reverse=True), top_p)
    _agree(logits, top_p=top_p)


@given(logits=LOGITS, min_p=SHARES)
def test_min_p_is_a_share_of_the_likeliest(logits: list[float], min_p: float) -> None:
    # Ours compares logits with a floor, theirs probabilities: on the edge itself either is right.
    probabilities = Distribution.of(logits).probabilities
    assume(np.abs(probabilities / probabilities.max() - min_p).min() > 1e-12)
    _agree(logits, min_p=min_p)


@given(logits=LOGITS, typical_p=SHARES)
def test_typical_p_keeps_what_is_about_as_surprising_as_usual(
    logits: list[float], typical_p: float
) -> None:
    whole = Distribution.of(logits)
    distance = np.abs(-whole.logprobs - whole.entropy)
    # Two tokens as far from the entropy, one on each side of it, may be taken in either order.
    assume(np.diff(np.sort(distance)).min() > 1e-12)
    _no_sum_on_the_edge(whole.probabilities[np.argsort(distance)].tolist(), typical_p)
    _agree(logits, typical_p=typical_p)


@given(
    logits=LOGITS,
    repeat_penalty=PENALTIES,
    seen=st.lists(st.integers(0, 1), min_size=1, max_size=90),
)
def test_the_repeat_penalty_moves_every_token_of_the_text_once(
    logits: list[float], repeat_penalty: float, seen: list[int]
) -> None:
    # Theirs looks at the whole text, ours at the last `penalty_window` tokens (64 unless set):
    # here the window is the text.
    _agree(logits, seen, repeat_penalty=repeat_penalty)


def test_the_usual_window_is_where_the_repeat_penalties_part() -> None:
    seen = [0, *[1] * 64]
    logits = [2.0, 1.0, 0.5]
    theirs_all = _by_transformers(logits, seen, {"repeat_penalty": 1.5})
    ours = Distribution.of(logits).after(seen=seen, repeat_penalty=1.5, penalty_window=64)
    last = _by_transformers(logits, seen[-64:], {"repeat_penalty": 1.5})
    assert ours.probabilities == pytest.approx(last, abs=EXACT)
    assert ours.probabilities != pytest.approx(theirs_all, abs=EXACT)


def test_of_equal_tokens_top_k_keeps_as_many_as_asked_and_theirs_all_of_them() -> None:
    logits = [1.0, 1.0, 1.0, 0.0]
    assert (_by_us(logits, (), {"top_k": 2}) > 0).sum() == 2
    assert (_by_transformers(logits, (), {"top_k": 2}) > 0).sum() == 3


def test_temperature_zero_is_greedy_here_and_refused_there() -> None:
    assert Distribution.of([1.0, 2.0]).after(temperature=0).left == 1
    with pytest.raises(ValueError, match="strictly positive"):
        theirs.TemperatureLogitsWarper(0.0)


@settings(max_examples=300)
@given(
    logits=LOGITS,
    seen=st.lists(st.integers(0, 1), min_size=1, max_size=20),
    temperature=TEMPERATURES,
    top_k=st.integers(1, 80),
    top_p=SHARES,
    min_p=SHARES,
    typical_p=SHARES,
    repeat_penalty=PENALTIES,
    used=st.sets(st.sampled_from(["repeat_penalty", "top_k", "top_p", "min_p", "typical_p"])),
)
def test_temperature_first_is_their_chain(
    logits: list[float],
    seen: list[int],
    temperature: float,
    top_k: int,
    top_p: float,
    min_p: float,
    typical_p: float,
    repeat_penalty: float,
    used: set[str],
) -> None:
    values = {
        "penalties": ("repeat_penalty", repeat_penalty),
        "temperature": ("temperature", temperature),
        "top_k": ("top_k", top_k),
        "top_p": ("top_p", top_p),
        "min_p": ("min_p", min_p),
        "typical_p": ("typical_p", typical_p),
    }
    chain = [values[stage] for stage in TEMPERATURE_FIRST if stage in values]
    knobs = {name: value for name, value in chain if name in used or name == "temperature"}
    try:
        ours = _by_us(logits, seen, knobs)
    except InvalidParameter:
        # llama.cpp's typical-p does not take tokens whose probability is 0 in single precision.
        assert "typical_p" in knobs
        reject()
    reference = _by_transformers(logits, seen, knobs)
    parted = np.flatnonzero((ours > 0) != (reference > 0))
    # A penalty may make two tokens equal, or a sum fall on its threshold to the last digit.
    assert len(parted) <= 1, "other tokens survive"
    if not len(parted):
        assert ours == pytest.approx(reference, abs=EXACT)


KNOBS = (
    {"temperature": 0.7},
    {"temperature": 1.5, "top_p": 0.9},
    {"temperature": 0.8, "top_k": 20, "top_p": 0.95, "repeat_penalty": 1.3},
    {"temperature": 2.0, "min_p": 0.1, "typical_p": 0.7},
    {"temperature": 1.2, "top_k": 30, "top_p": 0.8, "min_p": 0.05, "typical_p": 0.9},
)


@pytest.mark.parametrize("knobs", KNOBS, ids=str)
def test_what_generate_draws_from_is_what_temperature_first_shows(knobs: dict[str, Any]) -> None:
    """Their own `generate()`, which builds its chain itself, on a model of random weights."""
    torch.manual_seed(5)
    config = transformers.GPT2Config(
        vocab_size=97, n_positions=32, n_embd=16, n_layer=1, n_head=2, initializer_range=2.0
    )
    names = {"repeat_penalty": "repetition_penalty"}
    length = 12
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # In double precision, as ours.
        model = transformers.GPT2LMHeadModel(config).double().eval()
        said = model.generate(
            torch.tensor([[3, 14, 15, 92]]),
            do_sample=True,
            max_new_tokens=length,
            # Its defaults cut where nobody asked it to.
            **{"top_k": 0, **{names.get(name, name): value for name, value in knobs.items()}},
            eos_token_id=None,
            pad_token_id=0,
            output_logits=True,
            output_scores=True,
            return_dict_in_generate=True,
        )
    text = said.sequences[0].tolist()
    assert len(said.scores) == length
    for place, (raw, used) in enumerate(zip(said.logits, said.scores, strict=True)):
        seen = text[: len(text) - length + place]
        ours = Distribution.of(raw[0].double().numpy()).after(
            seen=seen, order=TEMPERATURE_FIRST, penalty_window=len(seen), **knobs
        )
        reference = torch.softmax(used[0].double(), dim=-1).numpy()
        assert np.array_equal(ours.probabilities > 0, reference > 0)
        # It keeps its scores in single precision.
        assert ours.probabilities == pytest.approx(reference, abs=1e-6)
        assert math.isfinite(ours.logits[text[len(seen)]]), "what it drew is among the survivors"
