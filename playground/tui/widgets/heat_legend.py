"""What the colours and signs of a sweep's grid mean, in one line."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from playground.sweep.figures import short_figure
from playground.tui.sweeps.heat import (
    BEST,
    FAILED,
    LEFT_OUT,
    NO_VALUE,
    NOT_ENDED,
    Scale,
    colours_at,
    shade_at,
    shaded_at,
)
from playground.tui.themes import few_colours

__all__ = ["HeatLegend"]


class HeatLegend(Widget):
    """The scale with its two ends, and what the signs mean."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._scale = Scale()
        self._left_out = self._best = False

    def show(self, scale: Scale, *, left_out: bool = False, best: bool = False) -> None:
        """Show this scale, and the signs of left-out and best cells where there are such."""
        self._scale, self._left_out, self._best = scale, left_out, best
        self.refresh()

    def render(self) -> Content:
        """One line."""
        if self._scale.empty:
            return Content.assemble((f"{NOT_ENDED} not ended  {FAILED} failed", "$foreground 60%"))
        few = few_colours(self)
        left_out = f"  {LEFT_OUT} left out" if self._left_out else ""
        best = f"  {BEST} best" if self._best else ""
        steps = 5 if few else 16
        bar = []
        for step in range(steps):
            share = step / (steps - 1)
            (r, g, b), letters = shaded_at(share) if few else colours_at(share, few=False)
            shade = shade_at(share) * 3 if few else " "
            bar.append((shade, f"rgb({letters[0]},{letters[1]},{letters[2]}) on rgb({r},{g},{b})"))
        return Content.assemble(
            (f"{short_figure(self._scale.low)} ", "bold"),
            *bar,
            (f" {short_figure(self._scale.high)}", "bold"),
            (
                f"   {NOT_ENDED} not ended  {FAILED} failed  {NO_VALUE} no value{left_out}{best}",
                "$foreground 60%",
            ),
        )
