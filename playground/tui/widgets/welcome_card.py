"""The first-run card over the panes: what a newcomer needs to know, and no more."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.widgets import Static

__all__ = ["WelcomeCard"]


class WelcomeCard(VerticalScroll, can_focus=False):
    """Lies over the panes and leaves the keyboard where it is: in the prompt box.

    It goes when its owner removes it, or at a click on it.
    """

    # Not in the app's style sheet: it is seen once.
    DEFAULT_CSS = """
    WelcomeCard {
        layer: above;
        width: 78;
        max-width: 100%;
        height: auto;
        max-height: 100%;
        padding: 0 2;
        border: round $primary 60%;
        border-title-color: $text-primary;
        border-title-style: bold;
        border-subtitle-color: $text-muted;
        background: $surface;
        color: $foreground;
    }

    WelcomeCard > Static {
        height: auto;
    }
    """

    def __init__(self, title: str, body: Content, note: str) -> None:
        super().__init__(id="first-run")
        self._body = body
        self.border_title = Content(title)
        self.border_subtitle = Content(note)

    def compose(self) -> ComposeResult:
        """The words."""
        yield Static(self._body)

    async def on_click(self) -> None:
        """A click says that it has been read."""
        await self.remove()
