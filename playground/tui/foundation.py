"""What all actions of the application stand on: panes, archive, a word to the user."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Literal

from textual.app import App

from playground.tui.arrangement import MAX_PANES
from playground.tui.labels import one_line

if TYPE_CHECKING:
    from playground.tui.archive import Archive
    from playground.tui.conversation import Conversation
    from playground.tui.shelf import ModelShelf
    from playground.tui.widgets.pane import Pane
    from playground.tui.widgets.pane_grid import PaneGrid
    from playground.tui.widgets.prompt_box import PromptBox

__all__ = ["Foundation", "Severity"]

Severity = Literal["information", "warning", "error"]


class Foundation(App[None]):
    """The part of the application that its actions share, in whichever module they are."""

    _grid: PaneGrid
    _shelf: ModelShelf
    _prompt: PromptBox
    _to_all: bool
    _archive: Archive | None = None
    furnished: asyncio.Event
    """Set once the panes have their models and prompts can be sent."""

    @property
    def panes(self) -> list[Pane]:
        """The panes, from the left."""
        return self._grid.panes

    @property
    def active_pane(self) -> Pane:
        """The pane that the drawer, the picker and the details are about."""
        return self._grid.active

    @property
    def archive(self) -> Archive:
        """What is written down and read back; only once the panes have their models."""
        if self._archive is None:
            raise RuntimeError("the archive is not open yet")
        return self._archive

    @property
    def _targets(self) -> list[Pane]:
        """The panes that the prompt, retry and clear are for."""
        return self.panes if self._to_all else [self.active_pane]

    def say(self, text: str, severity: Severity = "information", *, title: str = "") -> None:
        """A passing notice. Never markup: names and errors from elsewhere are in it."""
        self.notify(one_line(text), title=title, severity=severity, markup=False)

    def _do(self, work: Any, **options: Any) -> None:
        """Run work in the background; what goes wrong in it never closes the app."""
        self.run_worker(work, exit_on_error=False, **options)

    def _all_free(self, panes: Iterable[Pane]) -> bool:
        """Whether none of these panes is at work; says which one is."""
        busy = [pane.letter for pane in panes if pane.busy]
        if busy:
            verb = "is" if len(busy) == 1 else "are"
            self.say(f"{' and '.join(busy)} {verb} still answering. Esc stops.", "warning")
        return not busy

    async def _add_pane(self, conversation: Conversation) -> Pane | None:
        """Open one more pane with a conversation, and make it the active one, if there is room."""
        pane = await self._grid.add(conversation, self._shelf)
        if pane is None:
            self.say(f"{MAX_PANES} panes are the most: F9 closes one.", "warning")
        else:
            self._grid.activate(pane.place)
        return pane

    async def _show_conversations(self, conversations: Sequence[Conversation]) -> None:
        """Have a pane for each of these conversations, one at least, and no other."""
        for pane in reversed(self.panes[len(conversations) :]):
            await self._grid.close(pane)
        for pane, conversation in zip(self.panes, conversations, strict=False):
            if pane.attached:
                pane.take(conversation)
            else:
                await pane.attach(conversation, self._shelf)
        for conversation in conversations[len(self.panes) :]:
            await self._grid.add(conversation, self._shelf)
