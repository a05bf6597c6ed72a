"""The knobs of the sampler chain, one line each: turned over an answer that is there already."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from textual import events, on
from textual.app import ComposeResult
from textual.containers import Horizontal, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import Static

from playground.knobs import ORDERS, SAMPLERS
from playground.params import GenerationParams, knobs
from playground.tui.knob_text import range_of
from playground.tui.labels import number
from playground.tui.widgets.slider import Slider

__all__ = ["TURNED", "LensKnobs"]

TURNED = (
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
"""The knobs with a slider of their own, in the order of their use."""


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


class _Line(Horizontal):
    """Name, slider, value."""

    def __init__(self, name: str) -> None:
        super().__init__(classes="lens-knob")
        knob = knobs()[name]
        low, high = range_of(knob, None)
        self.knob = knob
        self.slider = Slider(
            low, high, knob.step or 1, id=f"lens-{name}", classes="lens-slider knob-slider"
        )
        self._label = Static(Content(name), classes="lens-name")
        self._value = Static(classes="lens-value")
        self._shown: object = None

    def compose(self) -> ComposeResult:
        """Side by side."""
        yield self._label
        yield self.slider
        yield self._value

    def show(self, value: float | None, before: float | None) -> None:
        """Show a value, and in another tone where it is not the one that was used."""
        if (value, before) == self._shown:
            return
        self._shown = (value, before)
        self.slider.value = value
        shown = "off" if value is None else number(float(value))
        self._value.update(
            Content.styled(shown, "$text-accent bold" if value != before else "$foreground 70%"),
            # Its room is given: nothing is to be laid out anew.
            layout=False,
        )


class LensKnobs(VerticalScroll, can_focus=False):
    """Says with `Turned` what the setting is now. What is unset stands at its neutral value."""

    class Turned(Message):
        """Some knob was turned."""

        def __init__(self, params: GenerationParams) -> None:
            super().__init__()
            self.params = params

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._used = GenerationParams()
        self._params = GenerationParams()
        self._lines = {name: _Line(name) for name in TURNED}
        self._order = OrderSwitch(classes="lens-order")

    def compose(self) -> ComposeResult:
        """The sliders, then the order."""
        yield from self._lines.values()
        yield self._order

    @property
    def params(self) -> GenerationParams:
        """The setting as it is turned."""
        return self._params

    @property
    def turned(self) -> bool:
        """Whether it is another one than what was used."""
        return _chain_of(self._params) != _chain_of(self._used)

    def show(self, used: GenerationParams) -> None:
        """Begin at what was used."""
        self._used = self._params = used
        self._draw()

    def reset(self) -> None:
        """Back to what was used."""
        self._take(self._used)

    def focus_first(self) -> None:
        """Give the keyboard to the first knob."""
        self._lines[TURNED[0]].slider.focus()

    def _take(self, params: GenerationParams) -> None:
        self._params = params
        self._draw()
        self.post_message(self.Turned(params))

    def _draw(self) -> None:
        for name, line in self._lines.items():
            line.show(_value(self._params, name), _value(self._used, name))
        order = self._params.sampler_order or SAMPLERS
        named = next((name for name, stages in ORDERS.items() if stages == order), "its own")
        self._order.update(
            Content.assemble(
                ("order  ", "$foreground 70%"),
                (named, "bold"),
                ("  Space switches", "$foreground 50%"),
            ),
            layout=False,
        )

    @on(Slider.Changed)
    def _slid(self, message: Slider.Changed) -> None:
        message.stop()
        name = (message.slider.id or "").removeprefix("lens-")
        value: Any = message.value
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
    value = getattr(params, name)
    return knobs()[name].neutral if value is None else float(value)


def _chain_of(params: GenerationParams) -> Mapping[str, object]:
    return {
        **{name: _value(params, name) for name in TURNED},
        "order": params.sampler_order or SAMPLERS,
    }
