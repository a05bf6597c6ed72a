"""The lens as data: what `playground lens --json` prints, one object an answer."""

from __future__ import annotations

import math
from dataclasses import asdict
from typing import Any

from playground.lens.candidates import Candidates
from playground.lens.drawing.drawn import Drawn
from playground.lens.spelling import spell
from playground.types import Token

__all__ = ["as_data"]


def as_data(drawn: Drawn) -> dict[str, Any]:
    """One answer: its text, the figures of the whole, and every token with its candidates.

    Figures that are not known are null. Probabilities are 0 to 1, entropies in nats.
    """
    reading = drawn.reading
    return {
        "model": drawn.ref,
        "scorer": drawn.scorer or None,
        "prompt": drawn.prompt,
        "text": reading.text,
        "logprob": reading.logprob,
        "perplexity": reading.perplexity,
        "mean_entropy": reading.mean_entropy,
        "surprising": list(reading.surprising()),
        "tokens": [_token(place, token, drawn.most) for place, token in enumerate(drawn.tokens)],
        "effective": drawn.plan.effective if drawn.plan is not None else {},
        "notes": [*drawn.notes, *reading.lacks],
    }


def _token(place: int, token: Token, most: int) -> dict[str, Any]:
    found = Candidates.of_token(token, most)
    chosen = found.chosen
    return {
        "place": place,
        "text": token.text,
        "spelling": spell(token),
        "bytes": list(token.data),
        "id": token.token_id,
        "logprob": token.logprob,
        "probability": None if token.logprob is None else math.exp(token.logprob),
        "rank": None if chosen is None else chosen.rank,
        "entropy": found.entropy,
        "least_entropy": found.least_entropy,
        "effective_vocabulary": found.effective,
        "candidates": [asdict(row) for row in found.rows],
        "rest": found.rest,
        "drawn": None
        if token.draw is None
        else {
            "probability": math.exp(token.draw.logprob),
            "entropy": token.draw.entropy,
            "survivors": token.draw.survivors,
            "uniform": token.draw.uniform,
        },
    }
