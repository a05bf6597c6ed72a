"""What a lesson is: steps with words, what they set in the panes, and what they wait for."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from playground.errors import InvalidParameter, InvalidReference
from playground.lessons.sentences import Sentence, check_words
from playground.params import GenerationParams, knobs
from playground.types import Frozen, ModelRef

NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9-]{0,39}$"
"""A lesson's name is its file's, behind a number that gives its place: `02-temperature.toml`."""

MAX_PANES: Final = 2
"""A lesson compares two panes at most: more would not fit a small terminal beside its words."""

PaneLetter = Literal["a", "b"]

Line = Annotated[str, StringConstraints(min_length=1, max_length=80, pattern=r"^[^\n]*$")]
Words = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=420)]


class PaneSetting(Frozen):
    """What a pane is given: a model, params, a system prompt. Its conversation begins anew."""

    model: str
    params: GenerationParams = GenerationParams()
    system: Annotated[str, StringConstraints(max_length=400)] = ""

    @field_validator("model")
    @classmethod
    def _is_reference(cls, value: str) -> str:
        try:
            return str(ModelRef.parse(value))
        except InvalidReference as error:
            raise ValueError(str(error)) from error


class Wait(Frozen):
    """What the learner has to do before the lesson goes on; skipping a step does it for them.

    `answer`: ask the prompt that the step wrote, or the last one again. `knob`: turn a knob of
    `pane` to a value between `at_least` and `at_most`. `system`: give `pane` a system prompt.
    `screen`: open this screen, and leave it. `enter`: read, and press Enter. `example` is the
    system prompt that skipping writes.
    """

    kind: Literal["enter", "answer", "knob", "system", "screen"] = "enter"
    pane: PaneLetter = "a"
    knob: str = ""
    at_least: float | None = None
    at_most: float | None = None
    screen: Literal["", "details", "lens"] = ""
    example: Annotated[str, StringConstraints(max_length=400)] = ""

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if (self.kind == "knob") != bool(self.knob):
            raise ValueError("a knob is named where one is waited for, and nowhere else")
        if self.knob and not (self.knob in knobs() and knobs()[self.knob].numeric):
            raise ValueError(f"{self.knob!r} is no knob with a number")
        if self.knob and self.at_least is None and self.at_most is None:
            raise ValueError("say the value: at_least, at_most, or both")
        if (self.kind == "system") != bool(self.example):
            raise ValueError("a system prompt is waited for with an example, and nothing else is")
        if (self.kind == "screen") != bool(self.screen):
            raise ValueError("a screen is named where one is waited for, and nowhere else")
        return self

    def meets(self, value: object) -> bool:
        """Whether a knob's value is one that is waited for."""
        if isinstance(value, bool) or not isinstance(value, int | float):
            return False
        low = self.at_least if self.at_least is not None else value
        high = self.at_most if self.at_most is not None else value
        return low <= value <= high

    @property
    def wanted(self) -> float:
        """A value of the knob that is waited for, as the knob takes it."""
        found = self.at_least if self.at_least is not None else self.at_most
        return round(found or 0) if knobs()[self.knob].kind == "int" else found or 0.0


class Step(Frozen):
    """One step: what is said, set, and waited for.

    `panes` makes a new scene: so many panes, set as given, with nothing said in them yet. `turn`
    turns knobs of single panes and leaves the rest. `prompt` is written into the prompt box. `seen`
    are sentences of what came of the steps before: the first that is true is said before `text`.
    """

    text: Words
    seen: tuple[Sentence, ...] = Field(default=(), max_length=6)
    panes: tuple[PaneSetting, ...] = Field(default=(), max_length=MAX_PANES)
    turn: dict[PaneLetter, dict[str, Any]] = Field(default_factory=dict)
    to: Literal["all", "a", "b"] = "all"
    prompt: Annotated[str, StringConstraints(max_length=400)] = ""
    wait: Wait = Wait()
    task: bool = False
    """Whether this is the thing to try: it is marked as one."""

    @field_validator("turn")
    @classmethod
    def _turns_knobs(cls, value: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        try:
            for settings in value.values():
                GenerationParams.of(**settings)
        except InvalidParameter as error:
            raise ValueError(str(error)) from error
        return value

    @model_validator(mode="after")
    def _holds(self) -> Self:
        check_words(self.text)
        if self.seen and self.seen[-1].when:
            raise ValueError("the last sentence of `seen` must be true of everything")
        return self


class LessonFile(Frozen):
    """The content of a lesson's file."""

    title: Line
    summary: Line
    knobs: tuple[str, ...] = ()
    steps: tuple[Step, ...] = Field(min_length=2, max_length=30)

    @field_validator("knobs")
    @classmethod
    def _are_knobs(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for name in value:
            if name not in knobs():
                raise ValueError(f"there is no knob {name!r}")
        return value

    @model_validator(mode="after")
    def _can_be_played(self) -> Self:
        if not self.steps[0].panes:
            raise ValueError("the first step has to set the panes")
        if not any(step.task for step in self.steps):
            raise ValueError("no step is the thing to try (task = true)")
        if self.steps[-1].wait.kind != "enter":
            raise ValueError("the last step only says what was seen: it waits for nothing")
        return self


class Lesson(LessonFile):
    """A lesson as it is played. `own`: it lies in the user's folder."""

    name: str = Field(pattern=NAME_PATTERN)
    place: int
    language: str
    path: Path
    own: bool = False

    def scene_of(self, step: int) -> int:
        """The step at which the scene of a step begins: where a lesson is gone on with."""
        return max(at for at in range(step + 1) if self.steps[at].panes)
