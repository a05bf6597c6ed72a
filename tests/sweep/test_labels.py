"""Names in little room can still be told apart."""

from __future__ import annotations

import pytest
from rich.cells import cell_len

from playground.sweep.asked import Asked, build
from playground.sweep.labels import apart

CAPITALS = [f"What is the capital of {place}?" for place in ("France", "Japan", "Italy")]
QUESTIONS = [*CAPITALS, "What is two plus three?", "What is the colour of the sky?"]


def test_names_that_begin_alike_stand_from_the_word_in_which_they_part() -> None:
    assert apart(QUESTIONS, 8) == ["…France?", "…Japan?", "…Italy?", "…two pl…", "…colour…"]


def test_before_that_word_stands_what_has_room() -> None:
    assert apart(CAPITALS, 24)[0] == "…the capital of France?"
    assert apart(CAPITALS, 16)[1] == "…of Japan?"


def test_a_name_with_room_stands_whole_and_one_that_is_alone_in_how_it_begins_is_cut() -> None:
    assert apart(["short", "Once upon a time there was a fox"], 12) == ["short", "Once upon a…"]


@pytest.mark.parametrize("width", range(4, 40))
def test_no_name_is_wider_than_its_room_and_no_two_are_the_same(width: int) -> None:
    stories = ["昔々あるところにおじいさんがいました", "昔々あるところにおばあさんがいました"]
    found = apart([*QUESTIONS, *stories, CAPITALS[0][:-1]], width)
    assert max(map(cell_len, found)) <= width
    if width >= 9:
        assert len(set(found[:-1])) == len(found) - 1


def test_prompts_that_begin_alike_have_names_of_their_own() -> None:
    task = "Say in one word what mood the following review of a restaurant is in: "
    sweep = build(
        Asked.of_words(
            prompt=(f"{task}lovely", f"{task}awful"), models="demo:tiny", space={"top_k": "1,2"}
        )
    )
    one, other = (prompt.label for prompt in sweep.prompts)
    assert one.endswith("restaurant is in: lovely")
    assert other.endswith("restaurant is in: awful")


def test_prompts_that_differ_in_their_system_prompt_are_told_apart_by_it() -> None:
    sweep = build(
        Asked.of_words(
            prompt="Hello!",
            system=("You are a pirate.", "You are a poet."),
            models="demo:tiny",
            space={"top_k": "1,2"},
        )
    )
    assert [prompt.label for prompt in sweep.prompts] == [
        "Hello! · You are a pirate.",
        "Hello! · You are a poet.",
    ]
