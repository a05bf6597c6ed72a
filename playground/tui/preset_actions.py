"""Presets: named settings, applied to panes, saved and deleted."""

from __future__ import annotations

from playground.tui.foundation import Foundation

__all__ = ["PresetActions"]


class PresetActions(Foundation):
    """Actions on presets."""

    def action_presets(self) -> None:
        self.say("later")
