"""Pictures of a sweep for documents, by Matplotlib: a curve with its band, or a heat map.

Drawn without a screen and without Matplotlib's state of its own, so that it can be done anywhere.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, Final, Literal

from pydantic import JsonValue

import playground.metrics as metrics
from playground.errors import PlaygroundError, UsageError, did_you_mean
from playground.sanitize import make_safe
from playground.sweep.axis import value_text
from playground.sweep.definition import GridSearch, short
from playground.sweep.labels import apart
from playground.sweep.result import Cell, SweepResult

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

Form = Literal["png", "svg"]

MOST_LINES: Final = 12
MOST_MAPS: Final = 12
MOST_NOTES: Final = 3
MOST_WRITTEN: Final = 16
"""Columns of a heat map whose values are written into it."""

_COLOURS: Final = ("#0072b2", "#d55e00", "#008763", "#b5578f", "#3a9fd8", "#b87a00", "#4b4b55",
                   "#7a5cc9")  # fmt: skip
_MARKERS: Final = ("o", "s", "^", "D")


@dataclass(frozen=True, slots=True)
class _Dimension:
    """Something that cells differ in: models, prompts or a knob."""

    name: str
    of: Callable[[Cell], JsonValue]
    text: Callable[[JsonValue], str]
    values: tuple[JsonValue, ...]
    numeric: bool = False
    log: bool = False
    knob: bool = False

    def told(self, cell: Cell) -> str:
        """Its value in a cell, with what it is a value of where that is not plain."""
        text = self.text(self.of(cell))
        return f"{self.name} {text}" if self.knob else text


def draw(
    result: SweepResult,
    file: IO[bytes],
    *,
    metric: str,
    over: Sequence[str] = (),
    form: Form = "png",
) -> list[str]:
    """Draw a metric over one dimension (a curve) or two (a heat map).

    Returns what is to be said of it: what was left out, and the notes beside the values, which
    stand over the picture too.

    A dimension is a knob that was swept, `model` or `prompt`; unset, it is the first knob. Each
    line, or map, is of what else differs. Raises `UsageError` for a metric or dimension that the
    sweep has not, and where Matplotlib is not installed.
    """
    try:
        from matplotlib import rc_context
        from matplotlib.figure import Figure
    except ImportError as error:
        raise UsageError(
            "A picture needs matplotlib, which is not installed.",
            hint="pip install 'chat-playground[report]'",
        ) from error
    from playground.sweep.report.fonts import fonts_for, without

    axes, rest = _chosen(result, metric, over)
    cells = [cell for cell in result.cells if cell.figures.value(metric) is not None]
    if not cells:
        raise UsageError(f"No cell of this sweep has a value of {metric}.")
    names = {one.told(cell) for cell in cells for one in (*axes, *rest)} | {result.sweep.heading}
    families, missing = fonts_for(map(make_safe, sorted(names)))
    settings: dict[str, Any] = {
        "font.family": families,
        "font.size": 10,
        # Prompts may have dollars in them, and mean them.
        "text.parse_math": False,
        "svg.hashsalt": result.id,
        "axes.spines.top": False,
        "axes.spines.right": False,
    }
    page = _Page(result, metric, cells, rest, lambda text: without(make_safe(text), missing))
    # Its keys are typed one by one, and differ from version to version.
    with rc_context(settings):  # type: ignore[arg-type, unused-ignore]
        figure = Figure(layout="constrained")
        notes = page.curve(figure, axes[0]) if len(axes) == 1 else page.heat(figure, *axes)
        beside = [f"{metric}: {said}" for said in result.notes(metric)]
        over_it = [short(result.sweep.heading, 70), *beside[:MOST_NOTES]]
        figure.suptitle("\n".join(map(page.safe, over_it)), fontsize=11)
        notes += beside
        # A date would make every picture another one.
        figure.savefig(file, format=form, dpi=160, metadata={"Date": None} if form == "svg" else {})
    if missing:
        notes.append(f"no font here has {' '.join(sorted(missing)[:20])}")
    return notes


def _chosen(
    result: SweepResult, metric: str, over: Sequence[str]
) -> tuple[list[_Dimension], list[_Dimension]]:
    """The dimensions that are drawn over, and the others that cells differ in."""
    if metric not in result.metrics:
        hint = did_you_mean(metric, result.metrics) or f"It has {', '.join(result.metrics)}."
        raise UsageError(f"This sweep has no figures of {metric!r}.", hint=hint)
    there = _dimensions(result)
    if not there:
        raise UsageError("This sweep has one setting only: there is nothing to draw it over.")
    by_name = {one.name: one for one in there}
    for name in over:
        if name not in by_name:
            raise UsageError(
                f"Cells of this sweep do not differ in {name!r}.",
                hint=did_you_mean(name, by_name) or f"They differ in {', '.join(by_name)}.",
            )
    if len(over) > 2 or len(set(over)) != len(over):
        raise UsageError("A picture is over one thing, or over two that are not the same.")
    usual = next((one for one in there if one.numeric), there[0])
    axes = [by_name[name] for name in over] or [usual]
    return axes, [one for one in there if one not in axes]


def _dimensions(result: SweepResult) -> list[_Dimension]:
    found = [
        _Dimension(
            name=axis.knob,
            of=lambda cell, knob=axis.knob: cell.values.get(knob),  # type: ignore[misc]
            text=value_text,
            values=(),
            numeric=axis.numeric,
            log=axis.log,
            knob=True,
        )
        for axis in result.axes
    ]
    models = result.sweep.models
    prompts = apart([prompt.label for prompt in result.sweep.prompts], 40)
    found += [
        _Dimension("model", lambda c: c.place.model, lambda v: models[int(str(v))], ()),
        _Dimension("prompt", lambda c: c.place.prompt, lambda v: prompts[int(str(v))], ()),
    ]
    whole = [_with_values(one, result.cells) for one in found]
    return [one for one in whole if len(one.values) > 1]


def _with_values(one: _Dimension, cells: Sequence[Cell]) -> _Dimension:
    values = list({repr(value): value for value in map(one.of, cells)}.values())
    if one.numeric or not one.knob:
        values.sort(key=lambda value: float(str(value)))
    return _Dimension(
        one.name, one.of, one.text, tuple(values), one.numeric, one.log, one.knob
    )  # fmt: skip


class _Page:
    """One picture of one metric."""

    def __init__(
        self,
        result: SweepResult,
        metric: str,
        cells: Sequence[Cell],
        rest: Sequence[_Dimension],
        safe: Callable[[str], str],
    ) -> None:
        self.metric = metric
        self.cells = cells
        self.rest = rest
        self.safe = safe
        self._grid = isinstance(result.sweep.search, GridSearch)

    def curve(self, figure: Figure, over: _Dimension) -> list[str]:
        """Draw lines with bands; where settings came at random, points with whiskers."""
        figure.set_size_inches(7.5, 4.5)
        axes = figure.add_subplot()
        # Random settings share no line: each is a point of its own.
        by = [one for one in self.rest if self._grid or not one.knob]
        lines = self._grouped(self.cells, by)
        handles = []
        for number, (_name, group) in enumerate(lines[:MOST_LINES]):
            handles.append(self._line(axes, over, group, number))
        self._across(axes, over)
        axes.set_ylabel(self.safe(_title(self.metric)))
        axes.grid(axis="y", alpha=0.3)
        names = [self.safe(short(name, 60)) for name, _ in lines[:MOST_LINES]]
        if any(names):
            # Below the picture: a legend over it would hide what is told.
            columns = max(1, min(3, len(names), 105 // (max(map(_width, names)) + 8)))
            figure.set_size_inches(7.5, 4.2 + 0.2 * -(-len(names) // columns))
            figure.legend(
                handles, [f" {name}" for name in names], loc="outside lower center",
                ncols=columns, fontsize=8, frameon=False, handlelength=3,
            )  # fmt: skip
        left_out = len(lines) - MOST_LINES
        return [f"{left_out} of {len(lines)} lines are not drawn"] if left_out > 0 else []

    def _line(self, axes: Axes, over: _Dimension, group: Sequence[Cell], number: int) -> Any:
        points: list[tuple[float, float, float | None, float | None]] = []
        for cell in sorted(group, key=lambda cell: over.values.index(over.of(cell))):
            estimate = cell.figures.estimates[self.metric]
            if estimate.value is not None:
                place = self._place(over, cell)
                points.append((place, estimate.value, estimate.low, estimate.high))
        colour, marker = _COLOURS[number % len(_COLOURS)], _MARKERS[number % len(_MARKERS)]
        banded = [p for p in points if p[2] is not None and p[3] is not None]
        joined = self._grid and len(points) > 1
        if joined and len(banded) > 1:
            places, _, lows, highs = zip(*banded, strict=True)
            axes.fill_between(places, lows, highs, color=colour, alpha=0.16, linewidth=0)
        elif banded:
            places, _, lows, highs = zip(*banded, strict=True)
            axes.vlines(places, lows, highs, color=colour, alpha=0.6)
        style = ("-" if number < len(_COLOURS) else "--") if joined else "none"
        (handle,) = axes.plot(
            [p[0] for p in points], [p[1] for p in points], color=colour, marker=marker,
            markersize=5, linestyle=style, linewidth=1.8,
        )  # fmt: skip
        return handle

    def heat(self, figure: Figure, across: _Dimension, down: _Dimension) -> list[str]:
        """Draw a heat map for whatever else differs, all in the same colours."""
        from matplotlib import colormaps
        from matplotlib.cm import ScalarMappable
        from matplotlib.colors import Normalize

        values = [value for c in self.cells if (value := c.figures.value(self.metric)) is not None]
        norm, colours = Normalize(min(values), max(values)), colormaps["viridis"]
        if norm.vmin == norm.vmax:
            norm = Normalize(min(values) - 0.5, max(values) + 0.5)
        scattered = not self._grid and across.numeric and down.numeric
        by = [one for one in self.rest if not scattered or not one.knob]
        maps = self._grouped(self.cells, by)
        columns = min(3, len(maps[:MOST_MAPS]))
        lines = -(-len(maps[:MOST_MAPS]) // columns)
        wide = min(max(4.5, 0.55 * len(across.values)), 12 if columns == 1 else 6)
        high = min(max(2.6, 0.38 * len(down.values) + 1.2), 9)
        if scattered:
            wide, high = 5, 4
        figure.set_size_inches(wide * columns + 1.5, high * lines + 0.5)
        panels = figure.subplots(lines, columns, squeeze=False).ravel()
        for panel in panels[len(maps) :]:
            panel.set_axis_off()
        for number, (panel, (name, group)) in enumerate(
            zip(panels, maps[:MOST_MAPS], strict=False)
        ):
            if scattered:
                places = [(self._place(across, c), self._place(down, c)) for c in group]
                panel.scatter(*zip(*places, strict=True), s=70, edgecolors="#333", linewidths=0.5,
                              c=[c.figures.value(self.metric) for c in group], norm=norm,
                              cmap=colours)  # fmt: skip
                self._across(panel, across)
                panel.set_ylabel(down.name)
            else:
                self._map(panel, across, down, group, norm, colours)
            if number % columns:
                # The panel before it has the same names.
                panel.set_ylabel("")
                panel.tick_params(axis="y", labelleft=False)
            if name:
                panel.set_title(self.safe(short(name, 50)), fontsize=9)
        shown = ScalarMappable(norm, colours)
        figure.colorbar(shown, ax=panels.tolist(), label=self.safe(_title(self.metric)))
        left_out = len(maps) - MOST_MAPS
        return [f"{left_out} of {len(maps)} maps are not drawn"] if left_out > 0 else []

    def _map(
        self, panel: Axes, across: _Dimension, down: _Dimension, group: Sequence[Cell],
        norm: Any, colours: Any,
    ) -> None:  # fmt: skip
        import numpy as np

        table = np.full((len(down.values), len(across.values)), np.nan)
        for cell in group:
            value = cell.figures.value(self.metric)
            place = down.values.index(down.of(cell)), across.values.index(across.of(cell))
            table[place] = np.nan if value is None else value
        panel.imshow(table, aspect="auto", norm=norm, cmap=colours)
        if len(across.values) <= MOST_WRITTEN and len(down.values) <= 2 * MOST_WRITTEN:
            for (y, x), value in np.ndenumerate(table):
                if np.isnan(value):
                    continue
                red, green, blue, _ = colours(norm(value))
                bright = 0.2126 * red**2.2 + 0.7152 * green**2.2 + 0.0722 * blue**2.2
                ink = "black" if bright > 0.18 else "white"
                panel.text(x, y, f"{value:.3g}", ha="center", va="center", fontsize=8, color=ink)
        for axis, one, most in ((panel.xaxis, across, 12), (panel.yaxis, down, 24)):
            every = -(-len(one.values) // most)
            places = range(0, len(one.values), every)
            labels = apart([*map(one.text, one.values)], 24)
            axis.set_ticks([*places], [self.safe(labels[p]) for p in places])
            axis.set_label_text(one.name)
        if max(len(across.text(value)) for value in across.values) > 8:
            panel.tick_params(axis="x", rotation=30)
        panel.spines[:].set_visible(False)

    def _across(self, axes: Axes, over: _Dimension) -> None:
        """Set up the axis from left to right."""
        axes.set_xlabel(over.name)
        if not over.numeric:
            names = [self.safe(name) for name in apart([*map(over.text, over.values)], 24)]
            axes.set_xticks(range(len(names)), names)
            if max(map(len, names)) > 8:
                axes.tick_params(axis="x", rotation=30)
            return
        few = len(over.values) <= 12
        if over.log:
            from matplotlib.ticker import NullLocator

            axes.set_xscale("log")
            axes.xaxis.set_minor_locator(NullLocator())
            few = True
        if few:
            every = -(-len(over.values) // 12)
            shown = over.values[::every]
            axes.set_xticks([float(str(v)) for v in shown], [value_text(v) for v in shown])

    def _place(self, one: _Dimension, cell: Cell) -> float:
        value = one.of(cell)
        return float(str(value)) if one.numeric else float(one.values.index(value))

    def _grouped(
        self, cells: Sequence[Cell], by: Sequence[_Dimension]
    ) -> list[tuple[str, list[Cell]]]:
        """Cells by what they have in common, in order, each group with its name."""
        groups: dict[tuple[int, ...], list[Cell]] = {}
        for cell in cells:
            key = tuple(one.values.index(one.of(cell)) for one in by)
            groups.setdefault(key, []).append(cell)
        return [
            (", ".join(one.told(group[0]) for one in by), group)
            for _, group in sorted(groups.items())
        ]


def _width(text: str) -> int:
    """Places that a text takes: letters of East Asia take two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _title(name: str) -> str:
    try:
        known = metrics.get(name)
    except PlaygroundError:
        return name
    return f"{known.title} ({known.unit})" if known.unit else known.title
