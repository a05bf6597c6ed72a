"""How far a sweep is, how fast it goes, what it has cost, and how long it will take."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final

WINDOW: Final = 30.0
"""Seconds over which the present speed is taken."""


@dataclass(slots=True)
class LaneProgress:
    """One model's part: samples to make, made (also by earlier starts), and made by this one."""

    total: int
    made: int = 0
    made_now: int = 0
    began: float = 0.0
    note: str = ""

    def seconds_left(self, now: float) -> float | None:
        """By the speed so far; None before there is one."""
        if self.made >= self.total:
            return 0.0
        if not self.made_now or not self.began:
            return None
        return (self.total - self.made) * (now - self.began) / self.made_now


@dataclass(slots=True)
class Progress:
    """The state of a sweep at work. Counts include what earlier starts made; cost and tokens too.

    `cells` have all their samples; `left_out` are the numbers of those that a search does without,
    because their point lags behind or there is no further one. `failed` samples ended in an error
    after `retried` tries more. `untold` are answers of which an endpoint did not say how many
    tokens they took. `asking` are answers that other models are being asked about, whose cost is
    the sweep's too. `cost` is what somebody said, US dollars; of `guesses` answers, tries and
    judgements nobody did, and they may have cost `guessed` more at most.
    `notes` are sentences about what has happened underway: a machine lost, a judge not reached.
    """

    cells_total: int
    samples_total: int
    lanes: dict[str, LaneProgress] = field(default_factory=dict)
    cells: int = 0
    left_out: set[int] = field(default_factory=set)
    samples: int = 0
    failed: int = 0
    retried: int = 0
    running: int = 0
    asking: int = 0
    tokens: int = 0
    untold: int = 0
    cost: float = 0.0
    guesses: int = 0
    guessed: float = 0.0
    priced: bool = False
    notes: list[str] = field(default_factory=list)
    began: float = field(default_factory=time.monotonic)
    _recent: deque[tuple[float, int]] = field(default_factory=deque)

    def take(
        self, lane: LaneProgress, tokens: int | None, cost: float | None, *, wrote: bool = True
    ) -> None:
        """Count a sample that has ended now: see `use`."""
        now = time.monotonic()
        self.samples += 1
        lane.made += 1
        lane.made_now += 1
        self.use(tokens, cost, wrote=wrote)
        self._recent.append((now, tokens or 0))
        while self._recent and self._recent[0][0] < now - WINDOW:
            self._recent.popleft()

    def use(self, tokens: int | None, cost: float | None, *, wrote: bool) -> None:
        """Count what a try took, of which nothing may be left; whether it `wrote` anything.

        `tokens` is None where nobody said how many.
        """
        self.tokens += tokens or 0
        self.untold += tokens is None and wrote
        self.spend(cost)

    def spend(self, cost: float | None) -> None:
        """Count US dollars, where somebody said how many."""
        if cost is not None:
            self.cost += cost
            self.priced = True

    def guess(self, most: float, times: int = 1) -> None:
        """Count what nobody has said, as `times` the `most` US dollars that it can have been."""
        if most and times:
            self.guesses += times
            self.guessed += times * most

    @property
    def told_guess(self) -> list[str]:
        """A sentence on what may have been spent beside `cost`; empty where nothing may."""
        if not self.guessed:
            return []
        said = f"What {self.guesses:,} answers, tries or judgements cost nobody said: "
        return [f"{said}up to ${self.guessed:.4f} beside ${self.cost:.4f} may have been spent."]

    def leave_out(self, lane: LaneProgress, cells: Iterable[int]) -> None:
        """Count cells that a search does without."""
        before = len(self.left_out)
        self.left_out.update(cells)
        lane.total -= (len(self.left_out) - before) * (self.samples_total // self.cells_total)

    @property
    def samples_wanted(self) -> int:
        """The samples of all cells that are not left out."""
        left_out = len(self.left_out) * (self.samples_total // self.cells_total)
        return self.samples_total - left_out

    @property
    def share(self) -> float:
        """The share of the samples that are wanted and made, 0 to 1."""
        return self.samples / self.samples_wanted if self.samples_wanted else 1.0

    @property
    def elapsed(self) -> float:
        """Seconds of work since this start."""
        return time.monotonic() - self.began

    @property
    def tokens_per_second(self) -> float | None:
        """The speed of the last half minute, all models together."""
        if not self._recent:
            return None
        since = max(self.began, time.monotonic() - WINDOW)
        elapsed = time.monotonic() - since
        return sum(tokens for _, tokens in self._recent) / elapsed if elapsed > 0 else None

    @property
    def seconds_left(self) -> float | None:
        """How long the slowest model will take; None before one has shown its speed."""
        now = time.monotonic()
        left = [lane.seconds_left(now) for lane in self.lanes.values()]
        known = [seconds for seconds in left if seconds is not None]
        return max(known) if known and len(known) == len(left) else None
