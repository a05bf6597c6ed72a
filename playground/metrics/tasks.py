"""Values of an answer against the expected one, and answers that must be JSON."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import lru_cache
from math import isfinite
from typing import TYPE_CHECKING, Final, NoReturn

from playground.errors import MetricFailed
from playground.metrics.collection import Collection, normalised
from playground.metrics.metric import Noted, Values

if TYPE_CHECKING:
    from regex import Pattern

__all__ = ["TOLERANCE", "contains", "exact", "json_valid", "matches", "number_in", "numeric"]

TOLERANCE: Final = 1e-6
"""What `numeric` allows where nothing else is said, as a share of the expected number."""

PATIENCE: Final = 1.0
"""Seconds that a pattern may take on one answer: some take for ever on some texts."""

_NUMBER: Final = re.compile(
    r"(?<![A-Za-z_\d.])"  # not inside a name, a longer number or a version
    r"(?:(?:\d{1,3}(?:,\d{3})+(?![,\d])|\d+)(?:\.\d+)?|\.\d+)"
    r"(?:[eE][-+]?\d+)?"
)
_NARROW: Final = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)}
"""Full-width ASCII as itself. Not NFKC, which makes 52 of 5² and 1⁄2 of ½."""

_SIGN: Final = re.compile(r"(?<![\w)])[-−]$")


def exact(collection: Collection) -> Values:
    """Whether each answer is the expected one, or one that is as right: see `normalised`."""
    return _any(collection, lambda text, right: normalised(text) == normalised(right))


def contains(collection: Collection) -> Values:
    """Whether the expected text, or one as right, is somewhere in each answer, `normalised`."""
    return _any(collection, lambda text, right: normalised(right) in normalised(text))


def _any(collection: Collection, is_right: Callable[[str, str], bool]) -> Values:
    return [
        any(is_right(sample.text, right) for right in sample.right) if sample.right else None
        for sample in collection.samples
    ]


def matches(collection: Collection) -> Values | Noted:
    """Whether the expected pattern, or one of several, is found in each answer.

    Raises `MetricFailed` for what is no pattern. A pattern that takes longer than `PATIENCE` on an
    answer gives no value there.
    """
    found: list[bool | None] = []
    late = 0
    for sample in collection.samples:
        patterns = [_pattern(right) for right in sample.right]
        try:
            found.append(
                any(one.search(sample.text, timeout=PATIENCE) for one in patterns)
                if patterns
                else None
            )
        except TimeoutError:
            late += 1
            found.append(None)
    said = f"{late} left out: the pattern takes more than {PATIENCE:g} s on them"
    return Noted(found, said) if late else found


def json_valid(collection: Collection) -> Values:
    """Whether each answer is one JSON value (RFC 8259), blanks around it aside."""
    return [_is_json(sample.text) for sample in collection.samples]


def numeric(tolerance: float = TOLERANCE) -> Callable[[Collection], Values]:
    """Whether the last number of each answer is the expected one.

    Right is |answer - expected| ≤ tolerance · max(1, |expected|); of several expected numbers one
    is enough. An answer without a number is
    wrong; where the expected text has none, there is no value.
    """

    def values(collection: Collection) -> Values:
        found: list[bool | None] = []
        for sample in collection.samples:
            right = [one for text in sample.right if (one := number_in(text)) is not None]
            number = number_in(sample.text)
            found.append(
                any(
                    number is not None and abs(number - one) <= tolerance * max(1.0, abs(one))
                    for one in right
                )
                if right
                else None
            )
        return found

    return values


def number_in(text: str) -> float | None:
    """The last number of a text; None where there is none.

    Commas between groups of three digits are taken out, full-width digits are read, and a hyphen
    is a minus where no word is before it.
    """
    plain = text.translate(_NARROW)
    last = None
    for last in _NUMBER.finditer(plain):  # noqa: B007 - only the last is wanted
        pass
    if last is None:
        return None
    number = float(last[0].replace(",", ""))
    if not isfinite(number):
        return None
    before = plain[max(0, last.start() - 2) : last.start()]
    return -number if _SIGN.search(before) else number


@lru_cache(maxsize=256)
def _pattern(text: str) -> Pattern[str]:
    # Not the standard library's: that cannot be stopped, and a pattern like (a+)+b never ends on
    # a text that a model may well write.
    import regex

    try:
        return regex.compile(text)
    except regex.error as error:
        raise MetricFailed(
            f"The expected text {text!r} is no regular expression: {error}.",
            hint="Correct it, or use the metric `contains`.",
        ) from error


def _is_json(text: str) -> bool:
    try:
        # Numbers stay text: Python's limit on their digits is none of JSON's.
        json.loads(text, parse_constant=_refuse, parse_int=str, parse_float=str)
    except (ValueError, RecursionError):
        return False
    return True


def _refuse(constant: str) -> NoReturn:
    raise ValueError(f"{constant} is not JSON")
