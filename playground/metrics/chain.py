"""What each stage of the sampler chain did at the tokens of some answers, and what it did not."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final, Literal

from playground.knobs import number_text
from playground.params import STAGES, GenerationParams

if TYPE_CHECKING:
    from playground.metrics.outside import Partly

__all__ = ["CHAIN_KNOBS", "Effect", "StageEffect", "chain_params", "stage_effects", "together"]

Effect = Literal["none", "needless", "some", "unknown"]
"""What a stage did: nothing at any token, nothing that the others would not have done, something,
or something that the known tokens do not tell."""

CHAIN_KNOBS: Final = (
    *(name for stage in STAGES.values() for name in stage.names),
    "sampler_order",
)
"""The knobs of the sampler chain."""


@dataclass(frozen=True, slots=True)
class StageEffect:
    """What one stage did at `tokens` tokens of some answers.

    `setting` names what switches it on: `top_k 40`. At `changed` of them it certainly changed what
    could come, at `unknown` of them that cannot be said. `entering` and `left` are the most tokens
    that came into it and that it left (None: more than are known). `because` is the stage that left
    it nothing to do, or that would have done the same.
    """

    stage: str
    setting: str
    effect: Effect
    tokens: int
    changed: int
    unknown: int
    entering: int | None
    left: int | None
    because: str = ""

    def __str__(self) -> str:
        name = self.setting
        did = "changed nothing" if self.stage == "temperature" else "never cut"
        match self.effect:
            case "none" if self.because:
                return f"{name} {did}: {self.because} had left at most {_tokens(self.entering)}"
            case "none":
                return f"{name} {did}: nothing was there to be cut"
            case "needless":
                were = "was" if self.left == 1 else "were"
                return (
                    f"{name} cut nothing that {self.because} would not have cut: "
                    f"at most {_tokens(self.left)} {were} left in the end"
                )
            case "unknown":
                return (
                    f"whether {name} did anything cannot be said at {self.unknown:,} of "
                    f"{_tokens(self.tokens)}: it may have met tokens that are not known"
                )
            case _:
                verb = "acted on" if self.stage == "temperature" else "cut at"
                return f"{name} {verb} {self.changed:,} of {_tokens(self.tokens)}"


def together(effects: Sequence[StageEffect], setting: str = "") -> StageEffect:
    """What one stage did over several chains (at least one): their tokens counted together.

    `setting` takes the place of theirs. Whatever it did in one of them it did.
    """
    kinds = {one.effect for one in effects}
    order: tuple[Effect, ...] = ("some", "unknown", "needless", "none")
    reasons = {one.because for one in effects if one.because}
    return replace(
        effects[0],
        setting=setting or effects[0].setting,
        effect=next(kind for kind in order if kind in kinds),
        tokens=sum(one.tokens for one in effects),
        changed=sum(one.changed for one in effects),
        unknown=sum(one.unknown for one in effects),
        entering=_largest([one.entering for one in effects]),
        left=_largest([one.left for one in effects]),
        because=reasons.pop() if len(reasons) == 1 else "the other stages" if reasons else "",
    )


def chain_params(effective: Mapping[str, Any]) -> GenerationParams:
    """The sampler chain's knobs of what a plan says was used (`Plan.effective`)."""
    return GenerationParams.of(
        **{
            name: effective[name]
            for name in CHAIN_KNOBS
            if name in effective and effective[name] is not None
        }
    )


def stage_effects(
    likeliest: Sequence[Sequence[float]],
    params: GenerationParams,
    *,
    vocabulary: int | None = None,
    order: Sequence[str] | None = None,
) -> tuple[StageEffect, ...]:
    """What each stage of a chain that is switched on did, in the order in which they act.

    `likeliest` has, for each token of some answers, the natural-log probabilities of the likeliest
    tokens of the raw distribution (`Token.alternatives`); the more there are, the more can be said.
    `vocabulary` is how many tokens the model has, where that is known. Of the tokens outside of the
    likeliest nothing is assumed but that together they have the rest of the probability and that
    none is likelier than the last known one. What penalties, DRY and XTC do depends on more than
    a distribution: after them nothing can be said.
    """
    from playground.metrics.outside import active, begin

    stages = active(params, order)
    whole = [_Walk(begin(row, vocabulary), stages, params) for row in likeliest if len(row)]
    return tuple(_effect(stage, stages, whole, params) for stage in stages)


