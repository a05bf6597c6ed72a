"""Break a line of text into the lines that fit a pane.

Words stay whole where they can. Japanese and Chinese have no spaces: there a line may break
between any two characters, but not before closing punctuation and not after an opening bracket.
A word wider than the pane is cut between grapheme clusters, never inside one, so an emoji family
or a letter with its accents stays together.
"""

from __future__ import annotations

import re
from typing import Final, NamedTuple

from rich.cells import cell_len, split_graphemes

__all__ = ["Piece", "cells", "fold", "wrap"]

_IDEOGRAPH: Final = (
    "\u2e80-\u2fff\u3005-\u3007\u3012-\u3013\u301c-\u30ff\u3100-\u312f\u3190-\u4dbf\u4e00-\u9fff"
    "\ua000-\ua4cf\uf900-\ufaff\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff66-\uff9f"
    "\U00020000-\U0003ffff"
)
_OPENING: Final = "「『（【〈《〔［｛“‘｟"
_CLOSING: Final = (
    "、。，．・：；？！」』）】〉》〕］｝”’｠ーゝゞ々ぁぃぅぇぉっゃゅょゎァィゥェォッャュョヮ…‥％"
)
_UNIT: Final = re.compile(
    rf"(?P<space>[ \t]+)"
    rf"|[{_OPENING}]*(?:[{_IDEOGRAPH}][\u0300-\u036f\u3099\u309a\ufe00-\ufe0f]*[{_CLOSING}]*"
    rf"|[{_CLOSING}]+)"
    rf"|[^ \t{_IDEOGRAPH}{_OPENING}{_CLOSING}]+[{_CLOSING}]*"
    rf"|[{_OPENING}]+"
)
"""What may not be broken: a run of spaces, an ideograph with its punctuation, or a word."""


class Piece(NamedTuple):
    """One visual line: the half-open range of the text it shows, and what follows that range.

    The spaces at which a line was broken are not drawn; `next_start` is where the next piece
    begins, so that `text[end:next_start]` is what a copy has to put back.
    """

    start: int
    end: int
    next_start: int


def cells(text: str) -> int:
    """Width of `text` in terminal cells."""
    return len(text) if text.isascii() else cell_len(text)


def wrap(text: str, width: int) -> list[Piece]:
    """Break one line of text (no newline in it) at `width` cells; at least one piece.

    Time is linear in the text. A character wider than `width` gets a line of its own.
    """
    size = len(text)
    if size <= width and cells(text) <= width:
        return [Piece(0, size, size)]
    width = max(width, 1)
    pieces: list[Piece] = []
    start = 0  # of the line being filled
    end = 0  # of its last unit that is not a space
    used = 0  # cells from start to the current unit, spaces included
    for unit in _UNIT.finditer(text):
        unit_start, unit_end = unit.span()
        unit_cells = cells(unit.group())
        if unit.lastgroup == "space":
            if end > start or not pieces:
                used += unit_cells
                # Indentation is text; spaces between words are only what may be broken at.
                end = unit_end if end == start else end
            else:
                start = end = unit_end
            continue
        if used + unit_cells > width and end > start:
            pieces.append(Piece(start, end, unit_start))
            start, used = unit_start, 0
        if unit_cells > width:
            for cut_start, cut_end, cut_cells in _cut(text, unit_start, unit_end, width):
                if cut_start > start:
                    pieces.append(Piece(start, cut_start, cut_start))
                    start = cut_start
                end, used = cut_end, cut_cells
        else:
            end, used = unit_end, used + unit_cells
    pieces.append(Piece(start, end, size))
    return pieces


def fold(text: str, width: int) -> list[Piece]:
    """Break one line of code at exactly `width` cells: in code every space means something."""
    size = len(text)
    width = max(width, 1)
    if text.isascii():
        cuts = [(at, min(at + width, size)) for at in range(0, size, width)] or [(0, 0)]
    else:
        cuts = [(start, end) for start, end, _ in _cut(text, 0, size, width)]
    return [Piece(start, end, end) for start, end in cuts]


def _cut(text: str, start: int, end: int, width: int) -> list[tuple[int, int, int]]:
    """Cut a word wider than `width` between grapheme clusters: (start, end, cells) of each part."""
    parts: list[tuple[int, int, int]] = []
    part_start, used = start, 0
    clusters, _ = split_graphemes(text[start:end])
    for cluster_start, _, cluster_cells in clusters:
        if used + cluster_cells > width and start + cluster_start > part_start:
            parts.append((part_start, start + cluster_start, used))
            part_start, used = start + cluster_start, 0
        used += cluster_cells
    parts.append((part_start, end, used))
    return parts
