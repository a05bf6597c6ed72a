"""A screen that stands a click on what is just going."""

from __future__ import annotations

from rich.style import Style
from textual.errors import NoWidget
from textual.geometry import Offset
from textual.screen import Screen, ScreenResultType
from textual.widget import Widget

from playground.tui.compositor import SpanCompositor

__all__ = ["SteadyScreen"]


class SteadyScreen(Screen[ScreenResultType]):
    """Finds nothing where a widget is drawn that is no part of the screen any more.

    Textual begins a selection at a click and asks the widget there for its parent, and what it
    draws there for its style; one that was taken away after the last frame knows neither, and the
    program would end with an error. Its frames are drawn by a `SpanCompositor`.
    """

    def __init__(
        self,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's word
        classes: str | None = None,
    ) -> None:
        super().__init__(name, id, classes)
        self._compositor = SpanCompositor()

    def get_widget_and_offset_at(self, x: int, y: int) -> tuple[Widget | None, Offset | None]:
        """The widget at a place of the screen, and the place in its text, where it has one."""
        return (None, None) if self._gone(x, y) else super().get_widget_and_offset_at(x, y)

    def get_style_at(self, x: int, y: int) -> Style:
        """How the letter at a place of the screen looks."""
        return Style.null() if self._gone(x, y) else super().get_style_at(x, y)

    def _gone(self, x: int, y: int) -> bool:
        try:
            widget, _ = self.get_widget_at(x, y)
        except NoWidget:
            return False
        return not widget.is_attached
