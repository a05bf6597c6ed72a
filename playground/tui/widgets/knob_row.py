"""The controls of one knob: its name and state, a slider where it is a number, and a field."""

from __future__ import annotations

from pydantic import JsonValue
from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.message import Message
from textual.widgets import Input, Static

from playground.errors import InvalidParameter
from playground.params import Knob
from playground.tui.knob_text import range_of, read_value, state_text, write_value
from playground.tui.labels import one_line
from playground.tui.widgets.safe_text import SafeInput
from playground.tui.widgets.slider import Slider
from playground.types import KnobSupport

__all__ = ["KnobRow"]


class UnsetButton(Static):
    """The × that takes a value away."""

    class Pressed(Message):
        """It was clicked."""

    def on_click(self, event: events.Click) -> None:
        """Take the value away."""
        event.stop()
        self.post_message(self.Pressed())


class KnobRow(Vertical):
    """One knob of the drawer. It knows the knob only through its declaration.

    It proposes values with `Changed`; whoever keeps the params answers with `show` or `complain`.
    """

    DEFAULT_CSS = """
    KnobRow {
        height: auto;
        padding: 0 1;
    }

    KnobRow:focus-within {
        background: $panel;
    }

    .knob-label {
        height: 1;
        text-wrap: nowrap;
        text-overflow: ellipsis;
    }

    KnobRow.-refused > .knob-label {
        height: auto;
        text-wrap: wrap;
    }

    .knob-controls {
        height: 1;
    }

    .knob-slider {
        width: 1fr;
        height: 1;
        margin: 0 1 0 0;
    }

    .knob-slider > .slider--filled { color: $primary; }
    .knob-slider > .slider--track { color: $border; }
    .knob-slider > .slider--thumb { color: $primary; text-style: bold; }
    .knob-slider > .slider--ghost { color: $text-muted; }
    .knob-slider:focus > .slider--thumb { color: $accent; }
    .knob-slider:focus > .slider--ghost { color: $accent; }
    .knob-slider:disabled { opacity: 40%; }

    .knob-field {
        width: 1fr;
        height: 1;
        background: $background;
    }

    KnobRow.-numeric .knob-field {
        width: 12;
    }

    .knob-field:focus {
        background: $background;
        tint: $primary 10%;
    }

    .knob-unset {
        width: 2;
        height: 1;
        text-align: right;
        color: $text-muted;
        visibility: hidden;
    }

    KnobRow.-set > .knob-controls > .knob-unset {
        visibility: visible;
    }

    .knob-unset:hover {
        color: $text-error;
    }

    .knob-problem {
        display: none;
        height: auto;
        color: $text-error;
    }

    KnobRow.-invalid > .knob-problem {
        display: block;
    }
    """

    class Changed(Message):
        """The user wants another value, or none."""

        def __init__(self, row: KnobRow, value: JsonValue) -> None:
            super().__init__()
            self.row = row
            self.value = value

    def __init__(self, knob: Knob) -> None:
        kind = "knob-row -numeric" if knob.numeric else "knob-row"
        super().__init__(classes=kind, id=f"knob-{knob.name}")
        self.knob = knob
        self._label = Static(classes="knob-label")
        self._problem = Static(classes="knob-problem")
        self._field = SafeInput(compact=True, classes="knob-field", select_on_focus=False)
        self._unset = UnsetButton("×", classes="knob-unset")
        low, high = range_of(knob, None)
        self._slider = (
            Slider(low, high, knob.step or 1, classes="knob-slider") if knob.numeric else None
        )

        self._shown: object = None
        self._complaint = ""

    def compose(self) -> ComposeResult:
        """Name and state; slider, field and ×; what is wrong with the text in the field."""
        yield self._label
        with Horizontal(classes="knob-controls"):
            if self._slider is not None:
                yield self._slider
            yield self._field
            yield self._unset
        yield self._problem

    def on_mount(self) -> None:
        """Say what the knob means when the mouse rests on its name."""
        self._label.tooltip = Content(self.meaning)
        self._unset.tooltip = Content("Unset")
        self._field.placeholder = "" if self.knob.numeric else _hint(self.knob)

    @property
    def meaning(self) -> str:
        """What the knob does, its range and unit, as sentences."""
        knob = self.knob
        extent = f" {knob.range_text} {knob.unit}".rstrip() if knob.range_text else ""
        return f"{knob.meaning}{extent and f' Range:{extent}.'}"

    def show(
        self, value: object, support: KnobSupport | None, others: tuple[object, ...] = ()
    ) -> None:
        """Show a value and how the model takes the knob. `others` are values of other panes."""
        if (value, support, others) == self._shown:
            # A drawer shows all its rows whenever one knob is turned; most have not changed.
            return
        self._shown = (value, support, others)
        self.complain("")
        refused = support is not None and support.accepted is False
        self.set_class(refused, "-refused")
        self.set_class(value is not None, "-set")
        self._field.disabled = refused
        if self._slider is not None:
            self._slider.disabled = refused
            self._slider.set_range(*range_of(self.knob, support))
            self._slider.value = _as_float(value)
            self._slider.ghost = _as_float(support.default) if support is not None else None
        if value is None or not self._field.has_focus:
            # Never rewritten under the fingers: `1.` is not yet `1.5`.
            with self._field.prevent(Input.Changed):
                self._field.value = write_value(value)
        state = one_line(state_text(self.knob, support, value))
        if len({repr(other) for other in (value, *others)}) > 1:
            values = " | ".join(write_value(other) or "unset" for other in (value, *others))
            state = f"panes differ: {one_line(values)}"
        self._label.update(
            Content.assemble(
                (self.knob.name, "$foreground" if not refused else "$foreground 40%"),
                (f"  {state}" if state else "", "$text-warning" if refused else "$foreground 60%"),
            )
        )

    def complain(self, problem: str) -> None:
        """Show why the text in the field was not taken; an empty string withdraws it."""
        if problem != self._complaint:
            self._complaint = problem
            self._problem.update(Content(one_line(problem)))
            self.set_class(bool(problem), "-invalid")

    @on(Slider.Changed)
    def _slid(self, message: Slider.Changed) -> None:
        message.stop()
        value: JsonValue = message.value
        if message.value is not None and self.knob.kind == "int":
            value = round(message.value)
        self.post_message(self.Changed(self, value))

    @on(Input.Changed)
    def _typed(self, message: Input.Changed) -> None:
        """Take what is typed as soon as it is valid: there is no Enter to forget."""
        message.stop()
        try:
            value = read_value(self.knob, message.value)
        except InvalidParameter as error:
            self.complain(error.message)
            return
        self.post_message(self.Changed(self, value))

    @on(Input.Submitted)
    def _submitted(self, message: Input.Submitted) -> None:
        message.stop()

    @on(UnsetButton.Pressed)
    def _unset_pressed(self, message: UnsetButton.Pressed) -> None:
        message.stop()
        self.post_message(self.Changed(self, None))


def _hint(knob: Knob) -> str:
    return 'text, or a list: ["a", "b"]' if knob.kind == "words" else '{"name": value}'


def _as_float(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None
