"""A blind test gives nothing away before the vote, and everything after it."""

from __future__ import annotations

import random
from typing import Any

import pytest

from playground.errors import HistoryUnavailable
from playground.judging import BlindTest, Candidate, Tallies, Vote, count_votes
from playground.tui.screens.blind_test import BlindTestScreen
from tests.tui.bare import Shown, shown
from tests.tui.stage import until

PROMPT = "Tell me of the sea"
HOT = Candidate(
    run="hotrun0001", model="demo:small", setting="temperature 1.37", text=" The sea is loud.\n"
)
COOL = Candidate(
    run="coolrun001", choice=7, model="openai:gpt-9", setting="top_k 41", text="The sea is calm."
)


def in_order(*candidates: Candidate) -> BlindTest:
    return BlindTest(PROMPT, candidates)


def screen(test: BlindTest, seen: list[Vote] | None = None) -> BlindTestScreen:
    def tallies(vote: Vote) -> Tallies:
        if seen is not None:
            seen.append(vote)
        return count_votes([vote])

    return BlindTestScreen(test, tallies)


def everything_in(up: Shown) -> str:
    """What is on the screen, and what its widgets are called and hold ready to show."""
    parts = [up.text]
    for widget in up.app.screen.walk_children():
        parts += [repr(widget), str(widget.tooltip), str(widget.border_title)]
    return "\n".join(parts)


def looks(up: Shown) -> list[tuple[Any, ...]]:
    """How each answer is drawn."""
    return [
        (
            widget.styles.color,
            widget.styles.background,
            widget.rich_style,
            widget.classes,
            widget.size,
            widget.parent.region.height if widget.parent else 0,  # type: ignore[attr-defined]
        )
        for widget in up.app.screen.query(".blind-head")
    ]


@pytest.mark.parametrize("order", [(HOT, COOL), (COOL, HOT)])
async def test_before_the_vote_neither_names_nor_settings_nor_runs_are_anywhere(
    order: tuple[Candidate, Candidate],
) -> None:
    async with shown(screen(in_order(*order))) as up:
        await up.sees("The sea is loud.")
        held = everything_in(up)
        for word in ("demo", "small", "openai", "gpt", "temperature", "1.37", "top_k", "41"):
            assert word not in held
        for word in ("hotrun", "coolrun", "token", "first", "stop"):
            assert word not in held
        one, other = looks(up)
        assert one == other


async def test_the_screen_follows_the_shuffle_and_not_the_panes() -> None:
    orders = set()
    for seed in range(8):
        test = BlindTest.shuffled(PROMPT, [HOT, COOL], random.Random(seed))
        async with shown(screen(test)) as up:
            await up.sees("calm")
            line = next(line for line in up.text.splitlines() if "calm" in line)
            orders.add(line.index("loud") < line.index("calm"))
            first = test.candidates[0]
            assert (line.index("loud") < line.index("calm")) == (first is HOT)
    assert orders == {True, False}


async def test_the_same_answers_in_another_order_make_the_same_screen_but_for_their_texts() -> None:
    drawn = []
    for order in ((HOT, COOL), (COOL, HOT)):
        async with shown(screen(in_order(*order))) as up:
            await up.sees("calm")
            drawn.append(up.text.replace("calm", "----").replace("loud", "----"))
    assert drawn[0] == drawn[1]


async def test_the_vote_reveals_which_was_which_with_the_tallies() -> None:
    seen: list[Vote] = []
    async with shown(screen(in_order(HOT, COOL), seen), size=(120, 40)) as up:
        await up.sees("calm")
        await up.press("b")
        await up.sees("1 vote so far")
        assert "A  demo:small · temperature 1.37" in up.text
        assert "B  openai:gpt-9 · top_k 41 ★ your vote" in up.text
        assert "100 % (21 % to 100 %)" in up.text
        await up.press("a", "t", "x")
        assert len(seen) == 1
        await up.press("escape")
        assert up.app.given == seen
        assert (seen[0].outcome, seen[0].winner) == ("win", 1)
        assert [one.model for one in seen[0].candidates] == ["demo:small", "openai:gpt-9"]


@pytest.mark.parametrize(
    ("key", "outcome", "said"), [("t", "tie", "A tie."), ("x", "bad", "Both bad.")]
)
async def test_a_tie_and_both_bad_are_votes(key: str, outcome: str, said: str) -> None:
    async with shown(screen(in_order(HOT, COOL))) as up:
        await up.sees("calm")
        await up.press(key)
        await up.sees(said)
        await up.press("enter")
        assert up.app.given[0].outcome == outcome


async def test_leaving_before_the_vote_is_no_vote() -> None:
    seen: list[Vote] = []
    async with shown(screen(in_order(HOT, COOL), seen)) as up:
        await up.sees("calm")
        await up.press("enter", "c", "d")
        assert up.app.given == []
        await up.press("escape")
        assert up.app.given == [None]
        assert seen == []


@pytest.mark.parametrize("size", [(200, 40), (120, 40), (80, 24), (40, 24)])
async def test_four_answers_are_all_there_at_any_size(size: tuple[int, int]) -> None:
    four = [HOT.model_copy(update={"text": f"answer {word}"}) for word in ("i", "ii", "iii", "iv")]
    async with shown(screen(in_order(*four)), size=size) as up:
        await up.sees("answer iv")
        assert all(f"answer {word}" in up.text for word in ("i", "ii", "iii"))
        await up.press("d")
        await up.sees("You chose D.")


async def test_without_tallies_the_vote_still_counts() -> None:
    def fails(_vote: Vote) -> Tallies:
        raise HistoryUnavailable("The history is locked.")

    async with shown(BlindTestScreen(in_order(HOT, COOL), fails)) as up:
        await up.sees("calm")
        await up.pilot.press("a")
        await until(up.pilot, lambda: "The history is locked." in up.notices)
        await up.press("enter")
        assert up.app.given[0].winner == 0


async def test_answers_are_data() -> None:
    nasty = COOL.model_copy(update={"text": "[red]x[/red]\x1b[2J", "model": "a:\x1b[b]"})
    async with shown(screen(in_order(nasty, HOT))) as up:
        await up.sees("[red]x[/red]␛[2J")
        await up.press("a")
        await up.sees("a:␛[b]")
