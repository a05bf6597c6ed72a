"""Finds and reads the lessons: the shipped folder, and the user's own laid over it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Final

from pydantic import ValidationError

from playground.config import config_dir, parse_toml, read_text, shipped
from playground.errors import BrokenFile, UnknownLesson, did_you_mean
from playground.lessons.lesson import Lesson, LessonFile
from playground.toml_positions import Place, line_of

MAX_LESSONS: Final = 200
"""No more files than these are looked at in one folder."""

_FILE: Final = re.compile(r"(\d{1,3})-([a-z0-9][a-z0-9-]{0,39})\.toml")


@dataclass(frozen=True, slots=True)
class LessonShelf:
    """The lessons of one language in their order, and the problem of each file that is none."""

    lessons: tuple[Lesson, ...]
    problems: Mapping[str, BrokenFile]


def lesson_folder() -> Path:
    """The folder of the user's own lessons; in it one folder a language."""
    return config_dir() / "lessons"


def own_languages() -> tuple[str, ...]:
    """The languages that the user's own lessons are in."""
    try:
        return tuple(sorted(item.name for item in lesson_folder().iterdir() if item.is_dir()))
    except OSError:
        return ()


def list_lessons(language: str) -> LessonShelf:
    """Every lesson of a language; one of the user's own takes the place of a shipped one."""
    lessons: dict[str, Lesson] = {}
    problems: dict[str, BrokenFile] = {}
    for root, own in ((shipped("lessons"), False), (lesson_folder(), True)):
        paths = _paths(root / language)
        for path in islice(paths, MAX_LESSONS):
            try:
                found = _load(path, root, language, own=own)
            except BrokenFile as error:
                problems[path.name] = error
            else:
                lessons[found.name] = found
        if left := sum(1 for _ in paths):
            problems[f"{language}/"] = BrokenFile(
                f"{root / language}: of its files only {MAX_LESSONS:,} are looked at; "
                f"{left:,} are left out.",
                hint="Move some out of the folder.",
            )
    ordered = sorted(lessons.values(), key=lambda lesson: (lesson.place, lesson.name))
    return LessonShelf(tuple(ordered), problems)


def find_lesson(name: str, language: str) -> Lesson:
    """The lesson of this name, or with this number in the list.

    Raises `UnknownLesson`, or `BrokenFile` with the line where its file cannot be used.
    """
    shelf = list_lessons(language)
    for number, lesson in enumerate(shelf.lessons, start=1):
        if name in (lesson.name, str(number)):
            return lesson
    for file, problem in shelf.problems.items():
        if (parts := _FILE.fullmatch(file)) is not None and parts[2] == name:
            raise problem
    names = [lesson.name for lesson in shelf.lessons]
    raise UnknownLesson(
        f"There is no lesson {name!r}.",
        hint=did_you_mean(name, names) or f"There are {', '.join(names)}.",
    )


def read_lesson(text: str, path: Path, language: str, *, own: bool = False) -> Lesson:
    """The lesson that a file with this text is.

    Raises `BrokenFile`, which names `path` and the line, for everything that is wrong with it.
    """
    parts = _FILE.fullmatch(path.name)
    if parts is None:
        raise BrokenFile(
            f"{path}: its name is none of a lesson.",
            hint="Call it NUMBER-NAME.toml: 02-my-own.toml",
        )
    content = parse_toml(text, path)
    try:
        file = LessonFile.model_validate(content)
    except ValidationError as error:
        raise _broken(path, text, error) from error
    fields = {field: getattr(file, field) for field in LessonFile.model_fields}
    return Lesson(
        **fields, name=parts[2], place=int(parts[1]), language=language, path=path, own=own
    )


def _paths(folder: Path) -> Iterator[Path]:
    try:
        yield from sorted(path for path in folder.iterdir() if path.suffix == ".toml")
    except OSError:
        # No lessons in this language here, which whoever asks for them says.
        return


def _load(path: Path, root: Path, language: str, *, own: bool) -> Lesson:
    if not path.is_file():
        # A pipe of that name would keep us waiting for ever; a link to itself is no file either.
        raise BrokenFile(f"{path}: it is not a file.", hint="Rename or move it.")
    if not path.resolve().is_relative_to(root.resolve()):
        raise BrokenFile(f"{path}: it leads out of the folder.", hint="Move the file itself there.")
    return read_lesson(read_text(path), path, language, own=own)


def _broken(path: Path, text: str, error: ValidationError) -> BrokenFile:
    """The first finding as an error with its line; unknown words go before what is missing."""
    finding = min(error.errors(), key=lambda item: item["type"] != "extra_forbidden")
    place: Place = tuple(step for step in finding["loc"] if step != "[key]")
    message = finding["msg"].removeprefix("Value error, ")
    if finding["type"] == "extra_forbidden":
        message = "there is no such word here"
    line = line_of(text, place)
    where = f"{path}, line {line}" if line else f"{path}"
    what = ".".join(str(step + 1) if isinstance(step, int) else step for step in place)
    end = "" if message.endswith("?") else "."
    hint = "Mend that line." if line else "Add it."
    return BrokenFile(f"{where}: {what or 'the file'}: {message}{end}", hint=hint)
