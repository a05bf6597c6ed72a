"""Edit the system prompt of one pane or of all."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.widgets import Button, Static

from playground.tui.screens.dialog import Dialog
from playground.tui.widgets.safe_text import SafeTextArea
from playground.tui.widgets.scope_switch import ScopeSwitch

__all__ = ["SystemPrompt", "SystemPromptScreen"]


class SystemPrompt(NamedTuple):
    """What the editor gives back."""

    text: str
    everywhere: bool


class SystemPromptScreen(Dialog[SystemPrompt | None]):
    """Gives back the new text and for whom it is, or None if it was left with Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save"),
        Binding("escape", "cancel", "Cancel"),
    ]

    def __init__(self, title: str, text: str, *, everywhere: bool) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._everywhere = everywhere

    def compose(self) -> ComposeResult:
        """A text area, the scope, and two buttons."""
        with Vertical(id="system-prompt", classes="dialog"):
            yield Static(Content(self._title), classes="dialog-title")
            yield SafeTextArea(
                id="system-prompt-text",
                placeholder="You are …",
                highlight_cursor_line=False,
            )
            switch = ScopeSwitch(id="system-prompt-scope")
            switch.everywhere = self._everywhere
            with Horizontal(classes="dialog-row"):
                yield switch
                yield Button("Save  ^S", id="system-prompt-save", variant="primary", compact=True)
                yield Button("Cancel  Esc", id="system-prompt-cancel", compact=True)
            yield Static(
                Content("Counts from the next prompt on. Empty: none is sent."),
                classes="dialog-note",
            )

    def on_mount(self) -> None:
        """Put the text in and the cursor behind it."""
        area = self.query_one(SafeTextArea)
        area.load_text(self._text)
        area.move_cursor(area.document.end)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Save or leave."""
        if event.button.id == "system-prompt-save":
            self.action_save()
        else:
            self.action_cancel()

    def action_save(self) -> None:
        """Give the text back."""
        text = self.query_one(SafeTextArea).text.strip()
        self.dismiss(SystemPrompt(text, self.query_one(ScopeSwitch).everywhere))

    def action_cancel(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)
