"""Finds and reads the prompts: the shipped folder, and the user's own laid over it.

Files are listed without being read; one is read when it is asked for and again when it changed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from playground.config import config_dir, parse_toml, read_text, shipped
from playground.errors import (
    BrokenFile,
    PlaygroundError,
    UnknownPrompt,
    UsageError,
    did_you_mean,
)
from playground.prompts.prompt import (
    CATEGORIES,
    NAME_PATTERN,
    OWN_CATEGORY,
    Prompt,
    PromptFile,
)
from playground.prompts.templates import TemplateProblem, mentions
from playground.toml_positions import Place, line_of, line_within

MAX_PROMPTS: Final = 5_000
"""No more files than these are looked at in one folder."""


@dataclass(frozen=True, slots=True)
class Shelf:
    """Every prompt that could be read, and the problem of each file that could not, by its name.

    Prompts are in the order of their categories. A name with a problem is not among `found`, even
    where a shipped prompt is called so: what the user wrote over it cannot be read, and something
    else must not pass for it.
    """

    found: tuple[Prompt, ...]
    problems: Mapping[str, BrokenFile]


@dataclass(frozen=True, slots=True)
class PromptPlace:
    """A file that may hold a prompt, and what its place says of it."""

    path: Path
    root: Path
    own: bool
    problem: str = ""

    @property
    def category(self) -> str:
        """The category that its folder means."""
        return self.path.parent.name if self.path.parent != self.root else OWN_CATEGORY


def prompt_folder() -> Path:
    """The folder of the user's own prompts."""
    return config_dir() / "prompts"


def get(name: str) -> Prompt:
    """The prompt of this name: `translate-fr`, also `@translate-fr`, `translation/translate-fr`.

    Letter case does not matter, nor whether `-` is written `_`.
    Raises `UnknownPrompt` where there is none, `UsageError` for what cannot be a name (a path, for
    instance), and `BrokenFile`, with the line, where its file cannot be used.
    """
    return _load(find_place(name))


def find_place(name: str) -> PromptPlace:
    """Where the prompt of this name lies, readable or not; raises what `get` raises for names."""
    category, wanted = _name_in(name)
    files = _files()
    file = files.get(wanted)
    if file is None or (category and file.category != category):
        raise UnknownPrompt(
            f"There is no prompt {name!r}.",
            hint=did_you_mean(wanted, files) or "`playground prompts` lists them.",
        )
    return file


def list_prompts() -> Shelf:
    """Every prompt, and the problem of every file that is none. Reads all of them."""
    found: list[Prompt] = []
    problems: dict[str, BrokenFile] = {}
    for name, file in _files().items():
        try:
            found.append(_load(file))
        except BrokenFile as error:
            problems[name] = error
    order = {category: place for place, category in enumerate(CATEGORIES)}
    found.sort(key=lambda item: (order.get(item.category, len(order)), item.category, item.name))
    return Shelf(tuple(found), problems)


def all_prompts() -> tuple[Prompt, ...]:
    """Every prompt that can be read; `list_prompts` also has the problems of those that cannot."""
    return list_prompts().found


def read_prompt(text: str, name: str, category: str, path: Path, *, own: bool = True) -> Prompt:
    """The prompt that a file with this text would be.

    Raises `BrokenFile`, which names `path` and the line, for everything that is wrong with it.
    """
    content = parse_toml(text, path)
    for word in ("name", "category", "path", "own"):
        if word in content:
            raise _broken(path, text, (word,), "it comes from where the file lies")
    try:
        file = PromptFile.model_validate(content)
    except ValidationError as error:
        place, message = _finding(error)
        raise _broken(path, text, place, message) from error
    prompt = Prompt(
        **{field: getattr(file, field) for field in PromptFile.model_fields},
        name=name, category=category, path=path, own=own,
    )  # fmt: skip
    _check_variables(prompt, text)
    _check_cases(prompt, text)
    return prompt


def _name_in(given: str) -> tuple[str, str]:
    """Category (may be empty) and name; raises `UsageError` for what can be neither."""
    plain = given.removeprefix("@").lower().replace("_", "-")
    category, _, name = plain.rpartition("/")
    if not re.fullmatch(NAME_PATTERN, name) or (
        category and not re.fullmatch(NAME_PATTERN, category)
    ):
        raise UsageError(
            f"{given!r} cannot be a prompt's name.",
            hint="Names have lower-case letters, digits and dashes; none leads out of the folder. "
            "`playground prompts` lists them.",
        )
    return category, name


def _files() -> dict[str, PromptPlace]:
    """Every file that may hold a prompt, by its name; the user's own in place of shipped ones."""
    found: dict[str, PromptPlace] = {}
    for root, own in ((shipped("prompts"), False), (prompt_folder(), True)):
        here: dict[str, PromptPlace] = {}
        paths = _paths(root)
        for path in islice(paths, MAX_PROMPTS):
            file = PromptPlace(path, root, own, _misplaced(path, root))
            name = path.stem if not file.problem else path.relative_to(root).as_posix()
            if name in here:
                problem = f"{here[name].path} has the same name, which only one can have"
                name, file = (
                    path.relative_to(root).as_posix(),
                    PromptPlace(path, root, own, problem),
                )
            here[name] = file
        if left := sum(1 for _ in paths):
            # As a file that cannot be used, it is told wherever the library is listed.
            problem = f"of its files only {MAX_PROMPTS:,} are looked at; {left:,} are left out"
            here[f"{root.name}/"] = PromptPlace(root, root, own, problem)
        found |= here
    return found


def _paths(root: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in root.rglob("*.toml") if not _hidden(path, root))
    except OSError:
        # A settings folder that cannot be looked into is told by whoever reads the settings.
        return


