"""How the cells of a sweep lie on rows and columns. No widget."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from playground.sweep.axis import value_text
from playground.sweep.definition import GridSearch, Sweep
from playground.sweep.space import Values
from playground.tui.labels import one_line

__all__ = ["Dimension", "Plane", "dimensions_of"]

SETTING = "setting"
"""What the points of a space are called that is no grid."""


@dataclass(frozen=True, slots=True)
class Dimension:
    """One way in which cells differ: a knob, the setting as a whole, the prompt or the model.

    The number of a cell goes up by `stride` from one of its `size` places to the next; `knob` is
    set where the places are values of one.
    """

    name: str
    size: int
    stride: int
    label: Callable[[int], str]
    knob: str = ""

    def place(self, cell: int) -> int:
        """Where a cell lies along it."""
        return cell // self.stride % self.size


def dimensions_of(
    sweep: Sweep, points: Callable[[int], Values | None] = lambda _point: None
) -> tuple[Dimension, ...]:
    """The dimensions of a sweep that have more than one place: knobs first, then prompt and model.

    Of a space that is no grid the points are one dimension; `points` gives the knobs of one, or
    None where nobody knows them yet.
    """
    prompts, models = len(sweep.prompts), len(sweep.models)
    found = []
    stride = prompts
    if isinstance(sweep.search, GridSearch):
        for axis in reversed(sweep.axes):
            size = len(axis)
            found.append(Dimension(axis.knob, size, stride, _labels(axis.at), axis.knob))
            stride *= size
    else:
        size = len(sweep.space)
        found.append(Dimension(SETTING, size, stride, lambda at: _setting(at, points(at))))
        stride *= size
    found.reverse()
    found.append(Dimension("prompt", prompts, 1, lambda at: one_line(sweep.prompts[at].label)))
    found.append(Dimension("model", models, stride, lambda at: one_line(sweep.models[at])))
    return tuple(dimension for dimension in found if dimension.size > 1)


def _labels(value_at: Callable[[int], object]) -> Callable[[int], str]:
    return lambda place: one_line(value_text(value_at(place)))  # type: ignore[arg-type]


def _setting(number: int, values: Values | None) -> str:
    if values is None:
        return f"{number + 1}"
    told = " ".join(f"{knob} {value_text(value)}" for knob, value in values.items())
    return one_line(f"{number + 1}  {told}")


@dataclass(frozen=True)
class Plane:
    """Cells on columns and rows: `across` is the dimension of the columns, `down` of the rows.

    Along every other dimension one place is `held`, by name (the first where it is not said).
    """

    dimensions: Sequence[Dimension]
    across: Dimension | None
    down: tuple[Dimension, ...]
    held: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, dimensions: Sequence[Dimension]) -> Plane:
        """The first dimension as columns and the second as rows; settings are rows."""
        first = dimensions[0] if dimensions else None
        if first is not None and first.name == SETTING:
            return cls(dimensions, dimensions[1] if len(dimensions) > 1 else None, (first,))
        return cls(dimensions, first, tuple(dimensions[1:2]))

    @property
    def columns(self) -> int:
        """How many columns there are."""
        return 1 if self.across is None else self.across.size

    @property
    def rows(self) -> int:
        """How many rows there are."""
        return math.prod(dimension.size for dimension in self.down)

    @property
    def further(self) -> tuple[Dimension, ...]:
        """The dimensions along which one place is held."""
        return tuple(d for d in self.dimensions if d is not self.across and d not in self.down)

    def cell(self, row: int, column: int) -> int:
        """The number of the cell in a row and column."""
        number = 0 if self.across is None else column * self.across.stride
        for dimension in reversed(self.down):
            row, place = divmod(row, dimension.size)
            number += place * dimension.stride
        return number + sum(self.held.get(d.name, 0) * d.stride for d in self.further)

    def place(self, cell: int) -> tuple[int, int]:
        """Row and column of a cell that lies on the plane, or of the one that it hides behind."""
        row = 0
        for dimension in self.down:
            row = row * dimension.size + dimension.place(cell)
        return row, 0 if self.across is None else self.across.place(cell)

    def column_label(self, column: int) -> str:
        """What stands over a column."""
        return "" if self.across is None else self.across.label(column)

    def row_label(self, row: int) -> str:
        """What stands before a row."""
        labels = []
        for dimension in reversed(self.down):
            row, place = divmod(row, dimension.size)
            labels.append(dimension.label(place))
        return ", ".join(reversed(labels))

    def holding(self, cell: int) -> Plane:
        """The same rows and columns, through this cell."""
        return Plane(
            self.dimensions, self.across, self.down, {d.name: d.place(cell) for d in self.further}
        )

    def turned(self, name: str, by: int) -> Plane:
        """With the next place (or the one before) of a dimension that is held."""
        found = next(d for d in self.further if d.name == name)
        place = (self.held.get(name, 0) + by) % found.size
        return Plane(self.dimensions, self.across, self.down, {**self.held, name: place})

    def flattened(self) -> Plane:
        """Everything that is held as rows too; where nothing is, one dimension as rows again."""
        if self.further:
            return Plane(self.dimensions, self.across, (*self.down, *self.further))
        return Plane(self.dimensions, self.across, self.down[:1])

    def with_next_columns(self) -> Plane:
        """The next dimension as columns; what they were before become the rows where it was one."""
        return self._with(across=self._after(self.across))

    def with_next_rows(self) -> Plane:
        """The next dimension as rows."""
        now = self.down[0] if self.down else None
        found = self._after(now)
        if found is self.across and len(self.dimensions) > 2:
            found = self._after(found)
        return self if found is None else self._with(down=found)

    def _after(self, dimension: Dimension | None) -> Dimension | None:
        if not self.dimensions:
            return None
        at = -1 if dimension is None else self.dimensions.index(dimension)
        return self.dimensions[(at + 1) % len(self.dimensions)]

    def _with(self, *, across: Dimension | None = None, down: Dimension | None = None) -> Plane:
        """With these as columns or rows; who stood there changes places with them."""
        now_across, now_down = self.across, self.down[0] if self.down else None
        if across is not None:
            down = now_across if across is now_down else now_down
        else:
            across = now_down if down is now_across else now_across
        return Plane(self.dimensions, across, () if down is None else (down,), self.held)
