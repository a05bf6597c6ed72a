"""The sampler chain at one token, stage by stage, fast enough to turn a knob and watch.

Open a `Position` once for a token (that sorts its vocabulary); `Position.chain` then takes a
setting through all stages in milliseconds. The arithmetic is that of `playground.ranked`.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING

from playground.errors import InvalidParameter
from playground.knobs import number_text
from playground.lens.candidates import Candidates
from playground.metrics.chain import CHAIN_KNOBS, chain_params
from playground.params import SEEDS, STAGES, GenerationParams, knobs
from playground.types import Plan, Token

if TYPE_CHECKING:
    from playground.distribution import Distribution
    from playground.ranked import Ranked

__all__ = ["Chain", "Cut", "Position", "Stage", "as_they_stand", "params_of_plan", "unset"]

_BLOCK = 4096
"""Tokens in which those that were cut are looked for at a time."""

_NAMES = {stage: known.names for stage, known in STAGES.items()}
"""The knobs of each stage: looked up for every stage whenever a knob is turned."""

_Values = tuple[float | None, ...]
"""What the knobs of a stage are set to."""


def params_of_plan(plan: Plan, choice: int = 0) -> GenerationParams:
    """The settings of the sampler chain that a plan says were really used, in its real order.

    With what acts beside its stages (`playground.ranked.BESIDE_CHAIN`), which cannot be computed,
    and with the seed of the choice, by which XTC throws coins of its own.
    """
    from playground.ranked import BESIDE_CHAIN

    beside = {name: value for name in BESIDE_CHAIN if (value := plan.effective.get(name))}
    seed = plan.effective.get("seed")
    if isinstance(seed, int) and not isinstance(seed, bool):
        beside["seed"] = (seed + choice) % SEEDS
    return GenerationParams.of(**chain_params(plan.effective).given(), **beside)


def unset(params: GenerationParams) -> tuple[str, ...]:
    """The knobs of the chain that are not set, and that many a server then does not leave alone.

    Of a hosted answer's settings: what its endpoint did there, nobody told.
    """
    return tuple(
        name
        for name in CHAIN_KNOBS
        if getattr(params, name) is None
        and (knob := knobs()[name]).neutral is not None
        and knob.default != knob.neutral
    )


def as_they_stand(params: GenerationParams) -> GenerationParams:
    """The same settings with neutral values for the knobs of the chain that are not set.

    So that a model that reads a text under them fills in no defaults of its own.
    """
    neutral = {
        name: value
        for name in CHAIN_KNOBS
        if getattr(params, name) is None and (value := knobs()[name].neutral) is not None
    }
    return params.updated(**neutral)


@dataclass(frozen=True, slots=True)
class Cut:
    """A token that a stage cut, with its probability just before that stage (0 to 1)."""

    token_id: int
    probability: float


@dataclass(frozen=True)
class Stage:
    """One stage of a chain at one token: what came into it, and what it left.

    `name` is one of `playground.knobs.SAMPLERS` or `playground.ranked.BESIDE_CHAIN`; `setting` the
    values that it acts by, such as `top_p 0.9` (empty where nothing is set). Of what cannot be
    computed from a distribution (DRY, XTC, Mirostat, grammars, biases by words), `reason` says so,
    and it is taken to leave everything as it is. `entering` is whether it is known what came into
    it, as it is not behind such a one: then nobody knows either what it left.
    """

    name: str
    setting: str
    before: Ranked
    after: Ranked
    reason: str = ""
    entering: bool = True

    @property
    def computed(self) -> bool:
        """Whether it is known what it left."""
        return self.entering and not self.reason

    @property
    def survivors(self) -> int | None:
        """How many tokens are left after it; None where that is not known."""
        return len(self.after) if self.computed else None

    @property
    def acted(self) -> bool:
        """Whether it cut a token or changed a probability."""
        return self.after is not self.before

    @cached_property
    def mass(self) -> float | None:
        """The share of the probability before it that its survivors had; None: not known."""
        if not self.computed:
            return None
        if len(self.after) == len(self.before):
            return 1.0
        return float(self.before.probabilities[self.before.places[self.after.tokens]].sum())

    @property
    def number_cut(self) -> int | None:
        """How many tokens it cut; None where that is not known."""
        return len(self.before) - len(self.after) if self.computed else None

    def cut(self, most: int = 8) -> tuple[Cut, ...]:
        """The likeliest tokens that it cut, likeliest first; none where that is not known."""
        if not self.number_cut:
            return ()
        tokens, shares = self.before.tokens, self.before.probabilities
        found: list[Cut] = []
        # The likeliest of them are near the beginning, mostly.
        for start in range(0, len(tokens), _BLOCK):
            block = tokens[start : start + _BLOCK]
            gone = (self.after.places[block] < 0).nonzero()[0][: most - len(found)] + start
            found += [Cut(int(tokens[place]), float(shares[place])) for place in gone]
            if len(found) == most:
                break
        return tuple(found)


@dataclass(frozen=True)
class Chain:
    """A setting's whole chain at one token: the stages in the order in which they act."""

    raw: Ranked
    stages: tuple[Stage, ...]

    @property
    def computed(self) -> bool:
        """Whether every stage is; otherwise what was sampled from is not known."""
        return all(stage.computed for stage in self.stages)

    @property
    def left(self) -> Ranked:
        """What was sampled from, as far as it is `computed`."""
        return self.stages[-1].after if self.stages else self.raw

    def probability(self, token: int) -> float:
        """A token's probability in what was sampled from; 0 where it was cut."""
        place = int(self.left.places[token])
        return float(self.left.probabilities[place]) if place >= 0 else 0.0

    def logprob(self, token: int) -> float:
        """Its natural log; -inf where the token was cut."""
        left = self.left
        place = int(left.places[token])
        # Not from the probability: one that is too small for a float is no cut.
        return left.logprob_at(place) if place >= 0 else -math.inf

    def cut_by(self, token: int) -> str | None:
        """The stage that cut a token, as far as that is known; None for one that survived."""
        known = (stage for stage in self.stages if stage.computed)
        return next((stage.name for stage in known if stage.after.places[token] < 0), None)

    def draw(self, uniform: float) -> int:
        """The token that a throw of the dice (0 to 1) picks: survivors lie in order of their ids.

        As the local backend draws, so that the throw that a run reports gives its token.
        """
        import numpy as np

        order = np.argsort(self.left.tokens)
        tokens, shares = self.left.tokens[order], self.left.probabilities[order]
        place = int(np.searchsorted(np.cumsum(shares), uniform, side="right"))
        place = min(place, len(tokens) - 1)
        while shares[place] == 0:
            place -= 1
        return int(tokens[place])

    def interval(self, token: int) -> tuple[float, float]:
        """The throws that pick a token, from and up to; equal where the token was cut."""
        import numpy as np

        order = np.argsort(self.left.tokens)
        reached = np.cumsum(self.left.probabilities[order])
        place = int(np.searchsorted(self.left.tokens[order], token))
        if place >= len(order) or self.left.tokens[order[place]] != token:
            return 0.0, 0.0
        return (float(reached[place - 1]) if place else 0.0), float(reached[place])


