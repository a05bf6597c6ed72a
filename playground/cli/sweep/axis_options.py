"""Flags for every knob that take several values: made from `playground.params`."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated, Any, get_type_hints

import typer

from playground.cli.knob_options import flags, read_object
from playground.params import Knob, knobs

AS_USUAL = ("seed",)
"""Knobs that take one value here too."""

LEFT_OUT = ("n",)
"""Knobs that have no flag: there is --samples."""


def takes_axes(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a flag for each knob that takes a list or a range.

    The command receives those that were given as one argument `knobs`, in the words of `axis_of`.
    """
    hints = get_type_hints(command, include_extras=True)
    own = [
        parameter.replace(annotation=hints.get(parameter.name, parameter.annotation))
        for parameter in inspect.signature(command).parameters.values()
        if parameter.name != "knobs"
    ]
    named = [knob for knob in knobs().values() if knob.name not in LEFT_OUT]
    made = [_parameter(knob) for knob in named]

    @functools.wraps(command)
    def with_knobs(**values: Any) -> None:
        given = {knob.name: _value(knob, values.pop(knob.name)) for knob in named}
        command(**values, knobs={n: v for n, v in given.items() if v is not None})

    # Typer reads a function's parameters from these two.
    signature = inspect.Signature([*own, *made])
    with_knobs.__signature__ = signature  # type: ignore[attr-defined]
    with_knobs.__annotations__ = {p.name: p.annotation for p in [*own, *made]}
    return with_knobs


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


def _value(knob: Knob, value: Any) -> Any:
    """A flag's value as an axis takes it: a list of values, where it is not text for a number."""
    if value is None or value == []:
        return None
    if knob.kind == "object":
        return [read_object(knob, value)]
    if knob.name == "stop":
        # All of them belong to one setting: they end an answer together.
        return [value]
    return value
