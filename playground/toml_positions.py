"""On which line of a TOML file something stands, which the standard parser does not tell."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

Place = tuple[str | int, ...]
"""A way into a file: names of tables and keys, and numbers in arrays, counted from 0."""

_KEY: Final = re.compile(r"""^\s*((?:[\w-]+|"[^"]*"|'[^']*')(?:\s*\.\s*(?:[\w-]+|"[^"]*"))*)\s*=""")
_QUOTES: Final = ('"""', "'''")


def line_of(text: str, place: Place) -> int:
    """The line, from 1, of the deepest part of `place` that has one; 0 where nothing of it has."""
    lines = _lines(text)
    for depth in range(len(place), 0, -1):
        if line := lines.get(place[:depth]):
            return line
    return 0


def line_within(text: str, place: Place, line: int, word: str = "") -> int:
    """The file's line for line `line` (from 1) of the string that stands at `place`.

    A string may join its lines, so that counting alone can be off: where `word` is given, it is the
    nearest line of the string that has this word.
    """
    start = line_of(text, place)
    if not start:
        return 0
    rows = text.splitlines()
    opening = rows[start - 1].rstrip()
    quotes = next((mark for mark in _QUOTES if mark in opening), "")
    if not quotes:
        return start
    counted = start + line - (0 if opening.endswith(quotes) else 1)
    if not word:
        return min(counted, len(rows))
    end = _end_of_string(rows, start, quotes)
    pattern = re.compile(rf"(?<!\w){re.escape(word)}(?!\w)")
    having = [number for number in range(start, end + 1) if pattern.search(rows[number - 1])]
    return min(having, key=lambda number: abs(number - counted), default=min(counted, len(rows)))


def _lines(text: str) -> Mapping[Place, int]:
    """Where every table and key begins. Inline tables have no lines of their own."""
    found: dict[Place, int] = {}
    table: Place = ()
    inside = ""
    for number, row in enumerate(text.splitlines(), start=1):
        if inside:
            inside = "" if row.count(inside) % 2 else inside
            continue
        if (header := _header(row)) is not None:
            table = _table(row.lstrip().startswith("[["), _parts(header), found)
            for depth in range(1, len(table) + 1):
                found.setdefault(table[:depth], number)
        elif key := _KEY.match(row):
            place = (*table, *_parts(key[1]))
            for depth in range(len(table) + 1, len(place) + 1):
                found.setdefault(place[:depth], number)
            inside = next((mark for mark in _QUOTES if row.count(mark) % 2), "")
    return found


def _header(row: str) -> str | None:
    """The name in a table's header, None of any other line."""
    # Not by a pattern: one that is short takes for ever on lines that somebody made for it.
    name, closed, rest = row.strip().removeprefix("[").removeprefix("[").partition("]")
    rest = rest.removeprefix("]").lstrip()
    is_header = row.lstrip().startswith("[") and closed and (not rest or rest.startswith("#"))
    return name.strip() or None if is_header else None


def _table(listed: bool, parts: tuple[str, ...], found: Mapping[Place, int]) -> Place:
    """The way to a table: `[[messages]]` is the next of its array, `[messages.x]` in the last."""
    place: Place = ()
    for index, part in enumerate(parts):
        place = (*place, part)
        last = max((step[len(place)] for step in found if _is_item(step, place)), default=None)
        if index == len(parts) - 1 and listed:
            return (*place, 0 if not isinstance(last, int) else last + 1)
        if isinstance(last, int):
            place = (*place, last)
    return place


def _is_item(step: Place, array: Place) -> bool:
    return (
        step[: len(array)] == array and len(step) > len(array) and isinstance(step[len(array)], int)
    )


def _parts(dotted: str) -> tuple[str, ...]:
    return tuple(part.strip().strip("\"'") for part in dotted.split("."))


def _end_of_string(rows: list[str], start: int, quotes: str) -> int:
    """The line on which the string that begins on line `start` ends."""
    if rows[start - 1].count(quotes) > 1:
        return start
    later = (n for n in range(start + 1, len(rows) + 1) if quotes in rows[n - 1])
    return next(later, len(rows))
