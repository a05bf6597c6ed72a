"""What was swept and how, in words: for the page of a sweep."""

from __future__ import annotations

from collections.abc import Iterator

from playground.sweep.axis import range_text, value_text
from playground.sweep.definition import BayesianSearch, GridSearch, RandomSearch, Sweep

__all__ = ["plan_of"]


def plan_of(sweep: Sweep) -> Iterator[tuple[str, str]]:
    """What was swept, as names with their values in words."""
    match sweep.search:
        case GridSearch():
            yield "search", "grid: every combination"
        case RandomSearch(count=count):
            yield "search", f"random: {count:,} setting{'s' * (count != 1)}"
        case BayesianSearch() as search:
            aims = ", ".join(f"{item.direction} {item.metric}" for item in search.objectives)
            trials = f"{search.trials:,} trial{'s' * (search.trials != 1)}"
            yield "search", f"Bayesian ({search.sampler}): {trials} to {aims}"
    for axis in sweep.axes:
        yield axis.knob, f"{range_text(axis).removeprefix(f'{axis.knob} ')} ({axis})"
    for name, value in sweep.params.given().items():
        yield name, f"{value_text(list(value) if isinstance(value, tuple) else value)} everywhere"
    yield "samples", f"{sweep.samples:,} for each cell"
    dice = "the same in every cell" if sweep.same_dice else "other ones in every cell"
    yield "seeds", f"from {sweep.seed}, {dice}"
    limits = [
        *([] if sweep.budget.cost is None else [f"${sweep.budget.cost:g}"]),
        *([] if sweep.budget.tokens is None else [f"{sweep.budget.tokens:,} tokens"]),
        *([] if sweep.budget.seconds is None else [f"{sweep.budget.seconds:g} seconds"]),
    ]
    if limits:
        yield "budget", ", ".join(limits)
    if sweep.metrics:
        yield "metrics", ", ".join(sweep.metrics)
    if sweep.scorer:
        yield "scorer", sweep.scorer
    if sweep.judge:
        yield "judge", sweep.judge
    if sweep.judge_question:
        yield "judge's question", sweep.judge_question
