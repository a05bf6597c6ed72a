"""Answers without log-probabilities: why, which models give them, and what can be done now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playground.catalogue import ProviderSpec, catalogue
from playground.types import Capabilities, ModelRef, Plan

__all__ = ["NoFigures", "giving_models", "no_figures"]

_LISTED = 6


@dataclass(frozen=True, slots=True)
class NoFigures:
    """An answer without log-probabilities.

    `why` says why it has none, `givers` are models that give them, `scorer` a local one that can
    read the text now. All for people.
    """

    why: str
    givers: tuple[str, ...]
    scorer: str

    def __str__(self) -> str:
        others = f"{', '.join(self.givers)}, and any local: model" if self.givers else "Local ones"
        return (
            f"{self.why} Models that give them: {others}. "
            f"{self.scorer} can score this text: its figures, for this answer."
        )


def giving_models() -> tuple[str, ...]:
    """References of catalogue models that are known to give log-probabilities, demo ones first."""
    found = [
        f"{spec.id}:{name}"
        for spec in catalogue().providers.values()
        for name in spec.models
        if _gives(spec, name)
    ]
    return tuple(sorted(found, key=lambda ref: not ref.startswith("demo:")))


def no_figures(
    ref: str | ModelRef,
    capabilities: Capabilities,
    plan: Plan | None,
    *,
    local: Sequence[str] = (),
) -> NoFigures:
    """What to say of an answer of `ref` that came without log-probabilities.

    `local` are models that the user has open or has named; the demo model is offered otherwise.
    """
    takes = capabilities.knobs.get("logprobs")
    if takes is not None and takes.accepted is False:
        why = f"{ref} gives no log-probabilities: {takes.reason or 'it does not take logprobs'}."
    elif plan is None or plan.effective.get("logprobs") is None:
        why = f"{ref} was not asked for log-probabilities (logprobs is not set)."
    else:
        why = f"{ref} was asked for log-probabilities and gave none."
    givers = giving_models()
    offered = [*local, *(name for name in givers if name.startswith("demo:")), "local:FILE"]
    return NoFigures(why, givers[:_LISTED], offered[0])


def _gives(spec: ProviderSpec, name: str) -> bool:
    if spec.backend == "local":
        return True
    return spec.backend == "openai" and spec.knob("logprobs", spec.models[name]).accepted is True
