"""From the answer under the lens to others: read by a model, asked again, branched, looked up."""

from __future__ import annotations

from functools import partial

from textual import on
from textual.widgets import OptionList
from textual.widgets.option_list import Option

from playground.tui.labels import one_line
from playground.tui.latest import run_latest
from playground.tui.lens import words
from playground.tui.lens.beside import Beside
from playground.tui.lens.branches import Twig, branches_of
from playground.tui.lens.desk import Desk
from playground.tui.lens.subject import Subject
from playground.tui.screens.lens.foundation import LensFoundation
from playground.tui.widgets.candidate_bars import Bar, CandidateBars

__all__ = ["LensAnswering"]


class LensAnswering(LensFoundation):
    """Has models read, repeat and continue what is looked at."""

    def __init__(self, subject: Subject, desk: Desk) -> None:
        super().__init__(subject, desk)
        self._twigs: list[Twig] = []

    # Answers without figures

    def action_score(self) -> None:
        """Have the text scored by the model that wrote it, or by another local one."""
        subject = self._subject
        if subject.live:
            self._tell("It is still being written.")
            return
        refs = self._desk.local_models()
        if subject.ref in refs:
            run_latest(self, partial(self._score, subject.ref), "score")
        elif refs:
            run_latest(self, partial(self._score, refs[0]), "score")
        else:
            self.action_score_by()

    def action_score_by(self) -> None:
        """Have the text scored by a model of the user's choosing."""
        run_latest(self, self._score_by, "score")

    async def _score_by(self) -> None:
        ref = await self._desk.choose_model(self._subject.ref)
        if ref:
            await self._score(ref)

    def _have_read(self) -> None:
        # One pass over the text by a model that is open anyway: who opens the lens came for this.
        subject = self._subject
        if subject.unread and subject.ref in self._desk.local_models():
            run_latest(self, partial(self._score, subject.ref), "score")

    async def _score(self, ref: str) -> None:
        subject = self._subject
        if subject.tokens:
            self._tell(f"{one_line(ref)} reads the text …")
        self._reader = ref
        self._show_token()
        try:
            scored = await self._desk.scored(subject, ref)
        finally:
            self._reader = ""
            if self.is_attached:
                self._show_token()
        if self._subject is subject:
            self.look_at(scored)

    def action_again(self) -> None:
        """Ask the same prompt again with the knobs as they stand, and log-probabilities."""
        run_latest(self, self._again, "again")

    async def _again(self) -> None:
        before = self._subject
        again = await self._desk.ask_again(before, self._params)
        if again is not None:
            self.look_at(again)
            # Both threw the same dice: what differs now differs by the setting.
            self._beside = Beside(again, before)

    def action_log(self) -> None:
        """Have the next answers bring their figures along."""
        self._tell(self._desk.ask_for_figures(self._subject))

    # Branches

    @on(CandidateBars.Taken)
    def _taken(self, message: CandidateBars.Taken) -> None:
        message.stop()
        place = self.place
        if message.bar.chosen and not self._knobs.turned:
            self._tell("That is the token that was drawn: choose another one, or turn a knob.")
        elif self._subject.live:
            self._tell("It is still being written.")
        else:
            run_latest(self, partial(self._branch, place, message.bar), "branch")

    async def _branch(self, place: int, bar: Bar) -> None:
        token = self._looking.candidate(place, bar.token_id, bar.name)
        made = await self._desk.branch(self._subject, place, token, self._params)
        if made is not None:
            # Of an answer whose beginning was given as text, the branch is part of that.
            self.look_at(made, max(len(made.taken) - 1, 0))

    # The tree of answers

    def _show_answers(self) -> None:
        subject = self._subject
        self._twigs = [*branches_of(subject.turn)]
        listing = self.query_one("#lens-answers", OptionList)
        here = next((at for at, t in enumerate(self._twigs) if t.version == subject.version), None)
        listing.clear_options()
        listing.add_options(
            [Option(words.twig(twig, here=at == here)) for at, twig in enumerate(self._twigs)]
        )
        listing.highlighted = here

    @on(OptionList.OptionSelected, "#lens-answers")
    def _answer_chosen(self, message: OptionList.OptionSelected) -> None:
        message.stop()
        twig = self._twigs[message.option_index]
        run_latest(self, partial(self._go_to, twig), "answers")

    async def _go_to(self, twig: Twig) -> None:
        self.look_at(await self._desk.at(self._subject, twig.version))

    def action_compare(self) -> None:
        """What differs between this answer and the one that is marked in the list."""
        listing = self.query_one("#lens-answers", OptionList)
        at = listing.highlighted
        others = [twig for twig in self._twigs if twig.version != self._subject.version]
        if not others:
            self._tell(
                "There is no other answer to this prompt yet: Enter on a candidate makes one."
            )
            return
        chosen = self._twigs[at] if at is not None and at < len(self._twigs) else others[0]
        if chosen.version == self._subject.version:
            chosen = others[-1]
        self._desk.compare(self._subject, chosen.version)
