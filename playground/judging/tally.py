"""What votes say: wins, losses and ties by model and by setting, with how sure that is."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from playground.judging.blind import Judged, Vote
from playground.metrics.proportions import Z_95, wilson_interval

__all__ = ["Z_95", "Tallies", "Tally", "count_votes", "wilson_interval"]


@dataclass(frozen=True, slots=True)
class Tally:
    """How a model, a setting, or a model at a setting stands; the other word is empty.

    Among more than two answers the winner has one win and every other a loss.
    """

    model: str
    setting: str
    wins: int = 0
    losses: int = 0
    ties: int = 0
    bad: int = 0

    @property
    def decided(self) -> int:
        """Votes that it won or lost: ties and `both bad` decide nothing."""
        return self.wins + self.losses

    @property
    def share(self) -> float | None:
        """Its share of wins among the decided votes, 0 to 1; None before the first."""
        return self.wins / self.decided if self.decided else None

    @property
    def interval(self) -> tuple[float, float]:
        """Where its share of wins really lies, with 95 % confidence: see `wilson_interval`."""
        return wilson_interval(self.wins, self.decided)


@dataclass(frozen=True, slots=True)
class Tallies:
    """The tallies of some votes, the highest share of wins first."""

    votes: int
    models: tuple[Tally, ...]
    settings: tuple[Tally, ...]
    both: tuple[Tally, ...]


def count_votes(votes: Iterable[Vote]) -> Tallies:
    """The tallies by model, by setting, and by both together.

    A vote counts for what its answers differed in: one between two settings of a model says
    nothing of models. Where several answers of a vote share a model (or setting), that has won if
    one of them did.
    """
    cast = list(votes)
    return Tallies(
        votes=len(cast),
        models=_tallies(cast, lambda one: (one.model, "")),
        settings=_tallies(cast, lambda one: ("", one.setting)),
        both=_tallies(cast, lambda one: (one.model, one.setting)),
    )


_Key = tuple[str, str]


def _tallies(votes: Iterable[Vote], key_of: Callable[[Judged], _Key]) -> tuple[Tally, ...]:
    counts: Counter[tuple[_Key, str]] = Counter()
    keys: dict[_Key, None] = {}
    for vote in votes:
        stood = dict.fromkeys(map(key_of, vote.candidates))
        if len(stood) < 2:
            continue
        keys |= stood
        for key in stood:
            counts[key, _result(vote, key, key_of)] += 1
    found = [
        Tally(
            *key,
            wins=counts[key, "win"],
            losses=counts[key, "loss"],
            ties=counts[key, "tie"],
            bad=counts[key, "bad"],
        )
        for key in keys
    ]
    return tuple(
        sorted(found, key=lambda one: (-(one.share or 0), -one.decided, one.model, one.setting))
    )


def _result(vote: Vote, key: _Key, key_of: Callable[[Judged], _Key]) -> str:
    if vote.winner is None:
        return vote.outcome
    return "win" if key_of(vote.candidates[vote.winner]) == key else "loss"
