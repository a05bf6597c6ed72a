"""What every metric came to in a cell: a table, one line each."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.geometry import Size
from textual.message import Message
from textual.widget import Widget

from playground.cells import cut, fit
from playground.metrics import Estimate
from playground.sweep.figures import CellFigures, figure_text, interval_text
from playground.tui.labels import one_line

__all__ = ["CellFiguresTable"]

_VALUE: Final = 8
_WIDEST_NAME: Final = 20


class CellFiguresTable(Widget):
    """A metric a line, with its interval. The one in view is marked; a click chooses another."""

    class Chosen(Message):
        """A metric was clicked."""

        def __init__(self, metric: str) -> None:
            super().__init__()
            self.metric = metric

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._figures: CellFigures | None = None
        self._metrics: Sequence[str] = ()
        self._metric = ""

    def show(self, figures: CellFigures | None, metrics: Sequence[str], metric: str) -> None:
        """Show the figures of a cell; None while it has none."""
        layout = len(metrics) != len(self._metrics)
        self._figures, self._metrics, self._metric = figures, metrics, metric
        self.refresh(layout=layout)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line a metric."""
        return max(len(self._metrics), 1)

    def render(self) -> Content:
        """The table."""
        if self._figures is None:
            return Content.styled("measured once all its answers are there", "$foreground 60%")
        estimates = self._figures.estimates
        width = min(max(map(cell_len, self._metrics), default=0), _WIDEST_NAME)
        lines = [self._line(name, estimates.get(name), width) for name in self._metrics]
        return Content("\n").join(lines)

    def _line(self, name: str, estimate: Estimate | None, width: int) -> Content:
        chosen = name == self._metric
        value = figure_text(estimate).rjust(_VALUE)
        rest = interval_text(estimate)
        if estimate is not None and estimate.note:
            rest = f"{rest}, {estimate.note}"
        room = max(self.size.width - width - _VALUE - 4, 0)
        return Content.assemble(
            ("› " if chosen else "  ", "$text-primary"),
            (fit(one_line(name), width), "bold $text-primary" if chosen else "$foreground 80%"),
            (value, "bold"),
            (f"  {cut(one_line(rest), room)}", "$foreground 60%"),
        )

    def on_click(self, event: events.Click) -> None:
        """Choose the metric of that line."""
        if 0 <= event.y < len(self._metrics):
            self.post_message(self.Chosen(self._metrics[event.y]))
