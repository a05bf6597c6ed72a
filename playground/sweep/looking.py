"""Which answers of a sweep report the likeliest tokens, so that it can be said what knobs did.

"top_k 40 never cut: top_p had left at most 7 tokens" takes the beginning of the distribution at
every token. To ask for it everywhere would cost time and room; some answers tell as much.
"""

from __future__ import annotations

from math import gcd
from typing import Final

from playground.knobs import SAMPLERS
from playground.params import knobs
from playground.sweep.definition import Sweep

LIKELIEST: Final = 20
"""Tokens that are reported at each place."""

MOST_CELLS: Final = 200
"""Cells of a model of which the first answer reports them, at most."""

MOST_TOKENS: Final = 20_000
"""Tokens of a model at which they are reported, about: kept, each takes half a kilobyte or more."""


def looked_at(sweep: Sweep, cell: int, sample: int) -> bool:
    """Whether this answer is to report the likeliest tokens.

    It is the first answer of a cell where a knob is swept that is a stage of the sampler chain; of
    many cells some, of a grid spread over all values of all knobs.
    """
    if sample or not any(axis.knob in SAMPLERS for axis in sweep.axes):
        return False
    return cell % sweep.cells_of_model % _every(sweep) == 0


def _every(sweep: Sweep) -> int:
    """Of so many cells one; sharing no factor with the grid, it meets every value of each knob."""
    cells = sweep.cells_of_model
    most = max(1, min(MOST_CELLS, MOST_TOKENS // _longest(sweep)))
    every = -(-cells // most)
    while gcd(every, cells) != 1:
        every += 1
    return every


def _longest(sweep: Sweep) -> int:
    """How many tokens an answer may have."""
    for axis in sweep.axes:
        if axis.knob == "max_length":
            return max(1, *(int(float(str(value))) for value in (axis.high, *axis.values)))
    length = sweep.params.max_length or knobs()["max_length"].default
    return max(1, int(float(str(length))))
