"""A sweep: its cells as they end, a curve, and the answers of the cell under the cursor."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import ClassVar, Final, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, Vertical
from textual.content import Content
from textual.types import CSSPathType
from textual.widgets import Static

from playground.errors import PlaygroundError
from playground.history.sweeping import KeptValue
from playground.tui.latest import run_latest
from playground.tui.screens.cell_comparison import CellComparison
from playground.tui.screens.dialog import SWEEP_STYLES
from playground.tui.screens.full import FullScreen
from playground.tui.screens.question import Question
from playground.tui.screens.reader import Reader
from playground.tui.sweeps.about import findings_text, held_text, keys_text, metric_text
from playground.tui.sweeps.lines import curve_through
from playground.tui.sweeps.live import LiveSweep
from playground.tui.sweeps.plane import Plane, dimensions_of
from playground.tui.widgets.cell_figures import CellFiguresTable
from playground.tui.widgets.fitted_text import KeyLine
from playground.tui.widgets.heat_grid import HeatGrid
from playground.tui.widgets.heat_legend import HeatLegend
from playground.tui.widgets.sweep_cell import SweepCell
from playground.tui.widgets.sweep_curve import SweepCurve
from playground.tui.widgets.sweep_head import SweepHead

__all__ = ["SweepScreen"]

Wanted = Literal["", "kept"]
"""What is to be shown next: the panes, or the list of sweeps."""

REDRAWS_A_SECOND: Final = 8
REREAD_SECONDS: Final = 1.0
"""How often a cell is read again whose answers are still coming, and a sweep of another program."""

_PAUSE: Final = 0.03
"""Seconds for which the cursor stands before the answers there are read."""

_KEYS: Final = "F1 all keys · M metric · N P answers · Space marks · D compares · I what it shows"


class SweepScreen(FullScreen[Wanted]):
    """Gives back what is to be shown next. A sweep at work goes on when it is left by `B`.

    `follow` is called when the sweep has been gone on with here.
    """

    CSS_PATH: ClassVar[CSSPathType | None] = SWEEP_STYLES
    AUTO_FOCUS = "#sweep-grid"
    FRAME = "#sweep"
    HIGH = 30
    VIEWS = ("answers", "figures", "curve")
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Stop or leave"),
        Binding("b", "behind", "Leave it at work"),
        Binding("alt+k,o", "others", "Other sweeps"),
        Binding("g", "go_on", "Go on"),
        Binding("m", "metric(1)", "Next metric"),
        Binding("M,shift+m", "metric(-1)", "Previous metric"),
        Binding("n", "sample(1)", "Next answer"),
        Binding("p", "sample(-1)", "Previous answer"),
        Binding("x", "extreme", "Greatest and least"),
        Binding("i", "findings", "What it shows"),
        Binding("f1", "keys", "All keys"),
        Binding("space", "mark", "Mark"),
        Binding("d", "compare", "Compare"),
        Binding("z", "zoom", "Figures in the cells"),
        Binding("v", "view", "View"),
        Binding("f", "flatten", "Everything as rows"),
        Binding("r", "rows", "Other rows"),
        Binding("c", "columns", "Other columns"),
        Binding("h", "turned", "Another held dimension"),
        Binding("comma", "turn(-1)", "Previous place"),
        Binding("full_stop", "turn(1)", "Next place"),
    ]

    def __init__(self, live: LiveSweep, follow: Callable[[], None] | None = None) -> None:
        super().__init__(id="sweep-screen")
        self._live = live
        self._follow = follow
        self._dimensions = dimensions_of(live.sweep, live.point)
        self._plane = Plane.of(self._dimensions)
        self._turning = 0
        self._version = -1
        self._read_at = 0.0
        self._value: KeptValue | None = None
        self._curve_of = -1

    @property
    def live(self) -> LiveSweep:
        """The sweep that is shown."""
        return self._live

    def compose(self) -> ComposeResult:
        """Head, metric, grid and curve on the left, the cell under the cursor on the right."""
        with Vertical(id="sweep", classes="dialog"):
            yield SweepHead(id="sweep-head")
            yield Static(id="sweep-metric")
            with Container(id="sweep-body"):
                with Vertical(id="sweep-left"):
                    yield HeatGrid(id="sweep-grid")
                    yield HeatLegend(id="sweep-legend")
                    yield SweepCurve(id="sweep-curve")
                yield SweepCell(self._live, id="sweep-right")
            yield KeyLine("", id="sweep-keys")

    def on_mount(self) -> None:
        """Show what there is, and look again while more comes."""
        self.fit()
        self._show_plane(self._plane.cell(0, 0))
        self.set_interval(1 / REDRAWS_A_SECOND, self._tick)

    @property
    def _grid(self) -> HeatGrid:
        return self.query_one(HeatGrid)

    @property
    def _cell(self) -> SweepCell:
        return self.query_one(SweepCell)

    # Space

    def _fitted(self) -> None:
        self._show_keys()

    def _show_keys(self) -> None:
        live = self._live
        ways = "Esc stops · B leaves it at work" if live.running else "Esc leaves"
        if not live.running and not live.elsewhere and (live.state != "done" or live.failed):
            ways = "G goes on · Esc leaves"
        view = f"V {self._next_view} · " if self.compact else ""
        self.query_one("#sweep-keys", KeyLine).hints = f"{ways} · {view}{_KEYS}"

    @property
    def _next_view(self) -> str:
        return self.VIEWS[(self.VIEWS.index(self._view) + 1) % len(self.VIEWS)]

    def action_view(self) -> None:
        """Where there is room for one only: the next of answers, figures and curve."""
        self._view = self._next_view
        self.fit()

    def action_zoom(self) -> None:
        """Write figures into the cells, or only colours."""
        self._grid.zoom()

    # What is shown

    def _tick(self) -> None:
        live = self._live
        if live.version != self._version:
            self._show_values()
            if live.values.get(self._grid.cell) != self._value:
                self._read_cell()
        if live.running:
            self.query_one(SweepHead).show(live)
        now = asyncio.get_running_loop().time()
        if now - self._read_at >= REREAD_SECONDS and (live.running or live.elsewhere):
            self._read_at = now
            if live.elsewhere:
                run_latest(self, live.refresh, "refresh")
            here = self._cell.here
            if here is None or here.figures is None:
                self._read_cell()

    def _show_plane(self, cell: int) -> None:
        live = self._live
        self._grid.show(self._plane, live.values, live.scale, cell=cell)
        self._show_values()
        self._read_cell()

    def _show_values(self) -> None:
        live = self._live
        self._version = live.version
        self.query_one(SweepHead).show(live)
        self._grid.show_values(live.values, live.scale, live.left_out, live.best)
        self.query_one(HeatLegend).show(
            live.scale, left_out=bool(live.left_out), best=bool(live.best)
        )
        self._show_metric()
        self._show_curve()
        self._show_keys()

    def _show_metric(self) -> None:
        lines = [metric_text(self._live)]
        if self._plane.further:
            lines.append(held_text(self._plane, self._turning))
        self.query_one("#sweep-metric", Static).update(Content("\n").join(lines))

    def _show_curve(self) -> None:
        self._curve_of = self._grid.cell
        curve = curve_through(self._live, self._dimensions, self._curve_of)
        why = "" if curve is not None else "No knob of numbers is swept, so there is no curve."
        self.query_one(SweepCurve).show(curve, why)

    # The cell under the cursor

    @on(HeatGrid.Moved)
    def _moved(self) -> None:
        self._cell.rewind()
        self._read_cell()

    def _read_cell(self) -> None:
        run_latest(self, self._cell_read, "cell")

    async def _cell_read(self) -> None:
        if self._cell.here is not None:
            await asyncio.sleep(_PAUSE)
        number = self._grid.cell
        self._value = self._live.values.get(number)
        self._cell.show(await self._live.cell(number), self._grid.marked)
        if self._curve_of != number:
            # The answers first: drawing a curve takes as long as reading them many times over.
            await asyncio.sleep(_PAUSE)
            self._show_curve()

    def action_sample(self, by: int) -> None:
        """The next answer of the cell, or the one before."""
        self._cell.turn(by)

    # Metrics

    def action_metric(self, by: int) -> None:
        """The next metric, or the one before."""
        names = self._live.metrics
        at = names.index(self._live.metric) if self._live.metric in names else -by
        self._choose_metric(names[(at + by) % len(names)])

    @on(CellFiguresTable.Chosen)
    def _metric_clicked(self, message: CellFiguresTable.Chosen) -> None:
        self._choose_metric(message.metric)

    def _choose_metric(self, name: str) -> None:
        run_latest(self, partial(self._metric_chosen, name), "metric")

    async def _metric_chosen(self, name: str) -> None:
        await self._live.show_metric(name)
        self._show_values()
        self._cell.refresh_words()

    # Rows and columns

    def _lay(self, plane: Plane) -> None:
        """Other rows or columns, through the same cell."""
        cell = self._grid.cell
        self._plane = plane.holding(cell)
        self._show_plane(cell)

    def action_flatten(self) -> None:
        """Every dimension as rows, or one again."""
        if len(self._dimensions) > 2:
            self._lay(self._plane.flattened())
        else:
            self._tell("Rows and columns show everything already.")

    def action_rows(self) -> None:
        """The next dimension as rows."""
        self._lay(self._plane.with_next_rows())

    def action_columns(self) -> None:
        """The next dimension as columns."""
        self._lay(self._plane.with_next_columns())

    def action_turned(self) -> None:
        """The comma and the full stop turn the next held dimension."""
        self._turning += 1
        self._show_metric()

    def action_turn(self, by: int) -> None:
        """The next place along a dimension that is held."""
        further = self._plane.further
        if not further:
            self._tell("Rows and columns show everything already.")
            return
        place = self._plane.place(self._grid.cell)
        self._plane = self._plane.turned(further[self._turning % len(further)].name, by)
        self._cell.rewind()
        self._show_plane(self._plane.cell(*place))

    def action_extreme(self) -> None:
        """To the cell with the greatest figure; from there to the one with the least."""
        told = {n: v.value for n, v in self._live.values.items() if v.value is not None}
        if not told:
            self._tell("No cell has a figure yet.")
            return
        greatest, least = max(told, key=told.__getitem__), min(told, key=told.__getitem__)
        cell = least if self._grid.cell == greatest else greatest
        self._plane = self._plane.holding(cell)
        self._cell.rewind()
        self._show_plane(cell)

    def action_keys(self) -> None:
        """Every key, with what it does."""
        self.app.push_screen(Reader("Keys of the sweep", keys_text(), id="sweep-help"))

    # The whole

    def action_findings(self) -> None:
        """What all its answers together show."""
        run_latest(self, self._find, "findings")

    async def _find(self) -> None:
        reading = [Content("Reading its answers …")]
        reader = Reader("What it shows", reading, id="sweep-findings")
        await self.app.push_screen(reader)
        reader.show(findings_text(self._live, await self._live.findings()))

    # Comparing

    def action_mark(self) -> None:
        """Mark the cell under the cursor, or take its mark away."""
        cell = self._grid.cell
        self._grid.mark(None if self._grid.marked == cell else cell)
        if self._cell.here is not None:
            self._cell.show(self._cell.here, self._grid.marked)

    def action_compare(self) -> None:
        """Compare the marked cell with the one under the cursor."""
        marked = self._grid.marked
        if marked is None or marked == self._grid.cell:
            self._tell("Mark a cell with Space, move to another one, then D compares the two.")
        else:
            run_latest(self, partial(self._compare, marked, self._grid.cell), "compare")

    async def _compare(self, one: int, other: int) -> None:
        cells = (await self._live.cell(one), await self._live.cell(other))
        self.app.push_screen(CellComparison(self._live, cells))

    # Stopping, leaving, going on

    def action_leave(self) -> None:
        """Ask whether to stop what is at work; else leave."""
        if not self._live.running:
            self.dismiss("")
            return
        question = Question(
            "Stop the sweep?",
            "What has ended is kept, and G goes on with the rest. B instead leaves this screen "
            "while the sweep goes on.",
            yes="Stop it",
            no="Let it go on",
        )
        self.app.push_screen(question, self._stop_if)

    def _stop_if(self, yes: bool | None) -> None:
        if yes:
            self._live.stop()

    def action_behind(self) -> None:
        """Leave the screen; a sweep at work goes on."""
        self.dismiss("")

    def action_others(self) -> None:
        """The list of sweeps; one at work goes on."""
        self.dismiss("kept")

    def action_go_on(self) -> None:
        """Make what is missing, or what failed."""
        live = self._live
        if live.running:
            self._tell("It is at work.")
        elif live.elsewhere:
            self._tell("Another program is at work on it.")
        elif live.state == "done" and not live.failed:
            self._tell("Nothing is missing.")
        else:
            self.run_worker(self._go_on(), exit_on_error=False, group="going on", exclusive=True)

    async def _go_on(self) -> None:
        try:
            await self._live.go_on()
        except PlaygroundError as error:
            self._tell(str(error), title=error.title, bad=True)
            return
        if self._follow is not None:
            # Whoever follows it is told of its end, and of a defect, when this screen is gone too.
            self._follow()
