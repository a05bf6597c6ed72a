"""The bare command: it opens the terminal, and loads no more than that before the first paint."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import TYPE_CHECKING

from playground.cli.output import can_open_terminal, is_terminal
from playground.errors import UsageError

if TYPE_CHECKING:
    from playground.params import GenerationParams
    from playground.presets import Preset


def open_terminal(
    models: Sequence[str] = (),
    params: GenerationParams | None = None,
    system: str = "",
    *,
    preset: Preset | None = None,
) -> int:
    """Open the terminal; returns its exit code when it is left.

    What is not given here it takes from the settings itself, and opens even if they are broken.
    """
    if not can_open_terminal():
        if is_terminal(sys.stdin) and is_terminal(sys.stdout):
            raise UsageError(
                "The screen is drawn on standard error, and that is not a terminal.",
                hint="Leave out the 2> of the command.",
            )
        raise UsageError(
            "This is not a terminal, so that there is nothing to open.",
            hint='In a pipe or a script: playground ask "Hello there"',
        )
    from playground.tui import run_app

    return run_app(models=models, params=params, system=system, preset=preset)
