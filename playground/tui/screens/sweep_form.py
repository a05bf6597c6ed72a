"""Define a sweep: what it would take, and what is wrong with it, are said while it is written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Final, Literal

from textual import events, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.types import CSSPathType
from textual.widgets import Button, Input, SelectionList, Static, TextArea
from textual.widgets.selection_list import Selection
from textual.worker import Worker, WorkerState

from playground.errors import PlaygroundError
from playground.sweep.definition import Sweep
from playground.tui.labels import one_line
from playground.tui.latest import run_latest
from playground.tui.screens.dialog import SWEEP_STYLES, Dialog
from playground.tui.screens.prompt_filling import FilledPrompt
from playground.tui.screens.prompt_library import PromptLibrary
from playground.tui.screens.reader import Reader
from playground.tui.sweeps.form import Field, Look, Written, pasted
from playground.tui.sweeps.form_words import (
    fixed_text,
    forecast_text,
    remarks_text,
    swept_text,
    words_text,
)
from playground.tui.widgets.sweep_fields import (
    CommandArea,
    CommandInput,
    CommandPasted,
    ModelChoice,
    is_command,
)

__all__ = ["SweepForm"]

Wanted = Sweep | Literal["kept"] | None
"""The sweep that is to begin, or the list of those that are kept."""

ROOMY: Final = 34
"""Lines of the terminal from which on there are gaps between the fields."""

_PAUSE: Final = 0.2
"""Seconds after the last letter before what is written is looked at."""

_KNOBS: Final = "temperature 0:2:0.25"
"""What the form begins with; a prompt of the library suggests its own instead."""

_NUMBERS: Final[tuple[tuple[Field, str, str], ...]] = (
    ("samples", "samples a cell", "{usual}"),
    ("max_length", "max_length", "as set"),
    ("seed", "seed", "drawn"),
    ("budget", "budget, $", "none"),
)


class SweepForm(Dialog[Wanted]):
    """Gives back a sweep that can begin, or None if it was left with Escape.

    `look` says what is written means; it reads files and opens models, beside the event loop.
    """

    CSS_PATH: ClassVar[CSSPathType | None] = SWEEP_STYLES
    AUTO_FOCUS = "#form-knobs"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+s", "start", "Start", priority=True),
        Binding("alt+k", "kept", "Kept sweeps", priority=True),
        Binding("alt+a", "library", "Prompt library", priority=True),
        Binding("alt+c", "copy", "Copy command", priority=True),
        Binding("f1", "words", "Every word", priority=True),
        Binding("pageup", "page(-1)", "Page up", show=False, priority=True),
        Binding("pagedown", "page(1)", "Page down", show=False, priority=True),
        Binding("escape", "leave", "Cancel"),
    ]

    def __init__(
        self,
        written: Written,
        models: Sequence[str],
        look: Callable[[Written], Awaitable[Look]],
    ) -> None:
        super().__init__()
        self._before = written
        self._models = tuple(models)
        self._look = look
        self._found = Look()
        self._looked_at: Written | None = None

    def compose(self) -> ComposeResult:
        """The fields, each over what is wrong with it, then what it means, and the buttons."""
        before = self._before
        with Vertical(id="form", classes="dialog"):
            yield Static(Content("Sweep: one prompt at many settings"), classes="dialog-title")
            with VerticalScroll(id="form-fields", can_focus=False):
                yield _label("Prompt", "Alt+A or @ typed first opens the library")
                yield CommandArea(id="form-prompt", library=True)
                yield _problem("prompt")
                yield _label("Models", "Space chooses")
                yield ModelChoice(
                    *(_choice(ref, ref in before.models) for ref in self._models),
                    id="form-models",
                    compact=True,
                )
                yield _problem("models")
                yield _label(
                    "Swept, a line each",
                    "temperature 0:2:0.25 · top_p 0.5,0.9,1 · min_p 0.01:1:log5",
                )
                yield CommandArea(id="form-knobs")
                yield Static(
                    Content(
                        "also: random 40 · optimise distinct-2 · prompts cases.csv · "
                        "metric exact · F1 lists all"
                    ),
                    classes="form-hint",
                )
                yield _problem("knobs")
                with Horizontal(id="form-numbers"):
                    for field, title, placeholder in _NUMBERS:
                        with Vertical(classes="form-number"):
                            yield _label(title)
                            yield CommandInput(
                                getattr(before, field),
                                placeholder=placeholder.format(usual=before.usual),
                                id=f"form-{field}", compact=True,
                            )  # fmt: skip
                for field, _, _ in _NUMBERS:
                    yield _problem(field)
                yield _problem("")
                yield Static(id="form-meaning")
                yield Static(id="form-remarks")
                yield Static(id="form-command")
            with Vertical(id="form-end"):
                yield Static(id="form-forecast")
                with Horizontal(id="form-row"):
                    yield Button("Start  ^S", id="form-start", variant="primary", compact=True)
                    yield Button("Cancel  Esc", id="form-cancel", compact=True)
                    yield Button("Copy command  Alt+C", id="form-copy", compact=True)
                    yield Button("Kept sweeps  Alt+K", id="form-kept", compact=True)

    def on_mount(self) -> None:
        """Put in what was written before."""
        self.query_one("#form-prompt", TextArea).load_text(self._before.prompt)
        knobs = self.query_one("#form-knobs", TextArea)
        knobs.load_text(self._before.knobs)
        knobs.move_cursor(knobs.document.end)
        if not self._before.prompt:
            self.query_one("#form-prompt").focus()
        self._changed()

    def on_resize(self, event: events.Resize) -> None:
        """Without gaps where there are few lines."""
        self.query_one("#form").set_class(event.size.height < ROOMY, "-compact")

    def action_page(self, by: int) -> None:
        """Where not everything has room: to its end, or back."""
        fields = self.query_one("#form-fields")
        fields.scroll_end(animate=False) if by > 0 else fields.scroll_home(animate=False)

    @property
    def written(self) -> Written:
        """What is in the fields."""
        chosen = set(self.query_one(SelectionList).selected)
        return self._before._replace(
            prompt=self.query_one("#form-prompt", TextArea).text,
            models=tuple(ref for ref in self._models if ref in chosen),
            knobs=self.query_one("#form-knobs", TextArea).text,
            samples=self._number("samples"),
            max_length=self._number("max_length"),
            seed=self._number("seed"),
            budget=self._number("budget"),
        )

    def _number(self, field: Field) -> str:
        return self.query_one(f"#form-{field}", Input).value

    @on(TextArea.Changed)
    @on(Input.Changed)
    @on(SelectionList.SelectedChanged)
    def _changed(self) -> None:
        run_latest(self, self._look_again, "look")

    async def _look_again(self) -> None:
        await asyncio.sleep(_PAUSE)
        await self._understand()

    async def _understand(self) -> None:
        written = self.written
        found = await self._look(written)
        self._found, self._looked_at = found, written
        for field in ("prompt", "models", "knobs", *(name for name, _, _ in _NUMBERS), ""):
            texts = [one_line(problem.text) for problem in found.problems if problem.field == field]
            place = self.query_one(f"#problem-{field or 'all'}", Static)
            place.update(Content("\n".join(texts)))
            place.set_class(bool(texts), "-told")
        meaning = self.query_one("#form-meaning", Static)
        forecast = self.query_one("#form-forecast", Static)
        remarks = self.query_one("#form-remarks", Static)
        remarks.update(remarks_text(found.remarks))
        remarks.set_class(bool(found.remarks), "-told")
        if found.sweep is not None and found.forecast is not None:
            fixed = fixed_text(found.sweep)
            told = f"\nThe same in every cell: {one_line(fixed)}" if fixed else ""
            meaning.update(
                Content.assemble(one_line(swept_text(found.sweep)), (told, "$foreground 60%"))
            )
            forecast.update(forecast_text(found.sweep, found.forecast, remarks=len(found.remarks)))
        else:
            meaning.update("")
            forecast.update("")
        command = one_line(found.command or found.unsaid)
        self.query_one("#form-command", Static).update(Content(command))

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A defect while it is looked at is told, and the form stays."""
        if event.state is WorkerState.ERROR:
            self.notify(one_line(repr(event.worker.error)), severity="error", markup=False)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        {
            "form-start": self.action_start,
            "form-copy": self.action_copy,
            "form-kept": self.action_kept,
            "form-cancel": self.action_leave,
        }[str(event.button.id)]()

    @on(Input.Submitted)
    def action_start(self) -> None:
        """Begin it, if it can begin as it stands."""
        run_latest(self, self._start, "look")

    async def _start(self) -> None:
        # What was typed a moment ago counts too.
        if self._looked_at != self.written:
            await self._understand()
        if self._found.sweep is not None:
            self.dismiss(self._found.sweep)
        else:
            self.notify("It cannot begin yet: see what stands in red.", markup=False)

    # Other ways in and out

    def on_paste(self, event: events.Paste) -> None:
        """A command counts wherever it is pasted."""
        if is_command(event.text):
            self.post_message(CommandPasted(event.text))

    @on(CommandPasted)
    def _command_pasted(self, message: CommandPasted) -> None:
        try:
            written = pasted(message.text)
        except PlaygroundError as error:
            self.notify(one_line(str(error)), title=error.title, severity="error", markup=False)
            return
        models = self.query_one(SelectionList)
        for ref in written.models:
            if ref not in self._models:
                self._models = (*self._models, ref)
                models.add_option(_choice(ref, False))
        if written.models:
            models.deselect_all()
            for ref in written.models:
                models.select(ref)
        self.query_one("#form-prompt", TextArea).load_text(written.prompt)
        self.query_one("#form-knobs", TextArea).load_text(written.knobs)
        for field, _, placeholder in _NUMBERS:
            box = self.query_one(f"#form-{field}", Input)
            box.value = getattr(written, field)
            box.placeholder = placeholder.format(usual=written.usual)
        self._before = self._before._replace(usual=written.usual)
        self.notify("The form is filled in as the command says.", markup=False)

    @on(CommandArea.LibraryWanted)
    def action_library(self) -> None:
        """Choose a prompt of the library; what it suggests counts where nothing else is said."""
        library = PromptLibrary(whom="the sweep", sends=False)
        self.app.push_screen(library, self._take_prompt)

    def _take_prompt(self, filled: FilledPrompt | None) -> None:
        if filled is None:
            return
        named = filled.asked
        variables = {name: str(value) for name, value in named.values.items() if str(value)}
        on_a_line = filled.suggested and not any("\n" in value for value in variables.values())
        prompt = named.prompt.reference if on_a_line else named.text
        self.query_one("#form-prompt", TextArea).load_text(prompt)
        knobs = self.query_one("#form-knobs", TextArea)
        lines = [line for line in knobs.text.splitlines() if not line.startswith("var ")]
        if named.prompt.sweep and on_a_line:
            lines = [line for line in lines if line != _KNOBS]
        if on_a_line:
            lines += [f"var {name}={value}" for name, value in variables.items()]
        knobs.load_text("\n".join(lines))
        knobs.focus()

    def action_copy(self) -> None:
        """Put the command that starts the same sweep on the clipboard."""
        if self._found.command:
            self.app.copy_to_clipboard(self._found.command)
            self.notify("Copied: the command that starts this sweep from a shell.", markup=False)
        elif self._found.unsaid:
            self.notify(one_line(self._found.unsaid), severity="warning", markup=False)
        else:
            self.notify("It cannot begin yet: see what stands in red.", markup=False)

    def action_words(self) -> None:
        """Everything that a line may say."""
        self.app.push_screen(Reader("What a line may say", words_text(), id="sweep-words"))

    def action_kept(self) -> None:
        """Look at those that are kept instead."""
        self.dismiss("kept")

    def action_leave(self) -> None:
        """Begin nothing."""
        self.dismiss(None)


def _label(title: str, hint: str = "") -> Static:
    text = Content.assemble((title, "$text-primary"), (f"  {hint}", "$foreground 60%"))
    return Static(text, classes="form-label")


def _choice(ref: str, chosen: bool) -> Selection[str]:
    return Selection(Content(one_line(ref)), ref, chosen)


def _problem(field: Field) -> Static:
    return Static(id=f"problem-{field or 'all'}", classes="form-problem")