class Position:
    """One token of an answer: its whole raw distribution, and what came before it.

    `seen` are the ids of all tokens before it, the prompt's too, as the penalties of a local model
    see them; `chosen` is the token that came, `uniform` the throw that drew it. Making one sorts
    the vocabulary: some 10 ms for 128,256 tokens.
    """

    def __init__(
        self,
        distribution: Distribution,
        *,
        seen: Sequence[int] = (),
        chosen: int | None = None,
        uniform: float | None = None,
    ) -> None:
        self.vocabulary = distribution.vocabulary
        self.seen = tuple(seen)
        self.chosen = chosen
        self.uniform = uniform
        self.raw = distribution.ranked()
        self._known: dict[str, tuple[_Values, Stage]] = {}

    def chain(self, params: GenerationParams) -> Chain:
        """The stages of a setting; a knob that is not set leaves everything as it is.

        For what a run really did, take `params_of_plan`. Stages up to the first that a knob changed
        since the last call are those of that call, so that turning one costs what follows it.
        """
        from playground.ranked import BESIDE_CHAIN, chain_order, not_computed

        beside = {
            name: Stage(name, _beside(name, params), self.raw, self.raw, not_computed(name).message)
            for name in BESIDE_CHAIN
            if getattr(params, name)
        }
        last = beside.pop("mirostat", None)
        current = self.raw
        stages = [replace(stage, entering=not at) for at, stage in enumerate(beside.values())]
        entering = not stages
        # Mirostat acts in place of the stages that cut.
        for name in chain_order(params) if last is None else ("penalties", "temperature"):
            values = _values(name, params)
            known = self._known.get(name)
            if known is not None and known[0] == values and known[1].before is current:
                stage = known[1]
            else:
                stage = self._stage(name, params, current)
                self._known[name] = (values, stage)
            stages.append(stage if entering else replace(stage, entering=False))
            entering = stages[-1].computed
            current = stage.after
        if last is not None:
            stages.append(replace(last, before=current, after=current, entering=entering))
        return Chain(self.raw, tuple(stages))

    def _stage(self, name: str, params: GenerationParams, before: Ranked) -> Stage:
        after, reason = before, ""
        try:
            after = before.after(name, params, self.seen)
        except InvalidParameter as error:
            reason = error.message
        return Stage(name, setting_of(name, params), before, after, reason)

    def candidates(
        self,
        chain: Chain | None = None,
        most: int = 50,
        recorded: Token | None = None,
        *,
        chosen: int | None = None,
    ) -> Candidates:
        """The candidates here, with what a chain leaves of them, where all of it is computed.

        Where it is not, and the chain is that of a run, `recorded` is the token that the run drew
        here: it tells what it was drawn from. `chosen` is the id of the token that another answer
        has in this place; without it the one that came here is the chosen one.
        """
        return Candidates.of_distribution(
            self.raw,
            self.vocabulary,
            after=chain.left if chain is not None and chain.computed else None,
            recorded=recorded,
            chosen=self.chosen if chosen is None else chosen,
            uniform=self.uniform if chosen is None else None,
            most=most,
        )


def setting_of(stage: str, params: GenerationParams) -> str:
    """The values that a stage acts by: `top_p 0.9`; empty where none is set or all are neutral."""
    known = STAGES[stage]
    acting = known.switched_on(params)
    if acting:
        acting += [
            (name, value) for name in known.tuning if (value := getattr(params, name)) is not None
        ]
    return ", ".join(f"{name} {number_text(value)}" for name, value in acting)


def _beside(name: str, params: GenerationParams) -> str:
    """What is written of a knob beside the chain: a grammar would fill the screen."""
    return f"mirostat {params.mirostat}" if name == "mirostat" else name


def _values(stage: str, params: GenerationParams) -> _Values:
    return tuple(getattr(params, name) for name in _NAMES[stage])
