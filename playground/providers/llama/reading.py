"""Reads the worker's reports into the vocabulary that every backend shares."""

from __future__ import annotations

import base64
import math

from playground.providers.llama.protocol import (
    Began,
    ChoiceEnded,
    Done,
    RequestReport,
    Scored,
    Text,
    WholeDistribution,
)
from playground.types import (
    Completed,
    Event,
    Finished,
    Plan,
    ScoredToken,
    Started,
    TextDelta,
    Usage,
)


def read_event(report: RequestReport, plan: Plan) -> Event:
    """A report about a generation as an event; raises `TypeError` for one about anything else."""
    match report:
        case Began():
            layout = {"unified": report.unified, "flash_attention": report.flash_attention}
            return Started(plan, layout, report.opened)
        case Text():
            return TextDelta(report.text, report.choice, report.tokens)
        case ChoiceEnded():
            return Finished(report.reason, report.choice)
        case Done():
            usage = Usage(
                input_tokens=report.input_tokens,
                output_tokens=report.output_tokens,
                cached_tokens=report.cached_tokens,
                cost=0.0,
            )
            return Completed(usage)
        case _:
            raise TypeError(f"{type(report).__name__} does not belong to a generation")


def read_scores(report: Scored) -> tuple[ScoredToken, ...]:
    """The tokens of a scored continuation; what a setting cuts has -inf."""
    return tuple(
        ScoredToken(
            score.token,
            tuple(-math.inf if value is None else value for value in score.logprobs),
        )
        for score in report.scores
    )


def read_logits(report: WholeDistribution) -> bytes:
    """Logits as 32-bit little-endian floats, by token id."""
    return base64.b64decode(report.logits)
