"""How many requests a model is sent at once: as many as it takes, found out by trying."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final

FIRST: Final = 16
"""How many an endpoint gets at first: known to nobody, and most endpoints take as many. One that
does not has refused the rest at once, while it works on those that it took."""

MORE, PACE = 16, 0.01
"""How many follow those at first before anything has come back, one each so many seconds: a refusal
comes at once, long before an answer ends, so that silence says that the last one was taken. Sent
together they would find out no more, and an endpoint that is full would refuse all of them."""

MOST: Final = 256
"""How many any endpoint gets at most: as many open connections."""

SHORTEST_PAUSE, LONGEST_PAUSE = 0.5, 60.0
"""Seconds to wait after a refusal while nothing else runs; doubled each time, up to the longest."""

MOST_PATIENCE: Final = 64
"""Rounds that go well before one more is tried, at most."""

CROSSING: Final = 3
"""So many answers that break off in a row beside others are taken to cut each other off."""

CROSSED_PATIENCE: Final = 8
"""Rounds that go well after that before two are tried at once: an answer may be lost by it."""

CLEARED: Final = 2
"""So many answers that end well beside others, and they do not cut each other off."""


class Limit:
    """A gate for requests to one model.

    A `fixed` one lets so many through. Otherwise it adapts. At first `FIRST` go at once and up to
    `MORE` follow one by one, and each success lets one more through, so that the number doubles in
    the time of one answer; all of that up to the first refusal (429). Then it is what was running
    when that came, which may be before the first answer has ended. From then on one more is tried
    after a round that went well, as TCP does after a loss (Jacobson, "Congestion Avoidance and
    Control", SIGCOMM 1988), and taken back if it is refused; after each further refusal it takes
    twice as many rounds, because a limit that was met again will not have moved. Requests that were
    under way when it was met may be refused too: of them, those are left that were not, and nothing
    else follows, as TCP takes the losses of one round for one (RFC 6582). Refusals while nothing
    succeeds halve it and make everybody wait: as long as the endpoint asks, or twice as long each
    time.

    Servers of one answer at a time may break it off for the next one. After `CROSSING` answers that
    broke off while others were at work there is one at a time; where two do get on again, half of
    as many as before.

    `clock` gives seconds that only grow.
    """

    def __init__(
        self, fixed: int | None = None, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.size = float(fixed or FIRST)
        self.running = 0
        self._adapts = fixed is None
        self._patience = 0
        self._since_refusal = 0
        self._epoch = 0
        self._broken = self._beside = 0
        self._crossed: tuple[float, int] | None = None
        self._pause = SHORTEST_PAUSE
        self._not_before = 0.0
        self._began: float | None = None
        self._clock = clock
        self._open = False
        self._change = asyncio.Condition()

    async def enter(self) -> int:
        """Wait for room, and for the end of a pause, and take the room.

        The number is for `leave`: how often the limit had been met by then.
        """
        async with self._change:
            await self._room()
            self.running += 1
            if self._began is None:
                self._began = self._clock()
            return self._epoch

    async def leave(
        self,
        entered: int | None = None,
        *,
        refused: bool = False,
        broken: bool = False,
        worked: bool = True,
        wait: float | None = None,
        opens: float = 0.0,
    ) -> None:
        """Give the room back, with what came of it; `wait` is what the endpoint asked for.

        Before `opens`, by the clock, it takes nothing: nobody goes there to be refused. What is
        further off than the longest pause may be some other limit (of a day) and is tried.

        It is `broken` where the answer had begun and did not come to an end.

        `entered` is what `enter` gave; without it, the limit has not been met since.
        """
        async with self._change:
            self.running -= 1
            if self._adapts and opens - self._clock() <= LONGEST_PAUSE:
                self._not_before = max(self._not_before, opens)
            if self._adapts and refused:
                self._refuse(wait, again=entered is not None and entered < self._epoch)
            elif self._adapts and broken:
                self._break(again=entered is not None and entered < self._epoch)
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
    def allowed(self) -> int:
        """How many may run now: the size, and those that follow while nothing was refused."""
        return min(MOST, int(self.size) + self._followed)

    @property
    def has_room(self) -> bool:
        """Whether nobody need wait now."""
        free = self.running < self.allowed and self._not_before <= self._clock()
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
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(self._until_change()):
                    await self._change.wait()

    @property
    def _silence(self) -> float | None:
        """Seconds since the first one began; None where nothing follows from that any more."""
        if not self._adapts or self._patience or self._began is None:
            return None
        return self._clock() - self._began

    @property
    def _followed(self) -> int:
        """How many may have followed the first ones by now."""
        silence = self._silence
        return 0 if silence is None else min(MORE, int(silence / PACE))

    def _until_change(self) -> float | None:
        """Seconds until there may be room though nobody leaves; None if there will be none."""
        if self.running < self.allowed:
            return self._not_before - self._clock()
        silence, followed = self._silence, self._followed
        if silence is None or followed == MORE:
            return None
        return (followed + 1) * PACE - silence

    def _succeed(self) -> None:
        self._since_refusal += 1
        self._pause = SHORTEST_PAUSE
        self._broken = 0
        self._beside += self.running > 0
        if self._crossed is not None and self._beside >= CLEARED:
            before, patience = self._crossed
            self.size = max(self.size, before / 2)
            self._patience = patience or 1
            self._crossed = None
        more = 1.0 / (max(1.0, self.size) * self._patience) if self._patience else 1.0
        self.size = min(float(MOST), self.size + more)

    def _break(self, *, again: bool) -> None:
        """Take an answer that broke off; `again`: that was at work when the limit was met."""
        if again or not self.running:
            return
        self._broken += 1
        if self._crossed is None and self._broken < CROSSING:
            return
        if self._crossed is None:
            self._crossed = (self.size, self._patience)
        self.size = 1.0
        self._patience = min(MOST_PATIENCE, max(CROSSED_PATIENCE, 2 * self._patience))
        self._broken = self._beside = 0
        self._epoch += 1
        self._since_refusal = 0

    def _refuse(self, wait: float | None, *, again: bool) -> None:
        """Take a refusal; `again`: of a request that was under way when the last one came."""
        if again and (self.running or self._since_refusal):
            self.size = min(self.size, float(max(1, self.running)))
            return
        if self.running and (self._since_refusal or not self._patience):
            # The others are taken, or will say that they are not: so many it takes. Where it was
            # found out before, places that are just changing hands count as taken too.
            known = int(self.size) - 1 if self._patience else 1
            self.size = float(max(self.running, known))
            self._patience = min(MOST_PATIENCE, self._patience * 2 or 1)
        else:
            self.size = max(1.0, self.size / 2)
            self._patience = self._patience or 1
            pause = self._pause if wait is None else min(LONGEST_PAUSE, wait)
            self._not_before = max(self._not_before, self._clock() + pause)
            self._pause = min(LONGEST_PAUSE, self._pause * 2)
        self._epoch += 1
        self._since_refusal = 0
