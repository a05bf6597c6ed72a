"""Two answers side by side: rows that belong together, any script, no colour needed."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from rich.cells import cell_len
from textual.color import Color

from playground.difference import word_difference
from playground.sanitize import make_safe
from playground.tui.difference_rows import Row, inline, side_by_side
from playground.tui.screens.difference import DifferenceScreen
from playground.tui.themes import DARK, LIGHT
from playground.tui.widgets.difference_view import DifferenceView
from tests.tui.bare import shown


def side(rows: list[Row], which: int) -> list[str]:
    return ["".join(piece.text for piece in row[which]) for row in rows]


def rows(left: str, right: str, width: int = 20) -> list[Row]:
    return side_by_side(word_difference(left, right), width)


PARTS = [*"ab c.\n\t日本\u3000\u200b\u00a0\r", "👨\u200d👩", "e\u0301", "🇯🇵", "\x1b", "ﾊﾟ"]
ODD = st.lists(st.sampled_from(PARTS), max_size=60).map("".join)


@given(ODD, ODD, st.integers(1, 40))
def test_no_row_is_wider_than_its_column_and_nothing_is_lost(
    left: str, right: str, width: int
) -> None:
    for number, text in enumerate((left, right)):
        lines = side(rows(left, right, width), number)
        # A character may be wider than a column of one cell.
        assert all(cell_len(line) <= max(width, 2) for line in lines)
        shown = "".join(make_safe(text).split())
        assert without_signs("".join(lines)) == without_signs(shown)
    together = side(inline(word_difference(left, right), width), 0)
    assert all(cell_len(line) <= max(width, 2) for line in together)


def without_signs(text: str) -> str:
    """What is left without blanks, and without the signs that stand for them."""
    return re.sub(r"‹U\+(00A0|200B|3000)›|[\s·→↵\u200b]", "", text)


@given(ODD, ODD)
def test_whatever_differs_is_marked_on_the_screen(left: str, right: str) -> None:
    assume(make_safe(left) != make_safe(right))
    for drawn in (rows(left, right), inline(word_difference(left, right), 20)):
        marked = [piece for row in drawn for piece in (*row.left, *row.right)]
        assert any(cell_len(piece.text) and piece.mark != "same" for piece in marked)


@pytest.mark.parametrize(
    ("left", "right", "seen"),
    [
        ("a b", "a  b", ("a·b", "a··b")),
        ("a \nb", "a\nb", ("a·", "a")),
        ("a\tb", "a b", ("a→   b", "a·b")),
        ("a\u00a0b", "a b", ("a‹U+00A0›b", "a·b")),
        ("日本\u3000語", "日本語", ("日本‹U+3000›語", "日本語")),
        ("a, \u200b", "a, ", ("a,·‹U+200B›", "a,·")),
    ],
)
def test_blanks_that_differ_are_seen(left: str, right: str, seen: tuple[str, str]) -> None:
    drawn = rows(left, right)
    assert (side(drawn, 0)[0], side(drawn, 1)[0]) == seen


@given(st.data())
def test_lines_that_both_have_stand_beside_each_other_whatever_was_inserted(
    data: st.DataObject,
) -> None:
    common = [f"line{number} is in both texts, always {number}" for number in range(6)]
    sides = []
    for name in ("left", "right"):
        lines = list(common)
        for number in range(data.draw(st.integers(0, 5))):
            new = data.draw(st.sampled_from(["", f"{name}{number}", f"{name}{number} " * 9]))
            lines.insert(data.draw(st.integers(0, len(lines))), new)
        sides.append("\n".join(lines))
    drawn = rows(*sides, width=40)
    for line in common:
        places = [
            [at for at, text in enumerate(side(drawn, number)) if text.startswith(line)]
            for number in (0, 1)
        ]
        assert places[0] == places[1], (sides, side(drawn, 0), side(drawn, 1))
        assert len(places[0]) == 1


def test_a_changed_paragraph_does_not_push_what_follows_out_of_line() -> None:
    short, long = "It was.", "It was a long time ago, and nobody knows any more how long it was."
    drawn = rows(f"Once.\n{short}\nThe end.", f"Once.\n{long}\nThe end.")
    assert len(drawn) == 2 + len(side(rows("", long), 1))
    assert drawn[-1].left == drawn[-1].right
    assert side(drawn, 0)[-1] == "The end."


def test_a_line_end_that_differs_is_seen() -> None:
    assert any("↵" in line for line in side(rows("a\n\nb", "a\nb"), 0))
    assert any(row.differs for row in rows("a\r\nb", "a\nb"))


def test_inline_reads_without_colours() -> None:
    text = side(inline(word_difference("The old cat", "The new cat sat"), 60), 0)
    assert text == ["The [-old-]{+new+} cat{+ sat+}"]


LEFT = ("A · demo:small", "A quick fox\njumps over\n昔々、村に男の子がいました。\nThe end.")
RIGHT = ("B · demo:tiny", "A slow fox\njumps over\n昔々、村に女の子がいました。\nThe end!")


async def test_side_by_side_by_default_and_inline_by_key() -> None:
    async with shown(DifferenceScreen(LEFT, RIGHT), size=(100, 24)) as up:
        await up.sees("3 differences")
        lines = [line for line in up.text.splitlines() if "fox" in line]
        assert lines[0].split("|")[0].strip() == "A quick fox"
        assert lines[0].split("|")[1].strip() == "A slow fox"
        assert "A · demo:small" in up.text
        await up.press("v")
        assert "A [-quick-]{+slow+} fox" in up.text
        assert "村に[-男-]{+女+}の子" in up.text
        await up.press("v")
        assert "A slow fox" in up.text


async def test_wide_characters_leave_the_columns_straight() -> None:
    async with shown(DifferenceScreen(LEFT, RIGHT), size=(100, 24)) as up:
        await up.sees("3 differences")
        view = up.app.screen.query_one(DifferenceView)
        drawn = [view.render_line(y) for y in range(view.size.height)]
        assert {strip.cell_length for strip in drawn} == {view.scrollable_content_region.width}
        bars = set()
        for strip in drawn[:5]:
            bars.add(cell_len(strip.text[: _gutter(strip.text, view.column)]))
        assert bars == {view.column + 1}


def _gutter(text: str, column: int) -> int:
    """The place of the character that stands `column + 1` cells from the left."""
    return next(at for at in range(len(text)) if cell_len(text[:at]) == column + 1)


@pytest.mark.parametrize("size", [(60, 20), (40, 12), (20, 8)])
async def test_a_narrow_terminal_shows_it_inline(size: tuple[int, int]) -> None:
    async with shown(DifferenceScreen(LEFT, RIGHT), size=size) as up:
        await up.sees("[-quick-]")
        await up.press("v")
        assert up.app.screen.query_one(DifferenceView).inline


async def test_both_scroll_together_and_jump_from_difference_to_difference() -> None:
    text = "\n".join(f"line {number}" for number in range(200))
    other = text.replace("line 50\n", "LINE 50\n").replace("line 150\n", "LINE 150\n")
    async with shown(DifferenceScreen(("A", text), ("B", other)), size=(100, 24)) as up:
        await up.sees("2 differences")
        view = up.app.screen.query_one(DifferenceView)
        for keys, at in ((("n",), 50), (("n",), 150), (("n",), 150), (("p",), 50)):
            await up.press(*keys)
            assert view.scroll_offset.y == at
            assert f"LINE {at}" in up.text
        await up.press("end")
        await up.sees("line 199")
        assert next(line for line in up.text.splitlines() if "line 199" in line).count("199") == 2


async def test_equal_answers_are_said_to_be_equal() -> None:
    async with shown(DifferenceScreen(("A", "same"), ("B", "same"))) as up:
        await up.sees("The two are the same, character by character")


@pytest.mark.parametrize("key", ["escape", "q", "enter", "f7", "f12"])
async def test_it_goes_away(key: str) -> None:
    async with shown(DifferenceScreen(LEFT, RIGHT)) as up:
        await up.press(key)
        assert up.app.given == [None]


async def test_what_models_say_is_data() -> None:
    nasty = "[red]x[/red] \x1b[2J\x07 \u202eabc"
    async with shown(DifferenceScreen(("[b]A[/b]\x1b", nasty), ("B", nasty + "!"))) as up:
        await up.sees("1 difference")
        for part in ("[red]x[/red] ␛[2J␇ ‹U+202E›abc", "[b]A[/b]␛"):
            assert part in up.text


@pytest.mark.parametrize("theme", [DARK.name, LIGHT.name])
async def test_marked_words_read_in_both_themes_and_without_colours(theme: str) -> None:
    async with shown(DifferenceScreen(LEFT, RIGHT), theme=theme) as up:
        view = up.app.screen.query_one(DifferenceView)
        for mark in ("removed", "added"):
            style: Any = view.get_component_rich_style(f"difference--{mark}")
            assert style.underline
            front, back = Color.from_rich_color(style.color), Color.from_rich_color(style.bgcolor)
            assert _contrast(front, back) >= 4.5


def _contrast(one: Color, other: Color) -> float:
    """The contrast ratio of WCAG 2.1, 1 to 21."""
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: Color) -> float:
    linear = [
        value / 12.92 if value <= 0.04045 else ((value + 0.055) / 1.055) ** 2.4
        for value in colour.normalized
    ]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]
