"""Writes prompts into the user's folder: new ones, and shipped ones to be changed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

from playground.config import MAX_FILE_BYTES, read_text, toml_of, write_file
from playground.errors import ConfigurationError, UnknownPrompt, UsageError
from playground.params import GenerationParams
from playground.prompts.library import find_place, prompt_folder, read_prompt
from playground.prompts.prompt import NAME_PATTERN, OWN_CATEGORY, Prompt
from playground.prompts.templates import TemplateProblem, mentions

_SKELETON: Final = '''\
title = {title}
description = ""
tags = []
language = "en"
watch_for = ""

# system = "You are a helpful assistant."
prompt = """
Translate into French: {{{{ text }}}}"""

[variables.text]
description = "What to translate."
example = "Good morning"

# Suggestions, used unless others are given: `playground params` lists the knobs.
# [params]
# temperature = 0.7

# [sweep]
# temperature = "0:2:0.25"
# samples = 8

# Right answers, with which a sweep is scored.
# [[cases]]
# variables = {{ text = "Good morning" }}
# expected = "Bonjour"
# score = "contains"
'''


def place_for(name: str, category: str = OWN_CATEGORY) -> Path:
    """The file of a prompt of the user's own with this name; raises `UsageError` for bad names.

    One that is there already keeps its place.
    """
    for word in (name, category):
        if not re.fullmatch(NAME_PATTERN, word):
            raise UsageError(
                f"{word!r} cannot be a prompt's name or category.",
                hint="Lower-case letters, digits and dashes, 60 at most: my-prompt",
            )
    with suppress(UnknownPrompt):
        there = find_place(name)
        if there.own:
            return there.path
    return _own_place(name, category)


def _own_place(name: str, category: str) -> Path:
    folder = prompt_folder() if category == OWN_CATEGORY else prompt_folder() / category
    return folder / f"{name}.toml"


def skeleton(name: str) -> str:
    """The text of a prompt to begin with, which explains itself."""
    return _SKELETON.format(title=f'"{name.replace("-", " ").capitalize()}"')


def draft_of(text: str, *, system: str = "", params: GenerationParams | None = None) -> str:
    """The file of a prompt with this text and these settings; its gaps are declared.

    Raises `UsageError` for what TOML cannot hold.
    """
    gaps: dict[str, dict[str, str]] = {}
    for part in (system, text):
        # A text with a mistake in it is a draft all the same: saving it will say what is wrong.
        with suppress(TemplateProblem):
            gaps |= {mention.name: {"description": ""} for mention in mentions(part)}
    return _written(
        {
            "title": text.strip().partition("\n")[0][:80],
            "system": system,
            "prompt": text,
            "params": (params or GenerationParams()).model_dump(mode="json", exclude_none=True),
            "variables": gaps,
        }
    )


def text_of(name: str) -> tuple[str, str]:
    """The text of a prompt's file, whether it can be used or not, and its category.

    Raises `UnknownPrompt`, or `BrokenFile` where it cannot be read at all.
    """
    file = find_place(name)
    return read_text(file.path), file.category


def _written(content: Mapping[str, Any]) -> str:
    """A prompt's text from its fields, without those that are empty.

    Raises `UsageError` for what TOML cannot hold.
    """
    kept = {name: value for name, value in content.items() if value not in ("", None, {}, (), [])}
    try:
        return toml_of(kept)
    except TypeError as error:
        raise UsageError(f"This cannot be kept in a file: {error}.") from error


def save_prompt(
    text: str, name: str, category: str = OWN_CATEGORY, *, instead_of: str | None = None
) -> Prompt:
    """Keep a prompt's text as the user's own, in this category.

    One of the user's own with that name is replaced only where its text still is `instead_of`.
    Raises `UsageError` where it is another, and for a bad name; `BrokenFile` with the line where
    the text is no prompt; `NoSpace` or `ConfigurationError` where the file cannot be written.
    Nothing is written or lost then.
    """
    there = place_for(name, category)
    path = _own_place(name, category)
    prompt = read_prompt(text, name, category, path)
    for taken in {there, path}:
        _check_free(name, taken, None if taken != there else instead_of)
    try:
        data = text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise UsageError(
            "The prompt holds half a character, which no file can hold.",
            hint="Look at its texts for what does not show.",
        ) from error
    if len(data) > MAX_FILE_BYTES:
        raise UsageError(f"The prompt is larger than {MAX_FILE_BYTES:,} bytes.")
    write_file(path, data, lost="The prompt was not saved.")
    if there != path:
        _remove(there)
    return prompt


def _check_free(name: str, path: Path, instead_of: str | None) -> None:
    """Raise `UsageError` where a file that is there would be lost."""
    if not path.exists():
        return
    if instead_of is None:
        raise UsageError(
            f"You have a prompt {name!r} already: {path}",
            hint="Choose another name, or edit that one.",
        )
    if read_text(path) != instead_of:
        raise UsageError(
            f"{path} has changed since it was opened.",
            hint="Keep this one under another name, or copy it and open that one again.",
        )


def _remove(path: Path) -> None:
    """Remove one of the user's files; raises `ConfigurationError` where that cannot be."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise ConfigurationError(f"{path} cannot be removed: {error.strerror or error}.") from error


def delete_prompt(name: str) -> str:
    """Delete one of the user's own prompts, readable or not, and return its text.

    A shipped one of that name shows again. Raises `UnknownPrompt` where there is none,
    `UsageError` for a shipped one, `ConfigurationError` where the file cannot be removed.
    """
    file = find_place(name)
    if not file.own:
        raise UsageError(
            f"{name!r} ships with the playground and stays.",
            hint="Save one of your own under that name to change it.",
        )
    try:
        text = file.path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise ConfigurationError(
            f"{file.path} cannot be read: {error.strerror or error}."
        ) from error
    _remove(file.path)
    return text
