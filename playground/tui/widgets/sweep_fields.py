"""The fields of the form of a sweep that know more than a text."""

from __future__ import annotations

from rich.segment import Segment
from textual import events
from textual.message import Message
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import SelectionList

from playground.sweep.words import COMMAND
from playground.tui.widgets.safe_text import SafeInput, SafeTextArea

__all__ = ["CommandArea", "CommandInput", "CommandPasted", "ModelChoice", "is_command"]


class CommandPasted(Message):
    """A whole `playground sweep …` was pasted."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.text = text


def is_command(text: str) -> bool:
    """Whether a text that is pasted is meant for the whole form."""
    return text.lstrip().startswith(f"{' '.join(COMMAND)} ")


class CommandArea(SafeTextArea):
    """A text area that makes a pasted command known, and `@` typed into it while it is empty."""

    class LibraryWanted(Message):
        """`@` was typed at the beginning."""

    def __init__(self, *, id: str, library: bool = False) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id, compact=True, highlight_cursor_line=False, tab_behavior="focus")
        self._library = library

    def on_paste(self, event: events.Paste) -> None:
        """A command fills in the form instead."""
        _take_command(self, event)

    def on_key(self, event: events.Key) -> None:
        """As in the prompt box."""
        super().on_key(event)
        if self._library and event.character == "@" and not self.text:
            event.stop()
            event.prevent_default()
            self.post_message(self.LibraryWanted())


class CommandInput(SafeInput):
    """A one-line field that makes a pasted command known."""

    def on_paste(self, event: events.Paste) -> None:
        """A command fills in the form instead."""
        _take_command(self, event)


def _take_command(field: Widget, event: events.Paste) -> None:
    if is_command(event.text):
        event.prevent_default()
        event.stop()
        field.post_message(CommandPasted(event.text))


class ModelChoice(SelectionList[str]):
    """A choice that can be seen without colours: where nothing is chosen, the box is empty."""

    def render_line(self, y: int) -> Strip:
        """Textual draws the cross always, and only in another colour."""
        left, *rest = super().render_line(y)
        place = self.scroll_offset.y + y
        if rest and place < self.option_count:
            chosen = self.get_option_at_index(place).value in self.selected
            rest[0] = Segment("X" if chosen else " ", rest[0].style)
        return Strip([left, *rest])
