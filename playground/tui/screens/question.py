"""A question with two answers."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from playground.tui.screens.dialog import Dialog

__all__ = ["Question"]


class Question(Dialog[bool]):
    """Gives back whether the user said yes; Escape is no."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,n", "answer(False)", "No"),
        Binding("y", "answer(True)", "Yes"),
    ]

    def __init__(self, title: str, body: str, *, yes: str, no: str) -> None:
        super().__init__()
        self._title = title
        self._body = body
        self._yes = yes
        self._no = no

    def compose(self) -> ComposeResult:
        """The question over two buttons."""
        with Vertical(id="question", classes="dialog"):
            yield Static(Content(self._title), classes="dialog-title")
            yield Static(Content(self._body))
            with Horizontal(classes="dialog-row"):
                yield Button(f"{self._yes}  Enter", id="yes", variant="primary", compact=True)
                yield Button(f"{self._no}  Esc", id="no", compact=True)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Yes or no."""
        self.dismiss(event.button.id == "yes")

    def action_answer(self, yes: bool) -> None:
        """Yes or no, by key."""
        self.dismiss(yes)
