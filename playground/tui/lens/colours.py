"""The colours of the lens: six steps that read without seeing colours, and in sixteen of them.

Step 0 is what was to be expected and looks like any text. The others stand out the more, the more
surprising: on a dark screen from dark blue to yellow, on a light one the other way round, in even
steps of lightness, which is what people without red or green cones see too (the hues are those of
cividis: Nuñez, Anderton and Renslow, PLOS ONE 13 (2018)).
"""

from __future__ import annotations

from functools import cache
from typing import Final

from rich.color import Color
from rich.style import Style

__all__ = ["CURSOR_COLOURS", "STEPS", "cursor_style", "grounds", "step_style"]

Colour = tuple[int, int, int]

STEPS: Final = 6

_DARK: Final[tuple[Colour, ...]] = (
    (26, 54, 104),
    (74, 82, 108),
    (128, 126, 118),
    (190, 174, 108),
    (254, 232, 56),
)
_LIGHT: Final[tuple[Colour, ...]] = (
    (250, 234, 150),
    (208, 194, 122),
    (146, 144, 132),
    (80, 88, 112),
    (0, 34, 78),
)
_DARK_SIXTEEN: Final[tuple[Colour, ...]] = (
    (0, 0, 170),
    (85, 85, 85),
    (0, 170, 170),
    (170, 170, 170),
    (255, 255, 85),
)
"""Blue, bright black, cyan, white, bright yellow, as Rich has them: each lighter than the last."""
_LIGHT_SIXTEEN: Final[tuple[Colour, ...]] = (
    (255, 255, 85),
    (0, 170, 170),
    (85, 85, 85),
    (0, 0, 170),
    (0, 0, 0),
)
"""Bright yellow, cyan, bright black, blue, black: each darker than the last."""

CURSOR_COLOURS: Final[dict[tuple[bool, bool], tuple[Colour, Colour]]] = {
    (True, False): ((255, 121, 214), (0, 0, 0)),
    (False, False): ((168, 8, 108), (255, 255, 255)),
    (True, True): ((255, 85, 255), (0, 0, 0)),
    (False, True): ((170, 0, 170), (255, 255, 255)),
}
"""Ground and letters of the cursor, for dark and light, many colours and few: in no scale."""

_BLACK: Final[Colour] = (0, 0, 0)
_WHITE: Final[Colour] = (255, 255, 255)


def grounds(*, dark: bool, few: bool) -> tuple[Colour, ...]:
    """The grounds of steps 1 to 5; step 0 has the screen's own."""
    if few:
        return _DARK_SIXTEEN if dark else _LIGHT_SIXTEEN
    return _DARK if dark else _LIGHT


def letters_on(ground: Colour) -> Colour:
    """Black or white, whichever stands out more."""
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4
        for part in (channel / 255 for channel in ground)
    )
    light = 0.2126 * red + 0.7152 * green + 0.0722 * blue
    return _WHITE if light < 0.179 else _BLACK


@cache
def step_style(step: int | None, *, dark: bool, few: bool) -> Style:
    """The style of a step; None is a token of which nothing is known."""
    if step is None:
        return Style(italic=True)
    if step <= 0:
        return Style.null()
    ground = grounds(dark=dark, few=few)[min(step, STEPS - 1) - 1]
    return Style(
        color=Color.from_rgb(*letters_on(ground)),
        bgcolor=Color.from_rgb(*ground),
        # Without any colours at all, the last two steps are still told from the others.
        underline=step >= STEPS - 2,
        bold=step == STEPS - 1,
    )


@cache
def cursor_style(*, dark: bool, few: bool) -> Style:
    """The style of the token under the cursor."""
    ground, letters = CURSOR_COLOURS[dark, few]
    return Style(
        color=Color.from_rgb(*letters), bgcolor=Color.from_rgb(*ground), bold=True, underline=True
    )
