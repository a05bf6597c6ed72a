"""Presets: named settings, applied to one pane or to all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.tui import dialogs
from playground.tui.foundation import Foundation

if TYPE_CHECKING:
    from playground.presets import Layout, Preset
    from playground.tui.widgets.pane import Pane

__all__ = ["PresetActions"]


class PresetActions(Foundation):
    """Actions on presets."""

    def action_presets(self) -> None:
        """Choose a preset; the screen also saves and deletes them."""
        self._do(self._choose_preset())

    async def _choose_preset(self) -> None:
        pane = self.active_pane
        chosen = await dialogs.ask_for_preset(self, pane, everywhere=self._to_all)
        if chosen is not None:
            await self._apply(chosen.preset, self.panes if chosen.everywhere else [pane])

    async def _apply(self, preset: Preset, panes: list[Pane]) -> None:
        """Take a preset's settings over; they count from the next prompt on."""
        for place, pane in enumerate(panes):
            conversation = pane.conversation
            conversation.params = preset.applied_to(conversation.params)
            if preset.system_prompt is not None:
                conversation.system = preset.system_prompt
            if place < len(preset.models) and not pane.busy:
                pane.use_model(preset.models[place])
            else:
                pane.params_changed()
        self._shelf.keep_only(pane.conversation.ref for pane in self.panes)
        self._show_drawer()
        await self._lay_out_as(preset.layout)
        self.say(f"{preset.heading} counts from the next prompt on.")

    def _show_drawer(self) -> None:
        raise NotImplementedError

    async def _lay_out_as(self, layout: Layout | None) -> None:
        raise NotImplementedError
