"""Opens the screens over the panes. Each is imported when it is first wanted."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from textual.app import App

    from playground.run import Run
    from playground.tui.screens.system_prompt import SystemPrompt
    from playground.tui.widgets.pane import Pane
    from playground.types import Timing

__all__ = ["ask_for_model", "ask_for_system_prompt", "show_details", "show_help", "show_welcome"]


async def ask_for_model(app: App[Any], pane: Pane) -> str:
    """The reference that the user chooses for a pane, or an empty string."""
    from playground.tui.screens.model_picker import ModelPicker

    title = f"Model for pane {pane.letter}"
    return await app.push_screen_wait(ModelPicker(title, pane.conversation.ref)) or ""


async def ask_for_system_prompt(
    app: App[Any], pane: Pane, *, everywhere: bool
) -> SystemPrompt | None:
    """The system prompt that the user writes, or None if it was left as it is."""
    from playground.tui.screens.system_prompt import SystemPromptScreen

    return await app.push_screen_wait(
        SystemPromptScreen(
            f"System prompt, pane {pane.letter}", pane.conversation.system, everywhere=everywhere
        )
    )


def show_welcome(app: App[Any]) -> None:
    """The first-run screen."""
    from playground.tui.screens.texts import first_run_text

    _read(app, "Welcome to the playground", first_run_text(), id="first-run")


def show_help(app: App[Any]) -> None:
    """Keys and words."""
    from playground.tui.screens.texts import help_text

    _read(app, "Help", help_text(), id="help")


def show_details(app: App[Any], pane: Pane, run: Run, timing_of: Callable[[Run], Timing]) -> None:
    """What was really sent and used in a run."""
    from playground.tui.screens.texts import details_text

    body = details_text(run, timing_of(run), run.model.capabilities.context_length)
    _read(app, f"Pane {pane.letter}: the last run", body, id="details")


def _read(app: App[Any], title: str, body: Any, *, id: str) -> None:  # noqa: A002
    from playground.tui.screens.reader import Reader

    app.push_screen(Reader(title, body, id=id))
