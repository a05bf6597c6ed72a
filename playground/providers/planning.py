"""Turns params into a plan: what a model takes, under which name, and what becomes of the rest."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from pydantic import JsonValue

from playground.params import GenerationParams, Knob, knobs
from playground.types import Adjustment, KnobSupport, ModelRef, Plan

Spelling = Callable[[str, str, JsonValue], dict[str, JsonValue]]
"""The payload words of one knob, from its name, its wire name and the value used."""


_UNSAID = KnobSupport(accepted=None)
"""How a knob is taken of which nobody has said anything."""


def one_word(_name: str, wire_name: str, value: JsonValue) -> dict[str, JsonValue]:
    """The usual spelling: one knob, one word."""
    return {wire_name: value}


def make_plan(
    ref: ModelRef,
    params: GenerationParams,
    supports: Mapping[str, KnobSupport],
    *,
    spell: Spelling = one_word,
    reserved: Mapping[str, str] | None = None,
) -> Plan:
    """The plan of a model that takes each knob as `supports` says; pure, no I/O.

    A value that a model refuses is dropped and one out of its range is clamped, each with an
    adjustment; a refused knob at its neutral value changes nothing and needs none. `extra` comes
    last and verbatim: where it names a payload word that a knob also sets, `extra` wins.
    `reserved` are the words that not even `extra` may set, each with the reason.
    """
    effective: dict[str, JsonValue] = {}
    wire: dict[str, JsonValue] = {}
    adjustments: list[Adjustment] = []
    names: dict[str, str] = {}
    asked_for = params.__dict__
    for name, knob in knobs().items():
        if name == "extra":
            continue
        support = supports.get(name, _UNSAID)
        asked = _json(asked_for[name])
        if asked is None and knob.part_of and not _any_on(knob.part_of, effective):
            continue
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
        for word, value in spell(name, wire_name, used).items():
            wire[word] = value
            names[word] = name
    extra = params.extra or {}
    refused = supports.get("extra", KnobSupport())
    if extra and refused.accepted is False:
        adjustments.append(
            Adjustment(kind="dropped", knob="extra", asked=extra, reason=refused.reason)
        )
        extra = {}
    for word, value in extra.items():
        if reserved and word in reserved:
            adjustments.append(
                Adjustment(kind="dropped", knob="extra", asked={word: value}, reason=reserved[word])
            )
            continue
        name = names.get(word, "")
        if name in effective:
            adjustments.append(
                Adjustment(
                    kind="dropped",
                    knob=name,
                    asked=effective.pop(name),
                    reason=f"extra sets {word} itself",
                )
            )
        wire[word] = value
    # Of parts that were checked where they came in: checked again, a plan takes twice as long.
    return Plan.model_construct(
        ref=ref, params=params, effective=effective, wire=wire, adjustments=tuple(adjustments)
    )


def _any_on(names: Sequence[str], effective: Mapping[str, JsonValue]) -> bool:
    """Whether one of these knobs, decided already, is at a value that does something."""
    return any(effective.get(name) not in (None, knobs()[name].neutral) for name in names)


def _decide(
    knob: Knob, support: KnobSupport, asked: JsonValue
) -> tuple[JsonValue, list[Adjustment]]:
    """The value to use for one knob (None: leave it out), and the adjustments that it took."""
    if asked is None:
        if support.accepted is False or support.default is None:
            return None, []
        if support.default == knob.neutral or not knob.numeric:
            # What does nothing, or is a list that was always so, is not worth a word.
            return support.default, []
        used = support.default
        if isinstance(used, int | float):
            return used, [_default_number(knob.name, used)]
        return used, [_default(knob.name, used)]
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
    if isinstance(asked, list) and support.maximum is not None and len(asked) > support.maximum:
        kept = asked[: int(support.maximum)]
        few = f"this model takes {len(kept)} of them at most"
        return kept, [
            Adjustment(kind="clamped", knob=knob.name, asked=asked, used=kept, reason=few)
        ]
    return asked, []


def _default(knob: str, used: JsonValue) -> Adjustment:
    return Adjustment(kind="defaulted", knob=knob, used=used, reason="not set by you")


_default_number = lru_cache(maxsize=256, typed=True)(_default)
"""The same for numbers, which nearly all defaults are: made once, and not with every plan."""


def _range(support: KnobSupport, knob: Knob) -> str:
    low = knob.minimum if support.minimum is None else support.minimum
    high = knob.maximum if support.maximum is None else support.maximum
    return f"{low:g} to {high:g}"


def _json(value: object) -> JsonValue:
    return list(value) if isinstance(value, tuple) else value  # type: ignore[return-value]
