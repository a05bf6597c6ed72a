"""Presets: settings with a name, shipped and the user's own, kept as TOML files."""

from playground.presets.preset import KEPT, Layout, Preset
from playground.presets.shelf import (
    PresetShelf,
    delete_preset,
    find_preset,
    list_presets,
    preset_folder,
    save_preset,
)

__all__ = [
    "KEPT",
    "Layout",
    "Preset",
    "PresetShelf",
    "delete_preset",
    "find_preset",
    "list_presets",
    "preset_folder",
    "save_preset",
]
