"""Same knob, different meaning: what the backends in view make of one setting, knob by knob.

All of it is read from plans, so that it can be shown before anything is sent. Of an endpoint that
does not say what it does, nothing is guessed: the line says that it does not say.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal

from pydantic import JsonValue

from playground.knobs import TEMPERATURE_FIRST, number_text
from playground.params import STAGES, knobs
from playground.types import Plan

__all__ = ["Meaning", "meanings"]

_TRUNCATING: Final = ("top_k", "top_p", "min_p", "typical_p", "top_n_sigma")
"""Stages that cut, but for XTC, whose coin says whether it does at all."""

_TOLD_ELSEWHERE: Final = ("extra", "sampler_order", "mirostat", "n", "logprobs")
"""Knobs with a rule of their own, and those that change no answer."""

_PENALTIES: Final = tuple(STAGES["penalties"].switches)


@dataclass(frozen=True, slots=True)
class Meaning:
    """One knob that not all panes in view treat alike.

    `said` tells, for each pane, what is made of it, by the pane's model reference; panes that do
    the same may be told of once. `nearest` is the setting that brings them closest together, as a
    sentence, and `settings` the same as values: for a pane (its place), the knobs to set there.
    """

    knob: str
    said: tuple[tuple[str, str], ...]
    nearest: str
    settings: Mapping[int, Mapping[str, Any]] = field(default_factory=dict)

    @property
    def line(self) -> str:
        """All of it in one line."""
        parts = "; ".join(f"{ref} {what}" for ref, what in self.said)
        return f"{self.knob}: {parts}. Closest: {self.nearest}."


def meanings(plans: Sequence[Plan]) -> tuple[Meaning, ...]:
    """One entry for each knob that the plans of the panes in view treat differently.

    Panes whose users asked for different values are not told of for that alone: they meant it.
    """
    if len(plans) < 2:
        return ()
    found = [rule(plans) for rule in _RULES]
    told = {item.knob for item in found if item is not None}
    rest = [_taken_or_not(name, plans) for name in knobs() if name not in told]
    return tuple(item for item in (*found, *rest) if item is not None)


def _order(plans: Sequence[Plan]) -> Meaning | None:
    """Whether temperature acts before or after truncation; at temperature 1 that is all one."""
    if not any(
        _on(plan, "temperature") and any(_on(plan, n) for n in _TRUNCATING) for plan in plans
    ):
        return None
    orders = [plan.effective.get("sampler_order") for plan in plans]
    first = [None if order is None else _temperature_first(order) for order in orders]
    if len(set(first)) == 1:
        return None
    words = {
        True: "applies temperature first and cuts what that leaves",
        False: "cuts first and applies temperature to the rest, so that heat brings no new tokens",
        None: "does not say in which order it cuts and applies temperature",
    }
    said = tuple((ref, words[item]) for ref, item in zip(_names(plans), first, strict=True))
    if None not in first:
        return Meaning(
            "sampler_order",
            said,
            "sampler_order temperature-first on all",
            {place: {"sampler_order": TEMPERATURE_FIRST} for place in range(len(plans))},
        )
    return Meaning(
        "sampler_order",
        said,
        "temperature 1 on all, where the order makes no difference; "
        "or sampler_order temperature-first, the order of transformers, where it can be set",
        {
            place: {"sampler_order": TEMPERATURE_FIRST}
            for place, item in enumerate(first)
            if item is False
        },
    )


def _temperature_first(order: JsonValue) -> bool:
    stages = list(order) if isinstance(order, list) else []
    if "temperature" not in stages:
        return False
    before = stages[: stages.index("temperature")]
    return not any(name in before for name in _TRUNCATING)


def _window(plans: Sequence[Plan]) -> Meaning | None:
    """How far penalties look back."""
    using = [plan for plan in plans if any(_on(plan, name) for name in _PENALTIES)]
    windows = [plan.effective.get("penalty_window") for plan in using]
    if len(using) < 2 or len(set(map(str, windows))) == 1:
        return None
    said = tuple((ref, _window_words(plan)) for ref, plan in zip(_names(using), using, strict=True))
    widest = int(knobs()["penalty_window"].maximum or 0)
    return Meaning(
        "penalty_window",
        said,
        f"penalty_window {number_text(widest)}, which is the whole text, where it can be set",
        {
            place: {"penalty_window": widest}
            for place, plan in enumerate(plans)
            if plan.effective.get("penalty_window") is not None and plan in using
        },
    )


def _window_words(plan: Plan) -> str:
    window = plan.effective.get("penalty_window")
    if isinstance(window, int | float):
        return f"penalises the last {number_text(window)} tokens, the prompt's too"
    return "takes no window, and does not say how far back it looks: most look at the whole text"


def _seed(plans: Sequence[Plan]) -> Meaning | None:
    """A seed is exact for a local model, and a request elsewhere, where dice are thrown at all."""
    seeded = [plan for plan in plans if plan.params.seed is not None]
    if all(plan.effective.get("temperature") == 0 for plan in seeded):
        return None
    local = [plan.effective.get("sampler_order") is not None for plan in seeded]
    taken = [plan.effective.get("seed") is not None for plan in seeded]
    if len(seeded) < 2 or not all(taken) or len(set(local)) == 1:
        return None
    said = tuple(
        (str(plan.ref), "repeats the answer" if exact else "takes it as a request, on other dice")
        for plan, exact in zip(seeded, local, strict=True)
    )
    return Meaning("seed", said, "temperature 0, where no dice are thrown")


def _replaced(plans: Sequence[Plan]) -> Meaning | None:
    """Mirostat takes the place of truncation where there is one."""
    using = [plan for plan in plans if _on(plan, "mirostat")]
    if not using or len(using) == len(plans):
        return None
    said = tuple(
        (ref, "steers the surprise in place of every truncation" if plan in using else "has none")
        for ref, plan in zip(_names(plans), plans, strict=True)
    )
    return Meaning(
        "mirostat",
        said,
        "mirostat 0 on all",
        {place: {"mirostat": 0} for place, plan in enumerate(plans) if plan in using},
    )


def _taken_or_not(name: str, plans: Sequence[Plan]) -> Meaning | None:
    """A knob that some refuse or clamp, or that is filled in here and left open there."""
    if name in _TOLD_ELSEWHERE or knobs()[name].part_of:
        return None
    states = [_State.of(plan, name) for plan in plans]
    kinds = {state.kind for state in states}
    acting = [place for place, plan in enumerate(plans) if _on(plan, name)]
    said = tuple((ref, state.words) for ref, state in zip(_names(plans), states, strict=True))
    values = [plans[place].effective[name] for place in acting]
    if "refused" in kinds:
        if not acting:
            return None
        return _switched_off(name, said, acting)
    if "clamped" in kinds:
        numbers = [value for value in values if isinstance(value, int | float)]
        return _same_everywhere(name, said, min(numbers), plans) if numbers else None
    unset = {state.words for state in states if state.kind in ("default", "left")}
    return _same_everywhere(name, said, values[0], plans) if len(unset) > 1 and values else None


def _switched_off(name: str, said: tuple[tuple[str, str], ...], acting: Sequence[int]) -> Meaning:
    neutral = knobs()[name].neutral
    if neutral is None:
        return Meaning(name, said, f"leave {name} out everywhere")
    return Meaning(
        name,
        said,
        f"{name} {number_text(neutral)}, which changes nothing, where it is taken",
        {place: {name: neutral} for place in acting},
    )


def _same_everywhere(
    name: str, said: tuple[tuple[str, str], ...], value: JsonValue, plans: Sequence[Plan]
) -> Meaning:
    settings = {place: {name: value} for place in range(len(plans))}
    return Meaning(name, said, f"{name} {_text(name, value)} on all", settings)


@dataclass(frozen=True, slots=True)
class _State:
    """What one plan does with one knob."""

    kind: Literal["refused", "clamped", "asked", "default", "left"]
    words: str

    @classmethod
    def of(cls, plan: Plan, name: str) -> _State:
        value = plan.effective.get(name)
        for item in plan.adjustments:
            if item.knob == name and item.kind == "dropped":
                return cls("refused", f"does not take it ({item.reason})")
            if item.knob == name and item.kind == "clamped":
                return cls("clamped", f"uses {_text(name, value)} ({item.reason})")
        if getattr(plan.params, name) is not None:
            return cls("asked", f"uses {_text(name, value)}")
        if name == "seed":
            # Whoever drew it: nobody meant one to differ from the other.
            return cls("left", "throws dice of its own where you set nothing")
        if value is None:
            return cls("left", "is sent nothing and decides itself")
        return cls("default", f"uses {_text(name, value)} where you set nothing")


def _text(name: str, value: JsonValue) -> str:
    """A value in words; a seed is a name and no amount."""
    if name == "seed" or not isinstance(value, int | float):
        return str(value)
    return number_text(value)


def _names(plans: Sequence[Plan]) -> list[str]:
    """The panes' references, numbered where two are the same."""
    refs = [str(plan.ref) for plan in plans]
    return [
        f"{ref} ({place})" if refs.count(ref) > 1 else ref
        for place, ref in enumerate(refs, start=1)
    ]


def _on(plan: Plan, name: str) -> bool:
    """Whether a knob does something in a plan."""
    value = plan.effective.get(name)
    neutral = knobs()[name].neutral
    return value is not None and (neutral is None or value != neutral)


_RULES: Final[tuple[Callable[[Sequence[Plan]], Meaning | None], ...]] = (
    _order,
    _window,
    _seed,
    _replaced,
)
