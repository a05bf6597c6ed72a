"""Presets: named settings, applied to one pane or to all."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.tui import dialogs
from playground.tui.arrangement import MAX_PANES
from playground.tui.drawer_actions import DrawerActions

if TYPE_CHECKING:
    from playground.presets import Preset
    from playground.tui.widgets.pane import Pane

__all__ = ["PresetActions"]


class PresetActions(DrawerActions):
    """Actions on presets."""

    def action_presets(self) -> None:
        """Choose a preset; the screen also saves and deletes them."""
        self._do(self._choose_preset())

    async def _choose_preset(self) -> None:
        pane = self.active_pane
        chosen = await dialogs.ask_for_preset(
            self, pane, self.panes, self._layout, everywhere=self._to_all
        )
        if chosen is None:
            return
        preset, panes = chosen.preset, self.panes if chosen.everywhere else [pane]
        exchanged = [
            one
            for one, ref in zip(panes, preset.models, strict=False)
            if ref != one.conversation.ref
        ]
        if not self._all_free(exchanged):
            return
        if chosen.everywhere:
            await self._open_panes(preset, like=pane)
            panes = self.panes
        await self._apply(preset, panes)

    async def _open_panes(self, preset: Preset, like: Pane) -> None:
        """Add panes for the models of a preset that there are none for."""
        from playground.tui.conversation import Conversation

        settings = like.conversation
        for ref in preset.models[len(self.panes) : MAX_PANES]:
            fresh = Conversation(ref, settings.params, settings.system)
            await self._grid.add(fresh, self._shelf)

    async def _apply(self, preset: Preset, panes: list[Pane]) -> None:
        """Take a preset's settings over; they count from the next prompt on."""
        for place, pane in enumerate(panes):
            conversation = pane.conversation
            conversation.params = preset.applied_to(conversation.params)
            if preset.system_prompt is not None:
                conversation.system = preset.system_prompt
            ref = preset.models[place] if place < len(preset.models) else conversation.ref
            if ref != conversation.ref:
                pane.use_model(ref)
            else:
                pane.params_changed()
        self._shelf.keep_only(pane.conversation.ref for pane in self.panes)
        self._show_drawer()
        await self._lay_out_as(preset.layout)
        self.say(f"{preset.heading} counts from the next prompt on.")
