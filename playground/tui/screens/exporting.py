"""Choose in which format, and into which file, a conversation is written."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from playground.export import FORMATS
from playground.tui.screens.dialog import Dialog
from playground.tui.widgets.safe_text import SafeInput

__all__ = ["Export", "ExportScreen"]


class Export(NamedTuple):
    """A format's name and the path of a file."""

    format: str
    path: str


class ExportScreen(Dialog[Export | None]):
    """Gives back format and path, or None if it was left with Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel"),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
    ]

    def compose(self) -> ComposeResult:
        """The formats over a field for the file's name."""
        with Vertical(id="export", classes="dialog"):
            yield Static(Content("Export this conversation"), classes="dialog-title")
            yield OptionList(
                *(Option(Content(f"{name:<12}{kind.title}")) for name, kind in FORMATS.items()),
                id="export-list",
                classes="choices",
                markup=False,
            )
            yield SafeInput("conversation", id="export-path", classes="field")
            yield Static(
                Content("Enter writes the file; one that is there already is left alone"),
                classes="dialog-note",
            )

    def on_mount(self) -> None:
        """The field keeps the keyboard, the arrows choose the format."""
        listing = self.query_one(OptionList)
        listing.can_focus = False
        listing.highlighted = 0
        self.query_one(Input).focus()

    @property
    def _format(self) -> str:
        return list(FORMATS)[self.query_one(OptionList).highlighted or 0]

    def action_move(self, by: int) -> None:
        """Choose another format."""
        listing = self.query_one(OptionList)
        listing.highlighted = ((listing.highlighted or 0) + by) % len(FORMATS)

    @on(OptionList.OptionHighlighted)
    def _format_chosen(self) -> None:
        """Give the file the ending of the format."""
        field = self.query_one(Input)
        stem = field.value
        for kind in FORMATS.values():
            stem = stem.removesuffix(kind.suffix)
        whole = field.selected_text == field.value
        field.value = stem + FORMATS[self._format].suffix
        if whole:
            # What is typed next still takes the place of all of it.
            field.action_select_all()

    @on(Input.Submitted)
    def _entered(self) -> None:
        path = self.query_one(Input).value.strip()
        if path:
            self.dismiss(Export(self._format, path))

    def action_leave(self) -> None:
        """Write nothing."""
        self.dismiss(None)
