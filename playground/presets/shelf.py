"""Where presets lie: the shipped files, and the user's own in `presets/` of the settings folder."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from pydantic import ValidationError

from playground.config import MAX_FILE_BYTES, broken, config_dir, read_toml, toml_of, write_file
from playground.errors import (
    BrokenFile,
    ConfigurationError,
    UnknownPreset,
    UsageError,
    did_you_mean,
)
from playground.presets.preset import NAME_PATTERN, Preset, preset_of

SHIPPED: Final = Path(__file__).parent / "shipped"
ORDER: Final = ("neutral", "precise", "balanced", "creative", "greedy")
"""The shipped ones as lists show them; the user's own come after them, by name."""

MAX_PRESETS: Final = 500
"""No more of the user's own than these are read."""


@dataclass(frozen=True, slots=True)
class PresetShelf:
    """Every preset that could be read, and the problem of each file that could not, by its name.

    A name with a problem is not among `found`, even where a shipped preset is called so: what the
    user wrote over it cannot be read, and something else must not pass for it.
    """

    found: tuple[Preset, ...]
    problems: Mapping[str, BrokenFile]


def preset_folder() -> Path:
    """The folder of the user's own presets."""
    return config_dir() / "presets"


def list_presets() -> PresetShelf:
    """The shipped presets with the user's own laid over them by name. Reads files."""
    found: dict[str, Preset] = {}
    problems: dict[str, BrokenFile] = {}
    for name in ORDER:
        found[name] = _load(SHIPPED / f"{name}.toml", own=False)
    for number, path in enumerate(_own_files()):
        try:
            if number >= MAX_PRESETS:
                raise BrokenFile(
                    f"{path.parent} holds more than {MAX_PRESETS} presets; {path.name} and those "
                    "after it are not read.",
                    hint="Delete some.",
                )
            preset = _load(path, own=True)
        except BrokenFile as error:
            problems[path.stem] = error
            found.pop(path.stem, None)
            if number >= MAX_PRESETS:
                break
        else:
            found[preset.name] = preset
    return PresetShelf(tuple(found.values()), problems)


def find_preset(name: str) -> Preset:
    """The preset of this name.

    Raises `UnknownPreset` where there is none, and its `BrokenFile` where it cannot be read.
    """
    shelf = list_presets()
    if name in shelf.problems:
        raise shelf.problems[name]
    known = {preset.name: preset for preset in shelf.found}
    if name in known:
        return known[name]
    raise UnknownPreset(
        f"There is no preset {name!r}.",
        hint=did_you_mean(name, known) or "`playground presets` lists them.",
    )


def save_preset(preset: Preset) -> Path:
    """Keep a preset as the user's own and return its file; one of that name is replaced.

    The file is written beside its place and moved there, so that it is whole or as it was. Raises
    `UsageError` for what TOML cannot hold, `NoSpace` or `ConfigurationError` where the file cannot
    be written.
    """
    path = preset_folder() / f"{preset.name}.toml"
    write_file(path, _toml_of(preset), lost="The preset was not saved.")
    return path


def delete_preset(name: str) -> None:
    """Delete one of the user's own presets, readable or not.

    A shipped one of that name shows again. Raises `UnknownPreset` where there is none, `UsageError`
    for a shipped one, `ConfigurationError` where the file cannot be removed.
    """
    own = {path.stem: path for path in _own_files()}
    if name not in own:
        if name in ORDER:
            raise UsageError(
                f"{name!r} ships with the playground and stays.",
                hint="Save one of your own under that name to change it.",
            )
        raise UnknownPreset(f"You have no preset {name!r}.", hint=did_you_mean(name, own))
    try:
        own[name].unlink()
    except OSError as error:
        raise ConfigurationError(
            f"{own[name]} cannot be removed: {error.strerror or error}."
        ) from error


def _own_files() -> list[Path]:
    try:
        return sorted(preset_folder().glob("*.toml"))
    except OSError:
        # A settings folder that cannot be looked into is told by whoever reads the settings.
        return []


def _load(path: Path, *, own: bool) -> Preset:
    if not re.fullmatch(NAME_PATTERN, path.stem):
        raise BrokenFile(
            f"{path} has a name that no preset can have.",
            hint="Rename it: lower-case letters, digits and dashes, 40 at most.",
        )
    if not path.is_file():
        # A pipe of that name would keep us waiting for ever.
        raise BrokenFile(f"{path} is not a file.")
    content = read_toml(path)
    try:
        return preset_of(path.stem, content, own=own)
    except ValidationError as error:
        raise broken(path, error) from error


def _toml_of(preset: Preset) -> bytes:
    """The file that `_load` reads as this preset."""
    whole = {
        "title": preset.title or None,
        "description": preset.description or None,
        "system_prompt": preset.system_prompt,
        "models": preset.models or None,
        "params": preset.params.given() or None,
        "layout": preset.layout.model_dump(exclude_none=True) or None,
    }
    content: dict[str, Any] = {name: value for name, value in whole.items() if value is not None}
    for knob, value in preset.params.given().items():
        if _holds_null(value):
            raise UsageError(
                f"{knob} holds a null, which a preset's file cannot hold.",
                hint="Unset it before you save.",
            )
    try:
        text = toml_of(content).encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(
            "The preset holds half a character, which no file can hold.",
            hint="Look at its texts for what does not show.",
        ) from error
    if len(text) > MAX_FILE_BYTES:
        raise UsageError(f"The preset is larger than {MAX_FILE_BYTES:,} bytes.")
    return text


def _holds_null(value: object) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_null, value.values()))
    if isinstance(value, list | tuple):
        return any(map(_holds_null, value))
    return value is None
