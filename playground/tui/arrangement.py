"""How many panes fit side by side: the one place that knows when the layout changes."""

from __future__ import annotations

from dataclasses import dataclass

MAX_PANES = 4
"""The most panes at once; more would leave each too narrow to read on any usual screen."""

MIN_PANE_WIDTH = 36
"""Columns below which running text becomes a ribbon: narrower than this, panes become tabs."""

MIN_PANE_HEIGHT = 12
"""Rows below which a second row of panes would show headers and figures and hardly any text."""

DRAWER_WIDTH = 46
"""Columns of the parameter drawer beside (or, where there is no room, over) the panes."""


@dataclass(frozen=True, slots=True)
class Arrangement:
    """Where the panes go: a grid of `columns`, or one at a time behind tabs."""

    columns: int
    tabbed: bool


def arrange_panes(width: int, height: int, panes: int) -> Arrangement:
    """The arrangement of `panes` panes in a space of `width` × `height` cells.

    Side by side is the point of the playground, so one row is preferred; four panes may make two
    rows of two where the screen is high enough; tabs are the last resort.
    """
    across = max(1, width // MIN_PANE_WIDTH)
    if across >= panes:
        return Arrangement(columns=max(panes, 1), tabbed=False)
    if across >= 2 and panes > 2 and height >= 2 * MIN_PANE_HEIGHT:
        return Arrangement(columns=2, tabbed=False)
    return Arrangement(columns=1, tabbed=panes > 1)


def drawer_covers(width: int, panes: int) -> bool:
    """Whether the drawer must lie over the panes, because beside them they would not fit."""
    return width - DRAWER_WIDTH < MIN_PANE_WIDTH * min(panes, 2)
