"""The tokens of an answer as text: where they stand, and how the cursor walks them."""

from __future__ import annotations

import pytest
from rich.cells import cell_len
from textual.events import MouseScrollDown

from playground.tui.lens.colours import cursor_style, step_style
from playground.tui.widgets.token_rows import TokenRows
from playground.tui.widgets.token_text import TokenText
from tests.tui.lens.widgets import lines_of, shown, styles_of
from tests.tui.stage import until

STORY = ["Once", "·upon", "·a", "·time", "↵", "↵", "there", "·was", "·a", "·fox", "."]


def text_of(*spelled: str, steps: list[int | None] | None = None, at: int = 0) -> TokenText:
    text = TokenText(id="text")
    text.show(spelled, [0] * len(spelled) if steps is None else steps, at=at)
    return text


async def test_tokens_stand_one_after_the_other_and_line_ends_end_lines() -> None:
    text = text_of(*STORY)
    async with shown(text, (14, 8)):
        assert lines_of(text)[:4] == ["Once·upon·a", "·time↵", "↵", "there·was·a"]


async def test_a_token_wider_than_the_screen_goes_over_several_rows() -> None:
    text = text_of("short", "a" * 25, "日本語" * 5, "end")
    async with shown(text, (10, 12)):
        assert "".join(lines_of(text)).replace(" ", "") == "short" + "a" * 25 + "日本語" * 5 + "end"
        assert all(cell_len(line) <= 10 for line in lines_of(text))


async def test_arrows_walk_the_tokens_and_rows() -> None:
    text = text_of(*STORY)
    async with shown(text, (14, 8)) as (pilot, _):
        await pilot.press("right", "right")
        assert text.cursor == 2
        await pilot.press("down")
        assert text.spelled(text.cursor) == "↵"
        await pilot.press("up")
        assert text.spelled(text.cursor) == "·upon"
        await pilot.press("up", "left")
        assert text.cursor == 0
        await pilot.press("end")
        assert text.spelled(text.cursor) == "."
        await pilot.press("right")
        assert text.cursor == len(STORY) - 1
        await pilot.press("home")
        assert text.cursor == 0


async def test_the_mouse_looks_at_tokens_and_a_click_puts_the_cursor_there() -> None:
    text = text_of(*STORY)
    async with shown(text, (14, 8)) as (pilot, _):
        await pilot.hover(text, offset=(6, 0))
        assert text.hovered == 1
        assert text.cursor == 0
        await pilot.hover(text, offset=(13, 6))
        assert text.hovered is None
        await pilot.click(text, offset=(2, 3))
        assert text.cursor == 6


@pytest.mark.parametrize("key", ["right", "left", "down", "end", "home"])
async def test_a_key_takes_over_from_a_mouse_that_rests_on_the_text(key: str) -> None:
    looks: list[int] = []
    text = TokenText(id="text", looked=lambda: looks.append(text.cursor))
    text.show(STORY, [0] * len(STORY))
    async with shown(text, (14, 8)) as (pilot, _):
        await pilot.hover(text, offset=(6, 0))
        assert text.hovered == 1
        looks.clear()
        await pilot.press(key)
        assert text.hovered is None
        assert looks == [text.cursor]
        await pilot.hover(text, offset=(7, 0))
        assert text.hovered == 1


async def test_what_is_clicked_is_walked_on_from_though_the_mouse_stays_there() -> None:
    text = text_of(*STORY)
    async with shown(text, (14, 8)) as (pilot, _):
        await pilot.hover(text, offset=(6, 0))
        await pilot.click(text, offset=(6, 0))
        await pilot.press("right")
        assert (text.cursor, text.hovered) == (2, None)


async def test_the_wheel_brings_another_token_under_the_mouse() -> None:
    text = text_of(*STORY * 5)
    async with shown(text, (16, 8)) as (pilot, _):
        text.styles.overflow_y = "scroll"
        await until(pilot, lambda: text.show_vertical_scrollbar)
        await pilot.hover(text, offset=(0, 0))
        assert text.hovered == 0
        wheel = MouseScrollDown(text, 0, 0, 0, 1, 0, False, False, False)
        text.post_message(wheel)
        await until(pilot, lambda: text.scroll_offset.y > 0)
        row = text.render_line(0).text
        assert text.hovered is not None
        assert row.startswith(text.spelled(text.hovered))
        assert text.hovered > 0
        assert text.cursor == 0


