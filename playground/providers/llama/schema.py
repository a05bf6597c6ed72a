"""Which words of a JSON Schema are lost where llama.cpp makes a grammar of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from pydantic import JsonValue

__all__ = ["MOST_DEEP", "too_deep", "words_left_out"]

_LEFT_OUT: Final = frozenset({
    "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf", "uniqueItems",
    "contains", "minContains", "maxContains", "patternProperties", "propertyNames",
    "minProperties", "maxProperties", "dependentRequired", "dependentSchemas", "not", "if", "then",
    "else", "unevaluatedItems", "unevaluatedProperties",
})  # fmt: skip
"""Words that bound an answer and that its converter passes over. Mere notes (`title`) are none."""

_NAMED: Final = ("properties", "$defs", "definitions")
_PARTS: Final = ("items", "prefixItems", "additionalProperties", "anyOf", "oneOf", "allOf")


MOST_DEEP: Final = 128
"""Lists and objects that may lie in each other; the worker's reader of JSON gives up at 200."""


def words_left_out(schema: JsonValue) -> tuple[str, ...]:
    """The words of a schema to which no answer is held, each once, in their order."""
    return () if too_deep(schema) else tuple(dict.fromkeys(_left_out(schema)))


def too_deep(schema: JsonValue) -> bool:
    """Whether more than `MOST_DEEP` lists and objects lie in each other."""
    layer, deep = _within(schema), 0
    while layer and deep <= MOST_DEEP:
        layer, deep = [part for item in layer for part in _within(item)], deep + 1
    return deep > MOST_DEEP


def _within(value: JsonValue) -> list[JsonValue]:
    if isinstance(value, dict):
        return list(value.values())
    return value if isinstance(value, list) else []


def _left_out(schema: JsonValue) -> Iterator[str]:
    if isinstance(schema, list):
        for item in schema:
            yield from _left_out(item)
    if not isinstance(schema, dict):
        return
    yield from (word for word in schema if word in _LEFT_OUT)
    for name in _NAMED:
        named = schema.get(name)
        if isinstance(named, dict):
            for part in named.values():
                yield from _left_out(part)
    for name in _PARTS:
        yield from _left_out(schema.get(name))
