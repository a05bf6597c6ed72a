"""Colours of figures: a scale that reads without seeing colours, and in sixteen of them.

The colours are those of cividis (Nuñez, Anderton and Renslow, "Optimizing colormaps with
consideration for color vision deficiency", PLOS ONE 13 (2018)): dark blue to yellow, in even
steps of lightness. Terminals of sixteen colours get five of theirs, darker to lighter, and shades
besides.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final, NamedTuple

from playground.metrics import Estimate
from playground.sweep.figures import short_figure

__all__ = [
    "BEST",
    "FAILED",
    "LEFT_OUT",
    "NOT_ENDED",
    "NO_VALUE",
    "SHADES",
    "Colours",
    "Scale",
    "apart",
    "colours_at",
    "shade_at",
    "shaded_at",
]

Colour = tuple[int, int, int]

_CIVIDIS: Final[tuple[Colour, ...]] = (
    (0, 34, 78),
    (18, 53, 112),
    (59, 73, 108),
    (87, 93, 109),
    (112, 113, 115),
    (138, 134, 120),
    (165, 156, 116),
    (195, 179, 105),
    (225, 204, 85),
    (254, 232, 56),
)

_SIXTEEN: Final[tuple[Colour, ...]] = (
    (0, 0, 170),
    (85, 85, 85),
    (0, 170, 170),
    (170, 170, 170),
    (255, 255, 85),
)
"""Five of the sixteen, as Rich has them: it then picks exactly these. Blue, bright black, cyan,
white, bright yellow: each lighter than the one before."""

SHADES: Final = " ░▒▓█"
"""One for each of the five."""

NOT_ENDED: Final = "·"
FAILED: Final = "✗"
NO_VALUE: Final = "–"
LEFT_OUT: Final = "/"
BEST: Final = "★"
"""What stands in a cell that has no figure, or beside it."""

_BLACK: Final[Colour] = (0, 0, 0)
_WHITE: Final[Colour] = (255, 255, 255)


class Colours(NamedTuple):
    """Ground and letters of a cell."""

    ground: Colour
    letters: Colour


def colours_at(share: float, *, few: bool) -> Colours:
    """The colours at a place of the scale, 0 to 1; `few` where the terminal has sixteen."""
    ground = _SIXTEEN[_step(share)] if few else _between(_CIVIDIS, share)
    # Relative luminance, roughly: letters are what stands out from it more.
    red, green, blue = (channel / 255 for channel in ground)
    light = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
    return Colours(ground, _WHITE if light < 0.18 else _BLACK)


def shaded_at(share: float) -> Colours:
    """Of sixteen colours, those under which `shade_at` grows lighter with the value.

    A shade covers its ground with the colour of the letters: black ones would make the greatest
    value the darkest.
    """
    return Colours(_SIXTEEN[0], _SIXTEEN[_step(share)])


def shade_at(share: float) -> str:
    """The shade at a place of the scale, for where colours are few or not seen."""
    return SHADES[_step(share)]


def _step(share: float) -> int:
    return min(int(share * len(_SIXTEEN)), len(_SIXTEEN) - 1)


def _between(stops: tuple[Colour, ...], share: float) -> Colour:
    at = min(max(share, 0.0), 1.0) * (len(stops) - 1)
    before = min(int(at), len(stops) - 2)
    rest = at - before
    return tuple(  # type: ignore[return-value]
        round(a + (b - a) * rest) for a, b in zip(stops[before], stops[before + 1], strict=True)
    )


@dataclass(slots=True)
class Scale:
    """The least and the greatest value so far; empty before there is one."""

    low: float = math.inf
    high: float = -math.inf
    width: int = 0
    """Cells of the longest value, as `short_figure` writes it."""

    @classmethod
    def over(cls, values: Iterable[float]) -> Scale:
        """The scale of some values."""
        scale = cls()
        for value in values:
            scale.take(value)
        return scale

    def take(self, value: float) -> None:
        """Stretch to a value."""
        self.low, self.high = min(self.low, value), max(self.high, value)
        self.width = max(self.width, len(short_figure(value)))

    @property
    def empty(self) -> bool:
        """Whether there is no value yet."""
        return self.low > self.high

    def share(self, value: float) -> float:
        """Where a value lies, 0 to 1; in the middle where all are the same."""
        if self.high <= self.low:
            return 0.5
        return min(max((value - self.low) / (self.high - self.low), 0.0), 1.0)


def apart(one: Estimate | None, other: Estimate | None) -> bool | None:
    """Whether two intervals do not overlap; None where one has no interval."""
    if one is None or other is None:
        return None
    if one.low is None or one.high is None or other.low is None or other.high is None:
        return None
    return one.high < other.low or other.high < one.low
