"""The details of a run, with a key for each form in which it can be copied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from textual.binding import Binding, BindingType

from playground.tui.screens.reader import Reader
from playground.tui.widgets.fitted_text import Passage

__all__ = ["DetailsScreen"]


class DetailsScreen(Reader):
    """Shows the details; `copy` is called with a form of `playground.commands.FORMS`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("r", "copy('receipt')", "Copy the receipt"),
        Binding("p", "copy('python')", "Copy as Python"),
        Binding("c", "copy('curl')", "Copy as curl"),
        Binding("l", "copy('llama-cli')", "Copy as llama-cli"),
    ]
    NOTE: ClassVar[str] = "Copy: R receipt · P Python · C curl · L llama-cli · Enter or Esc closes"

    def __init__(self, title: str, body: Sequence[Passage], copy: Callable[[str], None]) -> None:
        super().__init__(title, body, id="details")
        self._copy = copy

    def action_copy(self, form: str) -> None:
        """Put what repeats the run on the clipboard."""
        self._copy(form)
