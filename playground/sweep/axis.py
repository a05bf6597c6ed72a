"""What a sweep does to one knob: the values that it takes, or the stretch that they come from."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal, InvalidOperation
from random import Random
from typing import Any, Final

from pydantic import JsonValue

from playground.errors import InvalidParameter, did_you_mean
from playground.knobs import Knob, number_text, order_text
from playground.params import GenerationParams, knobs
from playground.types import Frozen

MOST_VALUES: Final = 1_000_000
"""No axis has more values than this."""

DIGITS: Final = 6
"""Significant digits of a value on a logarithmic axis: 0.0316228, not 0.03162277660168379."""

NOT_SWEPT: Final[Mapping[str, str]] = {
    "n": "it is how many answers each setting gets: say `samples`",
    "seed": "it is the seed of the first sample, and the others count up from it",
    "logprobs": "it is what is reported, and changes no answer",
}
"""Knobs that cannot be an axis, each with the reason."""

_MOST_DIGITS: Final = 18
"""No number on an axis has more digits before its point; no knob takes one nearly as large."""

_LOGARITHMIC = re.compile(r"log(\d*)")


class Axis(Frozen):
    """The values of one knob, in order.

    Either `values`, or a range from `low` to `high` (both inside): of `count` steps of equal width
    or, on a logarithmic one (`log`), of equal ratio. A range without a `count` is a stretch to draw
    from, for random and Bayesian search. `at` gives a value of a list or a range with a count.
    """

    knob: str
    values: tuple[JsonValue, ...] = ()
    low: float = 0.0
    high: float = 0.0
    count: int | None = None
    step: str = ""
    log: bool = False

    def __len__(self) -> int:
        return len(self.values) or self.count or 0

    def each(self) -> Iterator[JsonValue]:
        """Its values in order; of a stretch none."""
        return (self.at(place) for place in range(len(self)))

    @property
    def stretch(self) -> bool:
        """Whether it has no values of its own, only two ends."""
        return not self.values and self.count is None

    @property
    def numeric(self) -> bool:
        """Whether all its values are numbers, so that they have an order and a distance."""
        return not self.values or all(_is_number(value) for value in self.values)

    @property
    def whole(self) -> bool:
        """Whether the knob takes whole numbers only."""
        return knobs()[self.knob].kind == "int"

    def at(self, place: int) -> JsonValue:
        """The value at a place from 0; raises `IndexError` outside."""
        if not 0 <= place < len(self):
            raise IndexError(place)
        if self.values:
            return self.values[place]
        if self.log:
            return self._at_share(place / (len(self) - 1))
        # In decimals: the third step of 0.1 is 0.3 and not 0.30000000000000004.
        value = Decimal(repr(self.low)) + place * Decimal(self.step)
        # A step that is a rounded fraction may go a hair beyond the end.
        value = min(value, Decimal(repr(self.high)))
        return int(value) if self.whole else float(value)

    def draw(self, dice: Random) -> JsonValue:
        """A value at random: of a list or range any, of a stretch a number between its ends."""
        return self.at(dice.randrange(len(self))) if len(self) else self._at_share(dice.random())

    def _at_share(self, share: float) -> float | int:
        if self.log:
            value = self.low * (self.high / self.low) ** share
            value = float(f"{value:.{DIGITS}g}")
        else:
            value = round(self.low + (self.high - self.low) * share, DIGITS)
        return round(value) if self.whole else value

    def __str__(self) -> str:
        """As it would be written: `0:2:0.25`, `0.01:1:log5`, `0.5,0.9,1`."""
        if self.values:
            return ",".join(value_text(value) for value in self.values)
        ends = f"{value_text(self.low)}:{value_text(self.high)}"
        if self.log:
            return f"{ends}:log{self.count or ''}"
        return f"{ends}:{self.step}" if self.step else ends


def value_text(value: JsonValue) -> str:
    """A value of a knob as it is written on an axis."""
    if isinstance(value, list):
        return order_text(value)
    # Exactly, and no longer than that takes: 2 and 0.1234567, not 2.0 and 0.123457.
    return repr(value).removesuffix(".0") if isinstance(value, float) else str(value)


def axis_of(knob: str, given: object) -> Axis:
    """The axis that somebody means: a number, a list, or text such as `0:2:0.25` or `0.5,0.9,1`.

    Text for a numeric knob is a list with commas or a range: `start:stop:step`, `start:stop:log5`
    (five values of equal ratio), `start:stop` and `start:stop:log` (a stretch). Raises
    `InvalidParameter` for what is empty, runs backwards, stands still or is out of its range.
    """
    known = _known(knob)
    if isinstance(given, str) and known.numeric:
        made = _read(known, given)
    else:
        values = (
            tuple(given) if isinstance(given, Sequence) and not isinstance(given, str) else (given,)
        )
        made = Axis(knob=known.name, values=tuple(_value(known, value) for value in values))
    if made.stretch and made.low == made.high:
        raise InvalidParameter(f"{known.name} has no value to take.", hint=_EXAMPLES)
    _check(known, made)
    return made


_EXAMPLES: Final = "Write a list (0.2,0.7,1.5) or a range (0:2:0.25: from 0 to 2 by steps of 0.25)."


def _known(name: str) -> Knob:
    by_word = {word: knob for knob in knobs().values() for word in (knob.name, *knob.aliases)}
    if name not in by_word:
        raise InvalidParameter(
            f"There is no parameter {name!r} to sweep.",
            hint=did_you_mean(name, by_word) or "`playground params` lists them.",
        )
    knob = by_word[name]
    if reason := NOT_SWEPT.get(knob.name):
        raise InvalidParameter(f"{knob.name} cannot be swept: {reason}.")
    return knob


def _read(knob: Knob, text: str) -> Axis:
    parts = [part.strip() for part in text.split(":")]
    if len(parts) == 1:
        words = [word.strip() for word in text.split(",")]
        return Axis(knob=knob.name, values=tuple(_number(knob, word, text) for word in words))
    if len(parts) > 3:
        raise InvalidParameter(f"{knob.name} {text!r} is not a range.", hint=_EXAMPLES)
    low, high = (float(_number(knob, part, text)) for part in parts[:2])
    if low > high:
        raise InvalidParameter(
            f"{knob.name} {text!r} runs backwards, from {low:g} down to {high:g}.",
            hint=f"Write {':'.join([parts[1], parts[0], *parts[2:]])}.",
        )
    if low == high:
        raise InvalidParameter(
            f"{knob.name} {text!r} starts where it stops.", hint=f"Write {parts[0]} alone."
        )
    if len(parts) == 2:
        return Axis(knob=knob.name, low=low, high=high)
    if found := _LOGARITHMIC.fullmatch(parts[2]):
        return _logarithmic(knob, text, low, high, found.group(1))
    step = float(_number(knob, parts[2], text))
    if step <= 0:
        raise InvalidParameter(
            f"{knob.name} {text!r} has a step of {step:g}, with which it never arrives.",
            hint="A step is greater than 0.",
        )
    # A hair more, for steps such as 0.1 that no binary number is.
    steps = (high - low) / step * (1 + 1e-12)
    if steps >= MOST_VALUES:
        raise InvalidParameter(
            f"{knob.name} {text!r} has more than {MOST_VALUES:,} values.",
            hint="Take a larger step.",
        )
    count = math.floor(steps) + 1
    return Axis(knob=knob.name, low=low, high=high, count=count, step=parts[2])


def _logarithmic(knob: Knob, text: str, low: float, high: float, count: str) -> Axis:
    if low <= 0:
        raise InvalidParameter(
            f"{knob.name} {text!r} starts at {low:g}, and a logarithmic range starts above 0.",
            hint="Start at a small number, such as 0.01.",
        )
    if not count:
        return Axis(knob=knob.name, low=low, high=high, log=True)
    if not 2 <= int(count) <= MOST_VALUES:
        raise InvalidParameter(
            f"{knob.name} {text!r} asks for {count} values; at least 2 and at most "
            f"{MOST_VALUES:,} can be had."
        )
    made = Axis(knob=knob.name, low=low, high=high, count=int(count), log=True)
    # Whole numbers meet when they are rounded: 1, 2, 3 and not 1, 1, 2, 3, 3.
    return axis_of(knob.name, list(dict.fromkeys(made.each()))) if made.whole else made


def _number(knob: Knob, word: str, text: str) -> int | float:
    try:
        value = Decimal(word)
    except InvalidOperation:
        what = f"{word!r} in {text!r}" if word != text else repr(text)
        raise InvalidParameter(
            f"{knob.name}: {what if word else f'an empty place in {text!r}'} is not a number.",
            hint=_EXAMPLES,
        ) from None
    if not value.is_finite():
        raise InvalidParameter(f"{knob.name} {word} is not a number to stop at.", hint=_EXAMPLES)
    if value.adjusted() > _MOST_DIGITS:
        # Making a whole number of 1e400000000 would take for ever.
        raise InvalidParameter(f"{knob.name} {word} is too large a number.", hint=_EXAMPLES)
    if knob.kind == "int":
        if value != int(value):
            raise InvalidParameter(f"{knob.name} takes whole numbers, and {word} is none.")
        return int(value)
    return float(value)


def _value(knob: Knob, value: Any) -> JsonValue:
    """A value as the params take it; raises `InvalidParameter` where they do not."""
    if isinstance(value, bool) and knob.numeric:
        raise InvalidParameter(f"{knob.name} takes numbers, and {value} is none.")
    read = getattr(GenerationParams.of(**{knob.name: value}), knob.name)
    kept: JsonValue = list(read) if isinstance(read, tuple) else read
    return kept


def _check(knob: Knob, axis: Axis) -> None:
    for value in axis.values or (axis.low, axis.high):
        if value is None:
            raise InvalidParameter(f"{knob.name} has an empty value.", hint=_EXAMPLES)
        if problem := knob.problem(value):
            hint = "`playground params` lists the ranges."
            raise InvalidParameter(f"{knob.name} {problem}.", hint=hint)
    if len({repr(value) for value in axis.values}) != len(axis.values):
        raise InvalidParameter(f"{knob.name} has a value twice: {axis}.", hint="Leave one out.")


def _is_number(value: JsonValue) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def range_text(axis: Axis) -> str:
    """An axis for people: `temperature 0 to 2, 9 values`; `grammar A and 2 other values`."""
    if axis.stretch:
        return f"{axis.knob} {number_text(axis.low)} to {number_text(axis.high)}"
    first, last = axis.at(0), axis.at(len(axis) - 1)
    if len(axis) == 1:
        return f"{axis.knob} {value_text(first)}"
    if axis.numeric:
        return f"{axis.knob} {value_text(first)} to {value_text(last)}, {len(axis):,} values"
    # What is no number has no order that "to" could mean.
    if len(axis) == 2:
        return f"{axis.knob} {value_text(first)} or {value_text(last)}"
    return f"{axis.knob} {value_text(first)} and {len(axis) - 1:,} other values"
