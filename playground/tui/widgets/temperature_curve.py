"""The log-probability of an answer against temperature, with bounds and the place of the knob.

Imported only where the lens is opened: plotext takes a tenth of a second.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from rich.text import Text
from textual.app import RenderResult
from textual.color import Color
from textual_plotext import PlotextPlot

from playground.lens.what_if import CurvePoint

__all__ = ["TemperatureCurve"]

_LEAST: Final = (24, 6)
"""Columns and rows below which nothing of a curve would be left beside its axes."""

_DEPTH: Final = 10.0
"""So many nats under the best are drawn at least; of an unlikely answer as many as it has."""


class TemperatureCurve(PlotextPlot):
    """Draws one curve; without one it says why there is none."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._points: Sequence[CurvePoint] = ()
        self._here: float | None = None
        self._why = ""

    @property
    def points(self) -> Sequence[CurvePoint]:
        """What is drawn: temperatures at which the answer can come, as far as that is known."""
        return [point for point in self._points if math.isfinite(point.high) and point.known]

    @property
    def all_points(self) -> Sequence[CurvePoint]:
        """What was shown last, with those at which a token is cut or nothing is known."""
        return self._points

    @property
    def here(self) -> float | None:
        """The temperature that is marked."""
        return self._here

    def show(self, points: Sequence[CurvePoint], here: float | None, why: str = "") -> None:
        """Show a curve with a place marked on it, or say why there is none."""
        self._points, self._here, self._why = points, here, why
        self.refresh()

    def render(self) -> RenderResult:
        """The curve in this much room."""
        if not self.points:
            return Text(self._why or self._nothing, style="dim")
        if self.size.width < _LEAST[0] or self.size.height < _LEAST[1]:
            return Text("A curve needs more room.", style="dim")
        self._draw(self.points)
        return super().render()

    @property
    def _nothing(self) -> str:
        """Why there is nothing to draw of what was shown."""
        if not self._points:
            return ""
        if not all(point.known for point in self._points):
            return "There is no curve: at no temperature is anything known."
        return "At every temperature a token is cut: the answer cannot come."

    def _draw(self, points: Sequence[CurvePoint]) -> None:
        plot = self.plt
        plot.clear_figure()
        colours = self.app.theme_variables
        line, band, here = (
            Color.parse(colours[name]).rgb for name in ("primary", "border", "warning")
        )
        places = [point.temperature for point in points]
        lows = [(at, point.low) for at, point in zip(places, points, strict=True)]
        known = [(at, low) for at, low in lows if math.isfinite(low)]
        exact = all(point.low == point.high for point in points)
        if self._here is not None and places[0] <= self._here <= places[-1]:
            plot.vline(self._here, color=here)
        if known and not exact:
            plot.plot(
                [at for at, _ in known], [low for _, low in known], marker="braille", color=band
            )
        plot.plot(places, [point.high for point in points], marker="braille", color=line)
        highs = [point.high for point in points]
        best = max(highs)
        # At the coldest ends of the curve the answer becomes as good as impossible.
        floor = max(min(highs), best - max(abs(best), _DEPTH))
        if floor == best:
            floor -= 1
        # Nothing is likelier than what is certain.
        plot.ylim(floor, min(best + (best - floor) * 0.05, 0))
        plot.xfrequency(5)
        plot.yfrequency(max(3, self.size.height // 4))
        kind = "log-probability" if exact else "log-probability, from its lower to its upper bound"
        plot.title(f"{kind} over temperature")
