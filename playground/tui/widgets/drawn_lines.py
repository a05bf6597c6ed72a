"""What the widgets that draw their own lines have in common: their styles, remembered."""

from __future__ import annotations

from collections.abc import Iterable

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.widget import Widget

__all__ = ["DrawnLines", "DrawnScroll"]


class DrawnLines(Widget):
    """Comes before Textual's own class among the bases of a widget that has a `render_line`.

    Textual works `rich_style` out anew at every call, from all ancestors, and the styles of the
    component classes after every `refresh`: for each line of each frame that takes longer than
    drawing it.
    """

    _base_style: Style | None = None
    _part_styles: dict[str, Style] | None = None

    @property
    def base_style(self) -> Style:
        """The widget's own letters and ground."""
        if self._base_style is None:
            self._base_style = self.rich_style
        return self._base_style

    def style_of(self, part: str) -> Style:
        """The style of one of the component classes."""
        if self._part_styles is None:
            self._part_styles = {}
        if part not in self._part_styles:
            self._part_styles[part] = self.get_component_rich_style(part)
        return self._part_styles[part]

    def drawn(self, segments: Iterable[Segment], width: int) -> Strip:
        """Segments as a line of so many cells, on the widget's own ground."""
        # One strip: the three that Textual makes of it one after the other take as long as a row.
        base, line, used = self.base_style, list[Segment](), 0
        for text, style, _ in segments:
            line.append(Segment(text, base if style is None else base + style))
            used += cell_len(text)
        if used < width:
            line.append(Segment(" " * (width - used), base))
        strip = Strip(line, max(used, width))
        return strip if used <= width else strip.crop(0, width)

    def notify_style_update(self) -> None:
        """Another theme, or the focus: draw in its colours."""
        super().notify_style_update()
        self._base_style = self._part_styles = None
        self.refresh()


class DrawnScroll(DrawnLines, ScrollView):
    """Lines that are scrolled, beside a scrollbar that is always there (`overflow-y: scroll`)."""

    _measured: tuple[tuple[Size, bool], Size] | None = None

    @property
    def view_size(self) -> Size:
        """Columns and rows for lines; Textual adds it up from all borders at every call."""
        of = (self.outer_size, self.show_vertical_scrollbar)
        if self._measured is not None and self._measured[0] == of:
            return self._measured[1]
        size = self.scrollable_content_region.size
        # A widget that is not laid out yet has none, whatever its size will be.
        self._measured = (of, size) if size else None
        return size

    def hold(self, lines: int) -> None:
        """There are so many lines now.

        Setting `virtual_size` would lay out the whole screen anew, which takes longer than all the
        rest; with the scrollbar always in its place nothing moves.
        """
        size = Size(self.view_size.width, lines)
        if size == self.virtual_size:
            return
        if not self.show_vertical_scrollbar:
            self.virtual_size = size
            return
        self.set_reactive(Widget.virtual_size, size)
        self.vertical_scrollbar.window_virtual_size = lines

    def notify_style_update(self) -> None:
        """A border may have come or gone."""
        self._measured = None
        super().notify_style_update()
