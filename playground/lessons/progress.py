"""What has been learnt: lessons that are done, and where others were left."""

from __future__ import annotations

import json
from pathlib import Path

from pydantic import Field, ValidationError

from playground.config import data_dir, read_text, write_file
from playground.errors import BrokenFile
from playground.types import Frozen

__all__ = ["Progress", "keep_progress", "kept_progress"]


class Progress(Frozen):
    """Names of lessons that are done; the step, from 0, at which others were left; a language.

    The language is one that was chosen in the list of lessons; empty where none was.
    """

    done: frozenset[str] = frozenset()
    left_at: dict[str, int] = Field(default_factory=dict)
    language: str = ""

    def left(self, name: str, step: int) -> Progress:
        """After a lesson was left at a step."""
        return self.model_copy(update={"left_at": {**self.left_at, name: step}})

    def finished(self, name: str) -> Progress:
        """After a lesson was played to its end."""
        rest = {other: step for other, step in self.left_at.items() if other != name}
        return self.model_copy(update={"done": self.done | {name}, "left_at": rest})

    def speaking(self, language: str) -> Progress:
        """After another language was chosen."""
        return self.model_copy(update={"language": language})


def progress_path() -> Path:
    """The file that keeps it."""
    return data_dir() / "lessons.json"


def kept_progress() -> Progress:
    """What is kept; nothing where there is no file. Raises `BrokenFile` for one that is damaged."""
    path = progress_path()
    if not path.exists():
        return Progress()
    try:
        return Progress.model_validate(json.loads(read_text(path)))
    except (ValueError, RecursionError) as error:
        problem = error.errors()[0]["msg"] if isinstance(error, ValidationError) else str(error)
        raise BrokenFile(
            f"{path} does not say how far you are in the lessons: {problem}.",
            hint="Remove it: the lessons begin anew.",
        ) from error


def keep_progress(progress: Progress) -> None:
    """Keep it. Raises `NoSpace` or `ConfigurationError` where it cannot be written."""
    fields = progress.model_dump(mode="json")
    fields["done"] = sorted(fields["done"])
    data = json.dumps(fields, ensure_ascii=False, indent=1).encode()
    write_file(progress_path(), data, lost="How far you are in the lessons was not kept.")
