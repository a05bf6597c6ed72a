"""What the lines of Markdown look like: the patterns of the scanner, and its cuts of a line.

Every pattern takes time linear in the line, whatever the line is: the text is a stranger's.
"""

from __future__ import annotations

import re
from typing import Final

__all__ = [
    "DELIMITERS",
    "FENCE",
    "HEADING",
    "LONGEST_LINE",
    "MARKER",
    "RULE",
    "UNDERLINE",
    "after_quote",
    "cut_line",
    "indent_of",
    "is_undecided",
    "spaced",
    "split_cells",
]

LONGEST_LINE: Final = 1500
"""Characters after which a line, or a paragraph, is cut in two: an open paragraph is parsed again
at every flush, and most that people write are shorter."""

HEADING: Final = re.compile(r"(#{1,6})(?:[ \t]|$)")
FENCE: Final = re.compile(r"(`{3,})([^`]*)$|(~{3,})(.*)$")
RULE: Final = re.compile(r"(?:\*[ \t]*){3,}$|(?:-[ \t]*){3,}$|(?:_[ \t]*){3,}$")
UNDERLINE: Final = re.compile(r"(=+|-+)[ \t]*$")
MARKER: Final = re.compile(r"([-+*]|([0-9]{1,9})([.)]))(?:( +)|$)")
DELIMITERS: Final = re.compile(r"\|?[ \t]*:?-+:?[ \t]*(?:\|[ \t]*:?-+:?[ \t]*)*\|?$")
_UNESCAPED_BAR: Final = re.compile(r"(?<!\\)\|")
_SENTENCE_END: Final = re.compile(r".*[.!?][\"')\]]*\s+|.*[。！？][」』）]*", re.DOTALL)
_SPACE: Final = re.compile(r".*\s", re.DOTALL)
_JOINS: Final = re.compile(
    r"[\u0300-\u036f\u200d\u20d0-\u20ff\u3099\u309a\ufe00-\ufe0f\U0001f3fb-\U0001f3ff]"
)
_UNDECIDED: Final = re.compile(r"[-+*=_`~#|:>\s]*|[0-9]{1,9}[.)]?\s*")


def cut_line(text: str) -> int:
    """Say where to cut a line longer than `LONGEST_LINE`, by looking at that many characters."""
    half = LONGEST_LINE // 2
    tail = text[half:LONGEST_LINE]
    found = _SENTENCE_END.match(tail) or _SPACE.match(tail)
    if found is not None:
        return half + found.end()
    at = LONGEST_LINE
    while at > half and (_JOINS.match(text, at) or text[at - 1] == "\u200d"):
        at -= 1
    return at


def is_undecided(partial: str) -> bool:
    """Whether the beginning of a line may still become a rule, a fence, a list item, a table."""
    return _UNDECIDED.fullmatch(partial.lstrip(" \t>")) is not None


def indent_of(line: str) -> int:
    """Count the spaces at the start."""
    return len(line) - len(line.lstrip(" "))


def spaced(line: str) -> str:
    """Turn tabs in the indentation into spaces."""
    body = line.lstrip(" \t")
    indentation = line[: len(line) - len(body)]
    return indentation.expandtabs(4) + body if "\t" in indentation else line


def after_quote(rest: str) -> str:
    """Take off the one space that belongs to the mark of a quote."""
    rest = spaced(rest)
    return rest[1:] if rest.startswith(" ") else rest


def split_cells(line: str) -> list[str]:
    """Split a row of a table."""
    line = line.strip()
    line = line.removeprefix("|")
    if line.endswith("|") and not line.endswith("\\|"):
        line = line[:-1]
    return [cell.strip().replace("\\|", "|") for cell in _UNESCAPED_BAR.split(line)]
