"""Two cells of a sweep: answers sample by sample, and which metrics really differ."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar, Final

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.types import CSSPathType
from textual.widgets import Static

from playground.background import off_loop
from playground.cells import cut, fit
from playground.difference import word_difference
from playground.history.sweeping import KeptSample
from playground.metrics import Estimate
from playground.sweep.figures import estimate_text
from playground.tui.labels import one_line
from playground.tui.latest import run_latest
from playground.tui.screens.dialog import SWEEP_STYLES, Dialog
from playground.tui.sweeps.cell_text import cell_title
from playground.tui.sweeps.heat import apart
from playground.tui.sweeps.live import CellInView, LiveSweep
from playground.tui.widgets.difference_view import MIN_COLUMN, DifferenceView
from playground.tui.widgets.fitted_text import KeyLine

__all__ = ["CellComparison", "comparison_text"]

_NAME: Final = 19
_APART: Final = "apart"
_KEYS: Final = "← → answers · V view · Tab then N P differences · Esc closes"


class CellComparison(Dialog[None]):
    """The answers of one number stand beside each other: with the same dice they had one seed."""

    CSS_PATH: ClassVar[CSSPathType | None] = SWEEP_STYLES
    AUTO_FOCUS = "#difference-view"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q,d", "close", "Close"),
        Binding("left", "page(-1)", "Previous answers", priority=True),
        Binding("right", "page(1)", "Next answers", priority=True),
        Binding("v", "view", "View"),
    ]

    def __init__(self, live: LiveSweep, cells: tuple[CellInView, CellInView]) -> None:
        super().__init__()
        self._live = live
        self._cells = cells
        self._at = 0
        self._titles = tuple(
            cell_title(live.sweep, cell.number, live.point(live.sweep.place(cell.number).point))
            for cell in cells
        )

    def compose(self) -> ComposeResult:
        """The metrics over the two answers."""
        left, right = self._titles
        with Vertical(id="cells", classes="dialog"):
            with VerticalScroll(id="cells-figures"):
                yield Static(id="cells-table")
            yield DifferenceView((left, right), id="difference-view")
            yield KeyLine("", id="cells-note")

    def on_mount(self) -> None:
        """The first answers."""
        self._show()

    def on_resize(self) -> None:
        """Columns as wide as there is room."""
        self.call_after_refresh(self._show_table)

    @property
    def _pairs(self) -> list[tuple[KeptSample, KeptSample]]:
        """The answers of each number that both have: those had the same seed."""
        one, other = ({item.sample: item for item in cell.samples} for cell in self._cells)
        return [(one[number], other[number]) for number in sorted(one.keys() & other.keys())]

    def action_page(self, by: int) -> None:
        """The next answers, or those before."""
        if pairs := self._pairs:
            self._at = (self._at + by) % len(pairs)
            self._show()

    def action_view(self) -> None:
        """Side by side, or inline."""
        view = self.query_one(DifferenceView)
        if view.column < MIN_COLUMN:
            self.notify("Two columns need a wider terminal.", markup=False)
        else:
            view.together = not view.together

    def action_close(self) -> None:
        """Go back to the sweep."""
        self.dismiss(None)

    def _show(self) -> None:
        self._show_table()
        run_latest(self, self._compare)

    def _show_table(self) -> None:
        table = self.query_one("#cells-table", Static)
        one, other = (
            {} if cell.figures is None else cell.figures.estimates for cell in self._cells
        )
        table.update(comparison_text(self._live.metrics, one, other, table.size.width))

    async def _compare(self) -> None:
        note = self.query_one(KeyLine)
        pairs = self._pairs
        if not pairs:
            note.hints = f"The two have no answers of the same number yet · {_KEYS}"
            return
        numbers = pairs[self._at % len(pairs)]
        left, right = map(_said, numbers)
        segments = await off_loop(lambda: word_difference(left, right))
        self.query_one(DifferenceView).show(segments)
        seeds = [self._live.sweep.seed_of(item.cell, item.sample) for item in numbers]
        dice = (
            f"both of seed {seeds[0]}" if seeds[0] == seeds[1] else f"seeds {seeds[0]}, {seeds[1]}"
        )
        same = "the same" if left == right else "different"
        which = f"answer {numbers[0].sample} · {self._at + 1} of {len(pairs)}"
        note.hints = f"{which}, {dice}: {same} · {_KEYS}"


def _said(sample: KeptSample) -> str:
    return sample.text or (f"✗ {sample.error}" if sample.error else "")


def comparison_text(
    metrics: Sequence[str],
    one: Mapping[str, Estimate],
    other: Mapping[str, Estimate],
    width: int,
) -> Content:
    """Metrics side by side, in lines of `width` cells, and which intervals do not overlap."""
    differing = [name for name in metrics if apart(one.get(name), other.get(name))]
    if differing:
        head = f"Intervals that do not overlap: {len(differing)} of {len(metrics)}, marked {_APART}"
    else:
        head = "No two intervals lie apart: what differs here may be chance."
    parts: list[tuple[str, str]] = [(cut(head, width), "bold")]
    texts = {name: [estimate_text(item.get(name)) for item in (one, other)] for name in metrics}
    widest = max((len(text) for pair in texts.values() for text in pair), default=0) + 1
    names = min(max(map(len, metrics), default=0), _NAME)
    column = max((width - names - len(_APART) - 2) // 2, 8)
    # Where two figures and a name have no room in one line, the name has one for itself.
    narrow = widest > column
    if narrow:
        column = max(width // 2, 8)
    for name in metrics:
        found = (one.get(name), other.get(name))
        if all(item is None or item.value is None for item in found):
            continue
        lies = name in differing
        parts.append((f"\n{fit(one_line(name), names)}", "bold" if lies else "$foreground 80%"))
        mark = [(f" {_APART}", "$text-accent bold")] if lies else []
        figures = [(fit(f" {text}", column), "$foreground") for text in texts[name]]
        parts += [*mark, ("\n", ""), *figures] if narrow else [*figures, *mark]
    return Content.assemble(*parts)
