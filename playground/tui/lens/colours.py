"""The colours of the lens: six steps that read without seeing colours, and in sixteen of them.

Step 0 is what was to be expected and looks like any text. The others stand out the more, the more
surprising: on a dark screen from dark blue to yellow, on a light one the other way round, in even
steps of lightness, which is what people without red or green cones see too (the hues are those of
cividis: Nuñez, Anderton and Renslow, PLOS ONE 13 (2018)).

Where no colours are wanted (`NO_COLOR`) the steps are greys, of which sixteen colours have four:
there lines below the letters tell most of them. One grey is the cursor's alone.
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

_GREYS: Final[dict[tuple[bool, bool], tuple[Colour | None, ...]]] = {
    (True, False): ((48, 48, 48), (78, 78, 78), (170, 170, 170), (206, 206, 206), (238, 238, 238)),
    (False, False): ((226, 226, 226), (190, 190, 190), (96, 96, 96), (60, 60, 60), (8, 8, 8)),
    (True, True): (None, None, (170, 170, 170), (170, 170, 170), (170, 170, 170)),
    (False, True): (None, None, (0, 0, 0), (0, 0, 0), (0, 0, 0)),
}
"""Grounds of steps 1 to 5 without colours, for dark and light, many greys and few."""

_GREY_CURSOR: Final[dict[tuple[bool, bool], tuple[Colour, Colour]]] = {
    (True, False): ((118, 118, 118), (255, 255, 255)),
    (False, False): ((140, 140, 140), (0, 0, 0)),
    (True, True): ((85, 85, 85), (255, 255, 255)),
    (False, True): ((85, 85, 85), (255, 255, 255)),
}

_LINED_GREYS: Final = (1, 2, STEPS - 2, STEPS - 1)
_BOLD_GREYS: Final = (2, STEPS - 1)
"""Steps that few greys tell by a line below the letters, and by bold ones."""

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
def step_style(step: int | None, *, dark: bool, few: bool, grey: bool = False) -> Style:
    """The style of a step; None is a token of which nothing is known.

    `few` is for sixteen colours, `grey` for none.
    """
    if step is None:
        return Style(italic=True)
    if step <= 0:
        return Style.null()
    step = min(step, STEPS - 1)
    # The last two steps are told from the others by more than their ground.
    lined, bold = step >= STEPS - 2, step == STEPS - 1
    ground: Colour | None = grounds(dark=dark, few=few)[step - 1]
    if grey:
        ground = _GREYS[dark, few][step - 1]
        if few:
            lined, bold = step in _LINED_GREYS, step in _BOLD_GREYS
    if ground is None:
        return Style(underline=lined, bold=bold)
    return Style(
        color=Color.from_rgb(*letters_on(ground)),
        bgcolor=Color.from_rgb(*ground),
        underline=lined,
        bold=bold,
    )


@cache
def cursor_style(*, dark: bool, few: bool, grey: bool = False) -> Style:
    """The style of the token under the cursor."""
    ground, letters = (_GREY_CURSOR if grey else CURSOR_COLOURS)[dark, few]
    return Style(
        color=Color.from_rgb(*letters), bgcolor=Color.from_rgb(*ground), bold=True, underline=True
    )
