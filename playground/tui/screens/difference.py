"""Two answers, and what differs between them."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.types import CSSPathType
from textual.widgets import Static

from playground.background import off_loop
from playground.difference import Segment, word_difference
from playground.tui.screens.dialog import STYLES, Dialog
from playground.tui.widgets.difference_view import MIN_COLUMN, DifferenceView

__all__ = ["DifferenceScreen"]


class DifferenceScreen(Dialog[None]):
    """Shows two answers, each a title and a text, side by side or inline."""

    CSS_PATH: ClassVar[CSSPathType | None] = STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,alt+d,f1,f7,f10,f12", "close", "Close"),
        Binding("v", "view", "View"),
    ]

    def __init__(self, left: tuple[str, str], right: tuple[str, str]) -> None:
        super().__init__()
        self._titles = (left[0], right[0])
        self._texts = (left[1], right[1])
        self._told = "comparing …"

    def compose(self) -> ComposeResult:
        """The view, and what the keys do."""
        with Vertical(id="difference", classes="dialog"):
            yield DifferenceView(self._titles, id="difference-view")
            yield Static(id="difference-note")

    def on_mount(self) -> None:
        """Compare beside the event loop: answers may be long."""
        self._note()
        self.run_worker(self._compare())

    async def _compare(self) -> None:
        segments = await off_loop(lambda: word_difference(*self._texts))
        self._told = _count(segments)
        self.query_one(DifferenceView).show(segments)
        self._note()

    def on_resize(self) -> None:
        """One column may have become two."""
        self.call_after_refresh(self._note)

    def _note(self) -> None:
        view = self.query_one(DifferenceView)
        other = "side by side" if view.inline else "inline"
        switch = "" if view.column < MIN_COLUMN else f" · V {other}"
        keys = f"{switch} · N next · P previous · Esc closes"
        self.query_one("#difference-note", Static).update(Content(f"{self._told}{keys}"))

    def action_view(self) -> None:
        """Switch between side by side and inline."""
        view = self.query_one(DifferenceView)
        if view.column < MIN_COLUMN:
            self.notify("Two columns need a wider terminal.", markup=False)
        else:
            view.together = not view.together
        self._note()

    def action_close(self) -> None:
        """Go back to the panes."""
        self.dismiss(None)


def _count(segments: list[Segment]) -> str:
    found = sum(segment.kind != "same" for segment in segments)
    if not found:
        return "The two are the same, character by character"
    return "1 difference" if found == 1 else f"{found:,} differences"
