"""One widget that draws a whole conversation and keeps up with a model at any speed.

Textual lays out every widget at every change, so a widget for each message or each paragraph makes
every frame as slow as the conversation is long. `Transcript` is one widget on Textual's line API:
it is asked for the rows that are visible and finds each with two binary searches.

* What arrives is buffered; `flush`, called by the app's one timer, draws it.
* Finished blocks are laid out once. Only the open block is laid out again, and it is small.
* What is off the screen has a height, guessed at first, and is laid out in short slices when the
  loop is idle; the reading position stays where it is meanwhile.
* Rows on and near the screen are kept, the others are made again when scrolled to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar, Final

from rich.segment import Segment
from textual.geometry import Region, Size
from textual.scroll_view import ScrollView
from textual.strip import Strip

from .colours import COMPONENTS, CSS, component
from .layout import Layout, Place
from .message import MessageHandle, plain_part
from .part import Part
from .scanner import PlainScanner
from .wrap import cells

if TYPE_CHECKING:
    from rich.style import Style
    from textual.events import Resize
    from textual.selection import Selection
    from textual.timer import Timer

    from .blocks import Row

__all__ = ["MessageHandle", "Transcript"]

_SLICE: Final = 0.01
"""Seconds of layout at a time off the screen: no key waits longer than this for it."""

_PAUSE: Final = 0.01
"""Seconds between two slices."""


class Transcript(ScrollView, can_focus=True):
    """A conversation: prompts and notes as plain text, answers as Markdown while they stream.

    `append` may be called at any rate and only buffers; call `flush` ten to fifteen times a second
    from one timer for all transcripts of the app. Unless the user has scrolled up, the end stays in
    view.
    """

    ALLOW_SELECT = True

    COMPONENT_CLASSES: ClassVar[set[str]] = set(COMPONENTS)

    DEFAULT_CSS = CSS

    def __init__(
        self,
        *,
        name: str | None = None,
        id: str | None = None,  # noqa: A002 - Textual's name for it
        classes: str | None = None,
    ) -> None:
        super().__init__(name=name, id=id, classes=classes)
        self._messages: list[MessageHandle] = []
        self._layout: Layout[Strip] = Layout()
        self._waiting: list[Part] = []
        self._settling: Timer | None = None
        self._following = True
        self._moving = False  # we are scrolling, not the user
        self._added = False  # messages that have not been drawn yet
        self._rich_styles: dict[tuple[str, ...], Style] = {}

    # Messages

    @property
    def messages(self) -> list[MessageHandle]:
        """All messages, oldest first."""
        return self._messages.copy()

    @property
    def answers(self) -> list[MessageHandle]:
        """The models' answers, oldest first."""
        return [message for message in self._messages if message.role == "assistant"]

    @property
    def following(self) -> bool:
        """Whether the end stays in view while text arrives."""
        return self._following

    @property
    def settled(self) -> bool:
        """Whether every row has its final place: nothing is buffered, nothing is guessed."""
        return not self._waiting and self._layout.settled

    @property
    def layout_counts(self) -> tuple[int, int]:
        """Work done so far: blocks laid out, and rows that this made. Grows; for tests."""
        return self._layout.blocks_laid_out, self._layout.rows_laid_out

    def add_message(self, role: str, text: str = "", *, title: str = "") -> MessageHandle:
        """Add a complete message: a "user" prompt, a "system" note, an earlier "assistant" answer.

        Only an answer is Markdown. The text is read when it is visible or the loop is idle, so a
        thousand messages can be added at once.
        """
        return self._begin(role, title, text)

    def begin_answer(self, *, title: str = "") -> MessageHandle:
        """Add an answer that grows until `finish`."""
        return self._begin("assistant", title)

    def append(self, handle: MessageHandle, text: str) -> None:
        """Buffer more of an answer. Draws nothing: see `flush`."""
        if text:
            self._buffer(handle.body, text)

    def append_reasoning(self, handle: MessageHandle, text: str) -> None:
        """Buffer more of the reasoning that a model sends before its answer."""
        if not text:
            return
        if handle.reasoning is None:
            handle.reasoning = Part("reasoning", PlainScanner(), gap=handle.title is None)
            self._insert(handle.reasoning, self._layout.position(handle.body))
            self._layout.separate(handle.body)
        self._buffer(handle.reasoning, text)

    def finish(self, handle: MessageHandle, *, note: str = "", error: str = "") -> None:
        """End an answer: what is buffered is drawn now, with a note or an error under it."""
        for part in (handle.reasoning, handle.body):
            if part is not None and not part.closed:
                part.close()
                if part not in self._waiting:
                    self._waiting.append(part)
        for style, text in (("note", note), ("error", error)):
            if text:
                self._add_note(handle, style, text)
        self.flush()

    def flush(self) -> bool:
        """Draw what has been buffered since the last call; returns whether there was anything.

        Costs time in the new text and the open block, whatever the answer and the conversation
        already hold.
        """
        if not self._layout.width or not (self._waiting or self._added):
            return False
        anchor = self._anchor()
        waiting, self._waiting = self._waiting, []
        changed_from = min(map(self._layout.absorb, waiting), default=self._layout.total)
        self._arrange(anchor, changed_from)
        return True

    def follow(self) -> None:
        """Go to the end and stay there, as for a prompt that has just been sent."""
        self._following = True
        self._arrange(None)

    def remove_message(self, handle: MessageHandle) -> None:
        """Take a message out."""
        anchor = self._anchor()
        self._drop_selection()
        self._messages.remove(handle)
        for part in handle.parts:
            self._layout.remove(part)
        gone = handle.parts
        self._waiting = [part for part in self._waiting if part not in gone]
        self._arrange(anchor)

    def clear(self) -> None:
        """Take all messages out."""
        self._drop_selection()
        self._messages.clear()
        self._waiting.clear()
        width, self._layout = self._layout.width, Layout()
        self._layout.resize(width)
        self._following = True
        self._arrange(None)

    def text_of(self, handle: MessageHandle) -> str:
        """Return the text of a message exactly as it came."""
        return handle.body.source

    def reasoning_of(self, handle: MessageHandle) -> str:
        """Return the reasoning before an answer exactly as it came."""
        return handle.reasoning.source if handle.reasoning is not None else ""

    def last_answer_text(self) -> str:
        """Return the newest answer exactly as it came; empty when there is none."""
        return next(
            (self.text_of(m) for m in reversed(self._messages) if m.role == "assistant"), ""
        )

    def _begin(self, role: str, title: str, text: str | None = None) -> MessageHandle:
        message = MessageHandle(role, title, text)
        self._messages.append(message)
        for part in message.parts:
            self._insert(part, len(self._layout.parts))
        return message

    def _insert(self, part: Part, position: int) -> None:
        self._layout.insert(position, part)
        self._added = True
        self._schedule()

    def _add_note(self, handle: MessageHandle, style: str, text: str) -> None:
        note = plain_part(style, text)
        self._insert(note, self._layout.position(handle.parts[-1]) + 1)
        handle.notes.append(note)

    def _buffer(self, part: Part, text: str) -> None:
        if part.closed:
            raise ValueError("the message is finished")
        part.append(text)
        if part not in self._waiting:
            self._waiting.append(part)

    # Layout

    def _anchor(self) -> Place | None:
        """What the reader looks at: the topmost visible row. None while the end is followed."""
        total = self._layout.total
        if not self._layout.width or not total:
            return None
        if self.app.animator.is_being_animated(self, "scroll_y"):
            # A key has set the view in motion: it is where it is going to that counts, and moving
            # it ourselves would swallow the key.
            self._following = self.scroll_target_y >= self.max_scroll_y
        if self._following:
            return None
        return self._layout.locate(min(self.scroll_offset.y, total - 1))

    def _arrange(
        self, anchor: Place | None, changed_from: int = 0, *, resized: bool = False
    ) -> None:
        """Lay out what is visible, then tell Textual how high all is and where the view stands."""
        layout, height = self._layout, self.scrollable_content_region.height
        if not layout.width:
            return
        self._added = False
        if anchor is None:
            layout.lay_out_end(height)
            top = layout.total
        elif layout.position(anchor.part) < 0:  # it has been removed
            top = round(self.scroll_y)
        else:
            top = layout.lay_out_from(anchor, height, resized=resized)
        size = Size(layout.width, layout.total)
        self._moving = True
        if size != self.virtual_size:
            self.virtual_size = size
        top = max(0, min(top, self.max_scroll_y))
        if top != round(self.scroll_y):
            self.scroll_to(y=top, animate=False)
        self._moving = False
        if changed_from < top + height:
            self.refresh(Region(0, max(0, changed_from - top), self.size.width, height))
        self._schedule()

    def _schedule(self) -> None:
        if self._settling is None and self.is_attached and not self._layout.settled:
            self._settling = self.set_timer(_PAUSE, self._settle)

    def _settle(self) -> None:
        """Lay out some of what is off the screen, then let the loop go on."""
        self._settling = None
        if not self._layout.width:
            return
        if self.text_selection is None:
            anchor = self._anchor()
            self._layout.settle(_SLICE)
            self._arrange(anchor, self._layout.total if anchor else 0)
        else:
            # A selection is a range of rows: they must not move under it.
            self._settling = self.set_timer(_PAUSE * 25, self._settle)

    def on_resize(self, event: Resize) -> None:
        """Lay out again what is visible, and the rest later; the reading position stays."""
        del event
        width = self.scrollable_content_region.width
        resized = width != self._layout.width
        anchor = self._anchor()
        if resized:
            self._layout.resize(width)
            self._drop_selection()
        self._arrange(anchor, resized=resized)
        self.flush()  # what came before there was a width to draw it at

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the end, or stop following it, as the user scrolls."""
        super().watch_scroll_y(old_value, new_value)
        if self._moving:
            return
        self._following = round(new_value) >= self.max_scroll_y
        if not self._layout.settled and self._layout.width:
            self._arrange(self._anchor())

    # Drawing

    def notify_style_update(self) -> None:
        """Take over changed colours; rows stay as they are, only their strips are made again."""
        super().notify_style_update()
        self._rich_styles.clear()
        self._layout.forget_strips()

    def render_lines(self, crop: Region) -> list[Strip]:
        """Return the visible rows of a region.

        Textual puts borders, padding and tints around each row again in each frame. With nothing
        but padding at the sides, the rows are kept as they are written to the terminal, which
        halves the time of a frame while text scrolls.
        """
        styles = self.styles
        around = styles.gutter
        only_sides = around == styles.padding and not around.top and not around.bottom
        plain = only_sides and not styles.outline and not styles.tint.a and self.opacity == 1
        if not plain or styles.text_opacity != 1 or styles.has_rule("hatch"):
            return super().render_lines(crop)
        strips = [self._padded_row(y) for y in crop.line_range]
        for line_filter in self.get_line_filters():
            background = self.background_colors[1]
            strips = [strip.apply_filter(line_filter, background) for strip in strips]
        if crop.column_span != (0, self.region.width):
            strips = [strip.crop(*crop.column_span) for strip in strips]
        return strips

    def render_line(self, y: int) -> Strip:
        """Return a visible row without its padding; Textual's line API."""
        strip, left = self._padded_row(y), self.styles.padding.left
        return strip.crop(left, left + self._layout.width) if self.styles.padding.width else strip

    def _padded_row(self, y: int) -> Strip:
        """Return a visible row with the padding at its sides."""
        layout, padding = self._layout, self.styles.padding
        row = y + self.scroll_offset.y
        if not 0 <= row < layout.total:
            return Strip.blank(layout.width + padding.width, self._style(()))
        found = layout.locate(row)
        if found.block >= 0:
            drawing = layout.drawing(found.part.blocks[found.block])
            if found.row < len(drawing.rows):
                strip = drawing.strips[found.row]
                if strip is None:
                    strip = self._strip(found.part.style, drawing.rows[found.row])
                    drawing.strips[found.row] = strip
                selection = self.text_selection
                if selection is not None and (span := selection.get_span(row)) is not None:
                    strip = self._selected(strip, drawing.rows[found.row], span)
                return strip.apply_offsets(-padding.left, row)
        blank = Strip.blank(layout.width + padding.width, self._style(()))
        return blank.apply_offsets(-padding.left, row)

    def _style(self, styles: tuple[str, ...]) -> Style:
        """The colours of a combination of styles in the present theme."""
        style = self._rich_styles.get(styles)
        if style is None:
            names = map(component, styles)
            style = self._rich_styles[styles] = self.get_visual_style(*names).rich_style
        return style

    def _strip(self, part_style: str, row: Row) -> Strip:
        padding, width = self.styles.padding, self._layout.width
        runs = [(text, (part_style, *styles)) for text, styles in row.runs]
        free = width - sum(cells(text) for text, _ in runs)
        if free < 0:  # a character wider than the pane
            runs, free = [], width
        runs.append((" " * free, (part_style, *row.fill)))
        runs = [(" " * padding.left, ()), *runs, (" " * padding.right, ())]
        segments = [Segment(text, self._style(styles)) for text, styles in runs if text]
        return Strip(segments, width + padding.width)

    def _selected(self, strip: Strip, row: Row, span: tuple[int, int]) -> Strip:
        """Draw the selected characters of a row."""
        start, end = span
        if end == -1:
            end = len(row.text)
        style = self.screen.get_component_rich_style("screen--selection")
        segments: list[Segment] = []
        at = -self.styles.padding.left
        for text, base, _ in strip:
            cut_start, cut_end = max(0, start - at), max(0, end - at)
            parts = (
                (text[:cut_start], base),
                (text[cut_start:cut_end], base + style if base else style),
                (text[max(cut_start, cut_end) :], base),
            )
            segments += [Segment(part, part_style) for part, part_style in parts if part]
            at += len(text)
        return Strip(segments, strip.cell_length)

    # Selection

    def _drop_selection(self) -> None:
        """Select nothing: a selection is a range of rows, and they are going to be others."""
        if self.is_attached and self.text_selection is not None:
            self.screen.clear_selection()

    def selection_updated(self, selection: Selection | None) -> None:
        """Draw the rows of a changed selection."""
        del selection
        self.refresh()

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text: as shown, but without bullets and breaks of our own making."""
        if selection.start is None and selection.end is None:
            return "\n\n".join(self.text_of(message) for message in self._messages), "\n"
        layout, total = self._layout, self._layout.total
        first = selection.start.y if selection.start is not None else 0
        last = min(total - 1, selection.end.y if selection.end is not None else total)
        pieces: list[str] = []
        for y in range(max(0, first), last + 1):
            span = selection.get_span(y)
            found = layout.locate(y)
            if span is None:
                continue
            if found.block < 0:
                pieces.append("\n")
                continue
            rows = layout.drawing(found.part.blocks[found.block]).rows
            row = rows[min(found.row, len(rows) - 1)]
            end = len(row.text) if span[1] == -1 else span[1]
            pieces.append(row.text[max(span[0], row.lead) : end])
            if y < last:
                pieces.append(row.joint)
        return "".join(pieces), "\n"
