"""Whether a sweep has come to the end of its budget."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

from playground.sweep.definition import Budget
from playground.sweep.progress import Progress

__all__ = ["Limit", "MostOfARun", "Reached", "out_of_time", "reached"]

Limit = Literal["cost", "tokens"]
"""A limit of a budget that starting again does not renew, as seconds of work are."""


@dataclass(frozen=True, slots=True)
class MostOfARun:
    """What one run may take at most: tokens generated, and US dollars where a price is known.

    `judge` is what the judge's reply about it may cost beside that. `dearest` has the most of each
    model, where its price is known; `cost` is that of all of them.
    """

    cost: float = 0.0
    tokens: float = 0.0
    judge: float = 0.0
    dearest: Mapping[str, float] = field(default_factory=dict)


class Reached(NamedTuple):
    """The limit in whose way another answer stands, and why, as a sentence's end."""

    limit: Limit
    why: str

    @property
    def sentence(self) -> str:
        """Why, as a sentence of its own."""
        return f"{self.why[0].upper()}{self.why[1:]}."


def out_of_time(budget: Budget, progress: Progress) -> str:
    """Why nothing more may be begun at all, as a sentence's end; empty while there is time."""
    if budget.seconds is not None and progress.elapsed >= budget.seconds:
        return f"the budget of {budget.seconds:g} seconds is reached"
    return ""


def reached(budget: Budget, progress: Progress, most: MostOfARun) -> Reached | None:
    """Why another run may not be begun beside those at work; None if it may.

    Each run at work is counted with the most that it may take, and that its judge may. A mean will
    not do: of answers made side by side the short ones end first, and taken for the rest they let
    twice the budget begin. The mean counts where answers turn out longer than they may be, as on an
    endpoint that does not heed `max_length`; the most also for answers of which an endpoint did not
    say what they took, and for tries that broke off before anybody said what they cost.
    """
    coming = progress.running + 1
    made = progress.samples
    if budget.cost is not None:
        spent = progress.cost + progress.guessed
        each = max(most.cost + most.judge, spent / made if made else 0.0)
        if spent + progress.asking * most.judge + coming * each > budget.cost:
            judged = " and its judgement" if most.judge else ""
            also = (
                f"up to ${progress.guessed:.4f} more may be, of which nobody said what it cost, "
                if progress.guessed
                else ""
            )
            return Reached(
                "cost",
                f"the budget of ${budget.cost:g} is reached: ${progress.cost:.4f} are spent, "
                f"{also}and the next answer{judged} may cost ${each:.4f}"
                if made or also
                else f"the budget of ${budget.cost:g} does not hold one answer{judged}, which may "
                f"cost ${each:.4f}",
            )
    if budget.tokens is not None:
        each = max(most.tokens, progress.tokens / made if made else 0.0)
        untold = progress.untold * each
        if progress.tokens + untold + coming * each > budget.tokens:
            also = (
                f", {progress.untold:,} answers of which nothing is said "
                f"may have taken {untold:,.0f}"
                if untold
                else ""
            )
            return Reached(
                "tokens",
                f"the budget of {budget.tokens:,} tokens is reached: {progress.tokens:,} are "
                f"generated{also}, and the next answer may take {each:,.0f}"
                if made or untold
                else f"the budget of {budget.tokens:,} tokens does not hold one answer, which may "
                f"take {each:,.0f}",
            )
    return None
