"""The panes together: which is active, and how they share the space."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from textual import on
from textual.app import ComposeResult
from textual.containers import Container
from textual.message import Message

from playground.tui.arrangement import MAX_PANES, Arrangement
from playground.tui.themes import PANE_COLOURS
from playground.tui.widgets.pane import Pane
from playground.tui.widgets.pane_tabs import PaneTab

if TYPE_CHECKING:
    from playground.run import Run
    from playground.tui.conversation import Conversation
    from playground.tui.shelf import ModelShelf
    from playground.types import Timing

__all__ = ["PaneGrid"]


class PaneGrid(Container):
    """One to four panes, one of them active: the one that keys and drawer are about."""

    class ActiveChanged(Message):
        """Another pane is active, or panes came or went."""

    def __init__(self, count: int, *, timing_of: Callable[[Run], Timing]) -> None:
        super().__init__(id="panes")
        self._timing_of = timing_of
        self._active = 0
        self.panes = [Pane(place, timing_of=timing_of) for place in range(min(count, MAX_PANES))]
        """The panes, from the left."""
        self._studied: tuple[str, ...] = ()
        self._changing = asyncio.Lock()
        self._show(Arrangement(columns=len(self.panes), tabbed=False))

    def compose(self) -> ComposeResult:
        """Panes without models, for the first paint."""
        yield from self.panes

    @property
    def active(self) -> Pane:
        """The active pane."""
        return self.panes[self._active]

    def activate(self, place: int) -> None:
        """Make a pane the active one."""
        self._active = min(max(place, 0), len(self.panes) - 1)
        self._show(self._arrangement)
        self.post_message(self.ActiveChanged())

    def lay_out(self, arrangement: Arrangement) -> None:
        """Put the panes side by side, or show the active one alone."""
        if arrangement != self._arrangement:
            self._show(arrangement)

    def _show(self, arrangement: Arrangement) -> None:
        panes = self.panes
        self._arrangement = arrangement
        columns = arrangement.columns
        self.styles.grid_size_columns = columns
        self.styles.grid_size_rows = 1 if arrangement.tabbed else -(-len(panes) // columns)
        for pane in panes:
            active = pane.place == self._active
            pane.set_class(active and len(panes) > 1, "-active")
            pane.set_class(pane.place % columns == 0, "-leftmost")
            pane.display = active or not arrangement.tabbed

    @property
    def tabs(self) -> list[PaneTab]:
        """What the tabs of a narrow terminal say of the panes."""
        return [
            PaneTab(pane.letter, pane.header.ref, PANE_COLOURS[pane.place], pane.busy)
            for pane in self.panes
        ]

    def study(self, knobs: Sequence[str]) -> None:
        """Let every pane say first how these knobs are set, such as those of a lesson."""
        self._studied = tuple(knobs)
        self._order_knobs()

    def _order_knobs(self) -> None:
        """Let the panes say first in what they differ: that is what they are there to show."""
        set_ = [pane.header.knobs for pane in self.panes]
        names = dict.fromkeys(name for knobs in set_ for name in knobs)
        differing = [name for name in names if len({knobs.get(name) for knobs in set_}) > 1]
        for pane in self.panes:
            pane.header.first = (*differing, *self._studied)

    async def add(self, conversation: Conversation, shelf: ModelShelf) -> Pane | None:
        """One more pane, with a conversation; one of the panes only once it can be talked to.

        None where there are as many as there can be.
        """
        async with self._changing:
            if len(self.panes) >= MAX_PANES:
                return None
            pane = Pane(len(self.panes), timing_of=self._timing_of)
            await self.mount(pane)
            await pane.attach(conversation, shelf)
            self.panes.append(pane)
        return pane

    async def close(self, pane: Pane) -> None:
        """Take a pane away; those to the right of it move up a letter. The last one stays."""
        async with self._changing:
            await pane.stopped()
            if pane not in self.panes or len(self.panes) == 1:
                return
            self.panes.remove(pane)
            before = pane.place < self._active or self._active == len(self.panes)
            self._active -= before
            for place, left in enumerate(self.panes):
                left.place = place
            await pane.remove()
            self._order_knobs()
            self.activate(self._active)

    @on(Pane.KnobsChanged)
    def _knobs_changed(self, message: Pane.KnobsChanged) -> None:
        message.stop()
        self._order_knobs()

    @on(Pane.Activated)
    def _pane_activated(self, message: Pane.Activated) -> None:
        message.stop()
        if message.pane.place != self._active:
            self.activate(message.pane.place)
