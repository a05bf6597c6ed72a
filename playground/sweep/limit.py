"""How many requests a model is sent at once: as many as it takes, found out by trying."""

from __future__ import annotations

import asyncio
import contextlib
import time
from typing import Final

FIRST: Final = 16
"""How many an endpoint gets at first: known to nobody, and most endpoints take as many. One that
does not has refused the rest at once, while it works on those that it took."""

MOST: Final = 256
"""How many any endpoint gets at most: as many open connections."""

SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds to wait after a refusal while nothing else runs; doubled each time, up to the longest."""

MOST_PATIENCE: Final = 64
"""Rounds that go well before one more is tried, at most."""


class Limit:
    """A gate for requests to one model.

    A `fixed` one lets so many through. Otherwise it adapts: each success lets one more through, so
    that the number doubles in the time of one answer, up to the first refusal (429). Then it is
    what was running when that came, and one more is tried after a round that went well, as TCP does
    after a loss (Jacobson, "Congestion Avoidance and Control", SIGCOMM 1988); after each further
    refusal it takes twice as many rounds, because a limit that was met again will not have moved.
    Requests that were under way when it was met may be refused too: of them, those are left that
    were not, and nothing else follows, as TCP takes the losses of one round for one (RFC 6582).
    Refusals while nothing succeeds halve it and make everybody wait: as long as the endpoint asks,
    or twice as long each time.
    """

    def __init__(self, fixed: int | None = None) -> None:
        self.size = float(fixed or FIRST)
        self.running = 0
        self._adapts = fixed is None
        self._patience = 0
        self._since_refusal = 0
        self._epoch = 0
        self._pause = SHORTEST_PAUSE
        self._not_before = 0.0
        self._open = False
        self._change = asyncio.Condition()

    async def enter(self) -> int:
        """Wait for room, and for the end of a pause, and take the room.

        The number is for `leave`: how often the limit had been met by then.
        """
        async with self._change:
            await self._room()
            self.running += 1
            return self._epoch

    async def leave(
        self,
        entered: int | None = None,
        *,
        refused: bool = False,
        worked: bool = True,
        wait: float | None = None,
    ) -> None:
        """Give the room back, with what came of it; `wait` is what the endpoint asked for.

        `entered` is what `enter` gave; without it, the limit has not been met since.
        """
        async with self._change:
            self.running -= 1
            if self._adapts and refused:
                self._refuse(wait, again=entered is not None and entered < self._epoch)
            elif self._adapts and worked:
                self._succeed()
            self._change.notify_all()

    async def resize(self, size: int | None) -> None:
        """Let another number through from now on; nothing changes for one that adapts.

        One at least: whoever waits must come to hear that there is nothing left to do.
        """
        if self._adapts or size is None:
            return
        async with self._change:
            self.size = float(max(1, size))
            self._change.notify_all()

    @property
    def has_room(self) -> bool:
        """Whether nobody need wait now."""
        free = self.running < int(self.size) and self._not_before <= time.monotonic()
        return self._open or free

    async def room(self) -> None:
        """Wait until there is room, without taking it."""
        async with self._change:
            await self._room()

    async def open(self) -> None:
        """Let everybody through, so that they hear that there is nothing left to do."""
        async with self._change:
            self._open = True
            self._change.notify_all()

    async def _room(self) -> None:
        while not self.has_room:
            if self.running >= int(self.size):
                await self._change.wait()
            else:
                with contextlib.suppress(TimeoutError):
                    async with asyncio.timeout(self._not_before - time.monotonic()):
                        await self._change.wait()

    def _succeed(self) -> None:
        self._since_refusal += 1
        self._pause = SHORTEST_PAUSE
        more = 1.0 / (max(1.0, self.size) * self._patience) if self._patience else 1.0
        self.size = min(float(MOST), self.size + more)

    def _refuse(self, wait: float | None, *, again: bool) -> None:
        """Take a refusal; `again`: of a request that was under way when the last one came."""
        if again and (self.running or self._since_refusal):
            self.size = min(self.size, float(max(1, self.running)))
            return
        if self.running and (self._since_refusal or not self._patience):
            # The others are taken, or will say that they are not: so many it takes.
            self.size = float(self.running)
            self._patience = min(MOST_PATIENCE, self._patience * 2 or 1)
        else:
            self.size = max(1.0, self.size / 2)
            self._patience = self._patience or 1
            pause = self._pause if wait is None else min(LONGEST_PAUSE, wait)
            self._not_before = max(self._not_before, time.monotonic() + pause)
            self._pause = min(LONGEST_PAUSE, self._pause * 2)
        self._epoch += 1
        self._since_refusal = 0
