"""The terminal: the only folder that imports Textual."""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playground.params import GenerationParams
    from playground.presets import Preset
    from playground.tui.lesson_actions import LessonRequest

__all__ = ["run_app"]

# Textual reads it when it is imported. Sixty frames a second cost twice the work of thirty, and
# text does not read better for them.
os.environ.setdefault("TEXTUAL_FPS", "30")


def run_app(
    models: Sequence[str] = (),
    params: GenerationParams | None = None,
    system: str = "",
    *,
    preset: Preset | None = None,
    lesson: LessonRequest | None = None,
) -> int:
    """Open the terminal with these models, one a pane, and return its exit code when it is left.

    What is given here goes before what the `preset` says, and that before the settings. Empty
    arguments leave the choice to the user's settings and to what this machine has. With `lesson` it
    opens on the lessons.
    """
    import gc

    # Nothing that is made on the way to the first paint is garbage; looking for some again and
    # again takes a tenth of that way. `live` turns it on again once the panes are there.
    collecting = gc.isenabled()
    gc.disable()
    try:
        from playground.tui.app import PlaygroundApp
        from playground.tui.lifetime import live

        return live(PlaygroundApp(models, params, system, preset=preset, lesson=lesson))
    finally:
        if collecting:
            gc.enable()
