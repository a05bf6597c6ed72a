"""The tokens of an answer as running text, each in its colour, with a cursor that walks them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import ClassVar, Final

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.strip import Strip

from playground.spelling import in_place
from playground.tui.lens.colours import cursor_style, step_style
from playground.tui.themes import few_colours
from playground.tui.widgets.drawn_lines import DrawnScroll
from playground.tui.widgets.token_rows import Part, TokenRows

__all__ = ["CUT", "PARTED", "Mark", "TokenText"]


class TokenText(DrawnScroll, can_focus=True):
    """Draws spelled tokens; `looked` is called when another one is under the cursor or the mouse.

    It is called at once, so that what is shown of a token is painted in the same frame as the
    cursor; a message would come a frame later.

    Rows are laid out once, and only the last one again while tokens come, so that a token costs
    the same however many there are. While `following`, the cursor stays on the last one.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"tokens--given", "tokens--note"}
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "walk(-1)", "Token before", show=False),
        Binding("right", "walk(1)", "Next token", show=False),
        Binding("up", "row(-1)", "Row above", show=False),
        Binding("down", "row(1)", "Row below", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "edge(False)", "First token", show=False),
        Binding("end", "edge(True)", "Last token", show=False),
    ]

    def __init__(
        self,
        *,
        id: str,  # noqa: A002 - Textual's word
        looked: Callable[[], None] | None = None,
    ) -> None:
        super().__init__(id=id)
        self._looked = looked or _nothing
        self._given = ""
        self._spelled: list[str] = []
        self._steps: Sequence[int | None] = ()
        self._marks: Mapping[int, Style] = {}
        self._laid = TokenRows(0)
        self._cursor = 0
        self._hovered: int | None = None
        self._mouse = (0, 0)
        self.following = False
        self.empty = ""
        """What is said while there are no tokens."""

    # What is shown

    def show(
        self, spelled: Iterable[str], steps: Sequence[int | None], *, given: str = "", at: int = 0
    ) -> None:
        """Show these tokens, after a beginning that was `given`, with the cursor on one of them."""
        self._given, self._spelled, self._steps = given, [*spelled], steps
        self._marks = {}
        self._hovered = None
        self._cursor = min(max(at, 0), max(len(self._spelled) - 1, 0))
        self._lay_out()
        self._into_view()

    def extend(self, spelled: Iterable[str], steps: Sequence[int | None]) -> None:
        """More tokens have come; `steps` are those of all."""
        first = len(self._spelled)
        self._spelled += spelled
        self._steps = steps
        if self._laid.room > 0:
            row = len(self._laid.rows) - 1
            for token in self._spelled[first:]:
                self._laid.place(token)
            self.hold(len(self._laid.rows))
            self._repaint_rows(range(row, len(self._laid.rows)))
        if self.following and self._spelled:
            self._go(len(self._spelled) - 1)

    def colour(self, steps: Sequence[int | None]) -> None:
        """Other colours for the same tokens; only rows that look different are painted anew."""
        before, self._steps = self._steps, steps
        if len(before) != len(steps):
            self.refresh()
            return
        pairs = enumerate(zip(before, steps, strict=True))
        self._repaint([token for token, (old, new) in pairs if old != new])

    def mark(self, marks: Mapping[int, Style]) -> None:
        """Mark some tokens beside their colours."""
        changed = marks.items() ^ self._marks.items()
        self._marks = marks
        self._repaint({token for token, _ in changed})

    @property
    def cursor(self) -> int:
        """The token under the cursor."""
        return self._cursor

    @property
    def hovered(self) -> int | None:
        """The token under the mouse."""
        return self._hovered

    @property
    def count(self) -> int:
        """How many tokens there are."""
        return len(self._spelled)

    def spelled(self, token: int) -> str:
        """What is written for a token."""
        return self._spelled[token]

    def step(self, token: int) -> int | None:
        """The step that a token is coloured by."""
        return self._steps[token] if token < len(self._steps) else None

    def marked(self, token: int) -> Style | None:
        """The mark of a token."""
        return self._marks.get(token)

    def go(self, token: int) -> None:
        """Put the cursor on a token."""
        self.following = False
        self._walk_to(token)

    # Space

    def _lay_out(self) -> None:
        laid = self._laid = TokenRows(self.view_size.width)
        if laid.room <= 0:
            return
        if self._given:
            laid.give(self._given)
        for token in self._spelled:
            laid.place(token)
        self._resized()

    def _resized(self) -> None:
        self.hold(len(self._laid.rows))
        self.refresh()

    def on_resize(self, _event: events.Resize) -> None:
        """Lay out anew where the width is another one."""
        if self.view_size.width != self._laid.room:
            self._lay_out()
        self._into_view()

    def _into_view(self) -> None:
        if not self._laid.row_of:
            return
        height = max(self.view_size.height, 1)
        row, y = self._laid.row_of[self._cursor], self.scroll_offset.y
        y = min(row, max(y, row + 1 - height))
        if y != self.scroll_offset.y:
            # Forced: the scrollbar that would allow it is only drawn later.
            self.scroll_to(y=y, animate=False, immediate=True, force=True)

    # Moving

    def action_walk(self, by: int) -> None:
        """To the next token, or the one before."""
        self.following = False
        self._walk_to(self._cursor + by)

    def action_edge(self, last: bool) -> None:
        """To the last token, which is followed while more come, or to the first."""
        self.following = last
        self._walk_to(len(self._spelled) - 1 if last else 0)

    def action_row(self, by: int) -> None:
        """To the token above or below."""
        self.following = False
        self._walk_to(self._rows_on(self._cursor, by))

    def action_page(self, by: int) -> None:
        """As many rows on as there are in view."""
        self.following = False
        token = self._cursor
        for _ in range(max(self.view_size.height - 1, 1)):
            token = self._rows_on(token, by)
        self._walk_to(token)

    def _rows_on(self, token: int, by: int) -> int:
        """The nearest token in the next row that has any, above or below; else the token itself."""
        if not self._laid.row_of:
            return token
        row = self._laid.row_of[token]
        here = next((p for p in self._laid.rows[row] if p.token == token), None)
        column = here.column if here is not None else 0
        while 0 <= (row := row + by) < len(self._laid.rows):
            nearest = [piece for piece in self._laid.rows[row] if piece.token >= 0]
            if nearest:
                return min(nearest, key=lambda piece: abs(piece.column - column)).token
        return token

    def _walk_to(self, token: int) -> None:
        """Where the user takes the cursor; a mouse that rests here counts again when it moves."""
        left, self._hovered = self._hovered, None
        before = self._cursor
        self._go(token)
        if left is not None:
            self._repaint((left,))
            if self._cursor == before and left != before:
                self._looked()

    def _go(self, token: int) -> None:
        token = min(max(token, 0), len(self._spelled) - 1)
        if token < 0 or token == self._cursor:
            return
        before, self._cursor = self._cursor, token
        self._into_view()
        self._repaint((before, token))
        self._looked()

    def _token_at(self, x: int, y: int) -> int | None:
        row = y + self.scroll_offset.y
        if not 0 <= row < len(self._laid.rows):
            return None
        return next(
            (
                piece.token
                for piece in self._laid.rows[row]
                if piece.token >= 0 and piece.column <= x < piece.column + piece.width
            ),
            None,
        )

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """The token under the mouse is looked at."""
        self._mouse = (event.x, event.y)
        self._hover(self._token_at(*self._mouse))

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Another token comes under a mouse that stays where it is."""
        super().watch_scroll_y(old_value, new_value)
        if self._hovered is not None:
            self._hover(self._token_at(*self._mouse))

    def on_leave(self, _event: events.Leave) -> None:
        """The cursor counts again."""
        self._hover(None)

    def _hover(self, token: int | None) -> None:
        if token != self._hovered:
            before, self._hovered = self._hovered, token
            self._repaint([at for at in (before, token) if at is not None])
            self._looked()

    def on_click(self, event: events.Click) -> None:
        """To the token that was clicked."""
        token = self._token_at(event.x, event.y)
        if token is not None:
            self.go(token)

    # Drawing

    def _repaint(self, tokens: Iterable[int]) -> None:
        """Paint the rows of some tokens: of a long answer that is most of what a key costs."""
        height = self.view_size.height
        rows: set[int] = set()
        for token in tokens:
            if token < len(self._laid.row_of):
                first = self._laid.row_of[token]
                # A token that is wider than the screen goes over several.
                many = self._laid.room and cell_len(self._spelled[token]) > self._laid.room
                rows.update(range(first, first + height) if many else (first,))
        self._repaint_rows(rows)

    def _repaint_rows(self, rows: Iterable[int]) -> None:
        top, (width, height) = self.scroll_offset.y, self.view_size
        seen = [row - top for row in rows if top <= row < top + height]
        if len(seen) > height // 2:
            self.refresh()
        elif seen:
            self.refresh(*(Region(0, row, width, 1) for row in seen))

    def render_line(self, y: int) -> Strip:
        """A row that is in view."""
        width = self.view_size.width
        row = y + self.scroll_offset.y
        if not self._spelled and not self._given:
            note = self.style_of("tokens--note")
            segments = [Segment(self.empty if y == 0 else "", note)]
        elif row < len(self._laid.rows):
            dark, few, grey = self.app.current_theme.dark, few_colours(self), self.app.no_color
            segments = [self._segment(piece, dark, few, grey) for piece in self._laid.rows[row]]
        else:
            segments = []
        return self.drawn(segments, width)

    def _segment(self, piece: Part, dark: bool, few: bool, grey: bool) -> Segment:
        token = piece.token
        if token < 0:
            return Segment(in_place(piece.text), self.style_of("tokens--given"))
        if token == self._cursor:
            style = cursor_style(dark=dark, few=few, grey=grey)
        else:
            step = self._steps[token] if token < len(self._steps) else None
            style = step_style(step, dark=dark, few=few, grey=grey)
            if token in self._marks:
                style = style + self._marks[token]
        if token == self._hovered:
            style = style + _UNDER_MOUSE
        return Segment(in_place(piece.text), style)


_UNDER_MOUSE: Final = Style(reverse=True)

Mark = Style
"""What marks a token: a style that is laid over its colour."""

CUT: Final = Style(strike=True)
"""Marks a token that a setting would have cut."""

PARTED: Final = Style(bold=True, reverse=True)
"""Marks the token at which two answers part."""


def _nothing() -> None:
    """What is called where nobody wants to know."""