class _Walk:
    """One token's way through the chain: what was left before and after each stage."""

    def __init__(self, start: Partly, stages: Sequence[str], params: GenerationParams) -> None:
        from playground.metrics.outside import NotKnown, after

        self.start = start
        self.states: list[Partly | None] = [start]
        for stage in stages:
            before = self.states[-1]
            try:
                self.states.append(None if before is None else after(before, stage, params))
            except NotKnown:
                self.states.append(None)

    def changed(self, place: int, stage: str) -> bool | None:
        """Whether the stage at a place changed what could come; None where it cannot be said."""
        before, left = self.states[place], self.states[place + 1]
        if before is None or left is None:
            return None
        if stage == "temperature":
            return None if before.exact and not before.count else before.count != 1
        if left is before:
            return False
        if before.exact:
            return left.count != before.count
        known = (before.least, before.most), (left.least, left.most)
        fewer = all(
            len(after.places) < len(ahead.places) for ahead, after in zip(*known, strict=True)
        )
        if fewer or (before.least.may and not left.most.may):
            return True
        return None

    @property
    def end(self) -> Partly | None:
        """What is left in the end; None where it cannot be said."""
        return self.states[-1]


def _effect(
    stage: str, stages: Sequence[str], walks: Sequence[_Walk], params: GenerationParams
) -> StageEffect:
    from playground.metrics.outside import switches

    place = stages.index(stage)
    changes = [walk.changed(place, stage) for walk in walks]
    changed, unknown = changes.count(True), changes.count(None)
    entering = _most([walk.states[place] for walk in walks])
    left = _most([walk.states[place + 1] for walk in walks])
    effect: Effect = "some" if changed else "unknown" if unknown else "none"
    because = ""
    if effect == "none":
        because = next(
            (
                stages[at]
                for at in reversed(range(place))
                if any(walk.changed(at, stages[at]) for walk in walks) and _cuts(stages[at], params)
            ),
            "",
        )
    elif stage != "temperature":
        rest = [other for other in stages if other != stage]
        without = [_Walk(walk.start, rest, params) for walk in walks]
        if all(_same(one.end, other.end) for one, other in zip(walks, without, strict=True)):
            effect, left = "needless", _most([walk.end for walk in walks])
            because = max(
                (other for other in rest if _cuts(other, params)),
                key=lambda other: sum(
                    walk.changed(rest.index(other), other) is True for walk in without
                ),
                default="",
            )
    return StageEffect(
        stage,
        ", ".join(f"{name} {number_text(value)}" for name, value in switches(params, stage)),
        effect,
        tokens=len(walks),
        changed=changed,
        unknown=unknown,
        entering=entering,
        left=left,
        because="temperature 0" if because == "temperature" else because,
    )


def _cuts(stage: str, params: GenerationParams) -> bool:
    """Whether a stage may leave fewer tokens than came: temperature does so only at 0."""
    return stage != "temperature" or params.temperature == 0


def _same(one: Partly | None, other: Partly | None) -> bool:
    """Whether the same tokens are left for sure, and so the same probabilities."""
    if one is None or other is None or not (one.exact and other.exact):
        return False
    return bool(set(one.least.places.tolist()) == set(other.least.places.tolist()))


def _most(states: Sequence[Partly | None]) -> int | None:
    return _largest([None if state is None else state.count for state in states])


def _largest(counts: Sequence[int | None]) -> int | None:
    known = [count for count in counts if count is not None]
    return max(known, default=0) if len(known) == len(counts) else None


def _tokens(count: int | None) -> str:
    if count is None:
        return "an unknown number of tokens"
    return "1 token" if count == 1 else f"{count:,} tokens"
