"""A metric along a knob, with the band of its intervals and the place of the cursor.

Imported only where a sweep is shown: plotext takes a tenth of a second.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Final

from rich.text import Text
from textual.app import RenderResult
from textual.color import Color
from textual_plotext import PlotextPlot

from playground.cells import cut
from playground.metrics import METRICS
from playground.tui.labels import one_line

if TYPE_CHECKING:
    from playground.metrics import Metric
    from playground.tui.sweeps.lines import Curve, Mark

__all__ = ["SweepCurve"]

_AROUND: Final = (9, 4)
"""About so many columns and rows of the picture are axes and titles."""

_LEAST: Final = (24, 7)
"""Columns and rows below which nothing of a curve would be left beside its axes."""

_PALER: Final = 0.25
"""How much of the ground is in the colour of the band."""

_BAND, _LINE, _DOTS, _OTHERS = "░", "braille", "dot", "◇"


class SweepCurve(PlotextPlot):
    """Draws one curve; without one it says why there is none."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self.curve: Curve | None = None
        self._why = ""

    def show(self, curve: Curve | None, why: str = "") -> None:
        """Show a curve, or say why there is none."""
        self.curve, self._why = curve, why
        self.refresh()

    def render(self) -> RenderResult:
        """The curve in this much room."""
        curve = self.curve
        if curve is None or not curve.marks:
            why = self._why or "The curve is drawn once cells have ended."
            return Text(why, style="dim")
        if self.size.width < _LEAST[0] or self.size.height < _LEAST[1]:
            return Text("A curve needs more room.", style="dim")
        self._draw(curve)
        return super().render()

    def _draw(self, curve: Curve) -> None:
        plot = self.plt
        plot.clear_figure()
        colours = self.app.theme_variables
        ours, ground, *rest = (
            Color.parse(colours[name]) for name in ("primary", "background", "warning", "accent")
        )
        # A quarter of a cell is all that a sign of the band paints: its colour is near the line's.
        line, band, here, other = (c.rgb for c in (ours, ours.blend(ground, _PALER), *rest))
        left, right = _ends((curve.low, curve.high))
        beside = [mark.value for _name, marks in curve.others for mark in marks]
        low, high = _ends(
            [
                *(e for m in curve.marks for e in (m.value, m.low, m.high) if e is not None),
                *beside,
            ],
            METRICS.get(curve.metric),
        )
        if curve.here is not None and left <= curve.here <= right:
            plot.vline(curve.here, color=here)
        if curve.joined and not curve.log:
            spots = [*_band(curve.marks, 2 * (self.size.width - _AROUND[0]), self._step(low, high))]
        else:
            spots = [*_bars(curve.marks, self._step(low, high))]
        if spots:
            plot.scatter([x for x, _ in spots], [y for _, y in spots], marker=_BAND, color=band)
        for _name, marks in curve.others:
            xs, ys = [mark.at for mark in marks], [mark.value for mark in marks]
            plot.scatter(xs, ys, marker=_OTHERS, color=other)
        draw, marker = (plot.plot, _LINE) if curve.joined else (plot.scatter, _DOTS)
        places, values = [m.at for m in curve.marks], [m.value for m in curve.marks]
        if len(places) == 1:
            draw, marker = plot.scatter, _DOTS
        draw(places, values, marker=marker, color=line)
        plot.xlim(left, right)
        plot.ylim(low, high)
        if curve.log:
            plot.xscale("log")
        plot.xfrequency(5)
        plot.yfrequency(max(3, self.size.height // 4))
        names = ", ".join(name for name, _marks in curve.others)
        told = f"   {_OTHERS} {names}" if names else ""
        plot.title(cut(one_line(f"{curve.metric} over {curve.knob}{told}"), self.size.width - 2))

    def _step(self, low: float, high: float) -> float:
        """What one row of the picture is worth."""
        return (high - low) / max(self.size.height - _AROUND[1], 1)


def _ends(values: Iterable[float], metric: Metric | None = None) -> tuple[float, float]:
    """The least and the greatest; where they are the same, apart as far as the metric goes."""
    found = [*values]
    low, high = min(found), max(found)
    if low == high:
        room = abs(low) * 0.05 or 0.5
        lowest = -math.inf if metric is None or metric.lowest is None else metric.lowest
        highest = math.inf if metric is None or metric.highest is None else metric.highest
        return max(low - room, lowest), min(high + room, highest)
    return low, high


def _bars(marks: tuple[Mark, ...], step: float) -> Iterator[tuple[float, float]]:
    """Each mark's own interval."""
    for mark in marks:
        if mark.low is not None and mark.high is not None:
            yield from ((mark.at, y) for y in _filled(mark.low, mark.high, step))


def _band(marks: tuple[Mark, ...], columns: int, step: float) -> Iterator[tuple[float, float]]:
    """The intervals and, in every column between two of them, what lies on the straight line.

    `columns` are twice those of the screen, so that rounding leaves none of them empty.
    """
    known = [(m.at, m.low, m.high) for m in marks if m.low is not None and m.high is not None]
    if len(known) == 1:
        yield from _bars(marks, step)
        return
    place = 0
    for column in range(columns):
        if len(known) < 2:
            return
        first, last = known[0][0], known[-1][0]
        x = first + (last - first) * column / max(columns - 1, 1)
        while place < len(known) - 2 and x > known[place + 1][0]:
            place += 1
        (x0, low0, high0), (x1, low1, high1) = known[place], known[place + 1]
        share = (x - x0) / (x1 - x0)
        low, high = low0 + (low1 - low0) * share, high0 + (high1 - high0) * share
        yield from ((x, y) for y in _filled(low, high, step))


def _filled(low: float, high: float, step: float) -> Iterator[float]:
    rows = max(1, round((high - low) / step)) if step > 0 else 1
    return (low + (high - low) * row / rows for row in range(rows + 1))
