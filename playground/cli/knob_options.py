"""Command-line flags for every knob, made from `playground.params`: no knob is named here."""

from __future__ import annotations

import functools
import inspect
import json
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Annotated, Any, get_type_hints

import typer

from playground.config import config_dir, settings
from playground.errors import BrokenFile, InvalidParameter
from playground.params import GenerationParams, Knob, KnobKind, knobs

if TYPE_CHECKING:
    from playground.presets import Preset

_TYPES: Mapping[KnobKind, tuple[Any, str]] = {
    "float": (float | None, "NUMBER"),
    "int": (int | None, "INTEGER"),
    "text": (str | None, "TEXT"),
    "words": (list[str] | None, "TEXT"),
    "object": (str | None, "JSON"),
}


def flags(knob: Knob) -> list[str]:
    """The flags of a knob: its short one, its name's, and one for each of its aliases."""
    words = [f"--{name.replace('_', '-')}" for name in (knob.name, *knob.aliases)]
    return [knob.flag, *words] if knob.flag else words


def takes_knobs(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command a flag for each knob.

    The command receives them as one argument `knobs`, a dictionary of those that were given; see
    `params_of`.
    """
    return with_flags(command, [_parameter(knob) for knob in knobs().values()])


def with_flags(
    command: Callable[..., None],
    made: Sequence[inspect.Parameter],
    read: Callable[[str, Any], Any] = lambda _name, value: value,
) -> Callable[..., None]:
    """A command with further parameters, which it receives as one dictionary, `knobs`.

    In it are those that were given, by name, as `read` makes them of name and value.
    """
    hints = get_type_hints(command, include_extras=True)
    own = [
        parameter.replace(annotation=hints.get(parameter.name, parameter.annotation))
        for parameter in inspect.signature(command).parameters.values()
        if parameter.name != "knobs"
    ]

    @functools.wraps(command)
    def flagged(**values: Any) -> None:
        told = {item.name: values.pop(item.name) for item in made}
        given = {name: value for name, value in told.items() if value not in (None, [])}
        command(**values, knobs={name: read(name, value) for name, value in given.items()})

    # Typer reads a function's parameters from these two.
    signature = inspect.Signature([*own, *made])
    flagged.__signature__ = signature  # type: ignore[attr-defined]
    flagged.__annotations__ = {p.name: p.annotation for p in [*own, *made]}
    return flagged


def params_of(given: Mapping[str, Any]) -> GenerationParams:
    """The params that the flags ask for; raises `InvalidParameter` for what cannot be meant."""
    return GenerationParams.of(
        **{name: _value(knobs()[name], value) for name, value in given.items()}
    )


def params_over_settings(
    given: Mapping[str, Any],
    preset: Preset | None = None,
    suggested: GenerationParams | None = None,
) -> GenerationParams:
    """The params that the flags ask for, over a preset's, over suggested ones, over the settings'.

    Raises `BrokenFile` where the settings hold what cannot be meant.
    """
    asked = params_of(given)
    try:
        base = GenerationParams.of(**settings().params)
    except InvalidParameter as error:
        raise BrokenFile(
            f"{config_dir() / 'config.toml'}, [params]: {error.message}", hint=error.hint
        ) from error
    if suggested is not None:
        base = base.updated(**suggested.given())
    if preset is not None:
        base = preset.applied_to(base)
    return base.updated(**asked.given())


def preset_called(name: str | None) -> Preset | None:
    """The preset that `--preset` names; None where it was not given."""
    if name is None:
        return None
    from playground.presets import find_preset

    return find_preset(name)


def _parameter(knob: Knob) -> inspect.Parameter:
    kind, metavar = _TYPES[knob.kind]
    extent = f" ({knob.range_text})" if knob.range_text else ""
    many = " Give it again for more." if knob.kind == "words" else ""
    option = typer.Option(*flags(knob), help=f"{knob.meaning}{extent}{many}", metavar=metavar)
    return inspect.Parameter(
        knob.name,
        inspect.Parameter.KEYWORD_ONLY,
        default=None,
        annotation=Annotated[kind, option],
    )


def read_object(knob: Knob, text: str) -> dict[str, Any]:
    """The JSON object that a flag holds; raises `InvalidParameter` for anything else."""
    try:
        read = json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidParameter(
            f"{flags(knob)[-1]} is not JSON: {error}.", hint='Write it like {"name": 1}.'
        ) from error
    if not isinstance(read, dict):
        raise InvalidParameter(
            f"{flags(knob)[-1]} is not a JSON object.", hint='Write it like {"name": 1}.'
        )
    return read


def _value(knob: Knob, value: Any) -> Any:
    """A flag's value as the knob takes it."""
    if knob.kind == "object":
        return read_object(knob, value)
    # One word alone may be short for several: the params know which knobs have such words.
    return value[0] if knob.kind == "words" and len(value) == 1 else value
