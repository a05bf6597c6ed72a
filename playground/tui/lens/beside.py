"""Two answers to one prompt beside each other: where they part, and how each model rates both."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from playground.errors import PlaygroundError
from playground.lens.chain import Position, params_of_plan
from playground.lens.divergence import (
    Beginning,
    Divergence,
    Stretch,
    align,
    align_beginnings,
    rate,
    whole_divergences,
)
from playground.lens.meanings import Meaning, meanings
from playground.lens.parting import Parting, parting
from playground.lens.reading import Reading
from playground.lens.spelling import bytes_of
from playground.lens.tokens import plainly
from playground.tui.lens.subject import Subject
from playground.types import Token

__all__ = ["WHOLE", "Beside", "Rating"]

WHOLE = 200
"""Places at which whole distributions of two models are compared: a step of each for each."""

_CANDIDATES = 50


@dataclass(frozen=True, slots=True)
class Rating:
    """How one model rates one text; without a reading, `why` says why it cannot."""

    reading: Reading | None
    why: str = ""


class Beside:
    """An answer and another one to the same prompt.

    Answers of one model are compared token by token, those of two models by characters, because
    their tokenizers differ.
    """

    def __init__(self, one: Subject, other: Subject) -> None:
        self.one = one
        self.other = other
        self.ratings: dict[tuple[int, int], Rating] = {}
        """By text and by model, 0 for the one and 1 for the other; known after `rate`."""
        self.stretches: Sequence[Stretch] = ()
        """The text of the one, as both models cut it; known after `rate`. Where the other model
        cannot read it, only what the two answers begin with alike."""
        self.begun: Beginning | None = None
        """How far two answers of two models are the same, where the other cannot read the one."""
        self.whole: Sequence[Divergence] = ()
        """Before each token of the one, whole distributions compared; where that can be."""
        self.rated = False
        self._parted: tuple[tuple[int, int, bool], Parting | None] | None = None

    @property
    def same_model(self) -> bool:
        """Whether one model wrote both, so that they differ by settings and dice alone."""
        return self.one.ref == self.other.ref and not (self.one.foreign or self.other.foreign)

    @property
    def same_context(self) -> bool:
        """Whether both follow the same text, so that where they part the model thought the same."""
        one, other = self.one, self.other
        return tuple(one.messages) == tuple(other.messages) and one.beginning == other.beginning

    @property
    def live(self) -> bool:
        """Whether one of the two is still being written."""
        return self.one.live or self.other.live

    @property
    def leads(self) -> tuple[int, int] | None:
        """How many tokens of each say what the other was given as a text to begin with.

        None where they begin differently, or are not cut where that text ends.
        """
        one, other = self.one, self.other
        mine, theirs = one.beginning.encode(), other.beginning.encode()
        if theirs.startswith(mine):
            count = _saying(one.tokens, theirs[len(mine) :])
            return None if count is None else (count, 0)
        count = _saying(other.tokens, mine[len(theirs) :]) if mine.startswith(theirs) else None
        return None if count is None else (0, count)

    @property
    def parting(self) -> Parting | None:
        """The first token at which they differ; looked for anew only once either has grown.

        Its place is that in the one. None too where an answer is to go on beyond what it has.
        """
        one, other = self.one.tokens, self.other.tokens
        if not self.same_model or not one or not other:
            return None
        now = (len(one), len(other), self.live)
        if self._parted is None or self._parted[0] != now:
            self._parted = (now, self._found_parting(one, other))
        return self._parted[1]

    def _found_parting(self, one: Sequence[Token], other: Sequence[Token]) -> Parting | None:
        leads = self.leads
        if leads is None:
            return None
        found = parting(one[leads[0] :], other[leads[1] :]) if any(leads) else parting(one, other)
        if found is None:
            return None
        ends = (found.one.token is None, self.one), (found.other.token is None, self.other)
        if any(ended and side.live for ended, side in ends):
            # It has not ended there: its next token may be the same.
            return None
        return replace(found, place=found.place + leads[0])

    @property
    def chosen(self) -> tuple[bool, bool]:
        """Of which of the two the user chose the token where they part, to branch off with it."""
        found = self.parting
        if found is None:
            return False, False
        there = self.place_in_other(found.place)
        return found.place == len(self.one.taken) - 1, there == len(self.other.taken) - 1

    @property
    def alike(self) -> bool:
        """Whether two answers of two models, of which `begun` is known, are the same."""
        begun, sides = self.begun, (self.one, self.other)
        return begun is not None and (begun.one, begun.other) == tuple(
            len(side.tokens) for side in sides
        )

    @property
    def parted_at(self) -> int | None:
        """The token of the one with which the two part, as far as that is known."""
        if self.begun is not None:
            return None if self.alike else self.begun.one
        return None if self.parting is None else self.parting.place

    def throws(self, position: Position) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """The throws, from and up to, that pick each one's token where they part.

        `position` is what the model thought there of the one; None where they do not part, or
        follow other texts, or a plan is not known, or what it does is not computed.
        """
        if not self.same_context:
            return None
        found, plans = self.parting, (self.one.plan, self.other.plan)
        if found is None or plans[0] is None or plans[1] is None:
            return None
        tokens = [side.token for side in (found.one, found.other)]
        chains = [position.chain(params_of_plan(plan)) for plan in (plans[0], plans[1])]
        spans = [
            chain.interval(token.token_id)
            for chain, token in zip(chains, tokens, strict=True)
            if token is not None and token.token_id is not None and chain.computed
        ]
        return (spans[0], spans[1]) if len(spans) == 2 else None

    @property
    def meanings(self) -> Sequence[Meaning]:
        """The knobs that the two backends treat differently."""
        plans = [side.plan for side in (self.one, self.other)]
        return meanings([plan for plan in plans if plan is not None])

    def place_in_other(self, place: int) -> int | None:
        """Where the other model, or the other answer, stands at a token of the one."""
        if self.same_model:
            found, leads, last = self.parting, self.leads, len(self.other.tokens) - 1
            if leads is None or place < leads[0] or (found is not None and place > found.place):
                return None
            there = place - leads[0] + leads[1]
            return there if there <= last else None
        if self.begun is not None and place == self.begun.one:
            return self.begun.other
        stretch = self.stretch_at(place)
        return None if stretch is None else stretch.other[0]

    def stretch_at(self, place: int) -> Stretch | None:
        """The stretch that a token of the one is in."""
        return next((item for item in self.stretches if item.one[0] <= place < item.one[1]), None)

    async def rate(self) -> None:
        """Let each model rate both texts, as far as it can."""
        sides = (self.one, self.other)
        for text, wrote in enumerate(sides):
            for model, reads in enumerate(sides):
                self.ratings[text, model] = await self._rating(wrote, reads)
        mine, theirs = self.ratings[0, 0].reading, self.ratings[0, 1].reading
        if mine is not None and theirs is not None and mine.text == theirs.text:
            self.stretches = align(mine, theirs)
        own = self.ratings[1, 1].reading
        alike = self.one.beginning == self.other.beginning
        if theirs is None and mine is not None and own is not None and alike:
            self.begun = align_beginnings(mine, own)
            self.stretches = self.begun.stretches
        self.rated = True

    async def compare_whole(self) -> None:
        """Compare whole distributions, where both models have the same vocabulary."""
        one, other = self.one, self.other
        if one.model is None or other.model is None or one.beginning:
            return
        if one.foreign or other.foreign:
            # The model at hand is not the one that wrote it.
            return
        if await one.model.vocabulary() != await other.model.vocabulary():
            return
        ids = [token.token_id for token in one.tokens]
        known = [number for number in ids if number is not None]
        if len(known) == len(ids):
            self.whole = await whole_divergences(
                one.model, other.model, one.messages, known, most=WHOLE
            )

    async def _rating(self, wrote: Subject, reads: Subject) -> Rating:
        own = wrote is reads
        if own and wrote.tokens and not wrote.foreign:
            return Rating(Reading.of(wrote.tokens))
        # Of an answer that another model read, `model` is that one, and not who wrote it.
        if reads.model is None or reads.foreign or "score" not in reads.model.abilities:
            if own:
                return Rating(None, f"{reads.ref} told no log-probabilities with its answer")
            return Rating(None, f"{reads.ref} rates no text but its own")
        tokens = wrote.tokens
        text, before = Reading.of(tokens).text, wrote.beginning
        if not tokens:
            # Nobody knows where its own part begins: all of it is rated.
            text, before = wrote.version.text, ""
        try:
            return Rating(
                await rate(
                    reads.model, wrote.messages, text, alternatives=_CANDIDATES, prefix=before
                )
            )
        except PlaygroundError as error:
            return Rating(None, str(error))


def _saying(tokens: Sequence[Token], data: bytes) -> int | None:
    """How many tokens say these bytes together; None where no number of them does."""
    if not data:
        return 0
    for count, token in enumerate(plainly(tokens), start=1):
        said = bytes_of(token)
        if said is None or not data.startswith(said):
            return None
        data = data[len(said) :]
        if not data:
            return count
    return None
