"""Covers the panes while they answer unseen."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Static

from playground.tui.screens.dialog import Dialog

__all__ = ["WaitingScreen"]

_LOOK_SECONDS = 0.05


class WaitingScreen(Dialog[bool]):
    """Begins something once it covers the screen, and gives back whether it came to its end.

    It says nothing of how far anything is: who is faster must not show.
    """

    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "stop", "Stop")]

    def __init__(self, text: str, begin: Callable[[], None], done: Callable[[], bool]) -> None:
        super().__init__(id="waiting")
        self._text = text
        self._begin = begin
        self._done = done

    def compose(self) -> ComposeResult:
        """A sentence, and how to get out."""
        with Vertical(classes="dialog"):
            yield Static(Content(self._text))
            yield Static(Content("Esc stops"), classes="dialog-note")

    def on_mount(self) -> None:
        """Begin, and look now and then whether it is over."""
        self._begin()
        self.set_interval(_LOOK_SECONDS, self._look)

    def _look(self) -> None:
        if self._done() and self.is_current:
            self.dismiss(True)

    def action_stop(self) -> None:
        """Leave before the end."""
        self.dismiss(False)
