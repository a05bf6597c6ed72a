"""Candidates as bars: what is written beside them, how long they are, how one is taken."""

from __future__ import annotations

import pytest

from playground.tui.widgets.candidate_bars import Bar, CandidateBars, bar_text, share_text
from tests.tui.lens.widgets import lines_of, shown

BARS = [
    Bar("·cat", 7, 1, 0.5, 0.75, chosen=False),
    Bar("·dog", 8, 2, 0.25, 0.25, chosen=True),
    Bar("‹E3 81›", 9, 3, 0.001, 0.0, chosen=False, cut="top_k"),
    Bar("·fox", None, None, 0.0005, None, chosen=False),
]


async def test_each_candidate_has_its_rank_and_both_probabilities() -> None:
    bars = CandidateBars(id="bars")
    async with shown(bars, (60, 8)):
        bars.show(BARS, 0)
        head, cat, dog, partial, fox = lines_of(bars)[:5]
        assert head.split() == ["rank", "token", "model", "drawn", "from"]
        assert cat.split()[:2] == ["1", "·cat"]
        assert "50.0%" in cat
        assert "75.0%" in cat
        assert dog.startswith("▶    2 ·dog")
        assert "cut by top_k" in partial
        assert fox.split()[:2] == ["?", "·fox"]
        assert "not known" in fox


@pytest.mark.parametrize("width", [38, 60, 110])
async def test_they_fit_every_width(width: int) -> None:
    bars = CandidateBars(id="bars")
    async with shown(bars, (width, 6)):
        bars.show(BARS, 0)
        for line in lines_of(bars):
            assert len(line) <= width
        assert "75.0%" in lines_of(bars)[1]


async def test_a_candidate_is_chosen_by_keys_and_by_the_mouse_and_taken_by_enter() -> None:
    bars = CandidateBars(id="bars")
    async with shown(bars, (60, 8)) as (pilot, _):
        bars.show(BARS, 0)
        taken: list[str] = []
        bars.post_message = lambda m: (
            (  # type: ignore[method-assign]
                taken.append(m.bar.name) if isinstance(m, CandidateBars.Taken) else None
            )
            or True
        )
        assert bars.here == BARS[1]
        bars.action_move(1)
        bars.action_take()
        bars.action_move(-9)
        bars.action_take()
        assert taken == ["‹E3 81›", "·cat"]
        del bars.post_message
        await pilot.click(bars, offset=(10, 4))
        assert bars.here == BARS[3]


async def test_on_another_token_the_cursor_goes_to_the_chosen_one_and_else_it_stays() -> None:
    bars = CandidateBars(id="bars")
    async with shown(bars, (60, 8)):
        bars.show(BARS, 0)
        bars.action_move(1)
        bars.show(BARS, 0, drawn="turned")
        assert bars.here == BARS[2]
        bars.show(BARS, 1)
        assert bars.here == BARS[1]


MANY = [Bar(f"·{at}", at, at, 0.05, 0.05, chosen=at == 5) for at in range(1, 21)]


async def test_the_likeliest_are_in_view_with_the_chosen_one_where_there_is_room_for_both() -> None:
    bars = CandidateBars(id="bars")
    async with shown(bars, (60, 9)) as (pilot, _):
        bars.show(MANY, 0)
        assert lines_of(bars)[1].split()[:2] == ["1", "·1"]
        await pilot.press("end")
        assert lines_of(bars)[-1].split()[1] == "20"
        # Of another token they are shown from the likeliest on again.
        bars.show(MANY, 1)
        assert lines_of(bars)[1].split()[:2] == ["1", "·1"]
        assert lines_of(bars)[5].startswith("▶    5")
        # There was no room yet, and now there is.
        bars.display = False
        await pilot.pause()
        bars.show(MANY, 2)
        bars.display = True
        await pilot.pause()
        assert lines_of(bars)[1].split()[:2] == ["1", "·1"]
        await pilot.resize_terminal(60, 3)
        await pilot.pause()
        assert lines_of(bars)[-1].startswith("▶    5")
        await pilot.resize_terminal(60, 9)
        await pilot.pause()
        assert lines_of(bars)[1].split()[:2] == ["1", "·1"]


def test_bars_are_in_proportion_and_what_is_not_nothing_is_seen() -> None:
    assert bar_text(1.0, 10) == "█" * 10
    assert bar_text(0.5, 10).rstrip() == "█" * 5
    assert bar_text(0.45, 10).rstrip() == "█" * 4 + "▌"
    assert bar_text(1e-9, 10).rstrip() == "▏"
    assert bar_text(0.0, 10).rstrip() == ""
    assert {len(bar_text(share / 97, 13)) for share in range(98)} == {13}


@pytest.mark.parametrize(
    ("share", "text"),
    [
        (1.0, "100%"),
        (0.99999, "100%"),
        (0.9996, "99.96%"),
        (0.452, "45.2%"),
        (0.0123, "1.2%"),
        (0.00031, "0.031%"),
        (0.000021, "0.002%"),
        (3.2e-7, "3e-5%"),
        (3e-12, "<1e-9%"),
        (1e-16, "0%"),
        (0.0, "0%"),
    ],
)
def test_probabilities_are_short(share: float, text: str) -> None:
    assert share_text(share) == text
    assert len(text) <= 7
