"""Sentences with figures of real runs in them, and which of several is true."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Annotated, Final, Self

from pydantic import (
    Field,
    StrictBool,
    StrictFloat,
    StrictInt,
    StrictStr,
    StringConstraints,
    field_validator,
    model_validator,
)

from playground.lessons.figures import Figures, problem_of, written
from playground.types import Frozen

__all__ = ["Figures", "Sentence", "When", "check_words", "said"]

_NAMED: Final = re.compile(r"\{([^{}]*)\}")

Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=420)]


def check_words(text: str) -> None:
    """Raise `ValueError` for words that name a figure which does not exist."""
    for name in _NAMED.findall(text):
        if problem := problem_of(name):
            raise ValueError(problem)


class When(Frozen):
    """What must hold of a figure: it `is` a value, is in a range, `has` or `lacks` a text."""

    figure: str
    exactly: StrictBool | StrictInt | StrictFloat | StrictStr | None = Field(None, alias="is")
    at_least: float | None = None
    at_most: float | None = None
    has: str = ""
    lacks: str = ""

    @field_validator("figure")
    @classmethod
    def _exists(cls, value: str) -> str:
        if problem := problem_of(value):
            raise ValueError(problem)
        return value

    @model_validator(mode="after")
    def _asks(self) -> Self:
        asked = (self.exactly, self.at_least, self.at_most, self.has or None, self.lacks or None)
        if not any(item is not None for item in asked):
            raise ValueError("it asks nothing: give `is`, `at_least`, `at_most`, `has` or `lacks`")
        return self

    def holds(self, figures: Figures) -> bool:
        """Whether it is so; not where the figure is not known."""
        value = figures.get(self.figure)
        if value is None:
            return False
        if self.exactly is not None and value != self.exactly:
            return False
        text = str(value).casefold()
        if self.has.casefold() not in text or (self.lacks and self.lacks.casefold() in text):
            return False
        if self.at_least is None and self.at_most is None:
            return True
        if isinstance(value, str):
            return False
        return (self.at_least is None or value >= self.at_least) and (
            self.at_most is None or value <= self.at_most
        )


class Sentence(Frozen):
    """A sentence, and when it is true; without conditions it always is."""

    text: Words
    when: tuple[When, ...] = Field(default=(), max_length=4)

    @field_validator("when", mode="before")
    @classmethod
    def _listed(cls, value: object) -> object:
        return [value] if isinstance(value, dict) else value

    @model_validator(mode="after")
    def _can_be_said(self) -> Self:
        check_words(self.text)
        return self

    def true_of(self, figures: Figures) -> bool:
        """Whether it holds, and every figure that it names is known."""
        known = all(name in figures for name in _NAMED.findall(self.text))
        return known and all(item.holds(figures) for item in self.when)


def said(text: str, seen: Sequence[Sentence], figures: Figures) -> str:
    """The first sentence of `seen` that is true, before `text`, with the figures put in.

    A figure that is not known shows as `?`.
    """
    true = next((item.text for item in seen if item.true_of(figures)), "")
    whole = f"{true}\n{text}" if true else text

    def figure(match: re.Match[str]) -> str:
        name = match[1]
        return written(name, figures[name]) if name in figures else "?"

    return _NAMED.sub(figure, whole)
