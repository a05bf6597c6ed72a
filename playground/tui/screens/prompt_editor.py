"""Edit the file of a prompt; what is wrong with it is said, with its line, before it is kept."""

from __future__ import annotations

import re
from typing import ClassVar, NamedTuple

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.types import CSSPathType
from textual.widgets import Input, Static

from playground.background import off_loop
from playground.errors import PlaygroundError, UsageError
from playground.prompts import OWN_CATEGORY, Prompt, save_prompt
from playground.sanitize import make_safe
from playground.tui.screens.dialog import PROMPT_STYLES, Dialog
from playground.tui.widgets.fitted_text import KeyLine
from playground.tui.widgets.safe_text import SafeInput, SafeTextArea

__all__ = ["Draft", "PromptEditor"]

_KEYS = "^S keeps it among your own prompts · Tab moves · Esc leaves it as it was"
_LINE = re.compile(r"line (\d+)")


class Draft(NamedTuple):
    """A prompt's text (TOML), under the name and in the category that it is to have."""

    name: str
    category: str
    text: str


class PromptEditor(Dialog[Prompt | None]):
    """Gives back the prompt that was kept, or None if it was left with Escape."""

    CSS_PATH: ClassVar[CSSPathType | None] = PROMPT_STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "save", "Save", priority=True),
        Binding("escape", "leave", "Cancel"),
    ]

    def __init__(self, draft: Draft) -> None:
        super().__init__()
        self._draft = draft
        self._leaving = False

    def compose(self) -> ComposeResult:
        """Name and category over the text."""
        with Vertical(id="prompt-editor", classes="dialog"):
            yield Static(Content("A prompt of your own"), classes="dialog-title")
            with Horizontal(id="prompt-editor-names"):
                yield SafeInput(
                    self._draft.name, placeholder="a-name", id="prompt-name", classes="field"
                )
                yield SafeInput(
                    self._draft.category, placeholder=OWN_CATEGORY, id="prompt-category",
                    classes="field",
                )  # fmt: skip
            yield SafeTextArea(
                self._draft.text, id="prompt-text", show_line_numbers=True, tab_behavior="focus"
            )
            yield Static(id="prompt-problem")
            yield KeyLine(_KEYS, classes="dialog-note")

    def on_mount(self) -> None:
        """Begin with what is missing: the name, else the text."""
        self.query_one("#prompt-name" if not self._draft.name else "#prompt-text").focus()

    @property
    def _written(self) -> Draft:
        return Draft(
            self.query_one("#prompt-name", Input).value.strip(),
            self.query_one("#prompt-category", Input).value.strip() or OWN_CATEGORY,
            self.query_one(SafeTextArea).text,
        )

    def action_save(self) -> None:
        """Keep it, if it is a prompt."""
        self.run_worker(self._save(), exit_on_error=False, exclusive=True)

    async def _save(self) -> None:
        name, category, text = self._written
        before = self._draft.text if name == self._draft.name else None
        try:
            kept = await off_loop(lambda: save_prompt(text, name, category, instead_of=before))
        except PlaygroundError as error:
            self._complain(error)
        else:
            self.dismiss(kept)

    def _complain(self, error: PlaygroundError) -> None:
        """Say what is wrong, and go to where it is."""
        said = str(error)
        self.query_one("#prompt-problem", Static).update(
            Content.styled(make_safe(said), "$text-error")
        )
        area = self.query_one(SafeTextArea)
        if found := _LINE.search(said):
            line = min(int(found[1]), area.document.line_count) - 1
            area.move_cursor((line, 0), center=True)
            area.focus()
        elif isinstance(error, UsageError):
            self.query_one("#prompt-name").focus()

    def action_leave(self) -> None:
        """Leave; where something was written, only at the second time."""
        if self._written == self._draft or self._leaving:
            self.dismiss(None)
            return
        self._leaving = True
        self.query_one("#prompt-problem", Static).update(
            Content("It is not kept yet: ^S keeps it, Esc again leaves it.")
        )
