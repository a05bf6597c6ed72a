"""The rows in which the difference of two texts is shown, side by side or inline. No widget."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import zip_longest
from typing import Final, Literal, NamedTuple

from playground.difference import Segment
from playground.sanitize import make_safe
from playground.tui.transcript.wrap import cells, fold, wrap

__all__ = ["MARKS", "Mark", "Piece", "Row", "inline", "side_by_side"]

Mark = Literal["same", "removed", "added"]

MARKS: Final[dict[Mark, tuple[str, str]]] = {
    "same": ("", ""),
    "removed": ("[-", "-]"),
    "added": ("{+", "+}"),
}
"""What stands around a piece inline, so that it reads without colours: the signs of `wdiff`."""

_LINE_END: Final = "↵"
"""Shown where a line end differs, which nothing else would show."""

_TAB: Final = "    "
_BLANKS: Final = str.maketrans({" ": "·", "\t": "→   "})
"""How blanks are shown where nothing but blanks differs."""


class Piece(NamedTuple):
    """Text of one sort: in both answers, in the left only, or in the right only."""

    text: str
    mark: Mark


class Row(NamedTuple):
    """One row of the screen. Inline, everything is on the left."""

    left: tuple[Piece, ...]
    right: tuple[Piece, ...]

    @property
    def differs(self) -> bool:
        """Whether anything in it is marked."""
        return any(piece.mark != "same" for piece in (*self.left, *self.right))


_Line = list[Piece]


def side_by_side(segments: Iterable[Segment], width: int) -> list[Row]:
    """Rows of two columns of `width` cells; lines that both answers end stand beside each other."""
    rows: list[Row] = []
    left: list[_Line] = [[]]
    right: list[_Line] = [[]]
    for segment in segments:
        if segment.kind != "same":
            _add(left, _marked(segment.left), "removed")
            _add(right, _marked(segment.right), "added")
            if not (left[-1] or right[-1]) and max(len(left), len(right)) > 1:
                # Whole lines: what comes next begins a line on both sides.
                rows += _beside(left[:-1], right[:-1], width)
                left, right = [[]], [[]]
            continue
        for number, line in enumerate(_visible(segment.left).split("\n")):
            if number:
                rows += _beside(left, right, width)
                left, right = [[]], [[]]
            _add(left, line, "same")
            _add(right, line, "same")
    return [*rows, *_beside(left, right, width)]


def inline(segments: Iterable[Segment], width: int) -> list[Row]:
    """Rows of one column of `width` cells: what was removed stands before what was added."""
    lines: list[_Line] = [[]]
    for kind, one, other in segments:
        if kind == "same":
            _add(lines, _visible(one), "same")
            continue
        for text, mark in ((one, "removed"), (other, "added")):
            if text:
                before, after = MARKS[mark]  # type: ignore[index]
                _add(lines, f"{before}{_marked(text)}{after}", mark)  # type: ignore[arg-type]
    return [Row(row, ()) for line in lines for row in _wrapped(line, width)]


def _beside(left: list[_Line], right: list[_Line], width: int) -> Iterator[Row]:
    ours = [row for line in left for row in _wrapped(line, width)]
    theirs = [row for line in right for row in _wrapped(line, width)]
    return (Row(*pair) for pair in zip_longest(ours, theirs, fillvalue=()))


def _add(lines: list[_Line], text: str, mark: Mark) -> None:
    """Put text behind the last line; each line end in it begins a new one."""
    for number, part in enumerate(text.split("\n")):
        if number:
            lines.append([])
        if part:
            lines[-1].append(Piece(part, mark))


def _visible(text: str) -> str:
    return make_safe(text).replace("\t", _TAB)


def _marked(text: str) -> str:
    """Text that differs. There is always something to see of it, were it only a blank."""
    lines = make_safe(text).split("\n")
    return f"{_LINE_END}\n".join(
        line.replace("\t", _TAB) if _shows(line) else "".join(map(_sign, line)) for line in lines
    )


def _shows(text: str) -> bool:
    return cells("".join(text.split())) > 0


def _sign(character: str) -> str:
    """A blank, or what takes no room, as something that can be seen."""
    if character in " \t":
        return character.translate(_BLANKS)
    return f"‹U+{ord(character):04X}›"


def _wrapped(line: _Line, width: int) -> Iterator[tuple[Piece, ...]]:
    """A line broken at `width` cells, each row with its pieces."""
    place, at = 0, 0  # the piece that is cut, and where it begins in the line
    for start, end in _broken("".join(piece.text for piece in line), width):
        row: list[Piece] = []
        while place < len(line):
            text, mark = line[place]
            if part := text[max(start - at, 0) : max(end - at, 0)]:
                row.append(Piece(part, mark))
            if at + len(text) > end:
                break
            at += len(text)
            place += 1
        yield tuple(row)


def _broken(text: str, width: int) -> Iterator[tuple[int, int]]:
    """Where the rows of a line begin and end. Indentation wider than a row is broken too."""
    for start, end, _ in wrap(text, width):
        if cells(text[start:end]) <= width:
            yield start, end
        else:
            yield from (
                (start + one.start, start + one.end) for one in fold(text[start:end], width)
            )
