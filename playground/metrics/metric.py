"""What a metric is, and what measuring one gives."""

from __future__ import annotations

from collections.abc import Callable, Sequence, Sized
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, NamedTuple

if TYPE_CHECKING:
    from playground.metrics.collection import Collection
    from playground.metrics.intervals import Resampling

__all__ = [
    "LACKS",
    "MOST_COMPARED",
    "ONE_SAMPLE",
    "THREE_SAMPLES",
    "Estimate",
    "Figure",
    "Kind",
    "Metric",
    "Need",
    "Noted",
    "Values",
    "too_few",
    "too_many",
]

Need = Literal["logprobs", "entropy", "cost", "expected", "timing", "several", "model"]
"""What must be there: log-probabilities, entropies, a cost, expected answers, the clock, at least
two samples, or another model that is asked."""

Kind = Literal["per-sample", "per-set"]
"""Whether it is the mean of a value of each sample, or a value of several samples together."""


ONE_SAMPLE: Final = "one sample says nothing of how much answers vary"
THREE_SAMPLES: Final = "it takes three samples for an interval"

LACKS: Final[dict[Need, str]] = {
    "logprobs": "no log-probabilities: this model, or its settings, give none",
    "entropy": "no entropies: only models that show the whole distribution give them",
    "cost": "no cost: no price is known for this model",
    "expected": "no expected answers: the prompts come without them",
    "timing": "no times: the runs did not get as far as a second token",
    "several": "it takes at least two samples",
    "model": "it must be asked of a model",
}
"""Why there is no value where a need is not met."""

MOST_COMPARED: Final = 1000
"""Samples that are compared with each other; of more, the first so many."""


class Figure(NamedTuple):
    """One sample's part in a weighted mean: the sum over its `weight` things (tokens, answers)."""

    total: float
    weight: float = 1.0


Values = Sequence["float | Figure | None"]
"""One value a sample; None where a sample has none. All of them bool: it is a share of samples."""


class Noted(NamedTuple):
    """Values with something to be said beside them: see `Estimate.note`."""

    values: Values
    note: str


@dataclass(frozen=True, slots=True)
class Estimate:
    """What was measured: `value` with the interval `low` to `high`, from `count` samples.

    None where it cannot be had; `reason` then says why there is no value, or no interval. `note`
    is what should be said beside the value (another unit, answers that had to be left out).
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    count: int = 0
    reason: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True)
class Metric:
    """One metric: what it is called, what it means, and how it is computed.

    `better` is the direction in which it improves, None where it has none. `lowest` and `highest`
    bound its values (None: no bound). `needs` says what samples must have, and `kind` whether
    `values` (of each sample) or `whole` (of all together, with its interval) computes it; a metric
    that asks a model has neither, and is computed from `Figure`s that were asked for. The mean of
    `logarithmic` figures is of logarithms, and the metric its exponential. `lacks` says what is
    missing where no sample has a value and it is none of `needs`.
    """

    name: str
    title: str
    meaning: str
    unit: str = ""
    better: Literal["higher", "lower"] | None = None
    lowest: float | None = None
    highest: float | None = None
    needs: frozenset[Need] = frozenset()
    kind: Kind = "per-sample"
    logarithmic: bool = False
    values: Callable[[Collection], Values | Noted] | None = None
    whole: Callable[[Collection, Resampling], Estimate] | None = None
    lacks: str = ""

    @property
    def asks(self) -> bool:
        """Whether its figures must be asked of a model first."""
        return self.values is None and self.whole is None


def too_few(count: int) -> Estimate:
    """What comparing fewer than two samples gives."""
    return Estimate(None, count=count, reason=LACKS["several"])


def too_many(samples: Sized) -> str:
    """A note where only the first of very many samples are compared."""
    return f"of the first {MOST_COMPARED:,} samples" if len(samples) > MOST_COMPARED else ""
