"""The sweeps that are kept: choose one to look at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.types import CSSPathType
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from playground.cells import fit
from playground.errors import PlaygroundError
from playground.history.sweeping import KeptSweep
from playground.tui.archive import Archive
from playground.tui.labels import one_line
from playground.tui.latest import run_latest
from playground.tui.screens.dialog import SWEEP_STYLES, Dialog
from playground.tui.widgets.fitted_text import KeyLine

__all__ = ["SweepList"]

SHOWN = 200
_LEAST_TITLE = 12
_STATE_WIDTH = 12
_PADDING = 2
_WITH_DATE = 92
"""Cells of a row below which the date leaves the title too little."""
_KEYS = "Enter opens · ^D deletes · ^Z undoes · Esc closes"


class SweepList(Dialog[str]):
    """Gives back the sweep to open, or an empty string if it was left with Escape."""

    CSS_PATH: ClassVar[CSSPathType | None] = SWEEP_STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel"),
        Binding("ctrl+d", "delete", "Delete", priority=True),
        Binding("ctrl+z", "undo", "Undo", priority=True),
    ]

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self._archive = archive
        self._found: Sequence[KeptSweep] = ()
        self._deleted: list[str] = []

    def compose(self) -> ComposeResult:
        """The list, the latest first."""
        with Vertical(id="sweeps", classes="dialog"):
            yield Static(Content("Sweeps"), classes="dialog-title")
            yield OptionList(
                Option("looking …", disabled=True),
                id="sweeps-list",
                classes="listing",
                markup=False,
            )
            yield KeyLine(_KEYS, classes="dialog-note")

    def on_mount(self) -> None:
        """Fill the list."""
        self._fill()

    def _fill(self) -> None:
        run_latest(self, self._filled)

    async def _filled(self) -> None:
        self._found = await self._archive.read(lambda history: history.sweeps.list(SHOWN))
        self._show()

    def on_resize(self) -> None:
        """The columns fit the width."""
        if self._found:
            self.call_after_refresh(self._show)

    def _show(self) -> None:
        listing = self.query_one(OptionList)
        at = listing.highlighted or 0
        listing.clear_options()
        if self._found:
            width = listing.scrollable_content_region.width - _PADDING
            room = max(cell_len(_failures(kept)) for kept in self._found)
            listing.add_options([Option(_line(kept, width, room)) for kept in self._found])
            listing.highlighted = min(at, len(self._found) - 1)
        else:
            words = "no sweep is kept yet: Alt+W begins one"
            listing.add_option(Option(Content(words), disabled=True))
        listing.focus()

    @property
    def _chosen(self) -> KeptSweep | None:
        place = self.query_one(OptionList).highlighted
        return self._found[place] if place is not None and place < len(self._found) else None

    @on(OptionList.OptionSelected)
    def _opened(self) -> None:
        if (chosen := self._chosen) is not None:
            self.dismiss(chosen.id)

    def action_delete(self) -> None:
        """Take one out of sight; it can be brought back."""
        chosen = self._chosen
        if chosen is None:
            return
        if chosen.state == "running":
            self.notify("It is running: stop it first.", severity="warning", markup=False)
            return
        self._archive.delete(chosen.id)
        self._deleted.append(chosen.id)
        self.notify(f"Deleted {one_line(chosen.title)!r}. ^Z brings it back.", markup=False)
        self._fill()

    def action_undo(self) -> None:
        """Bring back what was deleted last."""
        if self._deleted:
            self._archive.restore(self._deleted.pop())
            self._fill()

    def action_leave(self) -> None:
        """Open none."""
        self.dismiss("")

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A history that cannot be read is told."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            title = error.title if isinstance(error, PlaygroundError) else "Unexpected error"
            self.notify(one_line(str(error)), title=title, severity="error", markup=False)


def _failures(kept: KeptSweep) -> str:
    return f"  {kept.failed:,} failed" if kept.failed else ""


def _line(kept: KeptSweep, width: int, failures: int) -> Content:
    """A row of so many cells, the last for the `failures`; the title takes what the rest leaves."""
    failed = fit(_failures(kept), failures)
    date = f"{kept.created:%Y-%m-%d %H:%M}  " if width >= _WITH_DATE else ""
    counts = f"{kept.cells:>6,} cells  {kept.samples:>7,} answers"
    state = fit(kept.state, _STATE_WIDTH)
    taken = sum(map(cell_len, (kept.id, date, counts, state, failed))) + 4
    title = fit(one_line(kept.title) or "(no title)", max(width - taken, _LEAST_TITLE))
    return Content.assemble(
        (f"{kept.id}  ", "$foreground 50%"),
        (f"{title}  ", "$foreground"),
        (date, "$foreground 50%"),
        (state, "$text-success" if kept.state == "done" else "$text-warning"),
        (counts, "$foreground 60%"),
        (failed, "$text-error"),
    )
