"""Panes stand side by side wherever text stays readable in them."""

from __future__ import annotations

import pytest

from playground.tui.arrangement import Arrangement, arrange_panes, drawer_covers


@pytest.mark.parametrize(
    ("width", "height", "panes", "columns", "tabbed"),
    [
        (40, 24, 1, 1, False),
        (40, 24, 2, 1, True),
        (80, 24, 2, 2, False),
        (80, 24, 3, 2, False),
        (80, 20, 3, 1, True),
        (120, 40, 3, 3, False),
        (120, 40, 4, 2, False),
        (200, 50, 4, 4, False),
        (3, 3, 4, 1, True),
    ],
)
def test_arrangement(width: int, height: int, panes: int, columns: int, tabbed: bool) -> None:
    assert arrange_panes(width, height, panes) == Arrangement(columns, tabbed)


@pytest.mark.parametrize(
    ("width", "panes", "covers"), [(40, 2, True), (80, 2, True), (120, 2, False), (200, 4, False)]
)
def test_the_drawer_lies_over_the_panes_only_where_it_must(
    width: int, panes: int, covers: bool
) -> None:
    assert drawer_covers(width, panes) is covers
