"""Fonts for pictures: those of this machine that have the letters of a prompt, whatever its script.

Matplotlib falls back from one font to the next letter by letter, but only among those that it is
told, and it warns of every letter that none of them has.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Final

FIRST: Final = "DejaVu Sans"
"""Comes with Matplotlib: Latin, Greek, Cyrillic, Arabic, mathematics."""

_PREFERRED: Final = (
    "Noto Sans CJK JP", "Noto Sans CJK", "Noto Sans", "Source Han Sans", "IPAGothic", "Hiragino",
    "Yu Gothic", "Microsoft YaHei", "WenQuanYi", "Droid Sans Fallback", "Arial", "Unifont",
)  # fmt: skip

_MOST_TRIED: Final = 200
"""Font files that are opened, at most, to find a letter."""

UNKNOWN: Final = "\N{REPLACEMENT CHARACTER}"
"""Stands for a letter that no font of this machine has."""


def fonts_for(texts: Iterable[str]) -> tuple[list[str], set[str]]:
    """The families that these texts need, the first to be tried first; and the letters in none."""
    wanted = {letter for text in texts for letter in text if letter.isprintable()} - {" "}
    families: list[str] = []
    for name, path in _candidates():
        found = wanted & _letters(path)
        if found or not families:
            families.append(name)
            wanted -= found
        if not wanted:
            break
    return families, wanted


def without(text: str, letters: set[str]) -> str:
    """A text on one line, with a sign in place of letters that cannot be drawn."""
    return "".join(
        UNKNOWN if letter in letters else letter if letter.isprintable() else " " for letter in text
    )


def _candidates() -> Iterator[tuple[str, str]]:
    """Families with a file of each: what is read well first, at most so many."""
    from matplotlib.font_manager import fontManager

    files: dict[str, str] = {}
    for font in fontManager.ttflist:
        # Emoji are pictures in colours that Matplotlib does not draw, and the last resort has a box
        # for every letter that there is.
        upright = font.style == "normal" and font.weight in (400, "normal", "regular", "book")
        if upright and "Emoji" not in font.name and "Last Resort" not in font.name:
            files.setdefault(font.name, font.fname)
    rank = {name: place for place, name in enumerate((FIRST, *_PREFERRED))}

    def order(name: str) -> tuple[int, bool, str]:
        places = [place for known, place in rank.items() if name.startswith(known)]
        return min(places, default=len(rank)), "Sans" not in name, name

    named = sorted(files, key=lambda name: (name != FIRST, order(name)))
    yield from ((name, files[name]) for name in named[:_MOST_TRIED])


@cache
def _letters(path: str) -> frozenset[str]:
    """The letters of a font; none where it cannot be read."""
    from matplotlib.font_manager import get_font

    try:
        return frozenset(map(chr, get_font(path).get_charmap()))
    except (OSError, RuntimeError, ValueError):
        return frozenset()
