"""Whether a sweep has come to the end of its budget."""

from __future__ import annotations

from playground.sweep.definition import Budget
from playground.sweep.progress import Progress


def reached(budget: Budget, progress: Progress, dearest: float) -> str:
    """Why another run may not be begun, as a sentence's end; empty if it may.

    What is at work is counted as if each cost what the others did on average; `dearest` (US
    dollars) stands in for that before the first has ended.
    """
    coming = progress.running + 1
    made = progress.samples
    if budget.cost is not None:
        each = progress.cost / made if made else dearest
        if progress.cost + coming * each > budget.cost:
            return (
                f"the budget of ${budget.cost:g} is reached: ${progress.cost:.4f} are spent, and "
                f"the next answer would cost about ${each:.4f}"
            )
    each = progress.tokens / made if made else 0.0
    if budget.tokens is not None and progress.tokens + coming * each > budget.tokens:
        return (
            f"the budget of {budget.tokens:,} tokens is reached: {progress.tokens:,} are "
            f"generated, and the next answers would take about {coming * each:,.0f}"
        )
    if budget.seconds is not None and progress.elapsed >= budget.seconds:
        return f"the budget of {budget.seconds:g} seconds is reached"
    return ""
