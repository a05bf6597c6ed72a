"""Blind tests: fair orders, votes that hold together, tallies that can be worked out by hand."""

from __future__ import annotations

import random
from collections import Counter
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from playground.errors import UsageError
from playground.judging import (
    BlindTest,
    Candidate,
    Judged,
    Tally,
    Vote,
    count_votes,
    settings_text,
    wilson_interval,
)
from playground.params import GenerationParams


def candidate(model: str, setting: str = "temperature 1", run: str = "r") -> Candidate:
    return Candidate(run=run, model=model, setting=setting, text=f"I am {model}.")


def vote(outcome: str, *stood: tuple[str, str], winner: int | None = None) -> Vote:
    return Vote.model_validate(
        {
            "id": "v",
            "created": "2026-01-02T03:04:05Z",
            "prompt": "Hello",
            "candidates": [Judged(run="r", model=model, setting=text) for model, text in stood],
            "outcome": outcome,
            "winner": winner,
        }
    )


# The test


def test_every_order_comes_equally_often() -> None:
    dice = random.Random(7)
    stood = [candidate("a:1"), candidate("b:2"), candidate("c:3")]
    orders = Counter(
        tuple(one.model for one in BlindTest.shuffled("Hi", stood, dice).candidates)
        for _ in range(6_000)
    )
    assert len(orders) == 6
    assert all(abs(times - 1_000) < 150 for times in orders.values())


def test_a_letter_stands_for_what_was_shown_there() -> None:
    test = BlindTest.shuffled("Hi", [candidate("a:1"), candidate("b:2")], random.Random(1))
    for place, letter in enumerate(test.letters):
        given = test.vote(letter)
        assert (given.outcome, given.winner) == ("win", place)
        assert given.candidates[place].model == test.candidates[place].model
        assert given.created.tzinfo is UTC
        assert given.prompt == "Hi"
    assert test.vote("tie").winner is None
    assert test.vote("bad").outcome == "bad"
    assert test.vote("A").id != test.vote("A").id


@pytest.mark.parametrize("verdict", ["C", "a", "", "win", "AB", "ti"])
def test_nothing_else_is_a_verdict(verdict: str) -> None:
    test = BlindTest.shuffled("Hi", [candidate("a:1"), candidate("b:2")], random.Random(1))
    with pytest.raises(UsageError, match="One of A, B, or tie, or bad"):
        test.vote(verdict)


@pytest.mark.parametrize("count", [0, 1, 5])
def test_it_takes_two_to_four(count: int) -> None:
    with pytest.raises(UsageError, match="2 to 4 answers"):
        BlindTest.shuffled("Hi", [candidate("a:1")] * count, random.Random(1))


def test_a_vote_survives_being_kept_and_holds_no_text_of_answers() -> None:
    test = BlindTest.shuffled("Hi", [candidate("a:1"), candidate("b:2")], random.Random(1))
    given = test.vote("B")
    kept = given.model_dump_json()
    assert Vote.model_validate_json(kept) == given
    assert "I am" not in kept


@pytest.mark.parametrize(
    ("outcome", "winner"), [("win", None), ("win", 2), ("win", -1), ("tie", 0), ("bad", 1)]
)
def test_a_vote_that_contradicts_itself_is_refused(outcome: str, winner: int | None) -> None:
    with pytest.raises(ValidationError):
        vote(outcome, ("a", "x"), ("b", "x"), winner=winner)


# Settings in words


def test_equal_settings_have_equal_texts_whatever_the_dice() -> None:
    one = GenerationParams.of(temperature=1, top_k=9, seed=4, n=2, logprobs=3)
    other = GenerationParams.of(top_k=9, temperature=1.0, seed=5)
    assert settings_text(one) == settings_text(other) == "temperature 1, top_k 9"
    assert settings_text(GenerationParams(seed=3)) == "nothing set"


def test_long_values_are_short_and_still_told_apart() -> None:
    texts = {
        settings_text(GenerationParams.of(grammar=f'root ::= "{word * 40}"')) for word in "abc"
    }
    assert len(texts) == 3
    assert max(map(len, texts)) < 20
    assert settings_text(GenerationParams.of(stop=["\n\n", "END"])) == r'stop ["\n\n", "END"]'
    assert settings_text(GenerationParams.of(sampler_order="top_k,top_p")) == (
        "sampler_order top_k top_p"
    )
    swapped = [
        GenerationParams.of(logit_bias=bias) for bias in ({"1": 1, "2": 2}, {"2": 2, "1": 1})
    ]
    assert settings_text(swapped[0]) == settings_text(swapped[1])


# Tallies


@pytest.mark.parametrize(
    ("wins", "decided", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_the_interval_is_the_published_one(
    wins: int, decided: int, low: float, high: float
) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), 857-872, table I, method 3."""
    assert wilson_interval(wins, decided) == pytest.approx((low, high), abs=0.00005)


@given(st.integers(0, 500), st.integers(0, 500))
def test_the_interval_holds_the_share_and_lies_within_zero_to_one(wins: int, losses: int) -> None:
    low, high = wilson_interval(wins, wins + losses)
    assert 0 <= low <= high <= 1
    if wins + losses:
        assert low <= wins / (wins + losses) <= high
    mirrored = wilson_interval(losses, wins + losses)
    assert (1 - high, 1 - low) == pytest.approx(mirrored)


def test_tallies_by_hand() -> None:
    hot, cool = "temperature 1.2", "temperature 0.2"
    tallies = count_votes(
        [
            vote("win", ("a", hot), ("b", cool), winner=0),
            vote("win", ("b", cool), ("a", hot), winner=1),
            vote("win", ("a", hot), ("b", hot), winner=1),
            vote("tie", ("a", hot), ("b", cool)),
            vote("bad", ("a", cool), ("b", hot)),
        ]
    )
    assert tallies.votes == 5
    assert tallies.models == (
        Tally("a", "", wins=2, losses=1, ties=1, bad=1),
        Tally("b", "", wins=1, losses=2, ties=1, bad=1),
    )
    # The third was between models at one setting.
    assert tallies.settings == (
        Tally("", hot, wins=2, losses=0, ties=1, bad=1),
        Tally("", cool, wins=0, losses=2, ties=1, bad=1),
    )
    first = tallies.both[0]
    assert (first.model, first.setting, first.wins, first.losses) == ("b", hot, 1, 0)
    assert tallies.models[0].share == pytest.approx(2 / 3)
    assert tallies.models[0].decided == 3


def test_one_model_at_two_settings_counts_for_the_settings_only() -> None:
    tallies = count_votes([vote("win", ("a", "hot"), ("a", "cool"), winner=1)])
    assert tallies.models == ()
    assert tallies.settings[0] == Tally("", "cool", wins=1)
    assert {(one.model, one.setting) for one in tallies.both} == {("a", "hot"), ("a", "cool")}


def test_among_four_one_wins_and_a_shared_model_counts_once() -> None:
    tallies = count_votes([vote("win", ("a", "1"), ("a", "2"), ("b", "1"), ("c", "3"), winner=1)])
    assert {one.model: (one.wins, one.losses) for one in tallies.models} == {
        "a": (1, 0),
        "b": (0, 1),
        "c": (0, 1),
    }


def test_before_the_first_vote_nothing_is_known() -> None:
    tallies = count_votes([])
    assert (tallies.votes, tallies.models) == (0, ())
    assert Tally("a", "").share is None
    assert Tally("a", "").interval == (0, 1)
