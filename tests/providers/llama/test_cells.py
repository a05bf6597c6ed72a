"""A pool counts cells once that several sequences hold, and seats as many as really fit."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.providers.llama.cells import Held
from playground.providers.llama.context import NativeContext
from playground.providers.llama.engine import Engine
from playground.providers.llama.native import NativeModel
from playground.providers.llama.protocol import ChoiceEnded

from .conftest import sampling

STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("fill"), st.integers(0, 3), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("keep"), st.integers(0, 3), st.integers(0, 9), st.just(0)),
        st.tuples(st.just("copy"), st.integers(0, 3), st.integers(0, 9), st.integers(0, 3)),
    ),
    max_size=30,
)


@given(STEPS)
def test_what_is_held_together_is_what_numbered_cells_say(
    steps: list[tuple[str, int, int, int]],
) -> None:
    held = [Held() for _ in range(4)]
    numbered: list[list[int]] = [[] for _ in range(4)]
    given_out = 0
    for step, one, count, other in steps:
        if step == "fill":
            held[one].fill(count)
            numbered[one] += range(given_out, given_out + count)
            given_out += count
        elif step == "keep":
            held[one], numbered[one] = held[one].first(count), numbered[one][:count]
        else:
            held[one], numbered[one] = held[other].first(count), numbered[other][:count]

    assert Held.together(held) == len({cell for cells in numbered for cell in cells})


def _pool(model: NativeModel, cells: int, sequences: int) -> Engine:
    context = NativeContext(
        model,
        length=cells,
        cells=cells,
        sequences=sequences,
        unified=True,
        threads=1,
        batch_tokens=512,
    )
    return Engine(model, context, sequences)


@pytest.mark.parametrize("again", [False, True], ids=["first", "again"])
def test_answers_to_one_long_prompt_are_drawn_together_in_a_pool_that_holds_it_once(
    native_model: NativeModel, again: bool
) -> None:
    prompt = native_model.tokenize("one two three four five six seven " * 40)
    # Room for the prompt and what sixteen answers add to it, rounded up to llama.cpp's measure.
    engine = _pool(native_model, (len(prompt) + 16 * 16 + 255) // 256 * 256, 16)
    knobs = sampling(n=16, max_length=16, temperature=1.5)
    for number in range(1 + again):
        engine.generate(number, prompt, knobs, ())
        most = ended = 0
        while not engine.idle:
            ended += sum(isinstance(report, ChoiceEnded) for report in engine.step())
            told = engine.occupancy(9)
            most = max(most, told.running)
            assert told.cells_kept <= told.cells
        assert ended == 16
        assert most == 16, "the prompt was counted for each of them"


def test_a_pool_that_is_asked_for_more_than_it_has_lets_some_wait_and_drops_nothing(
    native_model: NativeModel,
) -> None:
    engine = _pool(native_model, 512, 8)
    dice = np.random.default_rng(1)
    ended = 0
    for number in range(24):
        words = dice.integers(0, 9, dice.integers(5, 120))
        prompt = native_model.tokenize(" ".join(f"word {word}" for word in words))[:300]
        engine.generate(number, prompt, sampling(n=2, max_length=40, temperature=1.2), ())
    while not engine.idle:
        ended += sum(isinstance(report, ChoiceEnded) for report in engine.step())
        assert engine.occupancy(99).cells_kept <= 512
    assert ended == 48
