"""The box in which prompts are written."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from playground.tui.widgets.safe_text import SafeTextArea, is_wide_space

__all__ = ["PromptBox"]

_LINE_BREAKS = ("ctrl+j", "shift+enter", "alt+enter")
_REMEMBERED = 200
"""Earlier prompts that Up can bring back."""


class PromptBox(SafeTextArea):
    """A text area that sends on Enter and remembers what was sent.

    It grows with its text up to the height that the style sheet allows, then scrolls.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        # The text area has its own use for these; here they belong to the panes.
        Binding("f6", "app.next_pane", show=False),
        Binding("f7", "app.details", show=False),
    ]

    class Sent(Message):
        """Enter was pressed on a text that is not blank."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Blank(Message):
        """Enter was pressed where nothing is written."""

    class LibraryWanted(Message):
        """`@` was typed at the beginning: a prompt of the library is meant, perhaps."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's word
        super().__init__(
            id=id,
            highlight_cursor_line=False,
            placeholder="Ask something …",
            compact=True,
        )
        self._sent: list[str] = []
        self._recalled = 0
        """How far back Up has gone; 0 is the text being written."""
        self._draft = ""

    def on_key(self, event: events.Key) -> None:
        """Enter sends, its relatives break the line, `@` at the beginning asks for the library.

        Not priority bindings: those overtake the letters before them when keys come fast, and
        the end of the prompt would be lost.
        """
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self._send()
        elif event.key in _LINE_BREAKS:
            event.stop()
            event.prevent_default()
            self.insert("\n")
        elif event.character == "@" and not self.text:
            event.stop()
            event.prevent_default()
            self.post_message(self.LibraryWanted())
        elif event.is_printable or is_wide_space(event):
            # Editing a recalled prompt makes it the one being written.
            self._recalled = 0

    def _send(self) -> None:
        if text := self.take():
            self.post_message(self.Sent(text))
        else:
            self.post_message(self.Blank())

    def take(self) -> str:
        """Hand the text over and make room: what is typed from now on is the next prompt.

        Empty, and nothing happens, where it is blank.
        """
        text = self.text
        if not text.strip():
            return ""
        if not self._sent or self._sent[-1] != text:
            self._sent.append(text)
            del self._sent[:-_REMEMBERED]
        self._recalled = 0
        self._draft = ""
        self.clear()
        return text

    def give_back(self, text: str) -> None:
        """Put a prompt back that could not be sent, before what has been typed since."""
        self.load_text(f"{text}\n{self.text}" if self.text else text)
        self.move_cursor(self.document.end)

    def action_cursor_up(self, select: bool = False) -> None:
        """Up in the first line brings back the prompt before."""
        if select or not self.cursor_at_first_line or self._recalled >= len(self._sent):
            super().action_cursor_up(select)
            return
        if self._recalled == 0:
            self._draft = self.text
        self._recall(self._recalled + 1)

    def action_cursor_down(self, select: bool = False) -> None:
        """Down in the last line goes forward again, to the text that was being written."""
        if select or not self.cursor_at_last_line or self._recalled == 0:
            super().action_cursor_down(select)
            return
        self._recall(self._recalled - 1)

    def _recall(self, steps: int) -> None:
        self._recalled = steps
        self.load_text(self._draft if steps == 0 else self._sent[-steps])
        self.move_cursor(self.document.end)
