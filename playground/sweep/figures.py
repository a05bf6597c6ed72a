"""What was measured of a cell, as it is kept and shown."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from pydantic import JsonValue

from playground.metrics import Estimate


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
