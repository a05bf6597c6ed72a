"""Finds prompts by words, also by words that are not quite right or written short."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence
from typing import Final

from playground.prompts.library import all_prompts
from playground.prompts.prompt import CATEGORIES, JAPANESE_CATEGORIES, Prompt

_NEAR: Final = 80.0
"""How alike, of 100, a word must be to count as a misspelt one."""

_NAMES: Final = (CATEGORIES, JAPANESE_CATEGORIES)

_LONG_ENOUGH: Final = 4
"""Letters from which a word may be misspelt or short: fewer are alike by chance."""


def search(text: str, prompts: Sequence[Prompt] | None = None) -> tuple[Prompt, ...]:
    """The prompts that have every word of `text`, the best first; all of them for no words.

    Words are looked for in names, titles, tags, categories, languages, descriptions and the texts
    themselves, letter case aside; in names, titles, tags and categories also misspelt ones, and
    those of which only some letters are given, in their order: `trnsl`.
    `prompts` are those to look through, by default the whole library.
    """
    among = all_prompts() if prompts is None else prompts
    words = _plain(text).split()
    rated = [(_rating(prompt, words), place, prompt) for place, prompt in enumerate(among)]
    rated.sort(key=lambda item: (-item[0], item[1]))
    return tuple(prompt for rating, _, prompt in rated if rating > 0)


def _rating(prompt: Prompt, words: Sequence[str]) -> float:
    """How well a prompt has the words; 0 where it lacks one."""
    if not words:
        return 1
    ratings = [_word_rating(prompt, word) for word in words]
    return sum(ratings) if all(ratings) else 0


def _word_rating(prompt: Prompt, word: str) -> float:
    from rapidfuzz import fuzz

    short = [_plain(part) for part in (prompt.name, prompt.title, *prompt.tags)]
    names = (prompt.category, *(of.get(prompt.category, "") for of in _NAMES))
    category = _plain(" ".join(names))
    if word == short[0]:
        return 20
    for weight, parts in ((10.0, short), (8.0, [category])):
        if any(word in part for part in parts):
            whole = any(word in _split(part) for part in parts)
            return weight + (2 if whole else 0)
    if word == prompt.language.casefold():
        return 7
    if word in _plain(f"{prompt.description} {prompt.watch_for}"):
        return 5
    if any(word in _plain(content) for content in prompt.texts.values()):
        return 3
    if len(word) < _LONG_ENOUGH:
        return 0
    candidates = [piece for part in (*short, category) for piece in _split(part)]
    near = max((fuzz.ratio(word, piece) for piece in candidates), default=0.0)
    short_of = any(_is_short_for(word, piece) for piece in candidates)
    return max(near / 50 if near >= _NEAR else 0, 2 if short_of else 0)


def _is_short_for(word: str, piece: str) -> bool:
    """Whether a word is another one's first letter and some of the rest, in their order."""
    letters = iter(piece[1:])
    return word[:1] == piece[:1] and all(letter in letters for letter in word[1:])


def _split(part: str) -> list[str]:
    return part.replace("-", " ").replace("_", " ").split()


def _plain(text: str) -> str:
    """Text as it is compared: half-width and full-width, large and small letters are the same."""
    return unicodedata.normalize("NFKC", text).casefold()
