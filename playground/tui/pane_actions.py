"""Panes: gone through, added and closed; the model and the system prompt that each has."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.tui import dialogs
from playground.tui.drawer_actions import DrawerActions

if TYPE_CHECKING:
    from playground.tui.widgets.pane import Pane

__all__ = ["PaneActions"]


class PaneActions(DrawerActions):
    """Actions on whole panes."""

    def action_next_pane(self) -> None:
        """Make the next pane active; the keyboard goes along if it was in the pane before."""
        focused = self.focused
        follow = focused is not None and self.active_pane in focused.ancestors_with_self
        self._grid.activate((self.active_pane.place + 1) % len(self.panes))
        if follow:
            self.active_pane.transcript.focus()

    async def action_add_pane(self) -> None:
        """Open one more pane, like the active one."""
        like = self.active_pane.conversation
        from playground.tui.conversation import Conversation

        await self._add_pane(Conversation(like.ref, like.params, like.system))

    async def action_close_pane(self) -> None:
        """Close the active pane; the last one stays."""
        if len(self.panes) == 1:
            self.say("The last pane stays. Ctrl+Q quits.", "warning")
            return
        await self._grid.close(self.active_pane)
        self._close_unused_models()
        self._prompt.focus()

    def _close_unused_models(self) -> None:
        self._shelf.keep_only(pane.conversation.ref for pane in self.panes)

    def action_pick_model(self) -> None:
        """Give the active pane another model."""
        if self._all_free([self.active_pane]):
            self._do(self._pick_model(self.active_pane))

    async def _pick_model(self, pane: Pane) -> None:
        ref = await dialogs.ask_for_model(self, pane)
        if ref:
            pane.use_model(ref)
            self._close_unused_models()
            self._show_drawer()

    def action_system_prompt(self) -> None:
        """Edit the system prompt."""
        self._do(self._edit_system_prompt(self.active_pane))

    async def _edit_system_prompt(self, pane: Pane) -> None:
        edited = await dialogs.ask_for_system_prompt(self, pane, everywhere=self._to_all)
        if edited is not None:
            for target in self.panes if edited.everywhere else [pane]:
                target.conversation.system = edited.text
                target.params_changed()
