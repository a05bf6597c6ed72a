"""What the user asked for: the knobs that are set, checked one by one and against each other."""

from __future__ import annotations

import types
from collections.abc import Mapping
from contextlib import suppress
from functools import cache
from typing import Any, Final, Self, Union, get_args, get_origin

from pydantic import ValidationError, model_validator

from playground.errors import InvalidParameter, did_you_mean
from playground.every_knob import SEEDS, EveryKnob
from playground.knobs import ORDERS, SAMPLERS, TEMPERATURE_FIRST, Knob, KnobKind, StageKnobs

__all__ = [
    "SAMPLERS",
    "SEEDS",
    "STAGES",
    "TEMPERATURE_FIRST",
    "GenerationParams",
    "Knob",
    "KnobKind",
    "knobs",
    "known_knobs",
]


MOST_BIAS = 10_000
"""Far more than any two logits differ by; infinities are no numbers to JSON and to a softmax."""


class GenerationParams(EveryKnob):
    """What the user asked for. `None` means "not set by the user", never "off".

    Constructing it raises pydantic's `ValidationError`; `GenerationParams.of` raises
    `InvalidParameter` with a sentence for people.
    """

    @model_validator(mode="before")
    @classmethod
    def _accept_aliases(cls, values: Any) -> Any:
        if not isinstance(values, Mapping):
            return values
        values = dict(values)
        for alias, name in _aliases().items():
            if values.get(alias) is None:
                values.pop(alias, None)
                continue
            if values.get(name) is not None:
                raise ValueError(f"{alias} is another word for {name}: give one of them")
            values[name] = values.pop(alias)
        if isinstance(values.get("stop"), str):
            values["stop"] = (values["stop"],)
        if isinstance(values.get("sampler_order"), str):
            values["sampler_order"] = _order_by_name(values["sampler_order"])
        return values

    @model_validator(mode="after")
    def _check_ranges(self) -> Self:
        problems = [
            f"{knob.name} {problem}"
            for knob in knobs().values()
            if (problem := knob.problem(getattr(self, knob.name)))
        ]
        if self.stop is not None and not all(self.stop):
            problems.append("stop holds an empty string, which would end every answer at once")
        if self.stop is not None and len(self.stop) > 16:
            problems.append(f"stop holds {len(self.stop)} strings; 16 are the most")
        for token, bias in (self.logit_bias or {}).items():
            if not -MOST_BIAS <= bias <= MOST_BIAS:
                problems.append(
                    f"logit_bias adds {bias:g} to {token!r}: it takes {-MOST_BIAS:,} to "
                    f"{MOST_BIAS:,}, and -100 forbids a token"
                )
        if self.sampler_order is not None:
            problems += _order_problems(self.sampler_order)
        if self.grammar is not None and self.json_schema is not None:
            problems.append("grammar and json_schema say the same thing twice: give one of them")
        if problems:
            raise ValueError("; ".join(problems))
        return self

    @classmethod
    def of_record(cls, values: Mapping[str, Any]) -> Self:
        """Params as they were kept: an old record must stay readable.

        Knobs that are not known any more, and values out of today's range, are left out.
        """
        known = known_knobs(values)
        with suppress(ValidationError):
            return cls.model_validate(known)
        possible = {}
        for name, value in known.items():
            with suppress(ValidationError):
                cls.model_validate({name: value})
                possible[name] = value
        with suppress(ValidationError):
            return cls.model_validate(possible)
        return cls()  # They contradict each other.

    @classmethod
    def of(cls, **values: Any) -> Self:
        """The params with these knobs set.

        Raises `InvalidParameter`, with a sentence for people, where the constructor would raise
        pydantic's error.
        """
        known = {*cls.model_fields, *_aliases()}
        for name in values:
            if name not in known:
                raise InvalidParameter(
                    f"There is no parameter {name!r}.",
                    hint=did_you_mean(name, known) or "`playground params` lists them.",
                )
        try:
            return cls(**values)
        except ValidationError as error:
            raise InvalidParameter(
                f"{_sentence(error)}.", hint="`playground params` lists the ranges."
            ) from error

    def given(self) -> dict[str, Any]:
        """The knobs that the user has set, by name."""
        return {name: value for name in knobs() if (value := getattr(self, name)) is not None}

    def updated(self, **values: Any) -> Self:
        """A copy with these knobs set (None unsets one), checked like `of`."""
        return self.of(**{**self.given(), **values})


def _sentence(error: ValidationError) -> str:
    """Pydantic's findings as one sentence: `temperature 9 is outside 0 to 5`."""
    parts = []
    for finding in error.errors():
        # Either may go on for pages where a whole schema was given.
        place = _shortened(".".join(str(step) for step in finding["loc"]))
        text = finding["msg"].removeprefix("Value error, ")
        if place:
            value = _shortened(repr(finding["input"]))
            text = f"{place} {value}: {text[:1].lower()}{text[1:]}"
        parts.append(text)
    return "; ".join(parts)


def _shortened(text: str) -> str:
    return text if len(text) <= 80 else f"{text[:79]}…"


def _order_by_name(text: str) -> tuple[str, ...]:
    """The order meant by a preset's name or by a comma-separated list."""
    return ORDERS.get(text) or tuple(part.strip() for part in text.split(","))


def _order_problems(order: tuple[str, ...]) -> list[str]:
    problems = [
        f"sampler_order names {name!r}, which is none of {', '.join(SAMPLERS)}"
        for name in order
        if name not in SAMPLERS
    ]
    if len(set(order)) != len(order):
        problems.append("sampler_order names a stage twice")
    return problems


def known_knobs(values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of some values whose knobs there are: a record may be older or newer than that."""
    return {name: value for name, value in values.items() if name in knobs()}


@cache
def knobs() -> Mapping[str, Knob]:
    """Every knob by its name, in the order in which they are shown."""
    found: dict[str, Knob] = {}
    for name, field in GenerationParams.model_fields.items():
        declared = next(item for item in field.metadata if isinstance(item, Knob))
        found[name] = Knob(
            **{
                attribute: getattr(declared, attribute)
                for attribute in Knob.__slots__
                if attribute not in ("name", "kind")
            },
            name=name,
            kind=_kind(field.annotation),
        )
    return types.MappingProxyType(found)


def _stage_knobs(stage: str) -> StageKnobs:
    """The knobs of a stage, from what each knob says of itself."""
    switches = {
        name: knob.neutral
        for name, knob in knobs().items()
        if (knob.stage or name) == stage and knob.neutral is not None
    }
    tuning = [knob for knob in knobs().values() if not switches.keys().isdisjoint(knob.part_of)]
    return StageKnobs(
        types.MappingProxyType(switches),
        tuple(knob.name for knob in tuning),
        types.MappingProxyType({knob.name: knob.off for knob in tuning if knob.off is not None}),
    )


def _kind(annotation: Any) -> KnobKind:
    """What sort of value a field holds, read from its annotation."""
    members = get_args(annotation) if get_origin(annotation) in (Union, types.UnionType) else ()
    if float in members:
        return "float"
    if int in members:
        return "int"
    if str in members:
        return "text"
    return "words" if any(get_origin(member) is tuple for member in members) else "object"


@cache
def _aliases() -> Mapping[str, str]:
    """Other words for knobs, each with the name that is ours."""
    return {alias: knob.name for knob in knobs().values() for alias in knob.aliases}


STAGES: Final[Mapping[str, StageKnobs]] = types.MappingProxyType(
    {stage: _stage_knobs(stage) for stage in SAMPLERS}
)
"""The knobs of each stage of the sampler chain, in llama.cpp's own order."""
