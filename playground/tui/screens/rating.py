"""Rate an answer: stars, and a note."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget
from textual.widgets import Input, Static

from playground.tui.screens.dialog import Dialog
from playground.tui.widgets.fitted_text import KeyLine
from playground.tui.widgets.safe_text import SafeInput

__all__ = ["Judgement", "RatingScreen", "Stars"]

_MOST = 5
_STAR_WIDTH = 2


class Judgement(NamedTuple):
    """What the user thinks: 1 to 5 stars or None, and a note."""

    stars: int | None
    note: str


class Stars(Widget, can_focus=True):
    """Five stars: digits and arrows set them, 0 and Delete take them away."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,down", "by(-1)", "Fewer", show=False),
        Binding("right,up", "by(1)", "More", show=False),
        Binding("delete,0", "give(0)", "None", show=False),
        *(Binding(str(number), f"give({number})", show=False) for number in range(1, _MOST + 1)),
    ]

    count: reactive[int] = reactive(0)

    def render(self) -> Content:
        """As many full stars as are given."""
        given = "★ " * self.count + "☆ " * (_MOST - self.count)
        return Content.assemble((given, "$text-warning" if self.has_focus else "$foreground"))

    def action_by(self, by: int) -> None:
        """One more or one fewer."""
        self.count = min(max(self.count + by, 0), _MOST)

    def action_give(self, count: int) -> None:
        """So many."""
        self.count = count

    def on_click(self, event: events.Click) -> None:
        """The star that was clicked."""
        self.count = min(event.x // _STAR_WIDTH + 1, _MOST)


class RatingScreen(Dialog[Judgement | None]):
    """Gives back stars and note, or None if it was left with Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel"),
        Binding("enter,ctrl+s", "save", "Save"),
    ]

    def __init__(self, title: str, now: Judgement) -> None:
        super().__init__()
        self._title = title
        self._now = now

    def compose(self) -> ComposeResult:
        """Stars over a field."""
        with Vertical(id="rating", classes="dialog"):
            yield Static(Content(self._title), classes="dialog-title")
            yield Stars(id="rating-stars", classes="stars")
            yield SafeInput(
                self._now.note, placeholder="A note …", id="rating-note", classes="field"
            )
            yield KeyLine(
                "1 to 5 give stars, 0 none · Tab to the note · Enter saves · Esc leaves",
                classes="dialog-note",
            )

    def on_mount(self) -> None:
        """Begin with what was given before."""
        self.query_one(Stars).count = self._now.stars or 0

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_save()

    def action_save(self) -> None:
        """Give both back."""
        note = self.query_one(Input).value.strip()
        self.dismiss(Judgement(self.query_one(Stars).count or None, note))

    def action_leave(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)
