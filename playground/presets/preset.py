"""What a preset is, and what becomes of somebody's params when it is applied."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, Literal, Self

from pydantic import Field, ValidationError, field_validator
from pydantic_core import InitErrorDetails, PydanticCustomError

from playground.errors import UsageError
from playground.params import GenerationParams, knobs
from playground.types import Frozen, ModelRef

NAME_PATTERN: Final = r"^[a-z0-9][a-z0-9-]{0,39}$"
"""The name is the file's, so that it holds nothing that means something to a file system."""

MAX_SYSTEM_PROMPT: Final = 100_000
"""Characters of a preset's system prompt."""

KEPT: Final = ("max_length", "n", "seed", "logprobs", "stop")
"""Knobs that applying a preset leaves as they are, unless the preset sets them."""


class Layout(Frozen):
    """How the terminal stands: whom prompts go to, and whether the parameters are open.

    None leaves either as it is.
    """

    prompt_to: Literal["all", "one"] | None = None
    drawer: bool | None = None


class PresetFile(Frozen):
    """What a preset's file says. Its name is the file's.

    `system_prompt` None leaves the one that is there, an empty one sends none. `models` are the
    panes to open, as model references; none leaves those that are open.
    """

    title: str = Field(default="", max_length=80)
    description: str = Field(default="", max_length=1_000)
    params: GenerationParams = GenerationParams()
    system_prompt: str | None = Field(default=None, max_length=MAX_SYSTEM_PROMPT)
    models: tuple[str, ...] = Field(default=(), max_length=8)
    layout: Layout = Layout()

    @field_validator("models")
    @classmethod
    def _are_references(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for ref in value:
            try:
                ModelRef.parse(ref)
            except UsageError as error:
                raise ValueError(str(error)) from error
        return value


class Preset(PresetFile):
    """Settings with a name of lower-case letters, digits and dashes.

    `own` says that the user saved it; the others ship with the playground. The constructor raises
    pydantic's `ValidationError`, `Preset.of` a `UsageError` for people.
    """

    name: str = Field(pattern=NAME_PATTERN)
    own: bool = True

    @classmethod
    def of(cls, name: str, **content: Any) -> Self:
        """A preset of the user's own; raises `UsageError` for a name or content that cannot be."""
        try:
            return cls(name=name, **content)
        except ValidationError as error:
            finding = error.errors()[0]
            if finding["loc"] == ("name",):
                raise UsageError(
                    f"{name!r} cannot be a preset's name.",
                    hint="Lower-case letters, digits and dashes, 40 at most: my-settings",
                ) from error
            place = ".".join(map(str, finding["loc"]))
            text = finding["msg"].removeprefix("Value error, ")
            raise UsageError(f"The preset's {place} cannot be kept: {text}.") from error

    @property
    def heading(self) -> str:
        """What lists call it: the title, else the name."""
        return self.title or self.name

    def applied_to(self, params: GenerationParams) -> GenerationParams:
        """What stands after the preset was applied to `params`.

        Everything that shapes the distribution is the preset's, and what it leaves unset is unset:
        a preset that let a stray top_k or logit_bias of before stand would not be what its name
        says, and the same name would mean something else every time. `KEPT` stays as it was,
        because it does not say how to draw: how much text (max_length, stop), how many answers
        (n), on which throws of the dice (seed: the same, so that before and after can be
        compared) and what is reported (logprobs).
        """
        given = params.given()
        kept = {name: given[name] for name in KEPT if name in given}
        return GenerationParams.of(**(kept | self.params.given()))


def preset_of(name: str, content: Mapping[str, Any], *, own: bool) -> Preset:
    """The preset that a file of this content is.

    Raises pydantic's `ValidationError`, in which a knob out of its range is named as the place.
    """
    try:
        file = PresetFile.model_validate(content)
    except ValidationError as error:
        raise _placed(error) from error
    fields = {name: getattr(file, name) for name in PresetFile.model_fields}
    return Preset(name=name, own=own, **fields)


def _placed(error: ValidationError) -> ValidationError:
    """The same error with a knob out of range in its place, so that its line can be found.

    Ranges are checked for all knobs together, and pydantic gives the place of the whole table.
    """
    finding = error.errors()[0]
    text = finding["msg"].removeprefix("Value error, ")
    knob = text.split(" ", 1)[0]
    if finding["loc"] != ("params",) or knob not in knobs():
        return error
    # Not as a template: the text quotes values, and those may hold braces.
    problem = PydanticCustomError("knob", "{text}", {"text": text.removeprefix(f"{knob} ")})
    detail = InitErrorDetails(type=problem, loc=("params", knob), input=None)
    return ValidationError.from_exception_data(error.title, [detail])
