"""The knobs of the sampler chain, one line each: turned over an answer that is there already."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Final

from rich.segment import Segment
from textual import events, on
from textual.app import ComposeResult
from textual.containers import VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.strip import Strip
from textual.widgets import Static

from playground.cells import fit
from playground.knobs import ORDERS, SAMPLERS
from playground.params import GenerationParams, knobs
from playground.tui.knob_text import range_of
from playground.tui.labels import number
from playground.tui.widgets.slider import Slider

__all__ = ["TURNED", "KnobLine", "LensKnobs"]

TURNED: Final = (
    "temperature",
    "top_k",
    "top_p",
    "min_p",
    "typical_p",
    "top_n_sigma",
    "repeat_penalty",
    "frequency_penalty",
    "presence_penalty",
    "penalty_window",
)
"""The knobs of the chain with a slider of their own, in the order of their use.

The order has a switch. Others stay as they were: what DRY and XTC do is not computed, and a dynamic
temperature is seldom used.
"""

_NAME: Final = 18
_VALUE: Final = 8
"""Cells of the name before the track, and of the value behind it."""


class OrderSwitch(Static, can_focus=True):
    """The order of the chain: llama.cpp's, or temperature first."""

    class Changed(Message):
        """The user wants the other order."""

    def on_key(self, event: events.Key) -> None:
        """Space, Enter and the arrows switch."""
        if event.key in ("space", "enter", "left", "right"):
            event.stop()
            self.post_message(self.Changed())

    def on_click(self, event: events.Click) -> None:
        """So does a click."""
        event.stop()
        self.post_message(self.Changed())


class KnobLine(Slider):
    """Name, slider and value in one line: as three widgets they would cost a frame three times.

    It calls `turn` with its knob's name and the value that is wanted, and waits to be shown it.
    """

    COMPONENT_CLASSES: ClassVar[set[str]] = {"knob--name", "knob--value", "knob--turned"}

    def __init__(self, name: str, turn: Callable[[str, float | None], None]) -> None:
        knob = knobs()[name]
        low, high = range_of(knob, None)
        super().__init__(low, high, knob.step or 1, id=f"lens-{name}", classes="lens-knob")
        self._knob = name
        self._turn = turn
        self._before: float | None = None

    def show(self, value: float | None, before: float | None) -> None:
        """Show a value, and in another tone where it is not the one that was used."""
        if (value, before) != (self.value, self._before):
            self._before = before
            self.value = value
            self.refresh()

    def _change(self, value: float | None) -> None:
        if value != self.value:
            self._turn(self._knob, value)

    @property
    def _room(self) -> int:
        return max(self.size.width - _NAME - _VALUE, 0)

    def _at_mouse(self, x: int) -> None:
        super()._at_mouse(x - _NAME)

    def render_line(self, y: int) -> Strip:
        """The name, the track and the value."""
        style = self.style_of
        shown = "off" if self.value is None else number(float(self.value))
        tone = "knob--value" if self.value == self._before else "knob--turned"
        return Strip(
            [
                Segment(fit(self._knob, _NAME), style("knob--name")),
                *self._track(),
                Segment(fit(shown, _VALUE, right=True), style(tone)),
            ]
        )


class LensKnobs(VerticalScroll, can_focus=False):
    """What the setting is now. What is unset stands at its neutral value, or else at its default.

    `turned_to` is called at once with every setting that the user turns to, so that all that
    follows from it is painted in the same frame; a message would come a frame later.
    """

    def __init__(
        self,
        *,
        id: str,  # noqa: A002 - Textual's word
        turned_to: Callable[[GenerationParams], None],
    ) -> None:
        super().__init__(id=id)
        self._used = GenerationParams()
        self._params = GenerationParams()
        self._turned_to = turned_to
        self._lines = {name: KnobLine(name, self._turn) for name in TURNED}
        self._order = OrderSwitch(classes="lens-order")
        self._named = ""
        self._turned = False

    def compose(self) -> ComposeResult:
        """The sliders, then the order."""
        yield from self._lines.values()
        yield self._order

    @property
    def params(self) -> GenerationParams:
        """The setting as it is turned."""
        return self._params

    @property
    def used(self) -> GenerationParams:
        """The setting that it began at: what was used."""
        return self._used

    @property
    def turned(self) -> bool:
        """Whether it is another one than what was used."""
        return self._turned

    def show(self, used: GenerationParams) -> None:
        """Begin at what was used."""
        self._used = self._params = used
        self._draw()

    def follow(self, used: GenerationParams) -> None:
        """Learn what was used: the knobs that were turned meanwhile stay as they were turned."""
        names = (*TURNED, "sampler_order")
        turned = {
            name: value
            for name in names
            if (value := getattr(self._params, name)) != getattr(self._used, name)
        }
        self._used, self._params = used, used.updated(**turned)
        self._draw()

    def reset(self) -> None:
        """Back to what was used."""
        self._take(self._used)

    def focus_first(self) -> None:
        """Give the keyboard to the first knob."""
        self._lines[TURNED[0]].focus()

    def _take(self, params: GenerationParams) -> None:
        self._params = params
        self._draw()
        self._turned_to(params)

    def _draw(self) -> None:
        self._turned = False
        for name, line in self._lines.items():
            value, before = _value(self._params, name), _value(self._used, name)
            self._turned = self._turned or value != before
            line.show(value, before)
        order = self._params.sampler_order or SAMPLERS
        self._turned = self._turned or order != (self._used.sampler_order or SAMPLERS)
        named = next((name for name, stages in ORDERS.items() if stages == order), "its own")
        if named == self._named:
            return
        self._named = named
        self._order.update(
            Content.assemble(
                ("order  ", "$foreground 70%"),
                (named, "bold"),
                ("  Space switches", "$foreground 50%"),
            ),
            layout=False,
        )

    def _turn(self, name: str, wanted: float | None) -> None:
        value: Any = wanted
        knob = knobs()[name]
        if value is None:
            value = knob.neutral
        if value is not None and knob.kind == "int":
            value = round(value)
        self._take(self._params.updated(**{name: value}))

    @on(OrderSwitch.Changed)
    def _switched(self, message: OrderSwitch.Changed) -> None:
        message.stop()
        now = self._params.sampler_order or SAMPLERS
        other = "temperature-first" if now == ORDERS["llama.cpp"] else "llama.cpp"
        self._take(self._params.updated(sampler_order=ORDERS[other]))


def _value(params: GenerationParams, name: str) -> float | None:
    value, knob = getattr(params, name), knobs()[name]
    if value is None:
        # The window of the penalties: no value of it is neutral, and they act by its default.
        value = knob.default if knob.neutral is None else knob.neutral
    return None if value is None else float(value)
