"""A slider for numbers, whole or not, in one line of cells."""

from __future__ import annotations

from typing import ClassVar

from rich.segment import Segment
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.strip import Strip

from playground.tui.widgets.drawn_lines import DrawnLines

__all__ = ["Slider"]


class Slider(DrawnLines, can_focus=True):
    """A value between two bounds, moved by keys or by the mouse; None is "not set".

    While it is not set, a hollow thumb shows `ghost`, the value that is used all the same. A
    value outside the bounds is kept and shown at the end that it lies behind.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "slider--filled",
        "slider--track",
        "slider--thumb",
        "slider--ghost",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("left,down", "move(-1)", "Less", show=False),
        Binding("right,up", "move(1)", "More", show=False),
        Binding("shift+left,pagedown", "move(-10)", "Much less", show=False),
        Binding("shift+right,pageup", "move(10)", "Much more", show=False),
        Binding("home", "edge(False)", "Least", show=False),
        Binding("end", "edge(True)", "Most", show=False),
        Binding("delete,backspace", "unset", "Unset", show=False),
    ]

    value: reactive[float | None] = reactive[float | None](None)
    ghost: reactive[float | None] = reactive[float | None](None)

    class Changed(Message):
        """The user moved the thumb, or took the value away."""

        def __init__(self, slider: Slider, value: float | None) -> None:
            super().__init__()
            self.slider = slider
            self.value = value

        @property
        def control(self) -> Slider:
            """The slider, for `@on` selectors."""
            return self.slider

    def __init__(
        self,
        minimum: float,
        maximum: float,
        step: float,
        *,
        id: str | None = None,  # noqa: A002 - Textual's word
        classes: str | None = None,
    ) -> None:
        super().__init__(id=id, classes=classes)
        self.minimum = minimum
        self.maximum = maximum
        self.step = step

    def set_range(self, minimum: float, maximum: float) -> None:
        """Change the bounds; the value stays as it is."""
        self.minimum, self.maximum = minimum, maximum
        self.refresh()

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """One line, however wide."""
        return 1

    def render_line(self, y: int) -> Strip:
        """The track, filled up to the thumb."""
        return Strip(self._track(), self._room)

    @property
    def _room(self) -> int:
        """Cells of the track."""
        return self.size.width

    def _track(self) -> list[Segment]:
        width = self._room
        shown = self.ghost if self.value is None else self.value
        place = -1 if shown is None else self._cell_of(shown)
        is_set = self.value is not None
        filled = self.style_of("slider--filled" if is_set else "slider--track")
        track = self.style_of("slider--track")
        thumb = self.style_of("slider--thumb" if is_set else "slider--ghost")
        if place < 0:
            return [Segment("╌" * width, track)]
        return [
            Segment(("━" if is_set else "─") * place, filled),
            Segment("●" if is_set else "○", thumb),
            Segment("─" * (width - place - 1), track),
        ]

    def _cell_of(self, value: float) -> int:
        span = self.maximum - self.minimum
        share = (value - self.minimum) / span if span > 0 else 0.0
        return round(min(max(share, 0.0), 1.0) * max(self._room - 1, 0))

    def _snapped(self, value: float) -> float:
        """The nearest value on the grid of steps inside the bounds, without rounding dust."""
        steps = round((value - self.minimum) / self.step)
        on_grid = round(self.minimum + steps * self.step, 6)
        return min(max(on_grid, self.minimum), self.maximum)

    def _change(self, value: float | None) -> None:
        if value != self.value:
            self.value = value
            self.post_message(self.Changed(self, value))

    def action_move(self, steps: int) -> None:
        """Go some steps up or down from the value, or from what is used without one."""
        base = self.value if self.value is not None else self.ghost
        if base is None:
            base = self.minimum if steps > 0 else self.maximum
        target = base + steps * self.step
        # 1 to 2048 by 16 is read as 16, 32, 48: steps are multiples of the step, not of the start.
        aligned = round(round(target / self.step) * self.step, 6)
        self._change(min(max(aligned, self.minimum), self.maximum))

    def action_edge(self, upper: bool) -> None:
        """Go to one end of the range."""
        self._change(self.maximum if upper else self.minimum)

    def action_unset(self) -> None:
        """Take the value away."""
        self._change(None)

    def _at_mouse(self, x: int) -> None:
        width = max(self._room - 1, 1)
        share = min(max(x / width, 0.0), 1.0)
        self._change(self._snapped(self.minimum + share * (self.maximum - self.minimum)))

    def on_mouse_down(self, event: events.MouseDown) -> None:
        """Jump to where the mouse is and follow it."""
        if event.button == 1:
            event.stop()
            self.capture_mouse()
            self._at_mouse(event.x)

    def on_mouse_move(self, event: events.MouseMove) -> None:
        """Follow the mouse while it is held."""
        if self.app.mouse_captured is self:
            event.stop()
            self._at_mouse(event.x)

    def on_mouse_up(self) -> None:
        """Let the mouse go."""
        self.release_mouse()
