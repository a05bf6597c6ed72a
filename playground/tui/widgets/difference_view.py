"""Two texts and what differs between them, drawn row by row."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from rich.segment import Segment as Cells
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip

from playground.background import off_loop
from playground.cells import cut
from playground.difference import Segment
from playground.spelling import in_place
from playground.tui.difference_rows import MARKS, Piece, Row, inline, side_by_side
from playground.tui.labels import one_line
from playground.tui.latest import run_latest

__all__ = ["MIN_COLUMN", "DifferenceView"]

MIN_COLUMN = 28
"""Cells below which a column is too narrow to read: then the difference is shown inline."""

_GUTTER = 3
_SIGNS = {(False, False): " │ ", (True, False): " < ", (False, True): " > ", (True, True): " | "}
"""Between the columns: what differs in a row, left, right or both (as `sdiff` has it)."""


class DifferenceView(ScrollView, can_focus=True):
    """Both texts scroll together, because each row holds a part of both.

    Titles stay above. `together` asks for one column; a narrow screen gets one anyhow.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "difference--removed",
        "difference--added",
        "difference--gutter",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("n", "jump(1)", "Next difference", show=False),
        Binding("p", "jump(-1)", "Previous difference", show=False),
    ]

    together: reactive[bool] = reactive(False)

    def __init__(self, titles: tuple[str, str], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._titles = (one_line(titles[0]), one_line(titles[1]))
        self._segments: Sequence[Segment] = ()
        self._rows: list[Row] = []
        self._drawn_inline = False

    def show(self, segments: Sequence[Segment]) -> None:
        """Show this difference, from its beginning."""
        self._segments = segments
        self._lay_out()
        self.scroll_home(animate=False)

    @property
    def column(self) -> int:
        """Cells of one of two columns."""
        return (self.scrollable_content_region.width - _GUTTER) // 2

    @property
    def inline(self) -> bool:
        """Whether there is one column: wanted, or because two would be too narrow."""
        return self.together or self.column < MIN_COLUMN

    def watch_together(self) -> None:
        """Lay out anew."""
        self._lay_out()

    def on_resize(self, _event: events.Resize) -> None:
        """Lay out anew."""
        self._lay_out()

    def notify_style_update(self) -> None:
        """Another theme: draw in its colours."""
        super().notify_style_update()
        self.refresh()

    def _lay_out(self) -> None:
        width = self.scrollable_content_region.width
        if width > 0:
            run_latest(self, partial(self._laid_out, width))

    async def _laid_out(self, width: int) -> None:
        """Beside the event loop: the rows of a very long answer take a second."""
        together, segments, column = self.inline, self._segments, self.column
        rows = await off_loop(
            lambda: inline(segments, width) if together else side_by_side(segments, column)
        )
        self._rows, self._drawn_inline = rows, together
        # One more for the titles, which lie over the first line of the window.
        self.virtual_size = Size(width, len(rows) + 1)
        self.refresh()

    def action_jump(self, by: int) -> None:
        """Scroll to the next or the previous row that differs, after one that does not."""
        here = self.scroll_offset.y
        starts = [
            at
            for at, row in enumerate(self._rows)
            if row.differs and (at == 0 or not self._rows[at - 1].differs)
        ]
        beyond = [at for at in starts if (at > here if by > 0 else at < here)]
        if beyond:
            self.scroll_to(y=beyond[0] if by > 0 else beyond[-1], animate=False)

    # Drawing

    def render_line(self, y: int) -> Strip:
        """The titles, or a row of the part that is in view."""
        width = self.scrollable_content_region.width
        base = self.rich_style
        place = self.scroll_offset.y + y - 1
        if y == 0:
            strip = self._title_strip(width)
        elif place < len(self._rows):
            strip = self._row_strip(self._rows[place], width)
        else:
            strip = Strip.blank(width, base)
        return strip.adjust_cell_length(width, base).apply_style(base)

    def _styles(self) -> dict[str, Style]:
        named = ("removed", "added")
        return {
            "same": Style.null(),
            **{mark: self.get_component_rich_style(f"difference--{mark}") for mark in named},
        }

    def _title_strip(self, width: int) -> Strip:
        styles = self._styles()
        bold = Style(bold=True)
        left, right = self._titles
        if self._drawn_inline:
            (before, after), (open_, close) = MARKS["removed"], MARKS["added"]
            room = max((width - cell_len(f"{before}{after} {open_}{close}")) // 2, 1)
            left, right = cut(left, room), cut(right, room)
            return Strip(
                [
                    Cells(f"{before}{left}{after}", styles["removed"] + bold),
                    Cells(" "),
                    Cells(f"{open_}{right}{close}", styles["added"] + bold),
                ]
            )
        gutter = Cells(_SIGNS[False, False], self.get_component_rich_style("difference--gutter"))
        widths = (self.column, width - self.column - _GUTTER)
        heads = [
            Strip([Cells(cut(title, room), bold)]).adjust_cell_length(room)
            for title, room in zip(self._titles, widths, strict=True)
        ]
        return Strip.join([heads[0], Strip([gutter]), heads[1]])

    def _row_strip(self, row: Row, width: int) -> Strip:
        left = self._strip(row.left)
        if self._drawn_inline:
            return left
        differs = tuple(any(p.mark != "same" for p in side) for side in row)
        gutter = Cells(
            _SIGNS[differs[0], differs[1]], self.get_component_rich_style("difference--gutter")
        )
        return Strip.join(
            [
                left.adjust_cell_length(self.column),
                Strip([gutter]),
                self._strip(row.right).adjust_cell_length(width - self.column - _GUTTER),
            ]
        )

    def _strip(self, pieces: Sequence[Piece]) -> Strip:
        styles = self._styles()
        return Strip([Cells(in_place(piece.text), styles[piece.mark]) for piece in pieces])
