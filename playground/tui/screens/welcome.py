"""The first-run screen: what a newcomer needs, and a door to the lessons."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content

from playground.tui.screens.reader import Reader

__all__ = ["WelcomeScreen"]


class WelcomeScreen(Reader):
    """Gives back true if the lessons are wanted."""

    BINDINGS: ClassVar[list[BindingType]] = [Binding("l,alt+g", "lessons", "Lessons")]
    NOTE: ClassVar[str] = "L opens the lessons · Enter or Esc closes"

    def __init__(self, title: str, body: Content) -> None:
        super().__init__(title, body, id="first-run")

    def action_lessons(self) -> None:
        """To the lessons."""
        self.dismiss(True)
