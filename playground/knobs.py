"""What there is to know about a knob, and the names of the sampler chain's stages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

KnobKind = Literal["float", "int", "text", "words", "object"]

SAMPLERS: tuple[str, ...] = (
    "penalties",
    "dry",
    "top_n_sigma",
    "top_k",
    "typical_p",
    "top_p",
    "min_p",
    "xtc",
    "temperature",
)
"""The stages that `sampler_order` may name, in llama.cpp's own order."""

TEMPERATURE_FIRST: tuple[str, ...] = (
    "penalties",
    "dry",
    "temperature",
    "top_n_sigma",
    "top_k",
    "top_p",
    "min_p",
    "typical_p",
    "xtc",
)
"""The order that the transformers library uses: truncation acts on the tempered distribution."""

ORDERS = {"llama.cpp": SAMPLERS, "temperature-first": TEMPERATURE_FIRST}
"""Orders that have a name."""

REMEMBERING: tuple[str, ...] = ("penalties", "dry")
"""Stages that look at the text so far, the prompt's too."""

BEYOND_DISTRIBUTION: tuple[str, ...] = (*REMEMBERING, "xtc")
"""Stages that depend on more than a distribution: the text so far, or a coin."""


@dataclass(frozen=True, slots=True)
class Knob:
    """What there is to know about one knob.

    `minimum` and `maximum` bound what is accepted; `slider` is the part worth sliding over (the
    whole range where it is None). `neutral` is the value that leaves the distribution alone;
    `default` what a backend of ours uses while the user has set nothing (None: nothing is sent
    and the endpoint decides). `part_of` names the knobs that switch this one's sampler on: while
    they are neutral, this one has no effect; `off` is the value at which it stops that sampler
    itself. `stage` is the stage of the sampler chain that a knob switches on, where it is not the
    one of its own name: which knobs each stage has follows from it and from `part_of`
    (`playground.params.STAGES`). `engine` knobs belong to llama.cpp's samplers: other
    endpoints take them only if their catalogue entry says so.
    """

    meaning: str
    minimum: float | None = None
    maximum: float | None = None
    slider: tuple[float, float] | None = None
    step: float | None = None
    unit: str = ""
    neutral: float | None = None
    default: float | None = None
    aliases: tuple[str, ...] = ()
    flag: str = ""
    part_of: tuple[str, ...] = ()
    off: float | None = None
    stage: str = ""
    engine: bool = False
    name: str = ""
    kind: KnobKind = "object"

    @property
    def numeric(self) -> bool:
        """Whether the value is a number, so that a slider can show it."""
        return self.kind in ("float", "int")

    @property
    def range_text(self) -> str:
        """The accepted range for people: `0 to 5`, or an empty string where there is none."""
        if self.minimum is None or self.maximum is None:
            return ""
        return f"{number_text(self.minimum)} to {number_text(self.maximum)}"

    def problem(self, value: object) -> str:
        """Why `value` is outside the range, as the end of a sentence; empty if it is inside."""
        if not isinstance(value, int | float) or self.minimum is None or self.maximum is None:
            return ""
        if self.minimum <= value <= self.maximum:
            return ""
        return f"{number_text(value)} is outside {self.range_text}"


@dataclass(frozen=True, slots=True)
class StageKnobs:
    """The knobs of one stage of the sampler chain.

    `switches` are those that switch it on, with their neutral values: while all are neutral or not
    set it changes nothing. `tuning` are those that say how it acts when it is on; at a value of
    `stops` it changes nothing all the same.
    """

    switches: Mapping[str, float]
    tuning: tuple[str, ...] = ()
    stops: Mapping[str, float] = field(default_factory=dict)

    @property
    def names(self) -> tuple[str, ...]:
        """All its knobs, the switches first."""
        return (*self.switches, *self.tuning)

    def switched_on(self, values: object) -> list[tuple[str, float]]:
        """The knobs that switch it on, with their values; none where it is off.

        `values` has the knobs as attributes; None is one that is not set.
        """
        for name, stop in self.stops.items():
            if getattr(values, name) == stop:
                return []
        return [
            (name, value)
            for name, neutral in self.switches.items()
            if (value := getattr(values, name)) is not None and value != neutral
        ]


def order_text(values: Sequence[object]) -> str:
    """A list of words, such as an order of the sampler chain: by its name where it has one."""
    named = [name for name, order in ORDERS.items() if [*order] == [*values]]
    return named[0] if named else "/".join(map(str, values))


def number_text(value: float) -> str:
    """A number as people write it: `1,000,000`, `0.05`."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:g}"
    text = f"{int(value):,}"
    return text if len(text) <= 40 else f"{text[:39]}…"
