"""The row of pane names that a narrow terminal shows instead of all panes at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from playground.cells import fit
from playground.tui.labels import shortened

__all__ = ["PaneTab", "PaneTabs"]


class PaneTab(NamedTuple):
    """One pane's entry. `busy` marks it while an answer comes in behind the others."""

    letter: str
    ref: str
    colour: str
    busy: bool


class PaneTabs(Widget):
    """Letters, and as much of the models' names as there is room for."""

    tabs: reactive[tuple[PaneTab, ...]] = reactive[tuple[PaneTab, ...]](())
    active: reactive[int] = reactive(0)

    class Chosen(Message):
        """A tab was clicked."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def show(self, tabs: Sequence[PaneTab], active: int) -> None:
        """Replace the tabs."""
        self.tabs, self.active = tuple(tabs), active

    def render(self) -> Content:
        """One stretch of equal width for each pane."""
        parts = []
        for place, tab in enumerate(self.tabs):
            room = self._room
            before, after = f" {tab.letter} ", " …" if tab.busy else ""
            name = shortened(tab.ref, room - cell_len(before + after) - 1)
            label = fit(f"{before}{name}{after}", room)
            chosen = f"$background on ${tab.colour} bold"
            parts.append((label, chosen if place == self.active else f"$text-{tab.colour}"))
        return Content.assemble(*parts)

    @property
    def _room(self) -> int:
        return max(self.size.width // max(len(self.tabs), 1), 4)

    def on_click(self, event: events.Click) -> None:
        """Choose the pane that was clicked."""
        place = event.x // self._room
        if place < len(self.tabs):
            self.post_message(self.Chosen(place))
