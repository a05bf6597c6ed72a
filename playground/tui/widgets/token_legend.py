"""What the colours of the tokens mean."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from playground.tui.lens.colours import step_style
from playground.tui.themes import few_colours
from playground.tui.widgets.drawn_lines import DrawnLines

__all__ = ["TokenLegend"]


class TokenLegend(DrawnLines):
    """One line: the measure, and each step in its colour with what it holds."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._measure = ""
        self._labels: Sequence[str] = ()
        self._note = ""

    @property
    def text(self) -> str:
        """What is written."""
        return self.render_line(0).text.rstrip()

    def show(self, measure: str, labels: Sequence[str], note: str = "") -> None:
        """Show what the steps of a measure hold."""
        if (measure, labels, note) != (self._measure, self._labels, self._note):
            self._measure, self._labels, self._note = measure, labels, note
            self.refresh()

    def render_line(self, y: int) -> Strip:
        """The line."""
        width = self.size.width
        dark, few, grey = self.app.current_theme.dark, few_colours(self), self.app.no_color
        room = width - cell_len(self._measure) - sum(cell_len(label) + 2 for label in self._labels)
        # On a narrow screen the note gives way first, then the blanks.
        note = f"  {self._note}" if self._note and room > cell_len(self._note) + 3 else ""
        around = " " if room > 1 else ""
        segments = [Segment(f"{self._measure} ", Style(bold=True))]
        for step, label in enumerate(self._labels):
            style = step_style(step, dark=dark, few=few, grey=grey)
            segments += [Segment(f"{around}{label}{around}", style), Segment("" if around else " ")]
        segments.append(Segment(note))
        return self.drawn(segments, width)
