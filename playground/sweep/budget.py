"""Whether a sweep has come to the end of its budget."""

from __future__ import annotations

from dataclasses import dataclass

from playground.sweep.definition import Budget
from playground.sweep.progress import Progress

__all__ = ["MostOfARun", "out_of_time", "reached"]


@dataclass(frozen=True, slots=True)
class MostOfARun:
    """What one run may take at most: US dollars, and tokens generated."""

    cost: float = 0.0
    tokens: float = 0.0


def out_of_time(budget: Budget, progress: Progress) -> str:
    """Why nothing more may be begun at all, as a sentence's end; empty while there is time."""
    if budget.seconds is not None and progress.elapsed >= budget.seconds:
        return f"the budget of {budget.seconds:g} seconds is reached"
    return ""


def reached(budget: Budget, progress: Progress, most: MostOfARun) -> str:
    """Why another run may not be begun beside those at work; empty if it may.

    What is at work is counted as if each took what the others did on average; `most` stands in for
    that before the first has ended.
    """
    coming = progress.running + 1
    made = progress.samples
    if budget.cost is not None:
        each = progress.cost / made if made else most.cost
        if progress.cost + coming * each > budget.cost:
            return (
                f"the budget of ${budget.cost:g} is reached: ${progress.cost:.4f} are spent, and "
                f"the next answer would cost about ${each:.4f}"
            )
    if budget.tokens is not None:
        each = progress.tokens / made if made else most.tokens
        if progress.tokens + coming * each > budget.tokens:
            return (
                f"the budget of {budget.tokens:,} tokens is reached: {progress.tokens:,} are "
                f"generated, and the next answer would take about {each:,.0f}"
            )
    return ""
