"""Flags for every knob that take several values: made from `playground.params`."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Annotated, Any

import typer

from playground.cli.knob_options import flags, read_object, with_flags
from playground.params import Knob, knobs

AS_USUAL = ("seed",)
"""Knobs that take one value here too."""

LEFT_OUT = ("n",)
"""Knobs that have no flag: there is --samples."""


def takes_axes(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a flag for each knob that takes a list or a range.

    The command receives those that were given as one argument `knobs`, in the words of `axis_of`.
    """
    named = [knob for knob in knobs().values() if knob.name not in LEFT_OUT]
    return with_flags(command, [_parameter(knob) for knob in named], _value)


def _parameter(knob: Knob) -> inspect.Parameter:
    extent = f" ({knob.range_text})" if knob.range_text else ""
    kind: Any = list[str] | None if knob.kind == "words" else str | None
    metavar = "JSON" if knob.kind == "object" else "TEXT"
    if knob.name in AS_USUAL:
        kind, metavar = int | None, "INTEGER"
    elif knob.numeric:
        metavar = "VALUES"
    option = typer.Option(*flags(knob), help=f"{knob.meaning}{extent}", metavar=metavar)
    return inspect.Parameter(
        knob.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind, option],
    )


def _value(name: str, value: Any) -> Any:
    """A flag's value as an axis takes it: a list of values, where it is not text for a number."""
    knob = knobs()[name]
    if knob.kind == "object":
        return [read_object(knob, value)]
    # All stop words belong to one setting: they end an answer together.
    return [value] if name == "stop" else value
