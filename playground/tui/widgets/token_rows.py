"""The tokens of an answer in rows that end between words: where each of their parts stands."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from rich.cells import cell_len, split_graphemes

__all__ = ["Part", "TokenRows"]

_LINE_END: Final = "↵"
_BLANKS: Final = ("·", "→", " ")
"""Blanks as they are spelled, and one of a text that is shown as it is."""

_OPENING: Final = ("Ps", "Pi")
_CLOSING: Final = ("Pe", "Pf", "Po")
"""Categories of characters that no row ends with, and of those that none begins with."""


class Part(NamedTuple):
    """Part of a token in one row; nearly always the whole of it.

    `token` is -1 where it is part of the text that stands before them.
    """

    token: int
    text: str
    column: int
    width: int


class TokenRows:
    """Rows of `room` cells, filled token by token.

    They end inside a word only where it is longer than a row. A token that fits stays whole, though
    it may be of several words. What is put last moves no row but the last one.
    """

    def __init__(self, room: int) -> None:
        self.room = room
        self.rows: list[list[Part]] = [[]]
        self.row_of: list[int] = []
        """The row in which each token begins."""

    def give(self, text: str) -> None:
        """Put a text before all tokens, the last line of which the first of them goes on with."""
        for at, line in enumerate(text.splitlines() or [""]):
            if at:
                self.rows.append([])
            self._put(-1, line)

    def place(self, text: str) -> None:
        """Put the next token, as it is spelled, behind the others."""
        self._put(len(self.row_of), text)
        if _LINE_END in text:
            self.rows.append([])

    def _put(self, token: int, text: str) -> None:
        """Add a token whole where it fits into a row, and what is longer word by word."""
        whole = token >= 0 and cell_len(text) <= self.room
        words = (text,) if whole else _words(text)
        for at, part in enumerate(part for word in words for part in _parts(word, self.room)):
            self._add(token, part)
            if token >= 0 and at == 0:
                self.row_of.append(len(self.rows) - 1)

    def _add(self, token: int, text: str) -> None:
        width = cell_len(text)
        if self.rows[-1] and _end(self.rows[-1]) + width > self.room:
            self._begin_row(text, width)
            if token < 0:
                # A blank of the user's own text stays behind where a row ends.
                text = text.removeprefix(" ")
                width = cell_len(text)
        row = self.rows[-1]
        row.append(Part(token, text, _end(row), width))

    def _begin_row(self, text: str, width: int) -> None:
        """Begin another row, to which the word that `text` goes on with comes along if it fits."""
        row, first = self.rows[-1], len(self.rows)
        at, rest = len(row), text
        while at > 0 and width <= self.room and not _may_part(row[at - 1].text, rest):
            at -= 1
            rest = row[at].text
            width += row[at].width
        if at == 0 or width > self.room:
            at = len(row)
        moved = row[at:]
        del row[at:]
        self.rows.append([])
        for part in moved:
            self.rows[first].append(part._replace(column=_end(self.rows[first])))
            if part.token >= 0 and row[-1].token != part.token:
                self.row_of[part.token] = first


def _end(row: Sequence[Part]) -> int:
    """The first free cell of a row."""
    return row[-1].column + row[-1].width if row else 0


def _may_part(before: str, text: str) -> bool:
    """Whether a row may end between two texts: at a blank, or where wide characters meet."""
    if not before:
        return True
    if text[0] in _BLANKS:
        return before[-1] not in _BLANKS
    if before[-1] in _BLANKS:
        return True
    if before[-1].isascii() and text[0].isascii():
        return False
    last, first = (_graphemes(side)[at] for side, at in ((before, -1), (text, 0)))
    if unicodedata.category(first[0]) in _CLOSING or unicodedata.category(last[0]) in _OPENING:
        return False
    return cell_len(last) > 1 or cell_len(first) > 1


def _words(text: str) -> Iterable[str]:
    """A text in words, each with the blanks before it, or where wide characters meet."""
    word, before = "", ""
    for part in _graphemes(text):
        if before and before not in _BLANKS and _may_part(before, part):
            yield word
            word = ""
        word, before = word + part, part
    yield word


def _graphemes(text: str) -> list[str]:
    return [text[start:end] for start, end, _ in split_graphemes(text)[0]]


def _parts(text: str, width: int) -> Iterable[str]:
    """A text in parts of so many cells at most, cut between graphemes."""
    part, room = "", width
    for start, end, cells in split_graphemes(text)[0]:
        if cells > room and part:
            yield part
            part, room = "", width
        part += text[start:end]
        room -= cells
    yield part
