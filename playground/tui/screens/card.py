"""A conversation's card: its title, its tags, whether it is pinned."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Checkbox, Input, Static

from playground.tui.screens.dialog import Dialog
from playground.tui.widgets.fitted_text import KeyLine
from playground.tui.widgets.safe_text import SafeInput

__all__ = ["Card", "CardScreen"]


class Card(NamedTuple):
    """What stands on it."""

    title: str
    tags: tuple[str, ...]
    pinned: bool


class PinBox(Checkbox, inherit_bindings=False):
    """Ticked with the space bar, so that Enter saves here too; a star or a blank, not a colour."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("space", "toggle_button", "Pin", show=False),
    ]

    def render(self) -> Content:
        """The box and its words."""
        self.BUTTON_INNER = "★" if self.value else " "
        return super().render()


class CardScreen(Dialog[Card | None]):
    """Gives back the card as it was filled in, or None if it was left with Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel"),
        Binding("enter,ctrl+s", "save", "Save"),
    ]

    def __init__(self, card: Card) -> None:
        super().__init__()
        self._card = card

    def compose(self) -> ComposeResult:
        """Two fields and a box to tick."""
        card = self._card
        with Vertical(id="card", classes="dialog"):
            yield Static(Content("This conversation"), classes="dialog-title")
            yield SafeInput(card.title, placeholder="Title", id="card-title", classes="field")
            yield SafeInput(
                ", ".join(card.tags),
                placeholder="Tags, with commas between them",
                id="card-tags",
                classes="field",
            )
            yield PinBox("Pinned: at the top of the history", card.pinned, compact=True)
            yield KeyLine(
                "Enter saves · Tab moves · Space pins · Esc leaves", classes="dialog-note"
            )

    @on(Input.Submitted)
    def _entered(self) -> None:
        self.action_save()

    def action_save(self) -> None:
        """Give it back."""
        tags = (tag.strip() for tag in self.query_one("#card-tags", Input).value.split(","))
        self.dismiss(
            Card(
                title=self.query_one("#card-title", Input).value.strip(),
                tags=tuple(filter(None, tags)),
                pinned=self.query_one(Checkbox).value,
            )
        )

    def action_leave(self) -> None:
        """Leave everything as it is."""
        self.dismiss(None)
