"""Curves of a metric over a knob, drawn in characters for the shell."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from playground.sweep.axis import value_text
from playground.sweep.labels import apart
from playground.sweep.result import Cell, SweepResult

MOST_LINES = 4
"""Lines in one picture; more cannot be told apart in characters."""

_MARKERS = ("braille", "dot", "sd", "fhd")


def curves(
    result: SweepResult, metrics: Sequence[str], *, width: int, height: int
) -> Iterator[str]:
    """A picture of each metric over the first numeric axis, a line for each model and rest."""
    axis = next((axis for axis in result.axes if axis.numeric), None)
    if axis is None:
        return
    for metric in metrics:
        lines = lines_of(result, axis.knob, metric)
        if any(len(points) > 1 for points in lines.values()):
            yield _picture(lines, axis.knob, metric, width=width, height=height)


def lines_of(
    result: SweepResult, knob: str, metric: str
) -> dict[str, list[tuple[float, float, float | None, float | None]]]:
    """The points of each line by its name: knob, value, low and high.

    A line is what differs in nothing but the knob: model, prompt and the other knobs are its name.
    """
    found: dict[str, list[tuple[float, float, float | None, float | None]]] = {}
    labels = apart([prompt.label for prompt in result.sweep.prompts], 24)
    for cell, estimate in result.series(knob, metric):
        place = cell.values[knob]
        if isinstance(place, int | float) and estimate.value is not None:
            points = found.setdefault(_line_name(result, cell, knob, labels), [])
            points.append((float(place), estimate.value, estimate.low, estimate.high))
    return found


def _line_name(result: SweepResult, cell: Cell, knob: str, labels: Sequence[str]) -> str:
    """What a line is called beside others: what it does not share with all of them."""
    parts = []
    if len(result.sweep.models) > 1:
        parts.append(cell.model)
    if len(result.sweep.prompts) > 1:
        parts.append(labels[cell.place.prompt])
    parts += [
        f"{axis.knob} {value_text(cell.values.get(axis.knob))}"
        for axis in result.axes
        if axis.knob != knob
    ]
    return ", ".join(parts)


def _picture(
    lines: dict[str, list[tuple[float, float, float | None, float | None]]],
    knob: str,
    metric: str,
    *,
    width: int,
    height: int,
) -> str:
    # Loaded only where something is drawn; its state is the module's.
    import plotext

    plotext.clear_figure()
    plotext.theme("clear")
    plotext.plotsize(width, height)
    plotext.title(f"{metric} over {knob}")
    for number, (name, points) in enumerate([*lines.items()][:MOST_LINES]):
        places = [point[0] for point in points]
        for edge in (2, 3):
            banded = [(p[0], p[edge]) for p in points if p[edge] is not None]
            if len(lines) == 1 and len(banded) > 1:
                plotext.plot([b[0] for b in banded], [b[1] for b in banded], marker="dot")
        marker = _MARKERS[number % len(_MARKERS)]
        plotext.plot(places, [point[1] for point in points], marker=marker, label=name or None)
    picture = str(plotext.uncolorize(plotext.build()))
    more = len(lines) - MOST_LINES
    return picture.rstrip("\n") + (f"\n(and {more} lines more)" if more > 0 else "")
