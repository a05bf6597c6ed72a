"""Tables as plain text: aligned by terminal cells, as wide as they need to be."""

from __future__ import annotations

from collections.abc import Sequence

from playground.cells import cell_len, fit
from playground.sanitize import make_safe

GAP = "  "


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, right: Sequence[int] = ()) -> str:
    """Rows under a head, without trailing spaces; the columns numbered in `right` align there."""
    safe = [[make_safe(cell).replace("\n", " ") for cell in row] for row in [head, *rows]]
    widths = [max(map(cell_len, column)) for column in zip(*safe, strict=True)]
    return "\n".join(
        GAP.join(
            fit(cell, width, right=number in right)
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in safe
    )
