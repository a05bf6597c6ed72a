"""A switch between "this pane" and "all panes"."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

__all__ = ["ScopeSwitch"]

_ONE, _ALL = " this pane ", " all panes "


class ScopeSwitch(Widget, can_focus=True):
    """Whether a change is for one pane or for all of them."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left", "scope(False)", "This pane", show=False),
        Binding("right", "scope(True)", "All panes", show=False),
        Binding("space,enter", "switch", "Switch", show=False),
    ]

    everywhere: reactive[bool] = reactive(False)

    class Changed(Message):
        """The user switched."""

        def __init__(self, everywhere: bool) -> None:
            super().__init__()
            self.everywhere = everywhere

    def render(self) -> Content:
        """Both words, the chosen one in reverse."""
        chosen, other = "$background on $primary bold", "$foreground 60%"
        return Content.assemble(
            (_ONE, other if self.everywhere else chosen),
            (_ALL, chosen if self.everywhere else other),
        )

    def action_scope(self, everywhere: bool) -> None:
        """Choose one of the two."""
        if everywhere != self.everywhere:
            self.everywhere = everywhere
            self.post_message(self.Changed(everywhere))

    def action_switch(self) -> None:
        """Choose the other one."""
        self.action_scope(not self.everywhere)

    def on_click(self, event: events.Click) -> None:
        """Choose the word that was clicked."""
        event.stop()
        self.action_scope(event.x >= len(_ONE))
