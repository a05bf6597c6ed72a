"""The whole distributions behind an answer's tokens: fetched in the background, the latest kept."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from playground.tui.lens.subject import Subject

if TYPE_CHECKING:
    from playground.distribution import Distribution

__all__ = ["MOST_BYTES", "Distributions"]

MOST_BYTES: Final = 64 * 1024 * 1024
"""Of all that is kept: sixty tokens of a vocabulary of 128k, every token of a small one."""


class Distributions:
    """What the model thought at each place, by place; the least lately used make room.

    One place is fetched at a time: the one that is wanted, then its neighbours, so that walking
    finds them there. `come` is called with a place when its distribution is there.
    """

    def __init__(
        self, subject: Subject, come: Callable[[int], None], *, most_bytes: int = MOST_BYTES
    ) -> None:
        self._subject = subject
        self._come = come
        self._most_bytes = most_bytes
        self._kept: OrderedDict[int, Distribution] = OrderedDict()
        self._bytes = 0
        self._wanted: list[int] = []
        self._fetching: asyncio.Task[None] | None = None
        self.problem: Exception | None = None
        """Why nothing more is fetched."""

    @property
    def bytes(self) -> int:
        """What is kept takes so many bytes."""
        return self._bytes

    @property
    def places(self) -> tuple[int, ...]:
        """The places that are known, the least lately used first."""
        return tuple(self._kept)

    def at(self, place: int) -> Distribution | None:
        """The distribution at a place, if it is there."""
        found = self._kept.get(place)
        if found is not None:
            self._kept.move_to_end(place)
        return found

    def want(self, place: int) -> None:
        """Fetch a place and its neighbours, before all that was wanted earlier."""
        if self._subject.model is None or self.problem is not None:
            return
        count = len(self._subject.tokens)
        near = (place, place + 1, place - 1, place + 2)
        self._wanted = [at for at in near if 0 <= at < count and at not in self._kept]
        if self._wanted and (self._fetching is None or self._fetching.done()):
            self._fetching = asyncio.create_task(self._fetch(), name="lens distributions")

    async def _fetch(self) -> None:
        model = self._subject.model
        while self._wanted and model is not None:
            place = self._wanted.pop(0)
            try:
                before = await self._subject.ids_before(place, model)
                if before is None:
                    return
                found = await model.next_token(self._subject.messages, before or "")
            except Exception as error:  # noqa: BLE001 - told by the screen; the lens goes on without
                self.problem = error
                self._come(place)
                return
            self._keep(place, found)
            self._come(place)

    def _keep(self, place: int, found: Distribution) -> None:
        self._kept[place] = found
        self._bytes += found.logits.nbytes
        while self._bytes > self._most_bytes and len(self._kept) > 1:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= dropped.logits.nbytes

    def close(self) -> None:
        """Fetch nothing more."""
        self._wanted.clear()
        if self._fetching is not None:
            self._fetching.cancel()
