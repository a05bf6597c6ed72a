"""The line over a pane: its letter, its model, and the knobs that are set."""

from __future__ import annotations

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from playground.tui.labels import one_line

__all__ = ["PaneHeader"]


class PaneHeader(Widget):
    """One line; a click on it asks for another model."""

    ref: reactive[str] = reactive("")
    knobs: reactive[str] = reactive("")
    letter: reactive[str] = reactive("")
    colour: reactive[str] = reactive("primary")

    class Clicked(Message):
        """The user wants another model here."""

    def render(self) -> Content:
        """Letter and model on the left, knobs on the right as far as there is room."""
        width = self.size.width
        badge = f" {self.letter} "
        # The knobs are what tells two panes of one model apart: they keep a share of the line.
        share = min(cell_len(self.knobs) + 2, width * 2 // 5)
        name = _shortened(one_line(self.ref) or "…", max(width - len(badge) - 3 - share, 4))
        left = [
            (badge, f"$background on ${self.colour} bold"),
            (f" {name}", "$foreground bold"),
            (" ▾", "$foreground 60%"),
        ]
        used = sum(cell_len(text) for text, _ in left)
        knobs = self.knobs
        space = width - used - cell_len(knobs) - 1
        if space < 2:
            knobs = _head(knobs, width - used - 3)
            space = width - used - cell_len(knobs) - 1
        return Content.assemble(*left, " " * max(space, 0), (knobs, f"$text-{self.colour}"))

    def on_click(self, event: events.Click) -> None:
        """Ask for another model."""
        self.post_message(self.Clicked())


def _shortened(name: str, width: int) -> str:
    """A long reference without its folders, then without its beginning."""
    if cell_len(name) > width and "/" in name:
        provider, _, path = name.partition(":")
        name = f"{provider}:…/{path.rsplit('/', 1)[-1]}"
    if cell_len(name) <= width:
        return name
    while name and cell_len(name) > width - 1:
        name = name[1:]
    return f"…{name}"


def _head(text: str, width: int) -> str:
    if width < 4:
        return ""
    if cell_len(text) <= width:
        return text
    while text and cell_len(text) > width - 1:
        text = text[:-1]
    return f"{text}…"
