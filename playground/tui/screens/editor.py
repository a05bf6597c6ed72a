"""Edit a longer text for one pane or for all: a system prompt, an earlier prompt."""

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

__all__ = ["Edited", "Editor"]


class Edited(NamedTuple):
    """What the editor gives back."""

    text: str
    everywhere: bool


class Editor(Dialog[Edited | None]):
    """Gives back the new text and for whom it is, or None if it was left with Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save"),
        Binding("escape", "cancel", "Cancel"),
    ]

    def __init__(
        self,
        title: str,
        text: str,
        *,
        everywhere: bool,
        save: str,
        note: str,
        placeholder: str = "",
    ) -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._everywhere = everywhere
        self._save = save
        self._note = note
        self._placeholder = placeholder

    def compose(self) -> ComposeResult:
        """A text area, the scope, and two buttons."""
        with Vertical(id="editor", classes="dialog"):
            yield Static(Content(self._title), classes="dialog-title")
            yield SafeTextArea(
                id="editor-text",
                placeholder=self._placeholder,
                highlight_cursor_line=False,
            )
            switch = ScopeSwitch(id="editor-scope")
            switch.everywhere = self._everywhere
            with Horizontal(classes="dialog-row"):
                yield switch
                yield Button(f"{self._save}  ^S", id="editor-save", variant="primary", compact=True)
                yield Button("Cancel  Esc", id="editor-cancel", compact=True)
            yield Static(Content(self._note), classes="dialog-note")

    def on_mount(self) -> None:
        """Put the text in and the cursor behind it."""
        area = self.query_one(SafeTextArea)
        area.load_text(self._text)
        area.move_cursor(area.document.end)

    def on_button_pressed(self, event: Button.Pressed) -> None:
        """Save or leave."""
        if event.button.id == "editor-save":
            self.action_save()
        else:
            self.action_cancel()

    def action_save(self) -> None:
        """Give the text back."""
        text = self.query_one(SafeTextArea).text.strip()
        self.dismiss(Edited(text, self.query_one(ScopeSwitch).everywhere))

    def action_cancel(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)
