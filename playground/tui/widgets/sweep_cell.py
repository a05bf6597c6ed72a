"""The cell of a sweep that is looked at: its answers one at a time, and its figures."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.widgets import Static

from playground.tui.sweeps.cell_text import cell_title, sample_head, sample_text
from playground.tui.sweeps.live import CellInView, LiveSweep
from playground.tui.widgets.cell_figures import CellFiguresTable

__all__ = ["SweepCell"]


class SweepCell(Vertical):
    """Shows what it is given of one cell of a sweep."""

    def __init__(self, live: LiveSweep, *, id: str) -> None:  # noqa: A002 - Textual's own word
        super().__init__(id=id)
        self._live = live
        self._here: CellInView | None = None
        self._sample = 0
        self._marked: int | None = None

    def compose(self) -> ComposeResult:
        """Which cell it is, its answer, its figures."""
        yield Static(id="sweep-cell")
        with VerticalScroll(id="sweep-answer"):
            yield Static(id="sweep-answer-text")
        with VerticalScroll(id="sweep-figures"):
            yield CellFiguresTable(id="sweep-table")

    @property
    def here(self) -> CellInView | None:
        """The cell that was shown last."""
        return self._here

    def rewind(self) -> None:
        """Of the next cell, the first answer."""
        self._sample = 0

    def show(self, here: CellInView, marked: int | None) -> None:
        """Show a cell, and which other one is marked, if one is."""
        self._here, self._marked = here, marked
        self.refresh_words()

    def turn(self, by: int) -> None:
        """So many answers on, and round again after the last."""
        if self._here is not None and self._here.samples:
            self._sample = (self._sample + by) % len(self._here.samples)
            self.query_one("#sweep-answer").scroll_home(animate=False)
            self.refresh_words()

    def refresh_words(self) -> None:
        """Say all of it again: another metric, another mark."""
        live, here = self._live, self._here
        if here is None:
            return
        self._sample = min(self._sample, max(len(here.samples) - 1, 0))
        title = cell_title(live.sweep, here.number, live.point(live.sweep.place(here.number).point))
        lines = [Content.styled(title, "bold")]
        if self._marked is not None and self._marked != here.number:
            told = f"◆ cell {self._marked} is marked: D compares"
            lines.append(Content.styled(told, "$text-accent"))
        if here.samples:
            sample = here.samples[self._sample]
            lines.append(sample_head(live.sweep, sample, self._sample, len(here.samples)))
            text = sample_text(sample)
            left_out = False
        else:
            left_out = here.number in live.left_out
            left = "no answers: the search left its setting before it came to this prompt"
            told = left if left_out else "no answers yet"
            text = Content.styled(told, "$foreground 60%")
        self.query_one("#sweep-cell", Static).update(Content("\n").join(lines))
        self.query_one("#sweep-answer-text", Static).update(text)
        figures = self.query_one(CellFiguresTable)
        figures.show(here.figures, live.metrics, live.metric)
        figures.visible = not left_out
