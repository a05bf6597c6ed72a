"""The curve through a cell: one metric along one knob, everything else as it is there."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from playground.history.sweeping import KeptValue
from playground.sweep.axis import Axis
from playground.sweep.definition import GridSearch
from playground.tui.sweeps.live import LiveSweep
from playground.tui.sweeps.plane import Dimension

__all__ = ["Curve", "Mark", "curve_through", "knob_of_curves"]

MOST_MARKS: Final = 500
"""Values along a knob that are drawn: more than a terminal has columns for them."""


MOST_MODELS: Final = 5
"""Models whose curves stand beside that of the cell: of more the picture is no longer read."""


class Mark(NamedTuple):
    """A value with its interval, at a place of the knob."""

    at: float
    value: float
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class Curve:
    """The marks of a metric along a knob, in order; `here` is where the cell is.

    `joined` where neighbours differ in nothing else, so that a line between them means something.
    `others` are the same settings with other models, by name. The knob goes from `low` to `high`.
    """

    metric: str
    knob: str
    marks: tuple[Mark, ...]
    here: float | None
    joined: bool
    low: float
    high: float
    log: bool = False
    others: tuple[tuple[str, tuple[Mark, ...]], ...] = ()


def knob_of_curves(live: LiveSweep) -> Axis | None:
    """The first knob whose values are numbers; None where there is none."""
    return next((axis for axis in live.sweep.axes if axis.numeric), None)


def curve_through(live: LiveSweep, dimensions: Sequence[Dimension], cell: int) -> Curve | None:
    """The curve through a cell; None where no knob of numbers is swept."""
    axis = knob_of_curves(live)
    if axis is None:
        return None
    sweep = live.sweep
    place = sweep.place(cell)
    grid = isinstance(sweep.search, GridSearch)
    along = next((d for d in dimensions if d.knob == axis.knob), None)

    def through(number: int) -> tuple[Mark, ...]:
        if grid:
            return () if along is None else tuple(_along(live, axis, along, number))
        return tuple(sorted(_scattered(live, axis, number)))

    if grid:
        here = None if along is None else float(str(axis.at(along.place(cell))))
    else:
        values = live.point(place.point)
        here = None if values is None else float(str(values[axis.knob]))
    ends = _ends(axis)
    others = [
        (sweep.models[model], through(sweep.number(place._replace(model=model))))
        for model in range(min(len(sweep.models), MOST_MODELS))
        if model != place.model
    ]
    return Curve(
        live.metric,
        axis.knob,
        through(cell),
        here,
        grid or len(sweep.axes) == 1,
        *ends,
        axis.log,
        tuple((name, marks) for name, marks in others if marks),
    )


def _ends(axis: Axis) -> tuple[float, float]:
    """Where an axis begins and ends."""
    if not axis.values:
        return axis.low, axis.high
    values = [float(str(value)) for value in axis.values]
    return min(values), max(values)


def _along(live: LiveSweep, axis: Axis, dimension: Dimension, cell: int) -> Iterator[Mark]:
    first = cell - dimension.place(cell) * dimension.stride
    for place in range(0, dimension.size, max(1, dimension.size // MOST_MARKS)):
        item = live.values.get(first + place * dimension.stride)
        if item is not None and item.value is not None:
            yield _mark(float(str(axis.at(place))), item, item.value)


def _scattered(live: LiveSweep, axis: Axis, cell: int) -> Iterator[Mark]:
    """Points that were drawn or searched: those of the same prompt and model."""
    here = live.sweep.place(cell)
    drawn = 0
    for number, item in live.values.items():
        place = live.sweep.place(number)
        if item.value is None or (place.model, place.prompt) != (here.model, here.prompt):
            continue
        values = live.point(place.point)
        if values is not None:
            yield _mark(float(str(values[axis.knob])), item, item.value)
            drawn += 1
        if drawn == MOST_MARKS:
            return


def _mark(at: float, item: KeptValue, value: float) -> Mark:
    return Mark(at, value, item.low, item.high)
