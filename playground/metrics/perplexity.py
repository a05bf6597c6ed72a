"""How surprised another model is by the answers, from its log-probabilities of their tokens."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from playground.metrics.asking import ask_each
from playground.metrics.metric import Figure
from playground.metrics.sample import Sample

__all__ = ["Scorer", "perplexities"]

Scorer = Callable[[Sample], Awaitable[Sequence[float]]]
"""Gives the natural-log probability of every token of an answer, after its prompt."""


async def perplexities(
    samples: Sequence[Sample], score: Scorer, *, at_once: int = 8
) -> tuple[Figure | None, ...]:
    """The figures of the metric `perplexity`, one a sample: minus the sum of log-probabilities.

    Its weight is the number of tokens; None for an empty answer, which is not asked about.
    `measure_figures` makes the estimate of them: exp(Σ -log p / Σ tokens), over the tokens of all
    samples. `at_once` samples are with the scorer at a time. Raises what it raises.
    """

    async def figure(sample: Sample) -> Figure | None:
        logprobs = await score(sample) if sample.text else ()
        return Figure(-sum(logprobs), float(len(logprobs))) if logprobs else None

    return await ask_each(samples, figure, at_once)
