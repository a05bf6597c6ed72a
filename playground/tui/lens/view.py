"""One token of an answer as the lens shows it: its candidates and the stages of the chain."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from playground.errors import PlaygroundError
from playground.metrics.chain import CHAIN_KNOBS, chain_params
from playground.params import GenerationParams
from playground.tui.lens import look
from playground.tui.lens.distributions import Distributions
from playground.tui.lens.subject import Subject
from playground.tui.widgets.candidate_bars import Bar
from playground.tui.widgets.chain_table import Link
from playground.types import Token

__all__ = ["Found", "TokenView"]


@dataclass(frozen=True, slots=True)
class Found:
    """What is known at a place. `whole` where the whole distribution is, not only the likeliest.

    `rest` is the raw probability of the tokens that have no bar, of which there are `others` (None:
    not known); `entropy` in nats; `effective` how many tokens share 95% (None: more than are
    known). `why` says why there are no stages.
    """

    bars: Sequence[Bar]
    links: Sequence[Link]
    why: str
    whole: bool
    rest: float
    others: int | None
    entropy: float | None
    effective: int | None


class TokenView:
    """Looks at the tokens of one answer under settings that are turned over it."""

    def __init__(self, subject: Subject, come: Callable[[int], None]) -> None:
        self._subject = subject
        self._whole = Distributions(subject, self._arrived)
        self._come = come
        self._vocabulary: Sequence[bytes] = ()

    @property
    def whole(self) -> Distributions:
        """The whole distributions that are there."""
        return self._whole

    @property
    def used(self) -> GenerationParams:
        """The sampler chain as it was when the answer was made."""
        plan = self._subject.plan
        return chain_params(plan.effective) if plan is not None else GenerationParams()

    def asked(self, chain: GenerationParams) -> GenerationParams:
        """What the answer was asked for with, but for a chain that was turned."""
        used = self.used
        turned = {
            name: getattr(chain, name)
            for name in CHAIN_KNOBS
            if getattr(chain, name) != getattr(used, name)
        }
        return self._subject.params.updated(**turned)

    def candidate(self, place: int, token_id: int | None) -> Token:
        """Another candidate as the token of a place."""
        at = self._subject.tokens[place]
        if token_id == at.token_id:
            return at
        for rank, other in enumerate(at.alternatives, start=1):
            if other.token_id == token_id:
                data = b"" if "\ufffd" in other.text else other.text.encode()
                return replace(
                    at, text=other.text, token_id=token_id, data=data, logprob=other.logprob,
                    rank=rank, draw=None,
                )  # fmt: skip
        distribution = self._whole.at(place)
        if distribution is None or token_id is None:
            raise ValueError(f"{token_id} is no candidate at {place}")
        data = self._vocabulary[token_id]
        return replace(
            at, text=data.decode("utf-8", "replace"), token_id=token_id, data=data, draw=None,
            logprob=float(distribution.logprobs[token_id]), rank=distribution.rank(token_id),
        )  # fmt: skip

    def _arrived(self, place: int) -> None:
        self._come(place)

    def ended(self) -> None:
        """The answer is complete now."""

    def close(self) -> None:
        """Fetch nothing more."""
        self._whole.close()

    def at(self, place: int, params: GenerationParams, *, turned: bool) -> Found:
        """What is known at a place, under a setting."""
        token = self._subject.tokens[place]
        self._whole.want(place)
        distribution = self._whole.at(place)
        bars = look.bars(token)
        links: list[Link] = []
        why = "The whole distribution is being fetched …"
        if distribution is not None:
            try:
                stages = distribution.stages(params)
                why = ""
            except PlaygroundError as error:
                stages, why = [], str(error)
            raw = distribution.probabilities
            left = raw > 0
            for name, after in stages:
                kept = after.logits > -math.inf
                gone = left & ~kept
                links.append(
                    Link(
                        name,
                        f"{name} {getattr(params, name, '')}",
                        int(kept.sum()),
                        float(raw[kept].sum()),
                        [],
                        int(gone.sum()),
                        bool(token.token_id is not None and gone[token.token_id]),
                    )
                )
                left = kept
        return Found(bars, links, why, distribution is not None, 0.0, None, token.entropy, None)
