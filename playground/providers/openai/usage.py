"""The `usage` field of an answer: its tokens, and what it cost where the endpoint says that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from playground.providers.openai.fields import count, number, section
from playground.types import Usage

__all__ = ["read_cost", "read_usage"]


def read_usage(found: Mapping[str, Any]) -> Usage:
    """The token counts of a `usage` field, without a cost.

    Most count reasoning as output; where it is left out and only the total has it, it is added,
    because it is billed as output.
    """
    into = section(found, "prompt_tokens_details")
    out = section(found, "completion_tokens_details")
    asked, answered = count(found, "prompt_tokens"), count(found, "completion_tokens")
    total, reasoning = count(found, "total_tokens"), count(out, "reasoning_tokens")
    if reasoning and None not in (asked, answered, total):
        assert asked is not None and answered is not None  # noqa: S101, PT018 - for the checker
        answered += reasoning if asked + answered + reasoning == total else 0
    cached = count(into, "cached_tokens")
    return Usage(
        input_tokens=asked,
        output_tokens=answered,
        cached_tokens=count(found, "prompt_cache_hit_tokens") if cached is None else cached,
        reasoning_tokens=reasoning,
    )


def read_cost(found: Mapping[str, Any]) -> float | None:
    """What an answer cost in US dollars, as its `usage` field says; None where it does not."""
    cost = number(found.get("cost"))
    return cost if cost is not None and cost >= 0 else None
