"""The points of a sweep: all combinations of its axes, or some at random; never all at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from random import Random

from pydantic import JsonValue

from playground.errors import InvalidParameter
from playground.sweep.axis import Axis

Values = dict[str, JsonValue]
"""The knobs of one point, by name."""

THROWS = 10_000
"""How often the dice are thrown for a point that has not come before."""

GOLDEN = (math.sqrt(5) - 1) / 2


@dataclass(frozen=True, slots=True)
class Grid:
    """Every combination of the axes' values; the last axis changes fastest. No axes: one point."""

    axes: tuple[Axis, ...]

    def __post_init__(self) -> None:
        for axis in self.axes:
            if axis.stretch:
                raise InvalidParameter(
                    f"{axis.knob} {axis} has no step, so that a grid does not know its values.",
                    hint=f"Write {axis}:STEP, or draw from it with --random or --optimise.",
                )

    def __len__(self) -> int:
        return math.prod(len(axis) for axis in self.axes)

    def at(self, index: int) -> Values:
        """The point of this number, computed: a space of millions costs nothing to hold."""
        values: Values = {}
        for axis in reversed(self.axes):
            index, place = divmod(index, len(axis))
            values[axis.knob] = axis.at(place)
        return {axis.knob: values[axis.knob] for axis in self.axes}


@dataclass(frozen=True)
class Drawn:
    """`count` points at random, each from its own number and the seed: the same again on resume.

    Uniform over each axis (over its logarithm on a logarithmic one), after Bergstra & Bengio,
    "Random Search for Hyper-Parameter Optimization", JMLR 13 (2012). `apart`, a point that came
    before is thrown again: with the same dice its answers would be the same.
    """

    axes: tuple[Axis, ...]
    count: int
    seed: int
    apart: bool = False

    def __len__(self) -> int:
        return self.count

    def at(self, index: int) -> Values:
        """The point of this number."""
        return self._thrown(index, self._again.get(index, 0) if self.apart else 0)

    @cached_property
    def _again(self) -> dict[int, int]:
        """Which throw counts where it is not the first; all points are thrown to know it, once."""
        if any(axis.stretch and not axis.whole for axis in self.axes):
            return {}  # Of so many numbers none comes twice but in a million.
        seen: set[str] = set()
        again: dict[int, int] = {}
        for index in range(self.count):
            for throw in range(THROWS):
                point = repr(self._thrown(index, throw))
                if point not in seen:
                    break
            seen.add(point)
            if throw:
                again[index] = throw
        return again

    def _thrown(self, index: int, throw: int) -> Values:
        name = f"{self.seed}/{index}/{throw}" if throw else f"{self.seed}/{index}"
        dice = Random(name)  # noqa: S311 - a search, not a secret
        return {axis.knob: axis.draw(dice) for axis in self.axes}


Space = Grid | Drawn


def interleaved(size: int) -> Iterator[int]:
    """All numbers below `size`, each once, neighbours far apart, with no list of them.

    Steps of the golden ratio of the size, made coprime to it: wherever it stops, the numbers so far
    are spread evenly (the three-gap theorem). So a picture fills everywhere at once, and a machine
    that grows slower with time slows no corner of the space more than another.
    """
    if size <= 0:
        return
    step = max(1, round(size * GOLDEN))
    while math.gcd(step, size) != 1:
        step += 1
    at = 0
    for _ in range(size):
        yield at
        at = (at + step) % size


def span(axes: Sequence[Axis]) -> str:
    """How many values each axis has: `9 × 3`."""
    return " × ".join(f"{len(axis):,}" if len(axis) else "∞" for axis in axes)
