"""A setting in a few words: the same words for the same setting, so that votes can be counted."""

from __future__ import annotations

import hashlib
import json

from playground.params import GenerationParams

__all__ = ["NOTHING_SET", "settings_text"]

NOTHING_SET = "nothing set"

_NO_SETTING = frozenset({"seed", "n", "logprobs"})
"""Knobs that say nothing of how an answer is drawn: which dice, how many answers, what is told."""

_SHORT = 40


def settings_text(params: GenerationParams) -> str:
    """The knobs that the user set, in the order of `playground params`: `temperature 0.2, top_k 9`.

    Equal settings have equal texts. Seed, n and logprobs are left out: two answers that differ in
    those were drawn alike, and a seed would make every vote a setting of its own. Long values (a
    grammar, a schema) are named by the beginning of their SHA-256.
    """
    given = params.given()
    parts = [f"{name} {_text(value)}" for name, value in given.items() if name not in _NO_SETTING]
    return ", ".join(parts) or NOTHING_SET


def _text(value: object) -> str:
    if isinstance(value, int | float):
        return f"{value:.10g}"
    if isinstance(value, tuple) and value and all(map(str.isidentifier, value)):
        text = " ".join(value)
    else:
        text = json.dumps(value, sort_keys=True, ensure_ascii=True)
    if len(text) <= _SHORT:
        return text
    return f"#{hashlib.sha256(text.encode()).hexdigest()[:8]}"
