"""What the widgets that draw their own lines have in common: the style beneath them, remembered."""

from __future__ import annotations

from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.widget import Widget

__all__ = ["DrawnLines", "DrawnScroll"]


class DrawnLines(Widget):
    """Comes before Textual's own class among the bases of a widget that has a `render_line`.

    Textual works `rich_style` out anew at every call, from all ancestors: for each line of each
    frame that takes as long as drawing it.
    """

    _base_style: Style | None = None

    @property
    def base_style(self) -> Style:
        """The widget's own letters and ground."""
        if self._base_style is None:
            self._base_style = self.rich_style
        return self._base_style

    def notify_style_update(self) -> None:
        """Another theme: draw in its colours."""
        super().notify_style_update()
        self._base_style = None
        self.refresh()


class DrawnScroll(DrawnLines, ScrollView):
    """Lines that are scrolled, beside a scrollbar that is always there (`overflow-y: scroll`)."""

    def hold(self, lines: int) -> None:
        """There are so many lines now.

        Setting `virtual_size` would lay out the whole screen anew, which takes longer than all the
        rest; with the scrollbar always in its place nothing moves.
        """
        size = Size(self.scrollable_content_region.width, lines)
        if size == self.virtual_size:
            return
        if not self.show_vertical_scrollbar:
            self.virtual_size = size
            return
        self.set_reactive(Widget.virtual_size, size)
        self.vertical_scrollbar.window_virtual_size = lines
