"""The six steps of the lens: read without seeing colours, in sixteen of them, light and dark."""

from __future__ import annotations

import pytest
from rich.color import ColorSystem

from playground.tui.lens.colours import (
    CURSOR_COLOURS,
    STEPS,
    cursor_style,
    grounds,
    letters_on,
    step_style,
)

EVERY = [(dark, few) for dark in (True, False) for few in (True, False)]


def luminance(rgb: tuple[int, int, int]) -> float:
    """Relative luminance, by WCAG."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in rgb)
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: tuple[int, int, int], other: tuple[int, int, int]) -> float:
    lights = sorted((luminance(one), luminance(other)))
    return (lights[1] + 0.05) / (lights[0] + 0.05)


def as_seen(rgb: tuple[int, int, int], lacking: str) -> float:
    """Lightness for somebody without red or green cones (Viénot, Brettel and Mollon 1999)."""
    red, green, blue = ((channel / 255) ** 2.2 for channel in rgb)
    long = 17.8824 * red + 43.5161 * green + 4.11935 * blue
    middle = 3.45565 * red + 27.1554 * green + 3.86714 * blue
    return {"red": middle, "green": long}[lacking]


@pytest.mark.parametrize(("dark", "few"), EVERY)
def test_the_more_surprising_the_more_a_token_stands_out_from_the_screen(
    dark: bool, few: bool
) -> None:
    light = [luminance(ground) for ground in grounds(dark=dark, few=few)]
    assert light == sorted(light, reverse=not dark)
    assert len(set(light)) == STEPS - 1


@pytest.mark.parametrize("lacking", ["red", "green"])
@pytest.mark.parametrize(("dark", "few"), EVERY)
def test_so_it_does_without_red_or_green(dark: bool, few: bool, lacking: str) -> None:
    seen = [as_seen(ground, lacking) for ground in grounds(dark=dark, few=few)]
    assert seen == sorted(seen, reverse=not dark)


@pytest.mark.parametrize(("dark", "few"), EVERY)
def test_letters_are_read_on_every_ground_and_under_the_cursor(dark: bool, few: bool) -> None:
    for ground in grounds(dark=dark, few=few):
        assert contrast(ground, letters_on(ground)) >= 4.5
    assert contrast(*CURSOR_COLOURS[dark, few]) >= 4.5


@pytest.mark.parametrize("dark", [True, False])
def test_the_steps_and_the_cursor_stay_apart_in_sixteen_colours(dark: bool) -> None:
    styles = [step_style(step, dark=dark, few=True) for step in range(1, STEPS)]
    styles.append(cursor_style(dark=dark, few=True))
    found = [
        style.bgcolor.downgrade(ColorSystem.STANDARD).number for style in styles if style.bgcolor
    ]
    assert len(set(found)) == STEPS


def test_what_was_to_be_expected_looks_like_any_text_and_what_is_not_known_like_neither() -> None:
    for dark, few in EVERY:
        expected = step_style(0, dark=dark, few=few)
        unknown = step_style(None, dark=dark, few=few)
        assert not expected
        assert unknown.italic
        assert unknown.bgcolor is None


@pytest.mark.parametrize(("dark", "few"), EVERY)
def test_without_colours_all_steps_and_the_cursor_are_told_apart_by_what_is_left(
    dark: bool, few: bool
) -> None:
    styles = [step_style(step, dark=dark, few=few, grey=True) for step in range(STEPS)]
    styles.append(cursor_style(dark=dark, few=few, grey=True))
    system = ColorSystem.STANDARD if few else ColorSystem.EIGHT_BIT
    seen = {
        (
            None if style.bgcolor is None else style.bgcolor.downgrade(system).number,
            bool(style.underline),
            bool(style.bold),
        )
        for style in styles
    }
    assert len(seen) == STEPS + 1
    cursor = styles[-1].bgcolor
    assert cursor is not None
    for style in styles[:-1]:
        for colour in (style.color, style.bgcolor):
            assert colour is None or len({*colour.get_truecolor()}) == 1
        assert style.bgcolor is None or style.bgcolor.downgrade(system) != cursor.downgrade(system)
        if style.bgcolor is not None and style.color is not None:
            assert contrast(style.bgcolor.get_truecolor(), style.color.get_truecolor()) >= 4.5


def test_without_any_colours_the_last_steps_are_underlined() -> None:
    lined = [bool(step_style(step, dark=True, few=True).underline) for step in range(STEPS)]
    assert lined == [False, False, False, False, True, True]
