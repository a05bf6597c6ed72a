"""Single fields of what an endpoint sent: each may hold anything, or be left out."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from playground.sanitize import encodable
from playground.types import MOST_TOKENS

__all__ = ["count", "number", "readable", "section", "string"]


def string(value: object) -> str:
    """A text; empty where it is none."""
    return value if isinstance(value, str) else ""


def readable(token: object) -> str:
    """A text whose half characters are shown as such."""
    return encodable(string(token))


def number(value: object) -> float | None:
    """A finite number: JSON from Python's reader may also be NaN, or have any number of digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def section(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    """An object within another; empty where it is none."""
    inner = found.get(name)
    return inner if isinstance(inner, dict) else {}


def count(found: Mapping[str, Any], name: str) -> int | None:
    """How many tokens a field says; None where that is no count."""
    value = found.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MOST_TOKENS else None
