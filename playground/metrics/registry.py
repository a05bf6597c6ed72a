"""Every metric by its name, and those of the user's own: functions and tolerances."""

from __future__ import annotations

from dataclasses import replace
from typing import Final

from playground.errors import InvalidParameter, UnknownMetric, did_you_mean
from playground.metrics import answers, diversity, tasks
from playground.metrics.function import function_metric
from playground.metrics.metric import Metric
from playground.metrics.self_bleu import self_bleu

__all__ = ["METRICS", "USUAL", "get"]

_ALL: Final = (
    Metric(
        "distinct-1",
        "Distinct words",
        "different words over all words of the answers together",
        better="higher",
        lowest=0,
        highest=1,
        kind="per-set",
        whole=diversity.distinct(1),
    ),
    Metric(
        "distinct-2",
        "Distinct pairs",
        "different pairs of neighbouring words over all such pairs",
        better="higher",
        lowest=0,
        highest=1,
        kind="per-set",
        whole=diversity.distinct(2),
    ),
    Metric(
        "distinct-3",
        "Distinct triples",
        "different runs of three words over all such runs",
        better="higher",
        lowest=0,
        highest=1,
        kind="per-set",
        whole=diversity.distinct(3),
    ),
    Metric(
        "unique",
        "Unique answers",
        "different answers over all answers",
        better="higher",
        lowest=0,
        highest=1,
        kind="per-set",
        whole=diversity.unique,
    ),
    Metric(
        "self-bleu",
        "Self-BLEU",
        "how much of each answer the others say too",
        better="lower",
        lowest=0,
        highest=100,
        needs=frozenset({"several"}),
        kind="per-set",
        whole=self_bleu,
    ),
    Metric(
        "similarity",
        "Similarity",
        "how alike two answers are on average, word by word",
        better="lower",
        lowest=0,
        highest=1,
        needs=frozenset({"several"}),
        kind="per-set",
        whole=diversity.similarity,
    ),
    Metric(
        "top-share",
        "Top answer",
        "the share of the most frequent answer",
        lowest=0,
        highest=1,
        kind="per-set",
        whole=diversity.top_share,
    ),
    Metric(
        "entropy",
        "Entropy",
        "how undecided the model was at each token, before any knob",
        unit="nats",
        lowest=0,
        needs=frozenset({"entropy"}),
        values=answers.entropy,
    ),
    Metric(
        "logprob",
        "Log-probability",
        "how likely the model found its own tokens, before any knob",
        unit="nats",
        highest=0,
        needs=frozenset({"logprobs"}),
        values=answers.logprob,
    ),
    Metric(
        "perplexity",
        "Perplexity",
        "how surprised another model is by the answers, as equally likely tokens",
        unit="tokens",
        better="lower",
        lowest=1,
        needs=frozenset({"model"}),
        logarithmic=True,
        lacks="the other model scored no answer",
    ),
    Metric(
        "rep-4",
        "Repetition",
        "the part of an answer's runs of four words that it has said before",
        better="lower",
        lowest=0,
        highest=1,
        values=answers.rep_4,
        lacks="no answer has four words",
    ),
    Metric(
        "length",
        "Length",
        "how long an answer is",
        unit="tokens",
        lowest=0,
        values=answers.length,
    ),
    Metric(
        "compression",
        "Compression",
        "how many times smaller zlib makes an answer: more where it repeats itself",
        better="lower",
        lowest=0,
        values=answers.compression,
        lacks="all answers are empty",
    ),
    Metric(
        "time-to-first-token",
        "Time to first token",
        "from the asking to the first text",
        unit="s",
        better="lower",
        lowest=0,
        needs=frozenset({"timing"}),
        values=answers.time_to_first_token,
    ),
    Metric(
        "tokens-per-second",
        "Speed",
        "tokens after the first over the time they took",
        unit="tokens/s",
        better="higher",
        lowest=0,
        needs=frozenset({"timing"}),
        values=answers.tokens_per_second,
    ),
    Metric(
        "cost",
        "Cost",
        "what an answer cost, as reported or by the catalogue's prices",
        unit="USD",
        better="lower",
        lowest=0,
        needs=frozenset({"cost"}),
        values=answers.cost,
    ),
    Metric(
        "exact",
        "Exact match",
        "the share of answers that are the expected one",
        better="higher",
        lowest=0,
        highest=1,
        needs=frozenset({"expected"}),
        values=tasks.exact,
    ),
    Metric(
        "contains",
        "Contains",
        "the share of answers with the expected text somewhere in them",
        better="higher",
        lowest=0,
        highest=1,
        needs=frozenset({"expected"}),
        values=tasks.contains,
    ),
    Metric(
        "regex",
        "Pattern",
        "the share of answers in which the expected pattern is found",
        better="higher",
        lowest=0,
        highest=1,
        needs=frozenset({"expected"}),
        values=tasks.matches,
    ),
    Metric(
        "json-valid",
        "Valid JSON",
        "the share of answers that are one JSON value",
        better="higher",
        lowest=0,
        highest=1,
        values=tasks.json_valid,
    ),
    Metric(
        "numeric",
        "Right number",
        "the share of answers whose last number is the expected one",
        better="higher",
        lowest=0,
        highest=1,
        needs=frozenset({"expected"}),
        values=tasks.numeric(),
        lacks="no expected numbers: the prompts come without them",
    ),
    Metric(
        "judge",
        "Judge",
        "what another model thinks of the answers",
        unit="points",
        better="higher",
        lowest=1,
        highest=10,
        needs=frozenset({"model"}),
        lacks="the judge gave no score",
    ),
)

METRICS: Final[dict[str, Metric]] = {metric.name: metric for metric in _ALL}
"""Every metric of the playground by its name, as lists show them."""

USUAL: Final = (
    "distinct-1",
    "distinct-2",
    "distinct-3",
    "unique",
    "self-bleu",
    "similarity",
    "top-share",
    "entropy",
    "logprob",
    "rep-4",
    "length",
    "compression",
    "time-to-first-token",
    "tokens-per-second",
    "cost",
)
"""What is measured where nothing is named: what costs next to nothing and needs nobody else."""


def get(name: str) -> Metric:
    """The metric of a name.

    Beside those of `METRICS`, `numeric:0.05` is `numeric` with another tolerance, and
    `module:function` a Python function of the user's. Raises `UnknownMetric`, and `MetricFailed`
    where such a function cannot be imported.
    """
    if name in METRICS:
        return METRICS[name]
    known, colon, rest = name.partition(":")
    if known == "numeric" and colon:
        return _numeric(name, rest)
    if colon and known not in METRICS:
        return function_metric(name)
    raise UnknownMetric(
        f"There is no metric {name!r}.",
        hint=did_you_mean(name, METRICS)
        or f"There are {', '.join(METRICS)}, and module:function for one of your own.",
    )


def _numeric(name: str, tolerance: str) -> Metric:
    try:
        allowed = float(tolerance)
    except ValueError:
        allowed = -1.0
    if not 0 <= allowed < float("inf"):
        raise InvalidParameter(
            f"{tolerance!r} is no tolerance.",
            hint="Write a number from 0: numeric:0.05 allows a twentieth of the expected number.",
        )
    return replace(METRICS["numeric"], name=name, values=tasks.numeric(allowed))
