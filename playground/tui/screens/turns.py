"""The turns of a pane: choose one, and what to do with it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar, Literal, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from playground.cells import cut
from playground.tui.conversation import Conversation, Turn
from playground.tui.labels import one_line
from playground.tui.screens.dialog import Dialog
from playground.tui.widgets.fitted_text import KeyLine

__all__ = ["TurnAct", "TurnsScreen"]

Deed = Literal["edit", "fork", "look", "difference", "rate", "lens"]

_PROMPT_WIDTH, _ANSWER_WIDTH = 48, 44
_KEYS = (
    "Enter edits and resends · F forks into a new pane · D compares its answers · S rates the one "
    "in view · L looks at its tokens · Esc closes"
)


class TurnAct(NamedTuple):
    """What the user wants done with a turn.

    `edit` its prompt and resend it, `fork` a pane that goes on from it, `look` at it in the place
    of its edits, see the `difference` between its answers, `rate` the one in view, or look at it
    through the `lens`.
    """

    deed: Deed
    turn: Turn


class TurnsScreen(Dialog[TurnAct | None]):
    """Gives back a turn and what to do with it, or nothing if it was left with Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel"),
        Binding("f", "do('fork')", "Fork"),
        Binding("d", "do('difference')", "Compare"),
        Binding("e", "do('edit')", "Edit"),
        Binding("s", "do('rate')", "Rate"),
        Binding("l", "do('lens')", "Lens"),
    ]

    def __init__(self, title: str, conversation: Conversation) -> None:
        super().__init__()
        self._title = title
        self._rows = list(_rows(conversation))

    def compose(self) -> ComposeResult:
        """The turns in view, with the edits beside them indented."""
        with Vertical(id="turns", classes="dialog"):
            yield Static(Content(self._title), classes="dialog-title")
            yield OptionList(
                *(Option(_line(row)) for row in self._rows),
                id="turns-list",
                classes="listing",
                markup=False,
            )
            yield KeyLine(_KEYS, classes="dialog-note")

    def on_mount(self) -> None:
        """Begin at the latest turn in view."""
        listing = self.query_one(OptionList)
        listing.highlighted = max(
            (place for place, row in enumerate(self._rows) if row.in_view), default=0
        )

    @on(OptionList.OptionSelected)
    def _chosen(self) -> None:
        row = self._row
        if row is not None:
            self.action_do("edit" if row.in_view else "look")

    def action_do(self, deed: Deed) -> None:
        """Give back the highlighted turn and what to do with it."""
        row = self._row
        if row is not None:
            self.dismiss(TurnAct(deed if row.in_view else "look", row.turn))

    def action_leave(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)

    @property
    def _row(self) -> _Row | None:
        place = self.query_one(OptionList).highlighted
        return self._rows[place] if place is not None else None


class _Row(NamedTuple):
    turn: Turn
    number: int
    in_view: bool


def _rows(conversation: Conversation) -> Sequence[_Row]:
    """Each turn in view, followed by its edits that are not."""
    rows = []
    for number, turn in enumerate(conversation.turns, start=1):
        rows.append(_Row(turn, number, in_view=True))
        rows += [
            _Row(other, number, in_view=False)
            for other in conversation.siblings(turn)
            if other is not turn
        ]
    return rows


def _line(row: _Row) -> Content:
    turn = row.turn
    prompt = cut(one_line(turn.prompt), _PROMPT_WIDTH)
    count = len(turn.versions)
    mark = f" ({count} answers)" if count > 1 else ""
    if not row.in_view:
        return Content.assemble(
            ("     ↳ ", "$foreground 50%"),
            (prompt, "$foreground 60%"),
            (" (Enter: look)", "$accent"),
        )
    return Content.assemble(
        (f"{row.number:>3}  ", "$text-primary"),
        (prompt, "$foreground bold"),
        (f"  {cut(one_line(turn.answer), _ANSWER_WIDTH)}{mark}", "$foreground 60%"),
    )
