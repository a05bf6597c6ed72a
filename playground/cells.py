"""Text measured in the cells of a terminal, where Japanese and emoji take two: cut and filled up.

Whoever wants the width of a text asks here; only the terminal draws with rich beside it.
"""

from __future__ import annotations

from rich.cells import cell_len, set_cell_size

__all__ = ["cell_len", "cut", "fit"]


def cut(text: str, width: int) -> str:
    """The text in at most `width` cells; a longer one ends in an ellipsis."""
    # Measuring a long answer takes tens of milliseconds, and mostly its beginning says enough.
    beginning = text[: 4 * max(width, 1)]
    if cell_len(beginning) <= width:
        if len(beginning) == len(text) or cell_len(text) <= width:
            return text
        beginning = text
    return f"{set_cell_size(beginning, width - 1).rstrip()}…" if width > 0 else ""


def fit(text: str, width: int, *, right: bool = False) -> str:
    """The text in exactly `width` cells, cut or with blanks behind it (`right`: before it)."""
    text = cut(text, width)
    blanks = " " * (width - cell_len(text))
    return f"{blanks}{text}" if right else f"{text}{blanks}"
