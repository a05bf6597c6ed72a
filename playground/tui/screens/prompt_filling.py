"""Fill in the gaps of a prompt, see what will be sent, send it or put it into the prompt box."""

from __future__ import annotations

from typing import ClassVar, NamedTuple

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.types import CSSPathType
from textual.widgets import Static, TextArea

from playground.errors import PlaygroundError
from playground.prompts import AskedPrompt, Prompt, Variable
from playground.sanitize import make_safe
from playground.tui.labels import brief, one_line
from playground.tui.screens.dialog import PROMPT_STYLES, Dialog
from playground.tui.widgets.fitted_text import KeyLine
from playground.tui.widgets.safe_text import SafeTextArea

__all__ = ["FilledPrompt", "PromptFilling"]

_LINE_BREAKS = ("ctrl+j", "shift+enter", "alt+enter")
_KEYS = (
    "Enter sends it in a new conversation · ^O puts it into the prompt box · Tab next · Esc back"
)
_KEYS_OF_A_FORM = "Enter takes it into the form · Tab next · Esc back"
_HEAD, _MUTED = "$text-primary", "$foreground 60%"


class FilledPrompt(NamedTuple):
    """A prompt with its gaps filled in, and what to do with it.

    `send` begins a new conversation with it; else its text goes into the prompt box. `suggested`
    says whether its params and system prompt are to be set.
    """

    asked: AskedPrompt
    send: bool
    suggested: bool


class _Gap(SafeTextArea):
    """A field for one variable: Enter sends, ^J breaks the line, arrows turn choices."""

    class Entered(Message):
        """Enter was pressed."""

    def __init__(self, name: str, variable: Variable) -> None:
        super().__init__(
            id=f"gap-{name}", highlight_cursor_line=False, compact=True, classes="gap-field"
        )
        self.variable_name = name
        self.variable = variable
        self.load_text(str(variable.shown))

    def on_key(self, event: events.Key) -> None:
        """See the class."""
        super().on_key(event)
        if event.key == "enter":
            event.stop()
            event.prevent_default()
            self.post_message(self.Entered())
        elif event.key in _LINE_BREAKS:
            event.stop()
            event.prevent_default()
            self.insert("\n")
        elif event.key in ("up", "down") and self.variable.choices:
            event.stop()
            event.prevent_default()
            self._turn(1 if event.key == "down" else -1)

    def _turn(self, by: int) -> None:
        choices = self.variable.choices
        now = choices.index(self.text) if self.text in choices else -1
        self.load_text(choices[(now + by) % len(choices)])


class PromptFilling(Dialog[FilledPrompt | None]):
    """Gives back the prompt as it was filled in, or None if it was left with Escape.

    Where it is wanted for a form (`sends` is false) nothing is said of sending.
    """

    CSS_PATH: ClassVar[CSSPathType | None] = PROMPT_STYLES
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Back"),
        Binding("enter", "send", "Send"),
        Binding("ctrl+o", "insert", "Into the box", priority=True),
        Binding("ctrl+t", "suggestions", "Suggestions", priority=True),
    ]

    def __init__(self, prompt: Prompt, *, whom: str, sends: bool = True) -> None:
        super().__init__()
        self._of = prompt
        self._whom = whom
        self._sends = sends
        self._suggested = True

    def compose(self) -> ComposeResult:
        """A field for each variable over what will be sent."""
        with Vertical(id="filling", classes="dialog"):
            title = f"{self._of.title}, to {self._whom}"
            yield Static(Content(one_line(title)), classes="dialog-title")
            with VerticalScroll(id="filling-gaps", can_focus=False):
                for name, variable in self._of.variables.items():
                    yield Static(_label(name, variable), classes="gap-label")
                    yield _Gap(name, variable)
            with VerticalScroll(id="filling-preview", can_focus=not self._of.variables):
                yield Static(id="filling-text")
            yield Static(id="filling-suggests")
            keys = _KEYS if self._sends else _KEYS_OF_A_FORM
            yield KeyLine(keys, classes="dialog-note")

    def on_mount(self) -> None:
        """Show it with its defaults and examples."""
        self.query_one("#filling-gaps").display = bool(self._of.variables)
        for gap in self.query(_Gap):
            gap.select_all()
        self._show()

    @property
    def _asked(self) -> AskedPrompt:
        gaps = self.query(_Gap)
        return AskedPrompt(self._of, {gap.variable_name: gap.text for gap in gaps})

    @on(TextArea.Changed)
    def _show(self) -> None:
        try:
            text = _text(self._asked)
        except PlaygroundError as error:
            text = Content.styled(make_safe(str(error)), "$text-error")
        self.query_one("#filling-text", Static).update(text)
        suggests = self.query_one("#filling-suggests", Static)
        suggests.display = bool(self._of.suggestion or self._of.system)
        suggests.update(_suggests(self._of, used=self._suggested))

    def action_suggestions(self) -> None:
        """With what the prompt suggests, or without."""
        self._suggested = not self._suggested
        self._show()

    @on(_Gap.Entered)
    def action_send(self) -> None:
        """Send it, if every gap is filled in."""
        self._give(send=True)

    def action_insert(self) -> None:
        """Put the text into the prompt box."""
        self._give(send=False)

    def _give(self, *, send: bool) -> None:
        asked = self._asked
        try:
            _ = asked.messages
        except PlaygroundError as error:
            text = one_line(str(error))
            self.notify(text, title=error.title, severity="error", markup=False)
            return
        self.dismiss(FilledPrompt(asked, send, self._suggested))

    def action_leave(self) -> None:
        """Back to the library."""
        self.dismiss(None)


def _label(name: str, variable: Variable) -> Content:
    about = f"  {one_line(variable.description)}" if variable.description else ""
    if variable.choices:
        about += f"  ↑ ↓ one of {len(variable.choices)}"
    return Content.assemble((name, "bold"), (about, _MUTED))


def _text(asked: AskedPrompt) -> Content:
    """The messages as they will be sent."""
    parts: list[str | tuple[str, str]] = []
    for message in asked.messages:
        role = {"system": "System prompt", "user": "You", "assistant": "Model"}[message.role]
        parts += [(f"{role}\n", _HEAD), f"{make_safe(message.content)}\n"]
    return Content.assemble(*parts)


def _suggests(prompt: Prompt, *, used: bool) -> Content:
    settings = [f"{name} {brief(value)}" for name, value in prompt.suggestion.items()]
    if prompt.system:
        settings.append("its system prompt")
    head = "Sets  " if used else "Does not set  "
    style = "$foreground" if used else "$foreground 50% strike"
    return Content.assemble((head, _HEAD), (", ".join(settings), style), ("  ^T switches", _MUTED))
