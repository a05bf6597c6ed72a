"""Reads the worker's reports into the vocabulary that every backend shares."""

from __future__ import annotations

import base64
import math
from collections.abc import Sequence

from playground.providers.llama.protocol import (
    Began,
    ChoiceEnded,
    Done,
    RequestReport,
    Scored,
    SentAlternative,
    SentDraw,
    SentToken,
    Text,
    WholeDistribution,
)
from playground.types import (
    Completed,
    Draw,
    Event,
    Finished,
    Plan,
    ScoredToken,
    Started,
    TextDelta,
    Token,
    TokenAlternative,
    Usage,
)


def read_event(report: RequestReport, plan: Plan) -> Event:
    """A report about a generation as an event; raises `TypeError` for one about anything else."""
    match report:
        case Began():
            return Started(plan)
        case Text():
            return TextDelta(report.text, report.choice, tuple(map(read_token, report.tokens)))
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


def read_token(sent: SentToken) -> Token:
    """A token with its figures."""
    return Token(
        text=sent.text,
        logprob=sent.logprob,
        alternatives=_alternatives(sent.alternatives),
        token_id=sent.id,
        data=bytes.fromhex(sent.data),
        rank=sent.rank,
        entropy=sent.entropy,
        draw=_draw(sent.draw) if sent.draw else None,
    )


def read_scores(report: Scored) -> tuple[ScoredToken, ...]:
    """The tokens of a scored continuation; what a setting cuts has -inf."""
    return tuple(
        ScoredToken(
            read_token(score.token),
            tuple(-math.inf if value is None else value for value in score.logprobs),
        )
        for score in report.scores
    )


def read_logits(report: WholeDistribution) -> bytes:
    """Logits as 32-bit little-endian floats, by token id."""
    return base64.b64decode(report.logits)


def _draw(sent: SentDraw) -> Draw:
    return Draw(
        logprob=sent.logprob,
        entropy=sent.entropy,
        survivors=sent.survivors,
        uniform=sent.uniform,
        alternatives=_alternatives(sent.alternatives),
    )


def _alternatives(sent: Sequence[SentAlternative]) -> tuple[TokenAlternative, ...]:
    return tuple(
        TokenAlternative(
            other.text, other.logprob, other.id, bytes.fromhex(other.data) if other.data else b""
        )
        for other in sent
    )
