"""The views of the lens in one line, each with its key: all of them, however narrow the screen."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from textual.app import App, ComposeResult

from playground.tui.screens.lens.foundation import VIEWS
from playground.tui.widgets.view_tabs import ViewTabs


class TabsApp(App[None]):
    """The tabs, and what was chosen by a click on them."""

    def __init__(self) -> None:
        super().__init__()
        self.chosen: list[str] = []

    def compose(self) -> ComposeResult:
        yield ViewTabs(VIEWS, id="tabs")

    def on_view_tabs_chosen(self, message: ViewTabs.Chosen) -> None:
        self.chosen.append(message.view)


def line_of(app: TabsApp) -> str:
    shown: Any = app.query_one(ViewTabs).render()
    return str(shown.plain)


def digits(line: str) -> Iterator[tuple[int, str]]:
    return ((column, letter) for column, letter in enumerate(line) if letter.isdigit())


@pytest.mark.parametrize("width", [38, 48, 56, 80])
async def test_every_view_is_seen_and_reached_by_the_mouse(width: int) -> None:
    app = TabsApp()
    async with app.run_test(size=(width, 3)) as pilot:
        line = line_of(app)
        assert len(line.rstrip()) <= width
        assert [letter for _, letter in digits(line)] == ["1", "2", "3", "4", "5", "6"]
        for column, _ in digits(line):
            await pilot.click("#tabs", offset=(column, 0))
        assert app.chosen == [view for view, _ in VIEWS]


async def test_titles_are_whole_where_they_have_room() -> None:
    app = TabsApp()
    async with app.run_test(size=(56, 3)):
        assert all(title in line_of(app) for _, title in VIEWS)
