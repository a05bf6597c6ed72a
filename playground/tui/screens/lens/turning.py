"""Knobs turned over the answer under the lens: its colours, and what would have become of it."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Final

from textual.widgets import Static

from playground.lens.shading import MEASURES, called, legend, step_of
from playground.params import GenerationParams
from playground.tui.latest import run_latest
from playground.tui.lens import words
from playground.tui.screens.lens.foundation import LensFoundation
from playground.tui.widgets.temperature_curve import TemperatureCurve
from playground.tui.widgets.token_legend import TokenLegend
from playground.tui.widgets.token_text import CUT, PARTED, Mark

__all__ = ["LensTurning"]

_PAUSE: Final = 0.06
"""Seconds for which a knob stands still before a model reads the answer again."""


class LensTurning(LensFoundation):
    """Answers the knobs: a sketch of the colours at once, what is certain a moment later."""

    def _turned(self, _params: GenerationParams) -> None:
        self._certain = None
        self._show_token()
        self._colour()
        self._show_what_if()
        if not self._subject.live and (self._view == "what-if" or self._turned_answer.exact):
            self._find_certain()

    def _expect_knobs(self) -> None:
        """Get ready for the first turn of a knob."""
        if not self._subject.live:
            run_latest(self, self._turned_answer.lay_out, "sketch")

    def _find_certain(self) -> None:
        if self._reading.tokens and not self._subject.live:
            run_latest(self, self._certainly, "what if")

    async def _certainly(self) -> None:
        """What is certain at the setting as it stands now, once it has stood for a moment."""
        await asyncio.sleep(_PAUSE)
        knobs, answer = self._knobs.params, self._turned_answer
        self._certain = await answer.certain(knobs)
        self._colour()
        self._show_what_if()
        if self._view == "what-if":
            await asyncio.sleep(_PAUSE)
            curve = await answer.curve(knobs)
            self.query_one(TemperatureCurve).show(curve, knobs.temperature)

    def _show_what_if(self) -> None:
        if self._view != "what-if":
            return
        curve, knobs = self.query_one(TemperatureCurve), self._knobs
        about = words.what_if(self._turned_answer, self._certain, self._reading, knobs.turned)
        self.query_one("#lens-what", Static).update(about)
        curve.show(curve.all_points, knobs.params.temperature, "The curve is being drawn …")

    def action_knobs(self) -> None:
        """To the knobs, in the view of the chain where this one has none."""
        if not self._reading.tokens:
            self._tell("There are no tokens that a knob could be turned over.")
            return
        if self._view not in ("chain", "what-if"):
            self.action_view("chain")
        self._knobs.focus_first()

    def action_reset(self) -> None:
        """The knobs as they were when the answer was made."""
        self._knobs.reset()

    # Colours

    def action_measure(self) -> None:
        """Colour by the next measure."""
        at = MEASURES.index(self._measure)
        self._measure = MEASURES[(at + 1) % len(MEASURES)]
        self._colour()

    @property
    def _turns_colours(self) -> bool:
        """Whether the colours are those of a setting that was turned over the answer."""
        return self._knobs.turned and not self._subject.live

    def _colour(self) -> None:
        """Colours, and marks on tokens that the setting would have cut."""
        marks: dict[int, Mark] = {}
        if self._turns_colours:
            certain = self._certain
            answer, knobs = self._turned_answer, self._knobs.params
            shares = certain.shares if certain is not None else answer.sketch(knobs)
            self._steps = self._turned_steps(shares)
            marks = {place: CUT for place, share in enumerate(shares) if share == 0}
        else:
            self._steps = self._recorded()
        found = self._beside.parted_at if self._beside is not None else None
        if found is not None and self._view == "beside":
            marks[found] = PARTED
        self._text.colour(self._steps)
        self._text.mark(marks)
        self._show_legend()

    def _turned_steps(self, shares: Sequence[float | None]) -> list[int | None]:
        """The steps at the setting as it stands; a rank is the model's, and no knob moves it."""
        measure = self._measure
        if measure == "rank":
            return self._recorded()
        if measure == "entropy":
            shares = self._turned_answer.entropies(self._knobs.params)
        return [None if value is None else step_of(measure, value) for value in shares]

    def _show_legend(self) -> None:
        steps = [step.meaning for step in legend(self._measure)]
        # Of a turned knob they are a sketch, but for the ranks, which no knob moves.
        recorded = not self._turns_colours or self._measure == "rank"
        name = called(self._measure, self._shaded[1] if recorded else ())
        self.query_one(TokenLegend).show(name, steps, self._legend_note)

    @property
    def _legend_note(self) -> str:
        """Whose the colours are; only probabilities are ever more than a sketch when turned."""
        if not self._turns_colours:
            return "C changes"
        if self._measure == "rank":
            return "the model's; cut ones are marked"
        certain = self._certain if self._measure == "probability" else None
        exact = certain is not None and certain.found.exact
        return "as turned" if exact else "as turned, a sketch"
