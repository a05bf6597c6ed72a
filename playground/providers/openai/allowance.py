"""What an endpoint says of how much more it takes, before it refuses anything."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

_UNITS: Final = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_PART: Final = re.compile(r"(\d{1,9}(?:\.\d{1,9})?)(ms|s|m|h|d)")
_LONGEST_TEXT: Final = 40


def spent_for(headers: Mapping[str, str]) -> float:
    """The seconds for which nothing is left of what an endpoint takes; 0 where something is.

    By `x-ratelimit-remaining-requests` and `x-ratelimit-reset-requests`, and the same of tokens, as
    OpenAI writes them (`6m0s`, `20ms`; https://platform.openai.com/docs/guides/rate-limits) and
    others do too. What cannot be read counts as not said.
    """
    waits = (
        _seconds(headers.get(f"x-ratelimit-reset-{kind}", ""))
        for kind in ("requests", "tokens")
        if headers.get(f"x-ratelimit-remaining-{kind}", "").strip() == "0"
    )
    return max(waits, default=0.0)


def _seconds(text: str) -> float:
    """A duration such as `1h2m3.5s`, or seconds alone; 0 for anything else."""
    text = text.strip()
    if len(text) > _LONGEST_TEXT:
        return 0.0
    if text.replace(".", "", 1).isdecimal() and text.isascii():
        return float(text)
    parts = _PART.findall(text)
    if "".join(number + unit for number, unit in parts) != text:
        return 0.0
    return sum(float(number) * _UNITS[unit] for number, unit in parts)
