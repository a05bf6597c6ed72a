"""What an endpoint says of its own models: `GET /models`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from playground.providers.openai.events import parse
from playground.providers.openai.faults import Source
from playground.providers.openai.scrubbing import without_key
from playground.types import ModelInfo, ModelRef

if TYPE_CHECKING:
    import openai

MAX_LISTED = 10_000
"""So many models of a list are read: the largest of them has a few hundred."""

MAX_NAME = 300
"""No name of a model is longer; a title is cut there."""

MOST_CONTEXT = 10**9
"""Tokens: what is said to hold more is not known."""

_CONTEXT_WORDS = (
    "context_length",
    "context_window",
    "max_context_length",
    "max_model_len",
    "inputTokenLimit",
)
"""What endpoints call the context length: OpenRouter and Together, Groq, Mistral, vLLM, Gemini."""


async def listed(client: openai.AsyncOpenAI, source: Source) -> list[ModelInfo]:
    """The models that an endpoint lists; `source` has its provider's name.

    Raises what the SDK raises, and `BadResponse`.
    """
    import httpx2

    response = await client.get("/models", cast_to=httpx2.Response)
    found = parse(source, response.text)
    entries = found.get("data", found.get("models"))
    return [
        _info(entry, name, source)
        for entry in (entries[:MAX_LISTED] if isinstance(entries, list) else ())
        if isinstance(entry, dict) and 0 < len(name := _name(entry, source)) <= MAX_NAME
    ]


def _name(entry: Mapping[str, Any], source: Source) -> str:
    """The name that a model is asked for by; empty where it has none."""
    found = entry.get("id")
    # Gemini's endpoint lists `models/gemini-...` and answers to the bare name.
    return without_key(found, source.key).removeprefix("models/") if isinstance(found, str) else ""


def _info(entry: Mapping[str, Any], name: str, source: Source) -> ModelInfo:
    title = without_key(entry["name"], source.key) if isinstance(entry.get("name"), str) else ""
    prices = entry.get("pricing")
    prices = prices if isinstance(prices, dict) else {}
    return ModelInfo(
        ref=ModelRef(provider=source.name, model=name),
        title=title[:MAX_NAME],
        context_length=next(_contexts(entry), None),
        input_price=_per_million(prices.get("prompt")),
        output_price=_per_million(prices.get("completion")),
    )


def _contexts(entry: Mapping[str, Any]) -> Iterator[int]:
    meta = entry.get("meta")
    places = [entry.get(word) for word in _CONTEXT_WORDS]
    if isinstance(meta, dict):
        places.append(meta.get("n_ctx_train"))  # llama-server
    for value in places:
        if isinstance(value, int) and not isinstance(value, bool) and 0 < value <= MOST_CONTEXT:
            yield value


def _per_million(price: object) -> float | None:
    """OpenRouter's price of one token, a decimal in a string, as that of a million."""
    if not isinstance(price, str):
        return None
    try:
        value = float(price) * 1_000_000
    except ValueError:
        return None
    return round(value, 6) if math.isfinite(value) and value >= 0 else None
