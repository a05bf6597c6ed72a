"""Another answer put beside the one under the lens, and the ways to where the two part."""

from __future__ import annotations

from functools import partial

from textual import on

from playground.errors import PlaygroundError
from playground.tui.labels import one_line
from playground.tui.latest import run_latest
from playground.tui.lens.beside import Beside
from playground.tui.lens.subject import Subject
from playground.tui.screens.lens.turning import LensTurning
from playground.tui.widgets.beside_view import BesideView

__all__ = ["LensBesides"]


class LensBesides(LensTurning):
    """Fetches, shows and has rated what stands beside the answer."""

    def action_other(self) -> None:
        """Put the next of the other answers beside this one."""
        if self._view != "beside":
            self.action_view("beside")
        else:
            self._begin_beside(1)

    def action_parting(self) -> None:
        """To the first token at which the two differ, or the next place where two models do."""
        if self._beside is None:
            self._tell("Nothing is beside it: 6 puts another answer there.")
            return
        found = self._beside.parted_at
        if found is not None:
            self._text.go(min(found, self._text.count - 1))
            return
        places = sorted(self.query_one(BesideView).places)
        here = self._text.cursor
        if places:
            self._text.go(next((place for place in places if place > here), places[0]))

    def _tick(self) -> None:
        super()._tick()
        beside = self._beside
        if beside is None or self._view != "beside" or not self._other_live:
            return
        if beside.other.live:
            self.query_one(BesideView).grow(self._shades(beside.other.tokens))
        else:
            self._other_live = False
            self._begin_beside()

    @on(BesideView.Chosen)
    def _stretch_chosen(self, message: BesideView.Chosen) -> None:
        message.stop()
        self._text.go(message.place)

    def _begin_beside(self, by: int = 0) -> None:
        """Put the answer there that stood there last, or one further on in the list."""
        run_latest(self, partial(self._put_beside, by), "beside")

    async def _put_beside(self, by: int) -> None:
        view, subject = self.query_one(BesideView), self._subject
        others = [*await self._desk.others(subject)]
        if not others:
            view.say("There is no other answer to this prompt: A asks again on the same dice.")
            return
        names = [(other.letter, *other.version.name) for other in others]
        at, before = 0, None if self._beside is None else self._beside.other
        if before is not None and (name := (before.letter, *before.version.name)) in names:
            at = names.index(name)
            if before.scorer == before.ref:
                # It has been read already.
                others[at] = before
            at = (at + by) % len(others)
        other = others[at]
        if subject.tokens and Beside(subject, other).same_model:
            other = await self._read_by_its_writer(other)
            if self._subject is not subject:
                return
        beside = self._beside = Beside(subject, other)
        self._other_live = other.live
        view.show(beside, at, len(others), self._shades(other.tokens))
        found = beside.parting
        if found is not None and found.place < self._text.count:
            self._text.go(found.place)
        self._colour()
        self._show_token()
        if beside.same_model or subject.live or beside.other.live:
            return
        await beside.rate()
        if self._beside is beside:
            view.rated()
            self._colour()
            self._show_token()
            await beside.compare_whole()
            view.rated()
            self._show_token()

    async def _read_by_its_writer(self, other: Subject) -> Subject:
        """An answer that ended without figures with those of the model that wrote it, if local."""
        if not other.unread or other.ref not in self._desk.local_models():
            return other
        self.query_one(BesideView).say(f"{one_line(other.ref)} reads the text …")
        try:
            return await self._desk.scored(other, other.ref)
        except PlaygroundError as error:
            self._tell(one_line(str(error)), title=error.title, bad=True)
            return other
