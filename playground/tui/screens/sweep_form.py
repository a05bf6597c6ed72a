"""Define a sweep: what it would take, and what is wrong with it, are said while it is written."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import ClassVar, Final, Literal

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.content import Content
from textual.types import CSSPathType
from textual.widgets import Button, Input, SelectionList, Static, TextArea
from textual.widgets.selection_list import Selection
from textual.worker import Worker, WorkerState

from playground.sweep.definition import Sweep
from playground.sweep.forecast import Forecast
from playground.tui.labels import count, duration, money, one_line
from playground.tui.latest import run_latest
from playground.tui.screens.dialog import SWEEP_STYLES, Dialog
from playground.tui.sweeps.form import Field, Look, Written, fixed_text
from playground.tui.widgets.safe_text import SafeInput, SafeTextArea

__all__ = ["SweepForm", "forecast_text"]

Wanted = Sweep | Literal["kept"] | None
"""The sweep that is to begin, or the list of those that are kept."""

_PAUSE: Final = 0.2
"""Seconds after the last letter before what is written is looked at."""

_KNOBS: Final = "temperature 0:2:0.25"
_NUMBERS: Final[tuple[tuple[Field, str, str], ...]] = (
    ("samples", "samples a cell", "1"),
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
        Binding("ctrl+o", "kept", "Kept sweeps", priority=True),
        Binding("escape", "leave", "Cancel"),
    ]

    def __init__(
        self,
        written: Written,
        models: Sequence[str],
        look: Callable[[Written], Awaitable[Look]],
        *,
        pane: str,
    ) -> None:
        super().__init__()
        self._before = written
        self._models = models
        self._look = look
        self._pane = pane
        self._found = Look()
        self._looked_at: Written | None = None

    def compose(self) -> ComposeResult:
        """The fields, each over what is wrong with it, then the forecast and the buttons."""
        before = self._before
        with Vertical(id="form", classes="dialog"):
            with VerticalScroll(id="form-fields", can_focus=False):
                yield Static(Content("Sweep: one prompt at many settings"), classes="dialog-title")
                yield Static(Content("Prompt"), classes="form-label")
                yield SafeTextArea(id="form-prompt", compact=True, highlight_cursor_line=False,
                                   tab_behavior="focus")  # fmt: skip
                yield _problem("prompt")
                yield Static(Content("Models · Space chooses"), classes="form-label")
                yield SelectionList[str](
                    *(
                        Selection(Content(one_line(ref)), ref, ref in before.models)
                        for ref in self._models
                    ),
                    id="form-models",
                    compact=True,
                )
                yield _problem("models")
                yield Static(
                    Content(
                        "Swept, a line each: temperature 0:2:0.25 · top_p 0.5,0.9,1 · "
                        "min_p 0.01:1:log5"
                    ),
                    classes="form-label",
                )
                yield SafeTextArea(id="form-knobs", compact=True, highlight_cursor_line=False,
                                   tab_behavior="focus")  # fmt: skip
                yield _problem("knobs")
                with Horizontal(id="form-numbers"):
                    for field, title, placeholder in _NUMBERS:
                        with Vertical(classes="form-number"):
                            yield Static(Content(title), classes="form-label")
                            yield SafeInput(
                                getattr(before, field), placeholder=placeholder, id=f"form-{field}",
                                compact=True,
                            )  # fmt: skip
                for field, _, _ in _NUMBERS:
                    yield _problem(field)
                yield Static(id="form-fixed", classes="form-label")
                yield Static(id="form-forecast")
                yield _problem("")
            with Horizontal(id="form-row"):
                yield Button("Start  ^S", id="form-start", variant="primary", compact=True)
                yield Button("Kept sweeps  ^O", id="form-kept", compact=True)
                yield Button("Cancel  Esc", id="form-cancel", compact=True)

    def on_mount(self) -> None:
        """Put in what was written before."""
        self.query_one("#form-prompt", TextArea).load_text(self._before.prompt)
        knobs = self.query_one("#form-knobs", TextArea)
        knobs.load_text(self._before.knobs or _KNOBS)
        knobs.move_cursor(knobs.document.end)
        self._changed()

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
        fixed = fixed_text(written.params, written.system, written.knobs)
        told = f"Fixed, as pane {self._pane} has them: {one_line(fixed)}"
        self.query_one("#form-fixed", Static).update(Content(told))
        forecast = self.query_one("#form-forecast", Static)
        if found.sweep is not None and found.forecast is not None:
            forecast.update(forecast_text(found.sweep, found.forecast))
        else:
            forecast.update("")

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A defect while it is looked at is told, and the form stays."""
        if event.state is WorkerState.ERROR:
            self.notify(one_line(repr(event.worker.error)), severity="error", markup=False)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        {
            "form-start": self.action_start,
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

    def action_kept(self) -> None:
        """Look at those that are kept instead."""
        self.dismiss("kept")

    def action_leave(self) -> None:
        """Begin nothing."""
        self.dismiss(None)


def forecast_text(sweep: Sweep, expected: Forecast) -> Content:
    """What it would take at most: `9 cells · 72 runs · 4,320 tokens · free · 12 s at most`."""
    parts = [
        f"{sweep.cells:,} cell{'' if sweep.cells == 1 else 's'}",
        f"{expected.runs:,} runs",
        f"{count(expected.tokens)} tokens at most",
    ]
    unpriced = [model.ref for model in expected.models if model.cost is None]
    if expected.cost is not None:
        parts.append("free" if expected.cost == 0 else f"{money(expected.cost)} at most")
    if unpriced:
        parts.append(f"no price is known for {', '.join(map(one_line, unpriced))}")
    if expected.seconds is not None:
        parts.append(f"{duration(expected.seconds)} at most")
    else:
        parts.append("how long, its first answers will tell")
    return Content.styled(" · ".join(parts), "$text-success")


def _problem(field: Field) -> Static:
    return Static(id=f"problem-{field or 'all'}", classes="form-problem")
