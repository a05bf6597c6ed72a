"""What a model thinks aloud is parted from its answer, however the text is cut on its way."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from playground.reasoning import (
    CONTROLS,
    MARKS,
    Parter,
    begins_marked,
    continued,
    opened_by,
    parted,
    rejoined,
)
from playground.types import ReasoningDelta, TextDelta, Token

WITH_END = [mark for mark in MARKS if mark.end]


def _told(parter: Parter, pieces: Sequence[str]) -> tuple[str, str]:
    deltas = [delta for piece in pieces for delta in parter.take(TextDelta(piece))]
    deltas += parter.rest(0)
    reasoning = "".join(delta.text for delta in deltas if isinstance(delta, ReasoningDelta))
    return reasoning, "".join(delta.text for delta in deltas if isinstance(delta, TextDelta))


def _cut(text: str, places: Sequence[int]) -> list[str]:
    ends = sorted({place % (len(text) + 1) for place in places} | {0, len(text)})
    return [text[begin:end] for begin, end in pairwise(ends)]


@pytest.mark.parametrize("mark", WITH_END, ids=lambda mark: mark.begin)
def test_what_stands_between_the_marks_is_reasoning_and_what_follows_the_answer(mark) -> None:
    text = f"{mark.begin}\nThe user asks for a city.\n{mark.end}\n\nParis, of course."
    assert parted(text) == ("The user asks for a city.", "Paris, of course.")


def test_an_answer_in_its_own_channel_has_no_reasoning() -> None:
    assert parted("<|channel|>final<|message|>Paris.") == ("", "Paris.")


def test_empty_reasoning_is_none() -> None:
    assert parted("<think>\n\n</think>\n\nParis.") == ("", "Paris.")


def test_reasoning_that_was_cut_is_all_there_is() -> None:
    assert parted("<think>\nFirst, I would") == ("First, I would", "")
    assert parted("<think>\nFirst.\n</thi") == ("First.\n</thi", "")


@pytest.mark.parametrize(
    "text",
    [
        "Paris.",
        " Paris.",
        "\n",
        "",
        "<",
        "<thin",
        "<thinker> is a tag.",
        "A <think> in the middle</think> stays.",
        "[THIN",
    ],
)
def test_a_text_that_begins_with_no_mark_is_an_answer_to_the_letter(text: str) -> None:
    assert parted(text) == ("", text)


@given(
    st.sampled_from(WITH_END),
    st.text(st.sampled_from("<>/think|[] \nab"), max_size=12),
    st.text(st.sampled_from("<>/think|[] \nab"), max_size=12),
    st.lists(st.integers(0, 200), max_size=12),
)
def test_how_the_text_is_cut_changes_nothing(mark, thought, answer, places) -> None:
    text = mark.begin + thought + mark.end + answer
    assert _told(Parter(), _cut(text, places)) == tuple(parted(text))


@given(st.text(st.sampled_from("<think>/ \na[]TH|"), max_size=30), st.lists(st.integers(0, 60)))
def test_no_visible_character_is_lost_or_made_up(text: str, places: list[int]) -> None:
    reasoning, answer = _told(Parter(), _cut(text, places))
    possible = [(reasoning, answer)]
    for mark in MARKS:
        possible += [(mark.begin, reasoning, answer), (mark.begin, reasoning, mark.end, answer)]
    assert "".join(text.split()) in {"".join("".join(parts).split()) for parts in possible}


def test_tokens_go_with_the_text_that_came_of_them_and_none_is_lost() -> None:
    parter, deltas = Parter(), []
    pieces = ["<think>", "\n", "Hm", ".", "\n", "</think>", "\n\n", "Paris", "."]
    for piece in pieces:
        deltas += parter.take(TextDelta(piece, 0, (Token(piece),)))
    deltas += parter.rest(0)
    assert [token.text for delta in deltas for token in delta.tokens] == pieces
    answer = [delta for delta in deltas if isinstance(delta, TextDelta)]
    assert [token.text for token in answer[0].tokens] == ["\n", "</think>", "\n\n", "Paris"]
    assert answer[1] == TextDelta(".", 0, (Token("."),))


def test_tokens_of_nothing_but_a_mark_are_told_at_the_end() -> None:
    parter = Parter()
    assert parter.take(TextDelta("<think>", 0, (Token("<think>"),))) == []
    assert parter.rest(0) == [ReasoningDelta("", 0, (Token("<think>"),))]
    assert parter.rest(0) == []


def test_once_the_answer_has_begun_deltas_pass_as_they_are() -> None:
    parter = Parter()
    parter.take(TextDelta("Paris"))
    assert parter.idle
    delta = TextDelta(" <think>")
    assert parter.take(delta)[0] is delta


def test_what_goes_on_from_a_beginning_goes_on_where_that_ends() -> None:
    assert _told(Parter("<think>\nOkay"), [" so", "\n</think>\n\nParis"]) == (" so", "Paris")
    assert _told(Parter("<think>"), ["\nOkay\n</think>\n\nParis"]) == ("Okay", "Paris")
    assert _told(Parter("<think>\nOkay\n</think>\n"), ["\nParis"]) == ("", "Paris")
    assert _told(Parter("The capital"), ["<think>"]) == ("", "<think>")
    assert continued("<think>\nOkay", " so", "Paris") == ("Okay so", "Paris")
    assert continued("The ", "", "end") == ("", "The end")


@given(
    st.text(st.sampled_from("ab \n"), min_size=1).map(str.strip).filter(bool),
    st.text(st.sampled_from("ab \n")).map(str.strip),
)
def test_what_was_parted_and_is_joined_again_parts_the_same_way(thought: str, answer: str) -> None:
    assert parted(rejoined(thought, answer)) == (thought, answer)
    assert begins_marked(rejoined(thought, answer))


def test_an_answer_without_reasoning_is_joined_to_itself() -> None:
    assert rejoined("", "Paris") == "Paris"


def test_a_prompt_tells_whether_it_has_begun_the_reasoning() -> None:
    assert opened_by("<|im_start|>assistant\n<think>\n") == "<think>"
    assert opened_by("<|im_start|>assistant\n<think>\n\n</think>\n\n") == ""
    assert opened_by("<|im_start|>assistant\n") == ""
    assert opened_by("") == ""


def test_marks_are_made_of_these_tokens() -> None:
    assert {"<think>", "</think>"} in CONTROLS
    assert {"<|channel|>", "<|message|>", "<|end|>", "<|start|>"} in CONTROLS
