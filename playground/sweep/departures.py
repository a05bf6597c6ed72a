"""What a model will do otherwise than the settings of a sweep ask, before it starts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Final

from pydantic import JsonValue

from playground.errors import InvalidParameter
from playground.providers.base import ChatModel
from playground.sweep.axis import Axis
from playground.sweep.definition import Sweep
from playground.sweep.space import Values
from playground.types import Adjustment

MOST_WORDS: Final = 50
"""So many values are looked at of a knob whose values are no numbers."""


def departures(sweep: Sweep, model: ChatModel) -> tuple[str, ...]:
    """A sentence for each knob that a model drops, or takes only in part of its range.

    Both ends of every axis of numbers are looked at, and every value of one of words, each at the
    first setting of the space otherwise.
    """
    said: dict[tuple[str, str], str] = {}
    swept = {axis.knob for axis in sweep.axes}
    for values in _settings(sweep):
        try:
            params = sweep.params.updated(**values)
        except InvalidParameter:
            # Two knobs that contradict each other there: the cell will say so, not the model.
            continue
        for adjustment in model.plan(params).departures:
            key = adjustment.knob, adjustment.kind
            said.setdefault(key, _sentence(model, adjustment, swept=adjustment.knob in swept))
    return tuple(said.values())


def _settings(sweep: Sweep) -> Iterator[Values]:
    first = sweep.space.at(0)
    # The ends before the rest: they say most plainly how far a model does not follow.
    for axis in sweep.axes:
        for value in _looked_at(axis):
            yield {**first, axis.knob: value}
    yield first


def _looked_at(axis: Axis) -> Iterable[JsonValue]:
    if axis.stretch:
        ends: list[JsonValue] = [axis.low, axis.high]
        return [round(float(str(end))) for end in ends] if axis.whole else ends
    if axis.numeric:
        return min(axis.each(), key=_size), max(axis.each(), key=_size)
    return islice(axis.each(), MOST_WORDS)


def _size(value: JsonValue) -> float:
    return float(str(value))


def _sentence(model: ChatModel, adjustment: Adjustment, *, swept: bool) -> str:
    if adjustment.kind == "clamped":
        return (
            f"{model.ref} makes {adjustment.knob} {adjustment.asked} into {adjustment.used}: "
            f"{adjustment.reason}."
        )
    so = ", so that its values change nothing there" if swept else ""
    return f"{model.ref} drops {adjustment.knob}{so}: {adjustment.reason}."
