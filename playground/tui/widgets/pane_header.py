"""The line over a pane: its letter, its model, and the knobs that are set."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from playground.cells import cell_len, cut
from playground.tui.labels import shortened

__all__ = ["PaneHeader"]

_BETWEEN: Final = " · "


class PaneHeader(Widget):
    """One line; a click on it asks for another model."""

    ref: reactive[str] = reactive("")
    knobs: reactive[dict[str, str]] = reactive(dict)
    """The knobs that are set, with their values as they are shown."""
    first: reactive[tuple[str, ...]] = reactive(())
    """Names of knobs that go before others where there is not room for all."""
    letter: reactive[str] = reactive("")
    colour: reactive[str] = reactive("primary")

    class Clicked(Message):
        """The user wants another model here."""

    def render(self) -> Content:
        """Letter and model on the left, knobs on the right as far as there is room."""
        width = self.size.width
        badge = f" {self.letter} "
        knobs = self._knobs_said
        # The knobs are what tells two panes of one model apart: they keep a share of the line.
        share = min(cell_len(_BETWEEN.join(knobs)) + 2, width * 2 // 5)
        name = shortened(self.ref or "…", max(width - len(badge) - 3 - share, 4))
        left = [
            (badge, f"$background on ${self.colour} bold"),
            (f" {name}", "$foreground bold"),
            (" ▾", "$foreground 60%"),
        ]
        used = sum(cell_len(text) for text, _ in left)
        said = _as_many_as_fit(knobs, width - used - 3)
        space = width - used - cell_len(said) - 1
        return Content.assemble(*left, " " * max(space, 0), (said, f"$text-{self.colour}"))

    @property
    def _knobs_said(self) -> list[str]:
        first = [name for name in dict.fromkeys(self.first) if name in self.knobs]
        names = dict.fromkeys([*first, *self.knobs])
        return [f"{name} {self.knobs[name]}" for name in names]

    def on_click(self, event: events.Click) -> None:
        """Ask for another model."""
        self.post_message(self.Clicked())


def _as_many_as_fit(knobs: Sequence[str], width: int) -> str:
    """Whole knobs and a sign that there are more; a part of the first one if need be."""
    if not knobs:
        return ""
    fewer = (f"{_BETWEEN.join(knobs[:count])} …" for count in range(len(knobs) - 1, 0, -1))
    ways = (_BETWEEN.join(knobs), *fewer, knobs[0])
    part = cut(knobs[0], width) if width >= 4 else ""
    return next((way for way in ways if cell_len(way) <= width), part)
