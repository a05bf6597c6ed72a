"""The panel of a lesson, over the prompt box: what is said, and what to do now."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.widget import Widget

from playground.cells import cut
from playground.sanitize import make_safe
from playground.tui.labels import one_line
from playground.tui.transcript.wrap import wrap

__all__ = ["LessonPanel"]

_SIDES = 4
"""Cells that border and padding take."""


class LessonPanel(Widget, can_focus=True):
    """Draws one step: a heading, its words, and what is waited for."""

    # Not in the app's style sheet: few sessions begin with a lesson.
    DEFAULT_CSS = """
    LessonPanel {
        height: auto;
        max-height: 50%;
        border: round $accent 60%;
        border-title-color: $text-accent;
        border-subtitle-color: $text-muted;
        padding: 0 1;
        background: $surface;
        color: $foreground;
    }

    LessonPanel:focus {
        border: round $accent;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter,space", "go_on", "Go on", show=False),
    ]

    title: reactive[str] = reactive("")
    keys: reactive[str] = reactive("")
    mark: reactive[str] = reactive("", layout=True)
    said: reactive[str] = reactive("", layout=True)
    hint: reactive[str] = reactive("", layout=True)

    class GoOn(Message):
        """The learner has read and wants the next step."""

    def watch_title(self, title: str) -> None:
        """Heading in the border, where it costs no line."""
        self.border_title = Content(one_line(title))

    def watch_keys(self, keys: str) -> None:
        """How to get out, always in view."""
        self.border_subtitle = Content(keys)

    def action_go_on(self) -> None:
        """Tell the lesson."""
        self.post_message(self.GoOn())

    def on_click(self) -> None:
        """A click does what Enter does."""
        self.action_go_on()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the words need at this width."""
        return len(self._lines(width))

    def _lines(self, width: int) -> list[Content]:
        lines: list[Content] = []
        paragraphs = make_safe(self.said).split("\n")
        for number, paragraph in enumerate(paragraphs, start=1):
            # What is to be tried stands last, after what has been seen.
            mark = f"{self.mark}  " if self.mark and number == len(paragraphs) else ""
            whole = mark + paragraph
            for piece in wrap(whole, width):
                text = Content(whole[piece.start : piece.end])
                if mark and piece.start == 0:
                    text = text.stylize("$text-warning bold", 0, len(mark))
                lines.append(text)
        hint = cut(one_line(self.hint), max(width - 2, 1))
        lines.append(Content.assemble(("▸ ", "$text-accent"), (hint, "$text-accent bold")))
        return lines

    def render(self) -> Content:
        """The words, wrapped as Japanese wants it too, and the hint."""
        width = self.content_size.width or self.app.size.width - _SIDES
        return Content("\n").join(self._lines(width))
