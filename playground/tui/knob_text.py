"""Between a knob's value and the text in its field: written, read, and complained about."""

from __future__ import annotations

import json

from pydantic import JsonValue

from playground.errors import InvalidParameter
from playground.params import Knob
from playground.tui.labels import number
from playground.types import KnobSupport

__all__ = ["range_of", "read_value", "state_text", "write_value"]


def write_value(value: object) -> str:
    """The text that `read_value` would read as this value."""
    if value is None:
        return ""
    if isinstance(value, str | int | float):
        return number(value)
    if isinstance(value, tuple) and len(value) == 1 and not str(value[0]).startswith("["):
        return str(value[0])
    return json.dumps(value, ensure_ascii=False)


def read_value(knob: Knob, text: str) -> JsonValue:
    """The value that a text means, None for an empty one (unset).

    Ranges are not looked at: `GenerationParams` does that. Raises `InvalidParameter` for a text
    that is no value of the knob's kind at all.
    """
    text = text.strip()
    if not text:
        return None
    match knob.kind:
        case "float" | "int":
            return _read_number(knob, text)
        case "text":
            return text
        case "words":
            # One string, or a list where it must be several or hold spaces and line ends.
            return _read_json(knob, text) if text.startswith("[") else text
        case "object":
            return _read_json(knob, text)


def _read_number(knob: Knob, text: str) -> JsonValue:
    try:
        value = float(text)
    except ValueError as error:
        raise InvalidParameter(f"{knob.name} {text!r} is not a number.") from error
    if knob.kind == "float":
        return value
    if not value.is_integer():
        raise InvalidParameter(f"{knob.name} {text} is not a whole number.")
    return int(value)


def _read_json(knob: Knob, text: str) -> JsonValue:
    try:
        value: JsonValue = json.loads(text)
    except ValueError as error:
        raise InvalidParameter(f"{knob.name} is not valid JSON: {error}.") from error
    return value


def range_of(knob: Knob, support: KnobSupport | None) -> tuple[float, float]:
    """The part of a knob's range that a slider covers, narrowed to what the model takes."""
    low, high = knob.slider or (knob.minimum or 0, knob.maximum or 1)
    if support is not None:
        low = low if support.minimum is None else max(low, support.minimum)
        high = high if support.maximum is None else min(high, support.maximum)
    return low, max(low, high)


def state_text(knob: Knob, support: KnobSupport | None, value: object) -> str:
    """What is said beside a knob's name: why it is refused, or what is used while it is unset."""
    if support is not None and support.accepted is False:
        return support.reason or "this model does not take it"
    if value is not None:
        return "" if support is None or support.accepted else "sent; the endpoint decides"
    if support is None:
        return "unset"
    if support.default is not None:
        return f"unset · {number(support.default)} used"
    return "unset" if support.accepted else "unset · the endpoint decides"
