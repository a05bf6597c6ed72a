"""What there is to know about a knob, and the names of the sampler chain's stages."""

from __future__ import annotations

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Knob:
    """What there is to know about one knob.

    `minimum` and `maximum` bound what is accepted; `slider` is the part worth sliding over (the
    whole range where it is None). `neutral` is the value that leaves the distribution alone;
    `default` what a backend of ours uses while the user has set nothing (None: nothing is sent
    and the endpoint decides). `part_of` names the knobs that switch this one's sampler on: while
    they are neutral, this one has no effect. `engine` knobs belong to llama.cpp's samplers: other
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


def number_text(value: float) -> str:
    """A number as people write it: `1,000,000`, `0.05`."""
    if isinstance(value, float) and not value.is_integer():
        return f"{value:g}"
    text = f"{int(value):,}"
    return text if len(text) <= 40 else f"{text[:39]}…"
