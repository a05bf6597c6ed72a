"""Bars for notebooks and pages: a row a token, with its probability. Everything is escaped."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from html import escape

__all__ = ["Bar", "bars_html", "percent"]

COLOUR = "#0072b2"
MARKED = "#d55e00"
"""Blue and vermilion of Okabe and Ito's palette, which colour-blind readers tell apart."""


@dataclass(frozen=True, slots=True)
class Bar:
    """One row: what it is called, its probability (0 to 1), and a word about it."""

    label: str
    share: float
    note: str = ""
    marked: bool = False
    faded: bool = False


def percent(share: float) -> str:
    """A probability for people: `12.3%`, `0.04%`, `0.0003%`, in powers of ten where it is tiny."""
    if share <= 0:
        return "0%"
    if share >= 0.99995:
        return "100%"
    if 0.1 <= share < 0.9995:
        return f"{share:.1%}"
    if share >= 0.0001:
        return f"{share:.2%}"
    return f"{share * 100:.4f}%" if share >= 1e-6 else f"{share * 100:.0e}%"


def bars_html(bars: Iterable[Bar], caption: str) -> str:
    """A table of bars, as HTML that stands alone: no script, no style sheet, nothing fetched."""
    rows = []
    for bar in bars:
        colour = MARKED if bar.marked else COLOUR
        weight = "bold" if bar.marked else "normal"
        rows.append(
            f'<tr style="opacity:{0.45 if bar.faded else 1}">'
            f'<td style="text-align:right;font-variant-numeric:tabular-nums">{percent(bar.share)}'
            '</td><td style="width:12em"><div style="height:0.8em;'
            f'width:{max(0.0, min(bar.share, 1.0)) * 100:.2f}%;background:{colour}"></div></td>'
            f'<td style="text-align:left;font-family:monospace;font-weight:{weight}">'
            f"<bdi>{escape(bar.label)}</bdi></td>"
            f'<td style="text-align:left">{escape(bar.note)}</td></tr>'
        )
    return (
        '<table style="border-collapse:collapse;min-width:min(32em,100%)">'
        '<caption style="text-align:left">'
        f"{escape(caption)}</caption>{''.join(rows)}</table>"
    )
