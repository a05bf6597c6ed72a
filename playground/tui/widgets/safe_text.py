"""Fields for writing that keep what a terminal would obey out of the text.

Textual draws the text of its fields as it is. What is pasted, recalled or put in by us may come
from a model or a log, so it is made safe on its way in; then what is seen is also what is sent.
"""

from __future__ import annotations

import unicodedata

from textual import events
from textual.widgets import Input, TextArea
from textual.widgets.text_area import Edit, EditResult

from playground.sanitize import make_safe

__all__ = ["SafeInput", "SafeTextArea", "is_wide_space"]


class SafeTextArea(TextArea):
    """A text area whose text is always safe to draw."""

    def on_key(self, event: events.Key) -> None:
        """Leave Alt and a letter to the application: Textual would type the letter."""
        _leave_alt(event)
        if is_wide_space(event) and not self.read_only:
            event.stop()
            event.prevent_default()
            self._replace_via_keyboard(event.character or "", *self.selection)

    def edit(self, edit: Edit) -> EditResult:
        """Make an insertion safe, then insert it.

        Many terminals paste every line break as a carriage return, the key of Enter.
        """
        edit.text = make_safe(edit.text.replace("\r\n", "\n").replace("\r", "\n"))
        return super().edit(edit)

    def load_text(self, text: str) -> None:
        """Replace the whole text by a safe one."""
        super().load_text(make_safe(text))


class SafeInput(Input):
    """A one-line field whose text is always safe to draw."""

    def on_key(self, event: events.Key) -> None:
        """Leave Alt and a letter to the application: Textual would type the letter."""
        _leave_alt(event)
        if is_wide_space(event):
            event.stop()
            event.prevent_default()
            self.replace(event.character or "", *self.selection)

    def validate_value(self, value: str) -> str:
        """Make a new value safe; spaces at its ends are the writer's business."""
        if value.isprintable():
            return value
        return make_safe(value).replace("\n", " ").replace("\t", " ")


def is_wide_space(event: events.Key) -> bool:
    """Whether a space was typed that Python does not call printable, and Textual would leave out.

    The space bar of a Japanese keyboard writes U+3000.
    """
    character = event.character or ""
    return len(character) == 1 and character != " " and unicodedata.category(character) == "Zs"


def _leave_alt(event: events.Key) -> None:
    if event.key.startswith("alt+"):
        event.prevent_default()
