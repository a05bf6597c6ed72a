"""Something to read over the panes: help, the first-run words, the details of a run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from playground.tui.screens.dialog import Dialog
from playground.tui.widgets.fitted_text import Glossary, KeyLine, Passage

__all__ = ["Reader"]


class Reader(Dialog[bool | None]):
    """Shows content and goes away on Escape, Enter, or the key that brought it."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,f1,f7", "close", "Close"),
    ]
    NOTE: ClassVar[str] = "Enter or Esc closes"

    def __init__(self, title: str, body: Sequence[Passage], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._title = title
        self._body = body

    def compose(self) -> ComposeResult:
        """A title, the text in a scroll, and how to get out."""
        with Vertical(classes="dialog reader"):
            yield Static(Content(self._title), classes="dialog-title")
            with VerticalScroll(classes="reader-scroll"):
                yield Glossary(self._body)
            yield KeyLine(self.NOTE, classes="dialog-note")

    def on_mount(self) -> None:
        """Let the arrow keys scroll at once."""
        self.query_one(".reader-scroll").focus()

    def show(self, body: Sequence[Passage]) -> None:
        """Show something else, if it is still open."""
        for glossary in self.query(Glossary):
            glossary.show(body)

    def action_close(self) -> None:
        """Go back to the panes."""
        self.dismiss(None)
