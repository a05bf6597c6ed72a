"""Choose a model: from the list, or by typing any reference."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import ClassVar

from rich.cells import cell_len
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.fuzzy import FuzzySearch
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from playground.background import off_loop
from playground.errors import PlaygroundError
from playground.tui.labels import one_line
from playground.tui.offers import Offer, list_offers
from playground.tui.screens.dialog import Dialog
from playground.tui.widgets.safe_text import SafeInput

__all__ = ["ModelPicker"]

_SHOWN = 200
_LABEL_WIDTH = 36


class ModelPicker(Dialog[str]):
    """Gives back a model reference, or nothing if it was left with Escape.

    With `local` it lists only models that run here; any other can still be typed.
    """

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "dismiss_empty", "Cancel"),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("pagedown", "move(8)", "Page down", show=False),
        Binding("pageup", "move(-8)", "Page up", show=False),
    ]

    def __init__(self, title: str, current: str, *, local: bool = False) -> None:
        super().__init__()
        self._local = local
        self._title = title
        self._current = current
        self._offers: Sequence[Offer] = ()
        self._search = FuzzySearch()

    def compose(self) -> ComposeResult:
        """A field over a list."""
        with Vertical(id="picker", classes="dialog"):
            yield Static(Content(self._title), classes="dialog-title")
            yield SafeInput(placeholder="Search, or type provider:model …", id="picker-field")
            yield OptionList(Option("looking …", disabled=True), id="picker-list", markup=False)
            yield Static(
                Content(
                    "Any provider:model or local:/path.gguf can be typed. "
                    "Prices: $ a million tokens, in / out"
                ),
                classes="dialog-note",
            )

    def on_mount(self) -> None:
        """Fill the list when the catalogue has been read."""
        self.query_one("#picker-list", OptionList).can_focus = False
        self.run_worker(self._fill(), exit_on_error=False)

    async def _fill(self) -> None:
        try:
            self._offers = await off_loop(partial(list_offers, local=self._local))
        except PlaygroundError as error:
            # Typing a reference still works.
            self.notify(one_line(str(error)), title=error.title, severity="error", markup=False)
        self._match(self.query_one("#picker-field", Input).value)

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A defect while the list is filled is told; typing a reference still works."""
        if event.state is WorkerState.ERROR:
            self.notify(one_line(repr(event.worker.error)), severity="error", markup=False)

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        self._match(message.value)

    def _match(self, query: str) -> None:
        query = query.strip()
        options = []
        exact = any(offer.ref == query for offer in self._offers)
        if ":" in query and not exact:
            options.append(Option(Content(f"Use {one_line(query)}"), id=query))
        found: list[tuple[float, Sequence[int], Offer]] = [(1, (), o) for o in self._offers]
        if query:
            found = [(*self._search.match(query, offer.label), offer) for offer in self._offers]
            # Stable: equal scores keep the order of the list, usable models first.
            found = sorted((hit for hit in found if hit[0] > 0), key=lambda hit: -hit[0])
        options += [
            Option(self._line(offer, offsets), id=offer.ref) for _, offsets, offer in found[:_SHOWN]
        ]
        listing = self.query_one("#picker-list", OptionList)
        listing.clear_options()
        listing.add_options(options)
        if options:
            refs = [option.id for option in options]
            at = refs.index(self._current) if not query and self._current in refs else 0
            listing.highlighted = at
        else:
            listing.add_option(Option(Content("nothing matches"), disabled=True))

    def _line(self, offer: Offer, matched: Sequence[int]) -> Content:
        style = "$foreground" if offer.ready else "$foreground 40%"
        label = Content.styled(offer.label, style)
        for offset in matched:
            label = label.stylize("bold $text-accent", offset, offset + 1)
        gap = max(_LABEL_WIDTH - cell_len(offer.label), 2)
        mark = "● " if offer.ref == self._current else "  "
        return Content.assemble(
            (mark, "$text-primary"), label, " " * gap, (offer.detail, "$foreground 60%")
        )

    def action_move(self, by: int) -> None:
        """Move in the list while the field keeps the keyboard."""
        listing = self.query_one("#picker-list", OptionList)
        if listing.option_count:
            now = listing.highlighted or 0
            listing.highlighted = min(max(now + by, 0), listing.option_count - 1)

    def action_dismiss_empty(self) -> None:
        """Leave everything as it is."""
        self.dismiss("")

    @on(Input.Submitted)
    def _chosen(self, message: Input.Submitted) -> None:
        listing = self.query_one("#picker-list", OptionList)
        if listing.highlighted is not None:
            option = listing.get_option_at_index(listing.highlighted)
            if option.id and not option.disabled:
                self.dismiss(option.id)
                return
        self.notify("Type a reference such as demo:small", severity="warning", markup=False)

    @on(OptionList.OptionSelected)
    def _clicked(self, message: OptionList.OptionSelected) -> None:
        if message.option.id:
            self.dismiss(message.option.id)
