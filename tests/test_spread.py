"""The spread of several answers, in figures that can be worked out by hand."""

from __future__ import annotations

import random
import time
from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.difference import words
from playground.spread import spread_of


def longest_common(left: list[str], right: list[str]) -> int:
    """The length of the longest common subsequence, by the textbook's table."""
    row = [0] * (len(right) + 1)
    for one in left:
        before = row[:]
        for place, other in enumerate(right):
            row[place + 1] = (
                before[place] + 1 if one == other else max(before[place + 1], row[place])
            )
    return row[-1]


def test_by_hand() -> None:
    spread = spread_of(["a b c", "a b c", "a b d e"])
    assert (spread.answers, spread.different) == (3, 2)
    assert spread.top_share == pytest.approx(2 / 3)
    assert (spread.shortest, spread.median, spread.longest) == (3, 3.0, 4)
    # ab bc, ab bc, ab bd de: four different pairs of seven.
    assert spread.distinct_2 == pytest.approx(4 / 7)
    # 1 for the equal two, twice 2·2 / (3 + 4) for the others.
    assert spread.similarity == pytest.approx((1 + 4 / 7 + 4 / 7) / 3)


def test_japanese_is_counted_by_character() -> None:
    spread = spread_of(["猫が好き。", "犬が好き。"])
    assert (spread.shortest, spread.longest) == (4, 4)
    assert spread.similarity == pytest.approx(3 / 4)


@pytest.mark.parametrize("texts", [[], [""], ["hello"], ["", ""], ["", "a b"]])
def test_few_and_empty_answers_have_a_spread(texts: list[str]) -> None:
    spread = spread_of(texts)
    assert spread.answers == len(texts)
    assert 0 <= spread.top_share <= 1
    assert (spread.similarity is None) == (len(texts) < 2)
    assert (spread.distinct_2 is None) == (not any(" " in text for text in texts))


def test_equal_answers_are_wholly_alike_and_strangers_not_at_all() -> None:
    assert spread_of(["a b"] * 5).similarity == 1
    assert spread_of([""] * 2).similarity == 1
    assert spread_of(["a b", "c d"]).similarity == 0


@given(st.lists(st.lists(st.sampled_from("abc"), max_size=8).map(" ".join), min_size=2, max_size=6))
def test_similarity_is_the_mean_over_all_pairs_however_often_a_text_comes(texts: list[str]) -> None:
    told = [words(text) for text in texts]
    alike = [
        2 * longest_common(one, other) / (len(one) + len(other)) if one or other else 1.0
        for one, other in combinations(told, 2)
    ]
    assert spread_of(texts).similarity == pytest.approx(sum(alike) / len(alike))


def test_sixty_four_long_answers_take_less_than_two_seconds_of_one_processor() -> None:
    dice = random.Random(1)
    vocabulary = [f"w{number}" for number in range(3_000)]
    weights = [1 / (place + 1) for place in range(3_000)]  # as words come in real texts
    texts = [" ".join(dice.choices(vocabulary, weights, k=2_000)) for _ in range(64)]
    start = time.process_time()
    assert spread_of(texts).different == 64
    assert time.process_time() - start < 2
