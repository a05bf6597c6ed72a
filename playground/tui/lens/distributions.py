"""The whole distributions behind an answer's tokens: fetched in the background, the latest kept."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

from playground.background import off_loop
from playground.lens.chain import Position
from playground.lens.tokens import Tokens
from playground.providers.base import ChatModel
from playground.tui.lens.subject import Subject

__all__ = ["BYTES_A_TOKEN", "MOST_BYTES", "Distributions"]

MOST_BYTES: Final = 160 * 1024 * 1024
"""Of all that is kept: thirteen places of a vocabulary of 128k, eight hundred of a small one."""

BYTES_A_TOKEN: Final = 96
"""Of the vocabulary, at one place: ids and logits in order and what is worked out of them, once for
the model's own and once for what a penalty makes of it."""

_LARGE: Final = 20_000
"""Vocabularies from this size on are sorted beside the event loop: it takes ten milliseconds."""

_REST: Final = 0.05
"""Seconds for which the cursor rests before the neighbours of its place are fetched: what the model
and the sorting take is not taken from the frame that shows the place itself."""


class Distributions:
    """What could have come at each place; the least lately used make room for others.

    One place is fetched at a time: the one that is wanted, then its neighbours, so that walking
    finds them there. `come` is called with a place when its distribution is there, or when
    `problem` says why it does not come; at the next other place it is tried again. `prepare` is
    called with one before it comes, in a thread where it is large: what will be shown of it can be
    worked out there.
    """

    def __init__(
        self,
        subject: Subject,
        come: Callable[[int], None],
        *,
        prepare: Callable[[Position], object] | None = None,
        most_bytes: int = MOST_BYTES,
    ) -> None:
        self._subject = subject
        self._come = come
        self._prepare_one = prepare
        self._most_bytes = most_bytes
        self._kept: OrderedDict[int, Position] = OrderedDict()
        self._bytes = 0
        self._wanted: list[int] = []
        self._center = -1
        self._moved = asyncio.Event()
        self._fetching: asyncio.Task[None] | None = None
        self._lead: tuple[int, ...] = ()
        self._prompt: tuple[int, ...] = ()
        self._ready = False
        self._ids: list[int | None] = []
        self.vocabulary: Sequence[bytes] = ()
        """The bytes of every token, by id, once they are known."""
        self.problem: Exception | None = None
        """Why nothing came at the place that was wanted last."""
        self._failed: int | None = None

    @property
    def possible(self) -> bool:
        """Whether there is a model that can be asked."""
        return self._subject.model is not None and self.problem is None

    @property
    def bytes(self) -> int:
        """What is kept takes so many bytes, about."""
        return self._bytes

    @property
    def places(self) -> tuple[int, ...]:
        """The places that are known, the least lately used first."""
        return tuple(self._kept)

    def at(self, place: int) -> Position | None:
        """What is known of a place, if it is there."""
        found = self._kept.get(place)
        if found is not None:
            self._kept.move_to_end(place)
        return found

    def want(self, place: int) -> None:
        """Fetch a place and its neighbours, before all that was wanted earlier."""
        if self._subject.model is None or place == self._failed:
            return
        self.problem = self._failed = None
        count = len(self._subject.tokens)
        near = (place, place + 1, place - 1, place + 2)
        self._wanted = [at for at in near if 0 <= at < count and at not in self._kept]
        self._center = place
        self._moved.set()
        if self._wanted and (self._fetching is None or self._fetching.done()):
            self._fetching = asyncio.create_task(self._fetch(), name="lens distributions")

    async def _fetch(self) -> None:
        model, rested = self._subject.model, -1
        while self._wanted and model is not None:
            if self._center not in (self._wanted[0], rested):
                rested = self._center
                await self._rest()
                continue
            place = self._wanted.pop(0)
            try:
                found = await self._look(model, place)
            except Exception as error:  # noqa: BLE001 - told by the screen, which goes on without
                self.problem, self._failed = error, place
                self._wanted.clear()
            else:
                self._keep(place, found)
            self._come(place)

    async def _rest(self) -> None:
        """Wait until the cursor has rested, or has moved on."""
        self._moved.clear()
        with suppress(TimeoutError):
            async with asyncio.timeout(_REST):
                await self._moved.wait()

    async def _look(self, model: ChatModel, place: int) -> Position:
        subject = self._subject
        if not self._ready:
            await self._prepare(model)
        before = (*self._lead, *self._before(place))
        found = await model.next_token(subject.messages, before or "")
        token = subject.tokens[place]

        def position() -> Position:
            return Position(
                replace(found, vocabulary=self.vocabulary),
                seen=(*self._prompt, *before),
                chosen=token.token_id,
                uniform=token.draw.uniform if token.draw is not None else None,
            )

        def prepared() -> Position:
            made = position()
            if self._prepare_one is not None:
                self._prepare_one(made)
            return made

        return await off_loop(prepared) if len(found.logits) >= _LARGE else prepared()

    def _before(self, place: int) -> list[int]:
        """The ids of the tokens before a place; each token is read once only."""
        if len(self._ids) < place:
            new = self._subject.tokens[len(self._ids) : place]
            plain = new.plainly() if isinstance(new, Tokens) else new
            self._ids += [token.token_id for token in plain]
        known = [number for number in self._ids[:place] if number is not None]
        if len(known) < place:
            raise ValueError("the ids of the tokens before this one are not known")
        return known

    async def _prepare(self, model: ChatModel) -> None:
        """What is the same at every place: asked for once."""
        subject = self._subject
        if subject.beginning:
            self._lead = await model.tokenize(subject.beginning)
        if "vocabulary" in model.abilities:
            self.vocabulary = await model.vocabulary()
        if "prompt_tokens" in model.abilities:
            self._prompt = await model.prompt_tokens(subject.messages)
        self._ready = True

    def _keep(self, place: int, found: Position) -> None:
        self._kept[place] = found
        self._bytes += _size(found)
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= _size(dropped)

    def close(self) -> None:
        """Fetch nothing more."""
        self._wanted.clear()
        if self._fetching is not None:
            self._fetching.cancel()


def _size(position: Position) -> int:
    return BYTES_A_TOKEN * position.raw.vocabulary