async def test_each_token_has_its_colour_and_the_cursor_one_of_its_own() -> None:
    text = text_of("a", "b", "c", steps=[0, 3, None])
    async with shown(text) as (_, app):
        few = app.console.color_system not in ("truecolor", "256")
        (here,) = styles_of(text, "a")
        (there,) = styles_of(text, "b")
        (unknown,) = styles_of(text, "c")
        assert here.bgcolor == cursor_style(dark=True, few=few).bgcolor
        assert there.bgcolor == step_style(3, dark=True, few=few).bgcolor
        assert unknown.italic
        text.colour([0, 5, 1])
        (there,) = styles_of(text, "b")
        assert there.bgcolor == step_style(5, dark=True, few=few).bgcolor


async def test_what_comes_is_followed_until_the_cursor_is_moved() -> None:
    text = text_of()
    text.following = True
    async with shown(text, (20, 4)) as (pilot, _):
        for number in range(40):
            text.extend([f"·word{number}"], [0] * (number + 1))
        assert text.cursor == 39
        await pilot.pause()
        assert "word39" in "".join(lines_of(text))
        await pilot.press("left")
        text.extend(["·more"], [0] * 41)
        assert text.cursor == 38
        await pilot.press("end")
        text.extend(["·and more"], [0] * 42)
        assert text.cursor == 41


async def test_more_tokens_lay_out_nothing_but_themselves(monkeypatch: pytest.MonkeyPatch) -> None:
    text = text_of(*[f"·word{number}" for number in range(5000)])
    async with shown(text):
        placed: list[str] = []
        real = TokenRows.place
        monkeypatch.setattr(
            TokenRows, "place", lambda self, token: (placed.append(token), real(self, token))[1]
        )
        text.extend(["·more"], [0] * 5001)
        assert placed == ["·more"]


async def test_a_beginning_that_was_given_stands_before_the_tokens_and_is_not_walked() -> None:
    text = TokenText(id="text")
    text.show(["·was", "·a"], [0, 0], given="Once there")
    async with shown(text, (30, 4)) as (pilot, _):
        assert lines_of(text)[0] == "Once there·was·a"
        await pilot.press("left", "left")
        assert text.cursor == 0
        await pilot.click(text, offset=(2, 0))
        assert text.cursor == 0


async def test_another_width_is_laid_out_anew_and_the_cursor_stays_in_view() -> None:
    text = text_of(*[f"·word{number}" for number in range(300)], at=150)
    async with shown(text, (60, 6)) as (pilot, _):
        for size in ((20, 5), (90, 3), (5, 4), (60, 6)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
            seen = "".join(line.replace(" ", "") for line in lines_of(text))
            assert "·word150"[: size[0]] in seen


async def test_rows_end_between_words_whatever_tokens_a_word_is_of() -> None:
    text = text_of("a", "·big", "·ro", "ck", ".", "·Be", "n", ",", "·a", "·mouse", "there")
    async with shown(text, (10, 8)) as (pilot, _):
        assert lines_of(text)[:3] == ["a·big", "·rock.", "·Ben,·a"]
        # What is under the mouse and the cursor is what is drawn there.
        await pilot.hover(text, offset=(4, 1))
        assert text.hovered == 3
        await pilot.click(text, offset=(1, 1))
        assert text.cursor == 2
        await pilot.press("right", "down")
        assert text.spelled(text.cursor) == "n"
        await pilot.press("up", "up")
        assert text.spelled(text.cursor) == "·big"


async def test_a_word_comes_along_to_the_next_row_while_its_tokens_come() -> None:
    whole = ["a", "·big", "·ro", "ck", "ing", "·horse", "日本", "語", "。", "「", "は", "·x" * 8]
    one, other = text_of(), text_of(*whole)
    async with shown(one, (8, 12)) as (pilot, _):
        for at, token in enumerate(whole):
            one.extend([token], [0] * (at + 1))
        await pilot.pause()
        came = lines_of(one)
        assert came[:4] == ["a·big", "·rocking", "·horse", "日本語。"]
        assert all(cell_len(line) <= 8 for line in came)
        rows = one._laid.row_of
    async with shown(other, (8, 12)):
        assert lines_of(other) == came
        assert other._laid.row_of == rows


async def test_a_text_without_tokens_ends_its_rows_between_words() -> None:
    text = TokenText(id="text")
    text.show(
        (),
        (),
        given="Outside the big house, Ben\n  sang: incomprehensible 日本語です。 e\u0301e\u0301",
    )
    async with shown(text, (12, 12)):
        assert [line for line in lines_of(text) if line] == [
            "Outside the",
            "big house,",
            "Ben",
            "  sang:",
            "incomprehen",
            "sible 日本語",
            "です。 e\u0301e\u0301",
        ]
