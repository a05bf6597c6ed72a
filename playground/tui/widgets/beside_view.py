"""Another answer beside the one under the lens: where they part, and what each model made of it."""

from __future__ import annotations

from collections.abc import Sequence

from textual import on
from textual.app import ComposeResult
from textual.containers import Container, Vertical, VerticalScroll
from textual.content import Content
from textual.message import Message
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from playground.lens.candidates import Candidates
from playground.lens.chain import Position, params_of_plan
from playground.lens.divergence import parted_most
from playground.lens.spelling import spell
from playground.sanitize import make_safe
from playground.tui.lens import beside_words
from playground.tui.lens.beside import Beside
from playground.tui.lens.view import bar_of
from playground.tui.widgets.candidate_bars import Bar, CandidateBars
from playground.tui.widgets.token_text import PARTED, TokenText
from playground.types import Token

__all__ = ["BesideView"]


class BesideView(Vertical):
    """Draws a `Beside`. `Chosen` says at which token of the one the user wants to look."""

    class Chosen(Message):
        """A place was chosen from the list."""

        def __init__(self, place: int) -> None:
            super().__init__()
            self.place = place

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._beside: Beside | None = None
        self._listed: list[int] = []

    def compose(self) -> ComposeResult:
        """Who is beside whom; the other's text or the stretches; both distributions; meanings."""
        yield Static(id="beside-head")
        yield TokenText(id="beside-text")
        yield OptionList(id="beside-list", classes="listing", markup=False)
        yield Static(id="beside-said")
        with Container(id="beside-bars"):
            yield CandidateBars(id="beside-here")
            yield CandidateBars(id="beside-there")
        with VerticalScroll(id="beside-more"):
            yield Static(id="beside-meanings")

    @property
    def places(self) -> Sequence[int]:
        """The tokens at which two models are furthest apart."""
        return self._listed

    def say(self, text: str) -> None:
        """There is nothing to show, and why."""
        self._beside = None
        self.query_one("#beside-head", Static).update(Content(text))
        self.set_class(False, "-same", "-models")
        self.set_class(True, "-alone")

    def show(self, beside: Beside, at: int, count: int, steps: Sequence[int | None]) -> None:
        """Show another answer, the `at`th of so many; `steps` colour its tokens."""
        self._beside = beside
        self.set_class(False, "-alone")
        self.set_class(beside.same_model, "-same")
        self.set_class(not beside.same_model, "-models")
        self.query_one("#beside-head", Static).update(beside_words.head(beside, at, count))
        text = self.query_one("#beside-text", TokenText)
        tokens = beside.other.tokens
        text.empty = "Nothing of it has come yet." if beside.other.live else "It is empty."
        found = beside.parting
        text.show(map(spell, tokens), steps, given=make_safe(beside.other.untold))
        there = None if found is None else beside.place_in_other(found.place)
        if found is not None:
            # Where it ended, at its last token.
            text.go(max(len(tokens) - 1, 0) if there is None else there)
            text.mark({} if there is None else {there: PARTED})
        self.query_one("#beside-said", Static).update(beside_words.said(beside))
        self.query_one("#beside-meanings", Static).update(beside_words.meanings(beside))
        self.query_one("#beside-more").can_focus = bool(beside.meanings)
        self._list()

    def grow(self, steps: Sequence[int | None]) -> None:
        """Show what has come meanwhile of the other answer; `steps` colour all its tokens."""
        text = self.query_one("#beside-text", TokenText)
        if self._beside is not None and len(self._beside.other.tokens) > text.count:
            text.extend(map(spell, self._beside.other.tokens[text.count :]), steps)
            self.query_one("#beside-said", Static).update(beside_words.said(self._beside))

    def rated(self) -> None:
        """The models have rated the texts."""
        if self._beside is not None:
            self.query_one("#beside-said", Static).update(beside_words.said(self._beside))
            self._list()

    def _list(self) -> None:
        beside = self._beside
        listing = self.query_one("#beside-list", OptionList)
        listing.clear_options()
        self._listed = []
        # Two models of which neither rates the other have what both answers begin with, or nothing.
        rated = beside is not None and beside.rated and not beside.same_model
        bare = rated and not (beside and beside.stretches)
        self.set_class(bare, "-bare")
        self.set_class(bare and not (beside and beside.begun), "-apart")
        if beside is None or not beside.stretches:
            return
        ranked = parted_most(beside.stretches)
        self._listed = [beside.stretches[place].one[0] for place in ranked]
        listing.add_options(
            Option(beside_words.stretch(beside, beside.stretches[place])) for place in ranked
        )

    def walk(
        self, place: int, here: Sequence[Bar], position: Position | None, *, drawn: str
    ) -> None:
        """The cursor stands at a place of the one, which has these candidates there.

        `position` is the whole distribution there, which answers of one model have in common;
        `drawn` says what the second bars of the one are.
        """
        beside = self._beside
        if beside is None:
            return
        parting = beside.parting
        if position is not None and parting is not None and parting.place == place:
            self.query_one("#beside-said", Static).update(beside_words.said(beside, position))
        self.query_one("#beside-here", CandidateBars).show(here, place, drawn=drawn, name="here")
        there = self.query_one("#beside-there", CandidateBars)
        found = beside.place_in_other(place)
        tokens = self._tokens_there(beside)
        if found is None or found >= len(tokens):
            there.show((), None, name="there")
            return
        there.show(self._bars_there(beside, tokens[found], position), found, name="there")
        text = self.query_one("#beside-text", TokenText)
        if beside.same_model and found < text.count:
            text.go(found)

    @staticmethod
    def _bars_there(beside: Beside, token: Token, position: Position | None) -> list[Bar]:
        plan = beside.other.plan
        known = beside.same_model and beside.same_context
        if not known or position is None or plan is None:
            return [bar_of(row) for row in Candidates.of_token(token).rows]
        chain = position.chain(params_of_plan(plan))
        rows = position.candidates(chain, recorded=token, chosen=token.token_id).rows
        return [bar_of(row, chain) for row in rows]

    @staticmethod
    def _tokens_there(beside: Beside) -> Sequence[Token]:
        """The other answer's tokens, or how the other model reads the one."""
        if beside.same_model or beside.begun is not None:
            return beside.other.tokens
        rating = beside.ratings.get((0, 1))
        return rating.reading.tokens if rating is not None and rating.reading is not None else ()

    @on(OptionList.OptionSelected, "#beside-list")
    def _stretch_chosen(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        self.post_message(self.Chosen(self._listed[message.option_index]))

    @on(CandidateBars.Taken)
    def _bar_taken(self, message: CandidateBars.Taken) -> None:
        """Branches are begun in the view of the token, where it is plain whose they are."""
        message.stop()
