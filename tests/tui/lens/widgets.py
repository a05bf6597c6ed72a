"""A widget of the lens alone in an app, and what it says."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from typing import Any

from rich.style import Style
from textual.app import App, ComposeResult
from textual.pilot import Pilot
from textual.widget import Widget

from playground.tui.themes import DARK, THEMES


class WidgetApp(App[None]):
    """Shows one widget and keeps the messages that it sends."""

    def __init__(self, widget: Widget, css: str = "") -> None:
        super().__init__()
        self.CSS = css or "ScrollView { overflow-x: hidden; overflow-y: scroll; }"
        self._widget = widget
        self.told: list[Any] = []

    def compose(self) -> ComposeResult:
        yield self._widget

    def on_mount(self) -> None:
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = DARK.name

    def on_event_told(self, message: Any) -> None:
        self.told.append(message)


@asynccontextmanager
async def shown(
    widget: Widget, size: tuple[int, int] = (40, 10)
) -> AsyncIterator[tuple[Pilot[None], WidgetApp]]:
    """The widget, up and focused."""
    app = WidgetApp(widget)
    async with app.run_test(size=size) as pilot:
        widget.focus()
        await pilot.pause()
        yield pilot, app


def lines_of(widget: Widget) -> list[str]:
    """What is written, row by row."""
    return [widget.render_line(y).text.rstrip() for y in range(widget.size.height)]


def styles_of(widget: Widget, text: str) -> Iterable[Style]:
    """The styles in which a text is written."""
    return [
        segment.style or Style.null()
        for y in range(widget.size.height)
        for segment in widget.render_line(y)
        if segment.text == text
    ]
