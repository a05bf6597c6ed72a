"""How much of a text that is still coming may become something that is not to be shown."""

from __future__ import annotations

__all__ = ["begun"]


def begun(text: str, word: str) -> int:
    """How many characters at the end of a text are the beginning of a word, but not all of it."""
    start = max(0, len(text) - len(word) + 1)
    while (start := text.find(word[0], start)) >= 0:
        if word.startswith(text[start:]):
            return len(text) - start
        start += 1
    return 0
