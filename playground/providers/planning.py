"""Turns params into a plan: what a model takes, under which name, and what becomes of the rest."""

from __future__ import annotations

from collections.abc import Mapping

from pydantic import JsonValue

from playground.params import GenerationParams, Knob, knobs
from playground.types import Adjustment, KnobSupport, ModelRef, Plan


def make_plan(ref: ModelRef, params: GenerationParams, supports: Mapping[str, KnobSupport]) -> Plan:
    """The plan of a model that takes each knob as `supports` says; pure, no I/O.

    A value that a model refuses is dropped and one out of its range is clamped, each with an
    adjustment; a refused knob at its neutral value changes nothing and needs none. `extra` comes
    last and verbatim: where it names a payload word that a knob also sets, `extra` wins.
    """
    effective: dict[str, JsonValue] = {}
    wire: dict[str, JsonValue] = {}
    adjustments: list[Adjustment] = []
    names: dict[str, str] = {}
    for name, knob in knobs().items():
        if name == "extra":
            continue
        support = supports.get(name, KnobSupport(accepted=None))
        asked = _json(getattr(params, name))
        used, found = _decide(knob, support, asked)
        adjustments += found
        if used is None:
            continue
        wire_name = support.wire or name
        if wire_name != name and asked is not None:
            adjustments.append(
                Adjustment(
                    kind="renamed", knob=name, asked=name, used=wire_name, reason="its name here"
                )
            )
        effective[name] = used
        wire[wire_name] = used
        names[wire_name] = name
    for word, value in (params.extra or {}).items():
        if word in wire:
            name = names[word]
            adjustments.append(
                Adjustment(
                    kind="dropped",
                    knob=name,
                    asked=effective.pop(name),
                    reason=f"extra sets {word} itself",
                )
            )
        wire[word] = value
    return Plan(
        ref=ref, params=params, effective=effective, wire=wire, adjustments=tuple(adjustments)
    )


def _decide(
    knob: Knob, support: KnobSupport, asked: JsonValue
) -> tuple[JsonValue, list[Adjustment]]:
    """The value to use for one knob (None: leave it out), and the adjustments that it took."""
    if asked is None:
        if support.accepted is False or support.default is None:
            return None, []
        return support.default, [
            Adjustment(
                kind="defaulted", knob=knob.name, used=support.default, reason="not set by you"
            )
        ]
    if support.accepted is False:
        if asked == knob.neutral:
            return None, []
        reason = support.reason or "this model does not take it"
        return None, [Adjustment(kind="dropped", knob=knob.name, asked=asked, reason=reason)]
    if isinstance(asked, int | float):
        low = asked if support.minimum is None else max(asked, support.minimum)
        used = low if support.maximum is None else min(low, support.maximum)
        if used != asked:
            used = int(used) if knob.kind == "int" else used
            bounds = f"this model takes {_range(support, knob)}"
            return used, [
                Adjustment(kind="clamped", knob=knob.name, asked=asked, used=used, reason=bounds)
            ]
    return asked, []


def _range(support: KnobSupport, knob: Knob) -> str:
    low = knob.minimum if support.minimum is None else support.minimum
    high = knob.maximum if support.maximum is None else support.maximum
    return f"{low:g} to {high:g}"


def _json(value: object) -> JsonValue:
    return list(value) if isinstance(value, tuple) else value  # type: ignore[return-value]
