"""The tokens of an answer, with alternatives, as its `logprobs` field tells them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from playground.providers.openai.fields import number, readable
from playground.types import Token, TokenAlternative

__all__ = ["read_tokens"]

_MOST_TOGETHER = 1.05
"""The probabilities of alternatives add up to no more, however coarsely they are rounded."""

_UNLIKELY = -9999.0
"""What OpenAI says instead of the log-probability of a token outside the likeliest."""

_SAME = 1e-6
"""Log-probabilities no further apart count as equal: they come rounded."""

_ROUNDED = 1e-3
"""What rounding may add to the log-probability of what is certain; a larger one is none."""


def read_tokens(logprobs: object, most: int | None) -> Iterator[Token]:
    """The tokens of a `logprobs` field; other shapes than OpenAI's are left alone.

    Some servers put the token itself after the `most` likeliest that were asked for, or before
    them: there it would pass for the next likeliest, or the first.
    """
    found = logprobs.get("content") if isinstance(logprobs, dict) else None
    for entry in found if isinstance(found, list) else ():
        if not isinstance(entry, dict):
            continue
        others = entry.get("top_logprobs")
        others = others[:most] if isinstance(others, list) else ()
        text = readable(entry.get("token"))
        yield Token(
            text=text,
            logprob=_logprob(entry.get("logprob")),
            data=_bytes(entry),
            alternatives=tuple(_ranked(_listed(others), text)),
        )


def _listed(others: Sequence[object]) -> list[TokenAlternative]:
    """The entries of a list of the likeliest tokens, up to where one of those may be missing.

    llama-cpp-python's server lists them by their texts, from which halves of characters are left
    out: tokens that only those tell apart are one entry, with the place of the first and the
    probability of the last. What stands behind such a one is not the next likeliest.
    """
    found: list[TokenAlternative] = []
    for other in others:
        if not isinstance(other, dict) or (value := _logprob(other.get("logprob"))) is None:
            continue
        item = TokenAlternative(readable(other.get("token")), value, data=_partial(other))
        if not item.text and not item.data:
            break
        unsaid = not isinstance(other.get("bytes"), list)
        if unsaid and found and value > found[-1].logprob + _SAME:
            return found[:-1]
        found.append(item)
    return found


def _ranked(alternatives: list[TokenAlternative], text: str) -> Sequence[TokenAlternative]:
    """The likeliest first; without the token itself (`text`) where it was put before them.

    None of those that can be of no distribution: all together would be more than certain.
    """
    if sum(math.exp(one.logprob) for one in alternatives) > _MOST_TOGETHER:
        return ()
    ranked = sorted(alternatives, key=lambda one: -one.logprob)
    if (
        len(ranked) > 1
        and alternatives[0].text == text
        and alternatives[1:] == [one for one in ranked if one is not alternatives[0]]
    ):
        if ranked[0] is not alternatives[0] and alternatives[0] in alternatives[1:]:
            return alternatives[1:]
        # Among those that came it has its rank; less likely than all of them it has none.
        return ranked if ranked[-1] is not alternatives[0] else alternatives[1:]
    return ranked


def _logprob(value: object) -> float | None:
    found = number(value)
    if found is None or not _UNLIKELY < found < _ROUNDED:
        return None
    return min(found, 0.0)


def _partial(entry: Mapping[str, Any]) -> bytes:
    """The token's bytes where they are part of a character, which its text cannot say."""
    data = _bytes(entry)
    try:
        data.decode()
    except UnicodeDecodeError:
        return data
    return b""


def _bytes(entry: Mapping[str, Any]) -> bytes:
    """The token's bytes as the server gives them, else those of its text."""
    given: Sequence[object] = entry.get("bytes") or ()
    if isinstance(given, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in given):
        return bytes(given)
    return readable(entry.get("token")).encode()
