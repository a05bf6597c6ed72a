"""The cells of a sweep as a grid, heat-coloured by a metric: what is visible is drawn, no more."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.color import Color
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.strip import Strip

from playground.cells import fit
from playground.history.sweeping import KeptValue
from playground.sweep.figures import short_figure
from playground.sweep.labels import apart
from playground.tui.sweeps.heat import (
    BEST,
    FAILED,
    LEFT_OUT,
    NO_VALUE,
    NOT_ENDED,
    Scale,
    colours_at,
    shade_at,
    shaded_at,
)
from playground.tui.sweeps.plane import Plane
from playground.tui.themes import few_colours

__all__ = ["HeatGrid"]

_HEAD: Final = 2
"""Lines over the cells: what the columns are, and where each is."""

_DENSE: Final = 2
"""Cells of the screen for one of the sweep where its figure has no room."""

_LABELS_LOOKED_AT: Final = 200
"""So many labels of a dimension decide how wide their column is."""

_WIDEST_COLUMN: Final = 24
_STEPS: Final = 63

Label = Callable[[int], str]


class HeatGrid(ScrollView, can_focus=True):
    """A cursor over rows and columns of cells. `Moved` says on which cell it stands.

    The labels of rows and columns stay in view. Figures are written into the cells where all
    columns have room for that, or where `figures` asks for it.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "heat--label",
        "heat--here",
        "heat--empty",
        "heat--failed",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "move(0, -1)", "Left", show=False),
        Binding("right", "move(0, 1)", "Right", show=False),
        Binding("up", "move(-1, 0)", "Up", show=False),
        Binding("down", "move(1, 0)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "edge(False)", "First column", show=False),
        Binding("end", "edge(True)", "Last column", show=False),
        Binding("ctrl+home", "corner(False)", "First cell", show=False),
        Binding("ctrl+end", "corner(True)", "Last cell", show=False),
    ]

    class Moved(Message):
        """The cursor is on another cell."""

        def __init__(self, cell: int) -> None:
            super().__init__()
            self.cell = cell

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._plane = Plane((), None, ())
        self._values: Mapping[int, KeptValue] = {}
        self._scale = Scale()
        self._left_out: Collection[int] = ()
        self._best: Collection[int] = ()
        self._cursor = (0, 0)
        self._label_width = 1
        self._head_of: Label = self._plane.column_label
        self._label_of: Label = self._plane.row_label
        self._cell_width = _DENSE
        self._figures: bool | None = None
        self._styles: dict[tuple[int, bool], Style] = {}
        self.marked: int | None = None

    # What is shown

    def show(
        self, plane: Plane, values: Mapping[int, KeptValue], scale: Scale, *, cell: int
    ) -> None:
        """Show these, with the cursor on a cell that lies on the plane."""
        self._plane, self._values, self._scale = plane, values, scale
        self._cursor = plane.place(cell)
        self._lay_out()
        self._into_view()

    def show_values(
        self,
        values: Mapping[int, KeptValue],
        scale: Scale,
        left_out: Collection[int] = (),
        best: Collection[int] = (),
    ) -> None:
        """The same cells with other figures, or more of them.

        A search does without some cells (`left_out`), and finds some to be the best.
        """
        self._values, self._scale = values, scale
        self._left_out, self._best = left_out, best
        self._lay_out()

    @property
    def cell(self) -> int:
        """The cell under the cursor."""
        return self._plane.cell(*self._cursor)

    @property
    def shows_figures(self) -> bool:
        """Whether figures are written into the cells."""
        return self._cell_width > _DENSE

    def zoom(self) -> None:
        """Write the figures into the cells, or no longer."""
        self._figures = not self.shows_figures
        self._lay_out()
        self._into_view()

    def mark(self, cell: int | None) -> None:
        """Mark a cell, or none."""
        self.marked = cell
        self.refresh()

    def text_at(self, row: int, column: int) -> str:
        """What is written into a cell, without the signs of cursor and mark."""
        return self._text(self._plane.cell(row, column), figures=True)

    # Space

    def _lay_out(self) -> None:
        plane, width = self._plane, self.scrollable_content_region.width
        if width <= 0:
            return
        names = ", ".join(dimension.name for dimension in plane.down)
        figures = max(self._scale.width, 3) + 2
        label = max([cell_len(names), *_label_widths(plane)])
        # A third at most, unless the columns leave more.
        most = max(width // 3, width - figures * plane.columns - 1, 6)
        self._label_width = min(label, most) + 1
        room = width - self._label_width
        wanted = figures
        if plane.across is not None:
            looked = min(plane.columns, _LABELS_LOOKED_AT)
            longest = max(cell_len(plane.column_label(at)) for at in range(looked)) + 2
            # A few wide columns for names; many narrow ones for numbers.
            wanted = min(max(figures, longest), _WIDEST_COLUMN, max(room // plane.columns, figures))
        fits = wanted * plane.columns <= room
        shown = fits if self._figures is None else self._figures
        self._cell_width = wanted if shown else _DENSE
        self._head_of = _apart(plane.column_label, plane.columns, self._cell_width - 2)
        self._label_of = _apart(plane.row_label, plane.rows, self._label_width - 1)
        size = Size(self._label_width + plane.columns * self._cell_width, _HEAD + plane.rows)
        if size != self.virtual_size:
            self.virtual_size = size
            self.refresh(layout=True)
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for each row; one for the scrollbar where all columns have no room."""
        return _HEAD + self._plane.rows + self.show_horizontal_scrollbar

    def on_resize(self, _event: events.Resize) -> None:
        """There may be room for figures now, or none any more."""
        self._lay_out()
        self._into_view()

    def notify_style_update(self) -> None:
        """Another theme: draw in its colours."""
        super().notify_style_update()
        self._styles.clear()
        self.refresh()

    def _into_view(self) -> None:
        row, column = self._cursor
        region = self.scrollable_content_region
        room = max(region.width - self._label_width, self._cell_width)
        high = max(region.height - _HEAD, 1)
        x, y = self.scroll_offset
        left, right = column * self._cell_width, (column + 1) * self._cell_width
        x = min(left, max(x, right - room))
        y = min(row, max(y, row + 1 - high))
        self.scroll_to(x, y, animate=False, immediate=True)

    # Moving

    def action_move(self, rows: int, columns: int) -> None:
        """One cell on."""
        row, column = self._cursor
        self._go(row + rows, column + columns)

    def action_page(self, by: int) -> None:
        """As many rows on as there are in view."""
        high = max(self.scrollable_content_region.height - _HEAD - 1, 1)
        self._go(self._cursor[0] + by * high, self._cursor[1])

    def action_edge(self, last: bool) -> None:
        """To one end of the row."""
        self._go(self._cursor[0], self._plane.columns - 1 if last else 0)

    def action_corner(self, last: bool) -> None:
        """To the first or the last of all cells."""
        self._go(*((self._plane.rows - 1, self._plane.columns - 1) if last else (0, 0)))

    def _go(self, row: int, column: int) -> None:
        to = (
            min(max(row, 0), self._plane.rows - 1),
            min(max(column, 0), self._plane.columns - 1),
        )
        if to != self._cursor:
            self._cursor = to
            self._into_view()
            self.refresh()
            self.post_message(self.Moved(self.cell))

    def on_click(self, event: events.Click) -> None:
        """To the cell that was clicked."""
        if event.x >= self._label_width and event.y >= _HEAD:
            x, y = self.scroll_offset
            row = event.y - _HEAD + y
            column = (event.x - self._label_width + x) // self._cell_width
            if row < self._plane.rows and column < self._plane.columns:
                self._go(row, column)

    # Drawing

    def render_line(self, y: int) -> Strip:
        """A line of the head, or a row that is in view."""
        width = self.scrollable_content_region.width
        base = self.rich_style
        row = y - _HEAD + self.scroll_offset.y
        if y < _HEAD:
            strip = self._head(y)
        elif row < self._plane.rows:
            strip = self._row(row)
        else:
            strip = Strip.blank(width, base)
        return strip.adjust_cell_length(width, base).apply_style(base)

    def _visible(self) -> tuple[range, int]:
        """The columns in view, and how many cells of the first are not."""
        room = self.scrollable_content_region.width - self._label_width
        first, hidden = divmod(self.scroll_offset.x, self._cell_width)
        last = min(
            -(-(self.scroll_offset.x + max(room, 0)) // self._cell_width), self._plane.columns
        )
        return range(first, last), hidden

    def _beside(self, label: Segment, cells: list[Segment], hidden: int) -> Strip:
        strip = Strip(cells)
        return Strip.join([Strip([label]), strip.crop(hidden, strip.cell_length)])

    def _label(self, text: str, *, here: bool) -> Segment:
        style = self.get_component_rich_style("heat--here" if here else "heat--label")
        return Segment(fit(text, self._label_width - 1) + " ", style)

    def _head(self, line: int) -> Strip:
        plane = self._plane
        style = self.get_component_rich_style("heat--label")
        if line == 0:
            name = "" if plane.across is None else plane.across.name
            return self._beside(self._label("", here=False), [Segment(f" {name}", style)], 0)
        names = ", ".join(dimension.name for dimension in plane.down)
        label = self._label(names, here=False)
        if not self.shows_figures:
            return Strip.join([Strip([label]), self._ruler()])
        columns, hidden = self._visible()
        here = self.get_component_rich_style("heat--here")
        cells = [
            Segment(
                f"{fit(f' {self._head_of(column)}', self._cell_width - 1)} ",
                here if column == self._cursor[1] else style,
            )
            for column in columns
        ]
        return self._beside(label, cells, hidden)

    def _ruler(self) -> Strip:
        """Labels over narrow columns: the cursor's, and of the others those that have room."""
        columns, hidden = self._visible()
        room = self.scrollable_content_region.width - self._label_width
        here = self._cursor[1]
        taken: list[tuple[int, int, str, Style]] = []
        for column in sorted(columns, key=lambda at: at != here):
            text = self._plane.column_label(column)
            length = cell_len(text)
            start = (column - columns.start) * _DENSE - hidden
            if column == here:
                start = max(min(start, room - length), 0)
            free = all(start > end or start + length < begin for begin, end, _, _ in taken)
            if free and start >= 0 and start + length <= room:
                part = "here" if column == here else "label"
                style = self.get_component_rich_style(f"heat--{part}")
                taken.append((start, start + length, text, style))
        segments, at = [], 0
        for start, end, text, style in sorted(taken, key=lambda item: item[0]):
            segments += [Segment(" " * (start - at)), Segment(text, style)]
            at = end
        return Strip(segments)

    def _row(self, row: int) -> Strip:
        columns, hidden = self._visible()
        label = self._label(self._label_of(row), here=row == self._cursor[0])
        cells = [self._cell(row, column) for column in columns]
        return self._beside(label, cells, hidden)

    def _cell(self, row: int, column: int) -> Segment:
        number = self._plane.cell(row, column)
        item = self._values.get(number)
        here = (row, column) == self._cursor
        style = self._style(item)
        text = self._text(number, figures=self.shows_figures)
        if here:
            style = style + _HERE
        sign = "◆" if number == self.marked else BEST if number in self._best else ""
        if self._cell_width == _DENSE:
            text = "[]" if here else f"{sign}{text[len(sign) :]}"
            return Segment(fit(text, _DENSE), style)
        open_, close = ("[", "]") if here else (" ", " ")
        if sign:
            open_ = sign
        elif item is not None and item.failed and item.samples and not here:
            close = FAILED
        return Segment(f"{open_}{fit(text, self._cell_width - 2, right=True)}{close}", style)

    def _text(self, number: int, *, figures: bool) -> str:
        item = self._values.get(number)
        if item is None:
            return LEFT_OUT if number in self._left_out else NOT_ENDED
        if item.value is None:
            return NO_VALUE if item.samples else FAILED
        if figures:
            return short_figure(item.value)
        return shade_at(self._scale.share(item.value)) * _DENSE if self._few else ""

    @property
    def _few(self) -> bool:
        return few_colours(self)

    def _style(self, item: KeptValue | None) -> Style:
        if item is None or (item.value is None and item.samples):
            return self.get_component_rich_style("heat--empty")
        if item.value is None:
            return self.get_component_rich_style("heat--failed")
        step = round(self._scale.share(item.value) * _STEPS)
        shaded = self._few and not self.shows_figures
        if (step, shaded) not in self._styles:
            share = step / _STEPS
            ground, letters = shaded_at(share) if shaded else colours_at(share, few=self._few)
            self._styles[step, shaded] = Style(
                color=Color.from_rgb(*letters), bgcolor=Color.from_rgb(*ground)
            )
        return self._styles[step, shaded]


_HERE: Final = Style(bold=True, reverse=True)


def _apart(label: Label, count: int, width: int) -> Label:
    """Labels in so many cells, told apart; of very many each is cut by itself."""
    if count > _LABELS_LOOKED_AT:
        return label
    return apart([label(place) for place in range(count)], width).__getitem__


def _label_widths(plane: Plane) -> list[int]:
    looked = min(plane.rows, _LABELS_LOOKED_AT)
    return [cell_len(plane.row_label(row)) for row in (*range(looked), plane.rows - 1)]
