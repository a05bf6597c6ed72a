"""What screens that fill the terminal have in common: using the room, and telling what failed."""

from __future__ import annotations

from typing import ClassVar, Generic, Literal, TypeVar

from textual import events
from textual.geometry import Size
from textual.worker import Worker, WorkerState

from playground.errors import PlaygroundError
from playground.sanitize import make_safe
from playground.tui.labels import one_line
from playground.tui.screens.dialog import Dialog

__all__ = ["FullScreen"]

_Result = TypeVar("_Result")


class FullScreen(Dialog[_Result], Generic[_Result]):
    """Its frame wears as classes the view that is shown, and whether there is room.

    `-wide` stands for columns enough to put things side by side, `-compact` for room for one view
    at a time. The style sheets say what becomes of either.
    """

    FRAME: ClassVar[str]
    """The selector of the widget that wears the classes."""
    WIDE: ClassVar[int] = 100
    HIGH: ClassVar[int] = 26
    """Columns and rows from which on there is room."""
    VIEWS: ClassVar[tuple[str, ...]]
    """The names of the views, the first of which is shown first."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._view = self.VIEWS[0]

    @property
    def compact(self) -> bool:
        """Whether there is room for one view at a time only."""
        return self.query_one(self.FRAME).has_class("-compact")

    def on_resize(self, event: events.Resize) -> None:
        """Use the room that there is now."""
        self.fit(event.size)

    def fit(self, size: Size | None = None) -> None:
        """Say to the style sheets what there is room for, and which view is shown."""
        width, height = size or self.app.size
        frame = self.query_one(self.FRAME)
        frame.set_class(width >= self.WIDE, "-wide")
        frame.set_class(width < self.WIDE or height < self.HIGH, "-compact")
        for name in self.VIEWS:
            frame.set_class(name == self._view, f"-{name}")
        self._fitted()

    def _fitted(self) -> None:
        """Called when room or view have changed."""

    def _tell(self, text: str, *, title: str = "", bad: bool = False) -> None:
        severity: Literal["error", "information"] = "error" if bad else "information"
        self.notify(make_safe(text), title=title, severity=severity, markup=False)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What goes wrong in the background is told, and the screen stays."""
        if event.state is WorkerState.ERROR:
            error = event.worker.error
            title = error.title if isinstance(error, PlaygroundError) else "Unexpected error"
            self._tell(one_line(str(error) or repr(error)), title=title, bad=True)
