"""What every part of the lens stands on: the answer, its tokens and figures, drawn as they come."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from playground.lens.reading import Reading
from playground.lens.shading import MEASURES, Measure, Shade, shades_of
from playground.lens.spelling import spell
from playground.params import GenerationParams
from playground.sanitize import make_safe
from playground.tui.lens import words
from playground.tui.lens.beside import Beside
from playground.tui.lens.desk import Desk
from playground.tui.lens.subject import Subject
from playground.tui.lens.turned import Certain, TurnedAnswer
from playground.tui.lens.view import TokenView
from playground.tui.screens.full import FullScreen
from playground.tui.widgets.beside_view import BesideView
from playground.tui.widgets.candidate_bars import CandidateBars
from playground.tui.widgets.chain_table import ChainTable
from playground.tui.widgets.lens_knobs import LensKnobs
from playground.tui.widgets.token_text import TokenText
from playground.types import Token

__all__ = ["VIEWS", "LensFoundation"]

TICKS_PER_FIGURES: Final = 4
"""Figures of the whole answer take a look at all of it; twice a second is often enough."""

VIEWS: Final = (
    ("token", "Token"),
    ("chain", "Chain"),
    ("what-if", "What if"),
    ("surprises", "Surprises"),
    ("answers", "Answers"),
    ("beside", "Beside"),
)
"""What stands beside the text, and its title."""


class LensFoundation(FullScreen[None]):
    """One answer at a time, live or afterwards, and the token that is looked at."""

    FRAME = "#lens"
    VIEWS = tuple(name for name, _ in VIEWS)

    def __init__(self, subject: Subject, desk: Desk) -> None:
        super().__init__(id="lens-screen")
        self._subject = subject
        self._desk = desk
        self._looking = TokenView(subject, self._come)
        self._turned_answer = TurnedAnswer(subject)
        self._certain: Certain | None = None
        self._beside: Beside | None = None
        self._other_live = False
        self._reader = ""
        self._reading = Reading()
        self._measure: Measure = MEASURES[0]
        self._steps: list[int | None] = []
        self._shaded: tuple[Measure, list[Shade]] = (self._measure, [])
        self._ranked: tuple[int, ...] = ()
        self._listed: tuple[int, ...] | None = None
        self._ticks = 0
        self._was_live = subject.live

    @property
    def subject(self) -> Subject:
        """The answer that is looked at."""
        return self._subject

    @property
    def place(self) -> int:
        """The token that is looked at: under the mouse, else under the cursor."""
        hovered = self._text.hovered
        return self._text.cursor if hovered is None else hovered

    @property
    def _text(self) -> TokenText:
        return self.query_one("#lens-text", TokenText)

    @property
    def _knobs(self) -> LensKnobs:
        return self.query_one(LensKnobs)

    @property
    def _params(self) -> GenerationParams:
        """What is asked for next: as this answer was, with the knobs that were turned."""
        knobs = self._knobs
        return self._looking.asked(knobs.params) if knobs.turned else self._subject.params

    # What the parts add

    def action_view(self, name: str) -> None:
        """Show another view beside the text."""
        raise NotImplementedError

    def _fill_view(self) -> None:
        """Fill what stands beside the text, but for the token's own figures."""
        raise NotImplementedError

    def _colour(self) -> None:
        """Colour the tokens, as they were drawn or as the knobs are turned."""
        raise NotImplementedError

    def _show_legend(self) -> None:
        """Say what the colours mean."""
        raise NotImplementedError

    def _have_read(self) -> None:
        """Have an answer that ended without figures read by the model that wrote it."""
        raise NotImplementedError

    # The answer

    def look_at(self, subject: Subject, at: int | None = None) -> None:
        """Another answer, or the same with other figures, and `at` a token if one is wanted.

        Otherwise the cursor is on the first, and of an answer that is still coming on the last.
        """
        self._looking.close()
        self._looking = TokenView(subject, self._come)
        self._turned_answer = TurnedAnswer(subject)
        self._certain = None
        self._beside = None
        self._subject = subject
        self._was_live = subject.live
        self._show_subject(at)

    def _show_subject(self, at: int | None = None) -> None:
        subject, text = self._subject, self._text
        tokens = subject.tokens
        self._reading = Reading()
        self._reading.take(tokens)
        self._shaded = (self._measure, [])
        self._steps = self._recorded()
        self._knobs.show(self._looking.used)
        text.empty = "Waiting for the first token …" if subject.live else ""
        text.show(map(spell, tokens), self._steps, given=make_safe(subject.untold), at=at or 0)
        text.following = subject.live and at is None
        self._show_legend()
        self._show_figures()
        self._show_token()
        self._fitted()
        self._fill_view()
        self._have_read()

    def _tick(self) -> None:
        subject, text = self._subject, self._text
        if not subject.live and not self._was_live:
            return
        if self._knobs.used != self._looking.used:
            # Its plan has come since it was opened, or says more now: which seed was drawn.
            self._knobs.follow(self._looking.used)
            self._show_token()
        tokens = subject.tokens
        if len(tokens) > text.count:
            new = tokens[text.count :]
            self._reading.take(new)
            self._steps = self._recorded()
            first = not text.count
            text.extend(map(spell, new), self._steps)
            self._show_legend()
            if first:
                self._show_token()
        self._ticks += 1
        ended = self._was_live and not subject.live
        if ended or self._ticks % TICKS_PER_FIGURES == 0:
            self._show_figures()
        if ended:
            self._was_live = False
            self._reading.finish()
            self._turned_answer = TurnedAnswer(subject)
            self._fitted()
            if self._knobs.turned:
                self._colour()
            self._show_token()
            self._fill_view()
            self._have_read()

    def _show_figures(self) -> None:
        self._ranked = self._reading.surprising()
        head = words.head(self._subject, self._reading)
        # Two lines whatever they say: laying the screen out anew costs as much as drawing it.
        self.query_one("#lens-head", Static).update(head, layout=False)
        self._show_surprises()

    def _show_surprises(self) -> None:
        if self._ranked == self._listed:
            return
        self._listed = self._ranked
        listing = self.query_one("#lens-surprises", OptionList)
        tokens = self._reading.tokens
        listing.clear_options()
        listing.add_options([Option(words.surprise(place, tokens)) for place in self._ranked])

    def _recorded(self) -> list[int | None]:
        """The steps of the answer as it was drawn; of each token they are worked out once."""
        measure, known = self._shaded
        if measure != self._measure or len(known) > len(self._reading):
            known = []
        known += shades_of(self._measure, self._reading.tokens[len(known) :])
        self._shaded = (self._measure, known)
        return [shade.step for shade in known]

    def _shades(self, tokens: Sequence[Token]) -> list[int | None]:
        return [shade.step for shade in shades_of(self._measure, tokens)]

    # The token under the cursor

    def _come(self, place: int) -> None:
        """A whole distribution has come."""
        if place == self.place and self.is_attached:
            self._show_token()

    def _show_token(self) -> None:
        subject, looking = self._subject, self._looking
        bars, chain = self.query_one("#lens-bars", CandidateBars), self.query_one(ChainTable)
        about = self.query_one("#lens-token", Static)
        tokens, place = self._reading.tokens, self.place
        none = place >= len(tokens)
        about.set_class(none, "-why")
        # Knobs that are being turned keep the keyboard while the first token is waited for.
        self.query_one(self.FRAME).set_class(none and not subject.live, "-no-tokens")
        if none:
            about.update(words.no_figures(subject, self._desk.local_models(), self._reader))
            bars.show((), None)
            chain.show(())
            return
        text, turned = self._text, self._knobs.turned
        passing = subject.live and text.following and text.hovered is None and not turned
        found = looking.at(place, self._knobs.params, turned=turned, passing=passing)
        # Of what another model reads, nothing was drawn.
        drawn = "turned" if turned else "at its settings" if subject.foreign else "drawn from"
        # Its height is given: laying out anew is most of what a step could cost.
        about.update(words.token(self._reading, place, found.candidates, drawn), layout=False)
        bars.show(found.bars, place, drawn=drawn)
        if self._view == "chain":
            chain.show(found.links, found.why)
        if self._view == "beside" and self._beside is not None:
            position = looking.whole.at(place)
            self.query_one(BesideView).walk(place, found.bars, position, drawn=drawn)
