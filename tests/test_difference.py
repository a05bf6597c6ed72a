"""Differences lose nothing, mark words in any script, and stay quick on long answers."""

from __future__ import annotations

import random
import time
from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from playground import difference
from playground.difference import (
    Parting,
    Segment,
    first_parting,
    pieces,
    word_difference,
    words,
)

TEXT = st.text(
    st.sampled_from("ab c,.'’\r\n\t日本ー。é\u0301\u3099👨👩\u200d🏽🇯🇵9_ไม้\x1b\ud800"), max_size=60
)


def joined(segments: list[Segment]) -> tuple[str, str]:
    return "".join(one.left for one in segments), "".join(one.right for one in segments)


def sketch(left: str, right: str) -> str:
    """A difference as one writes it: -removed- +added+ {left|right}."""
    shapes = {"same": "{0}", "removed": "-{0}-", "added": "+{1}+", "changed": "{{{0}|{1}}}"}
    return "".join(
        shapes[kind].format(one, other) for kind, one, other in word_difference(left, right)
    )


@given(TEXT, TEXT)
@example("", "")
@example("a b", "c d")
def test_the_segments_joined_are_the_texts(left: str, right: str) -> None:
    segments = word_difference(left, right)
    assert joined(segments) == (left, right)
    for kind, one, other in segments:
        assert (kind == "same") == (one == other)
        assert (kind == "added") == (not one)
        assert (kind == "removed") == (not other)


@given(TEXT, TEXT)
def test_neighbours_are_of_different_sorts(left: str, right: str) -> None:
    kinds = [segment.kind == "same" for segment in word_difference(left, right)]
    assert all(one != other for one, other in pairwise(kinds))


@given(TEXT)
def test_pieces_joined_are_the_text_and_words_are_among_them(text: str) -> None:
    assert "".join(pieces(text)) == text
    assert [piece for piece in pieces(text) if piece in {*words(text)}] == words(text)


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ("The cat sat.", "The dog sat.", "The {cat|dog} sat."),
        ("The cat sat.", "The cat sat!", "The cat sat{.|!}"),
        ("one two", "one", "one- two-"),
        ("one", "one two", "one+ two+"),
        ("a b c", "x y z", "{a b c|x y z}"),
        ("don't pay 3.14", "don't pay 3.15", "don't pay {3.14|3.15}"),
        ("村に男の子がいる。", "村に女の子がいる。", "村に{男|女}の子がいる。"),
        ("ない", "なかった", "な{い|かった}"),
        ("Привет мир", "Привет друг", "Привет {мир|друг}"),
        ("a\nb\n", "a\nc\n", "a\n{b|c}\n"),
        ("x\n\ny", "z\n\nw", "{x|z}\n\n{y|w}"),
        ("a  b", "a b", "a{  | }b"),
        ("one\n", "one\n two", "one\n+ two+"),
        ("a b c d e f g h i keep this", "keep this q r s t u v w x y",
         "-a b c d e f g h i -keep this+ q r s t u v w x y+"),
        ("👨‍👩‍👧 ok", "👨‍👩‍👦 ok", "{👨‍👩‍👧|👨‍👩‍👦} ok"),
    ],
)  # fmt: skip
def test_what_is_marked(left: str, right: str, expected: str) -> None:
    assert sketch(left, right) == expected


def test_words_are_counted_in_any_script() -> None:
    assert words("Don't pay 3.14, x_y!") == ["Don't", "pay", "3.14", "x_y"]
    assert words("日本語です。") == list("日本語です")
    assert words("हिन्दी में") == ["हिन्दी", "में"]
    assert words("한국어 문장") == ["한국어", "문장"]


def long_text(count: int, seed: int) -> str:
    dice = random.Random(seed)
    return " ".join(f"w{int(dice.paretovariate(0.6)) % 5000}" for _ in range(count))


def test_ten_thousand_words_that_differ_everywhere_take_less_than_a_second() -> None:
    left, right = long_text(10_000, 1), long_text(10_000, 2)
    # The processor's time: other work on the machine is no defect of ours.
    start = time.process_time()
    assert joined(word_difference(left, right)) == (left, right)
    assert time.process_time() - start < 1


def test_what_does_not_fit_one_table_is_still_compared_word_by_word(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(difference, "MOST_COMPARED", 100_000)
    left = long_text(3_000, 1)
    spoilt = left.split(" ")
    for place in range(0, 3_000, 100):
        spoilt[place] = "new"
    right = " ".join(spoilt)
    segments = word_difference(left, right)
    assert joined(segments) == (left, right)
    changed = [segment for segment in segments if segment.kind != "same"]
    assert len(changed) == 30
    assert {segment.right for segment in changed} == {"new"}


def test_long_texts_with_nothing_in_common_are_one_change(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(difference, "MOST_COMPARED", 100)
    left, right = " ".join("a" * 50), " ".join("b" * 50)
    assert word_difference(left, right) == [Segment("changed", left, right)]


@pytest.mark.parametrize("least", [10**9, 10_000])
def test_very_long_texts_take_a_time_that_grows_with_their_length_only(
    monkeypatch: pytest.MonkeyPatch, least: int
) -> None:
    """Thirty thousand words, one in fifty of them another: in one table, or in many."""
    monkeypatch.setattr(difference, "MOST_COMPARED", least)
    left = long_text(30_000, 1)
    spoilt = left.split(" ")
    for place in range(0, len(spoilt), 50):
        spoilt[place] = f"new{place}"
    right = " ".join(spoilt)
    start = time.process_time()
    segments = word_difference(left, right)
    assert time.process_time() - start < 5
    assert joined(segments) == (left, right)
    changed = [segment for segment in segments if segment.kind != "same"]
    assert sum(len(words(segment.right)) for segment in changed) == 600


@pytest.mark.parametrize(
    ("left", "right", "expected"),
    [
        ([], [], None),
        ([1, 2], [1, 2], None),
        ([1, 2], [1, 3], Parting(1, 2, 3)),
        ([1, 2], [1], Parting(1, 2, None)),
        ([], [7], Parting(0, None, 7)),
        (["a", "b"], ["x", "b"], Parting(0, "a", "x")),
    ],
)
def test_where_two_sequences_of_tokens_part(
    left: list[int], right: list[int], expected: Parting[int] | None
) -> None:
    assert first_parting(left, right) == expected
