"""What was measured of a cell, as it is kept and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from pydantic import JsonValue

from playground.metrics import Estimate

__all__ = ["CellFigures", "estimate_text", "figure_text", "interval_text", "short_figure"]


@dataclass(frozen=True, slots=True)
class CellFigures:
    """The estimates of a cell by metric, from `samples` answers; `failed` more ended in an error.

    `top` is the answer that came most often, shortened, and `answers` how many there are that
    differ: what a cursor over the grid shows first.
    """

    samples: int
    failed: int
    estimates: Mapping[str, Estimate] = field(default_factory=dict)
    top: str = ""
    answers: int = 0

    def value(self, metric: str) -> float | None:
        """The estimate's value; None where it could not be had."""
        estimate = self.estimates.get(metric)
        return estimate.value if estimate is not None else None

    def packed(self) -> dict[str, JsonValue]:
        """As compact JSON: ten thousand cells are read at once."""
        rows: dict[str, JsonValue] = {
            name: [item.value, item.low, item.high, item.count, item.reason, item.note]
            for name, item in self.estimates.items()
        }
        return {
            "samples": self.samples,
            "failed": self.failed,
            "top": self.top,
            "answers": self.answers,
            "estimates": rows,
        }

    @classmethod
    def unpacked(cls, kept: Mapping[str, JsonValue]) -> Self:
        """From what `packed` gave; raises `ValueError` for anything else."""
        try:
            rows = kept["estimates"]
            return cls(
                samples=int(str(kept["samples"])),
                failed=int(str(kept["failed"])),
                top=str(kept["top"]),
                answers=int(str(kept["answers"])),
                estimates={name: Estimate(*row) for name, row in rows.items()},  # type: ignore[union-attr,misc]
            )
        except (KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"the figures of a cell cannot be read: {error}") from error


def short_figure(value: float) -> str:
    """A figure in few cells: `0.812`, `-1.05`, `412`, `12.3k`, `2.1e-5`."""
    size = abs(value)
    if value == 0 or 0.001 <= size < 999.5:
        return f"{value:.3g}"
    if size < 0.001:
        mantissa, exponent = f"{value:.1e}".split("e")
        return f"{mantissa}e{int(exponent)}"
    for unit, sign in ((1e3, "k"), (1e6, "M"), (1e9, "G")):
        if size < 999.5 * unit:
            return f"{value / unit:.3g}{sign}"
    return f"{value:.1e}"


def figure_text(estimate: Estimate | None) -> str:
    """A metric's value, or a dash."""
    return "–" if estimate is None or estimate.value is None else short_figure(estimate.value)


def interval_text(estimate: Estimate | None) -> str:
    """The interval, or why there is none: `0.77 to 0.85`."""
    if estimate is None:
        return "not measured"
    if estimate.value is None or estimate.low is None or estimate.high is None:
        return estimate.reason
    return f"{short_figure(estimate.low)} to {short_figure(estimate.high)}"


def estimate_text(estimate: Estimate | None) -> str:
    """A metric's value with its interval, where it has one: `0.81 (0.77 to 0.85)`."""
    value = figure_text(estimate)
    if estimate is None or estimate.low is None or estimate.high is None:
        return value
    return f"{value} ({interval_text(estimate)})"