def _hidden(path: Path, root: Path) -> bool:
    return any(part.startswith(".") for part in path.relative_to(root).parts)


def _misplaced(path: Path, root: Path) -> str:
    """Why a file at this place cannot be a prompt; empty if it can."""
    parts = path.relative_to(root).with_suffix("").parts
    if len(parts) > 2:
        return "it lies too deep: a prompt is FOLDER/NAME.toml"
    if wrong := [part for part in parts if not re.fullmatch(NAME_PATTERN, part)]:
        return f"{wrong[0]!r} cannot be a name: lower-case letters, digits and dashes, 60 at most"
    if not path.is_file():
        # A pipe of that name would keep us waiting for ever; a link to itself is no file either.
        return "it is not a file"
    if not path.resolve().is_relative_to(root.resolve()):
        return f"it leads out of the folder, to {path.resolve()}"
    return ""


def _load(file: PromptPlace) -> Prompt:
    """The prompt in a file; raises `BrokenFile`."""
    if file.problem:
        raise BrokenFile(f"{file.path}: {file.problem}.", hint="Rename or move it.")
    try:
        state = file.path.stat()
    except OSError as error:
        raise BrokenFile(f"{file.path} cannot be read: {error.strerror or error}.") from error
    loaded = _read(file, state.st_mtime_ns, state.st_size)
    if isinstance(loaded, PlaygroundError):
        raise loaded
    return loaded


@lru_cache(maxsize=MAX_PROMPTS)
def _read(file: PromptPlace, _changed: int, _bytes: int) -> Prompt | BrokenFile:
    """What is in a file, kept until it changes: the library is searched with every letter."""
    try:
        text, name = read_text(file.path), file.path.stem
        return read_prompt(text, name, file.category, file.path, own=file.own)
    except BrokenFile as error:
        return error
    except Exception as error:  # noqa: BLE001 - of all that a stranger's file may break, only it
        return BrokenFile(f"{file.path} cannot be read: {error}.", hint="Mend it or remove it.")


def _check_variables(prompt: Prompt, text: str) -> None:
    """Every variable that is named must be declared, and the other way round."""
    named: set[str] = set()
    for place, source in prompt.texts.items():
        try:
            found = mentions(source)
        except TemplateProblem as error:
            line = line_within(text, place, error.line)
            raise _broken(prompt.path, text, place, error.message, line=line) from error
        for mention in found:
            if mention.name not in prompt.variables:
                line = line_within(text, place, mention.line, mention.name)
                near = did_you_mean(mention.name, prompt.variables)
                way_out = near or f"Declare it: [variables.{mention.name}]"
                message = f"{mention.name!r} is no variable of this prompt. {way_out}".rstrip(".")
                raise _broken(prompt.path, text, place, message, line=line)
            named.add(mention.name)
    for name in prompt.variables:
        if name not in named:
            near = did_you_mean(name, named)
            message = f"no text of the prompt uses it. {near}".rstrip(" .")
            raise _broken(prompt.path, text, ("variables", name), message)


def _check_cases(prompt: Prompt, text: str) -> None:
    """A case must fill every gap that has no default, and nothing else."""
    for number, case in enumerate(prompt.cases):
        place: Place = ("cases", number)
        for name, value in case.variables.items():
            inner = (*place, "variables", name)
            if name not in prompt.variables:
                near = did_you_mean(name, prompt.variables)
                message = f"it is no variable of this prompt. {near}".rstrip(" .")
                raise _broken(prompt.path, text, inner, message)
            if problem := prompt.variables[name].problem(value):
                raise _broken(prompt.path, text, inner, problem)
        for name, variable in prompt.variables.items():
            if variable.default is None and name not in case.variables:
                raise _broken(prompt.path, text, place, f"it gives no {name!r}")


def _finding(error: ValidationError) -> tuple[Place, str]:
    """The place and the sentence of what pydantic found first.

    A word that nobody knows goes before what is missing: it is most likely that, misspelt.
    """
    finding = min(error.errors(), key=lambda item: item["type"] != "extra_forbidden")
    message = finding["msg"].removeprefix("Value error, ")
    # The members of a union and the keys of a mapping are no places in the file.
    place = tuple(step for step in finding["loc"] if step not in ("str", "int", "float", "[key]"))
    knob = message.split(" ", 1)[0]
    if place == ("params",) and knob in PromptFile.model_fields["params"].annotation.model_fields:  # type: ignore[union-attr]
        # Ranges are checked for all knobs together.
        place, message = ("params", knob), message.removeprefix(f"{knob} ")
    if finding["type"] == "extra_forbidden" and place:
        siblings = _known_beside(place)
        near = did_you_mean(str(place[-1]), siblings)
        message = f"there is no such word here. {near}".rstrip(" .")
    elif finding["type"] == "missing":
        message = "it is missing"
    return place, message


def _known_beside(place: Place) -> Iterable[str]:
    """What could stand in the place of a word that nobody knows."""
    from playground.params import knobs
    from playground.prompts.prompt import Case, Variable, WrittenTurn

    tables: Mapping[object, Iterable[str]] = {
        "params": knobs(),
        "variables": Variable.model_fields,
        "cases": Case.model_fields,
        "messages": WrittenTurn.model_fields,
    }
    return tables.get(place[0], ()) if len(place) > 1 else PromptFile.model_fields


def _broken(path: Path, text: str, place: Place, message: str, *, line: int = 0) -> BrokenFile:
    line = line or line_of(text, place)
    where = f"{path}, line {line}" if line else f"{path}"
    what = ".".join(str(step + 1) if isinstance(step, int) else step for step in place)
    what = what or "the file"
    end = "" if message.endswith(("?", "]")) else "."
    hint = "Mend that line." if line else "Add it."
    return BrokenFile(f"{where}: {what}: {message}{end}", hint=hint)
