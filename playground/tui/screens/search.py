"""What the screens in which something is looked up have in common: a field, a list, a preview."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Final, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerError, WorkerState

from playground.errors import PlaygroundError
from playground.tui.labels import one_line
from playground.tui.latest import run_latest
from playground.tui.screens.dialog import Dialog
from playground.tui.widgets.fitted_text import KeyLine
from playground.tui.widgets.safe_text import SafeInput

__all__ = ["SEARCH", "SearchScreen"]

SEARCH: Final = "search"
"""The group of the work that looks something up."""

_Result = TypeVar("_Result")
_Item = TypeVar("_Item")


class SearchScreen(Dialog[_Result], Generic[_Result, _Item]):
    """What is typed is looked up in a list; the keyboard stays in the field.

    A subclass names the widgets (`ROOT`, `ROOT-field`, `ROOT-list`, `ROOT-preview`), and says what
    is found, by work in the group `SEARCH`, and what is done with one. What goes wrong beside the
    event loop is told, and the screen stays usable.
    """

    ROOT: ClassVar[str]
    HEADING: ClassVar[str]
    KEYS: ClassVar[str]
    # Textual declares it as an attribute of instances.
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel"),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("pagedown", "move(8)", "Page down", show=False),
        Binding("pageup", "move(-8)", "Page up", show=False),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._found: Sequence[_Item] = ()
        self._above = 0
        """Rows over those that were found, which cannot be chosen."""

    def compose(self) -> ComposeResult:
        """A field over a list over what is highlighted there."""
        with Vertical(id=self.ROOT, classes="dialog"):
            yield Static(Content(self.HEADING), classes="dialog-title")
            yield SafeInput(placeholder="Search …", id=f"{self.ROOT}-field", classes="field")
            yield OptionList(
                Option("looking …", disabled=True),
                id=f"{self.ROOT}-list",
                classes="listing",
                markup=False,
            )
            yield Static(id=f"{self.ROOT}-preview")
            yield KeyLine(self.KEYS, classes="dialog-note")

    def on_mount(self) -> None:
        """Show what there is while nothing is typed."""
        self.query_one(OptionList).can_focus = False
        self.look()

    @on(Input.Changed)
    def _typed(self) -> None:
        self.look()

    def look(self) -> None:
        """Look up what stands in the field, and show it."""
        raise NotImplementedError

    @on(Input.Submitted)
    def _entered(self) -> None:
        run_latest(self, self._open_what_was_typed, "open")

    async def _open_what_was_typed(self) -> None:
        """Enter means what stands in the field, also while that is still being looked up."""
        for worker in [*self.workers]:
            if worker.node is self and worker.group == SEARCH:
                try:
                    await worker.wait()
                except WorkerError:
                    return  # Something else is typed by now, or what went wrong was told.
        self._open_chosen()

    @on(OptionList.OptionSelected)
    def _open_chosen(self) -> None:
        if (chosen := self.chosen) is not None:
            self.opened(chosen)

    def opened(self, item: _Item) -> None:
        """Enter, or a click: go on with one of those that were found."""
        raise NotImplementedError

    def on_resize(self) -> None:
        """The columns fit the width."""
        if self._found:
            self.call_after_refresh(self.fit_columns)

    def fit_columns(self) -> None:
        """Show what was found in the width that there is now."""

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What went wrong is told."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            self.tell(error)

    def tell(self, problem: BaseException | str) -> None:
        """Say in passing what went wrong, or what was done."""
        self.notify(
            one_line(str(problem)),
            title=problem.title if isinstance(problem, PlaygroundError) else "",
            severity="error" if isinstance(problem, BaseException) else "information",
            markup=False,
        )

    # The list

    @property
    def row_width(self) -> int:
        """Cells that a row may take; it has a blank on either side."""
        return max(self.query_one(OptionList).scrollable_content_region.width - 2, 0)

    @property
    def preview(self) -> Static:
        """Where the highlighted one is looked into."""
        return self.query_one(f"#{self.ROOT}-preview", Static)

    @property
    def place(self) -> int:
        """Which of those that were found is highlighted, from 0; less than 0 for none."""
        place = self.query_one(OptionList).highlighted
        return -1 if place is None else place - self._above

    @property
    def chosen(self) -> _Item | None:
        """The highlighted one."""
        return self._found[self.place] if 0 <= self.place < len(self._found) else None

    def highlight(self, place: int) -> None:
        """Highlight one of those that were found, from 0; the last if there are not so many."""
        self.query_one(OptionList).highlighted = min(place, len(self._found) - 1) + self._above

    def action_move(self, by: int) -> None:
        """Move in the list while the field keeps the keyboard."""
        if self._found:
            self.highlight(max(self.place + by, 0))
