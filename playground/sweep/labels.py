"""Names cut to little room so that they can still be told apart."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from playground.cells import cell_len, cut

__all__ = ["LABEL_LENGTH", "apart"]

LABEL_LENGTH: Final = 60
"""Cells that the name of a prompt may take."""


def apart(texts: Sequence[str], width: int) -> list[str]:
    """Each text in `width` cells of a terminal at most.

    What has room stands whole. Of the rest each is cut at its end; where another one begins alike
    up to there, the beginning is left out, and it stands from the word on in which the two part.
    Two that are the same stay the same.
    """
    shared = _shared(texts)
    return [_cut(text, shared[text], width) for text in texts]


def _shared(texts: Sequence[str]) -> dict[str, int]:
    """For each text, how many of its characters some other one begins with."""
    shared = dict.fromkeys(texts, 0)
    # In order, the one that a text has most in common with is its neighbour.
    for one, other in pairwise(sorted(shared)):
        alike = next(
            (at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), len(one)
        )
        shared[one] = max(shared[one], alike)
        shared[other] = max(shared[other], alike)
    return shared


def _cut(text: str, shared: int, width: int) -> str:
    if cell_len(text) <= width:
        return text
    if cell_len(text[: shared + 1]) > width - 1:
        start = text.rfind(" ", 0, shared) + 1
        if cell_len(text[start:shared]) > width // 2:
            # A word so long, or none at all, that where they part would not be seen.
            start = shared
        # As many words before it as have room.
        while (before := text.rfind(" ", 0, max(start - 1, 0)) + 1) < start and (
            cell_len(text[before:]) < width
        ):
            start = before
        # One that another one goes on from has nothing behind the place: its beginning is its own.
        text = f"…{text[start:]}" if start < len(text) else text
    return cut(text, width)
