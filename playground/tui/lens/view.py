"""One token of an answer as the lens shows it: its candidates and the stages of the chain."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from playground.lens.candidates import Candidate, Candidates
from playground.lens.chain import Chain, Position, Stage, params_of_plan
from playground.lens.spelling import spell
from playground.metrics.chain import CHAIN_KNOBS
from playground.params import GenerationParams
from playground.spelling import spell_entry
from playground.tui.labels import one_line
from playground.tui.lens.distributions import Distributions
from playground.tui.lens.subject import Subject
from playground.tui.widgets.candidate_bars import Bar
from playground.tui.widgets.chain_table import Link
from playground.types import Token, TokenAlternative

__all__ = ["Found", "TokenView", "bar_of"]

SHOWN = 50
"""Candidates that have a bar, where the whole distribution is known."""

_NAMED = 8
"""Cut tokens that a stage names."""


@dataclass(frozen=True, slots=True)
class Found:
    """What is known at a place: candidates, bars made of them, and the stages of the chain.

    `why` says why there are no stages, or what one of them cannot show.
    """

    candidates: Candidates
    bars: Sequence[Bar]
    links: Sequence[Link]
    why: str = ""


class TokenView:
    """Looks at the tokens of one answer under settings that are turned over it."""

    def __init__(self, subject: Subject, come: Callable[[int], None]) -> None:
        self._subject = subject
        self._params = self.used
        self._whole = Distributions(subject, come, prepare=self._found)

    @property
    def whole(self) -> Distributions:
        """The whole distributions that are there."""
        return self._whole

    @property
    def used(self) -> GenerationParams:
        """The sampler chain as it was when the answer was made."""
        plan = self._subject.plan
        if plan is None:
            return GenerationParams()
        return params_of_plan(plan, self._subject.version.choice)

    def asked(self, chain: GenerationParams) -> GenerationParams:
        """What the answer was asked for with, but for the knobs that were turned."""
        used = self.used
        turned = {
            name: getattr(chain, name)
            for name in CHAIN_KNOBS
            if getattr(chain, name) != getattr(used, name)
        }
        return self._subject.params.updated(**turned)

    def at(
        self, place: int, params: GenerationParams, *, turned: bool, passing: bool = False
    ) -> Found:
        """What is known at a place under a setting; the whole distribution is sent for.

        Not for one in `passing`, that of the token which came last: the model would be asked
        between any two tokens of the answer that it writes, which took half of its speed.
        """
        self._params = params
        if not passing:
            self._whole.want(place)
        position = self._whole.at(place)
        token = self._subject.tokens[place]
        if position is None:
            return self._likeliest(token, turned=turned, passing=passing)
        return self._found(position, None if turned else token)

    def _found(self, position: Position, recorded: Token | None = None) -> Found:
        """What is known of a place whose whole distribution is there.

        `recorded` is the token that came, unless a knob was turned over it.
        """
        chain = position.chain(self._params)
        candidates = position.candidates(chain, most=SHOWN, recorded=recorded)
        bars = [bar_of(row, chain) for row in candidates.rows]
        links = [_start(position), *(_link(s, chain, position) for s in chain.stages if s.setting)]
        if not chain.computed and candidates.survivors is not None:
            links.append(Link("drawn from", "drawn from", candidates.survivors, None))
        reasons = [stage.reason for stage in chain.stages if stage.reason]
        return Found(candidates, bars, links, " ".join(reasons))

    def _likeliest(self, token: Token, *, turned: bool, passing: bool) -> Found:
        """What came with the token itself: it knows nothing of another setting."""
        if turned:
            token = replace(token, draw=None)
        candidates = Candidates.of_token(token)
        bars = [bar_of(row) for row in candidates.rows]
        return Found(candidates, bars, (), self._why(passing))

    def _why(self, passing: bool) -> str:
        if self._whole.possible and passing:
            return "The whole distribution comes where the cursor stops, and at the end."
        if self._whole.possible:
            return "The whole distribution is on its way …"
        if self._whole.problem is not None:
            return f"The whole distribution cannot be had: {one_line(str(self._whole.problem))}"
        if self._subject.missing:
            return f"The whole distribution cannot be had: {one_line(self._subject.missing)}"
        return (
            f"{one_line(self._subject.ref)} tells only the likeliest tokens, so that its stages "
            "cannot be seen. S lets a local model read the text."
        )

    def candidate(self, place: int, token_id: int | None, name: str) -> Token:
        """Another candidate as the token of a place; `name` is its spelling, where it has no id."""
        at = self._subject.tokens[place]
        if token_id is not None and token_id == at.token_id:
            return at
        for rank, other in enumerate(at.alternatives, start=1):
            if other.token_id == token_id and (token_id is not None or spell(other) == name):
                return _instead(at, other, rank)
        position = self._whole.at(place)
        if position is None or token_id is None:
            raise ValueError(f"{name} is no candidate at {place}")
        rank = int(position.raw.places[token_id])
        data = self._whole.vocabulary[token_id]
        share = float(position.raw.probabilities[rank])
        text = data.decode("utf-8", "replace")
        row = Candidate(name, token_id, share, rank + 1)
        return _instead(at, TokenAlternative(text, row.logprob, token_id, data), rank + 1)

    def close(self) -> None:
        """Fetch nothing more."""
        self._whole.close()


def _instead(at: Token, other: TokenAlternative, rank: int) -> Token:
    """A token as it would stand in another's place; nobody threw dice for it."""
    return replace(
        at,
        text=other.text,
        data=other.data or other.text.encode(),
        token_id=other.token_id,
        logprob=other.logprob,
        rank=rank,
        draw=None,
    )


def bar_of(row: Candidate, chain: Chain | None = None) -> Bar:
    """A candidate as a bar, with the stage of a chain that cut it."""
    cut = ""
    if row.cut and chain is not None and row.token_id is not None:
        cut = chain.cut_by(row.token_id) or ""
    return Bar(row.spelling, row.token_id, row.rank, row.probability, row.drawn, row.chosen, cut)


def _start(position: Position) -> Link:
    return Link("model", "model", len(position.raw), 1.0)


def _link(stage: Stage, chain: Chain, position: Position) -> Link:
    chosen = position.chosen
    return Link(
        stage.name,
        stage.setting,
        stage.survivors,
        stage.mass,
        [_name(cut.token_id, position.vocabulary) for cut in stage.cut(_NAMED)],
        stage.number_cut,
        chosen is not None and chain.cut_by(chosen) == stage.name,
        computed=not stage.reason,
    )


def _name(token_id: int, vocabulary: Sequence[bytes]) -> str:
    return spell_entry(token_id, vocabulary[token_id] if token_id < len(vocabulary) else b"")
