"""The distribution of one token, and what the sampler chain does to it: the lens's arithmetic.

The stages themselves are in `playground.ranked`. Here index is token id: a token that a stage cuts
has a logit of minus infinity, and the others keep their place.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from playground.errors import InvalidParameter
from playground.params import GenerationParams
from playground.ranked import (
    Floats,
    Ids,
    Ranked,
    chain_order,
    is_computed,
    refuse_beside_chain,
)
from playground.spelling import spell_entry

__all__ = ["Distribution", "Floats"]

DRAWN = 12
"""Tokens that a distribution draws of itself."""


@dataclass(frozen=True, slots=True)
class Distribution:
    """The distribution of one token: `logits` by token id, -inf for tokens that were cut.

    Logits are natural-log scores up to a constant. `vocabulary` has the bytes of every token, by
    id, where they are known; without it tokens are shown by their ids. Instances are not changed:
    every method gives a new one. In a notebook it draws itself.
    """

    logits: Floats
    vocabulary: Sequence[bytes] = field(default=(), repr=False, compare=False)

    @classmethod
    def of(cls, logits: ArrayLike, vocabulary: Sequence[bytes] = ()) -> Distribution:
        """A distribution from raw logits, one for each token of the vocabulary.

        Raises `InvalidParameter` where there are none, none is finite, or one is neither that nor
        -inf.
        """
        found = np.asarray(logits, dtype=np.float64)
        # Of the greatest, NaN is one: it is greater than nothing and comes out all the same.
        if found.ndim != 1 or not len(found) or not np.isfinite(found.max()):
            raise InvalidParameter("These logits are no distribution.")
        return cls(found, vocabulary)

    @property
    def logprobs(self) -> Floats:
        """Natural-log probabilities; -inf for cut tokens."""
        shifted = self.logits - self.logits.max()
        logprobs: Floats = shifted - np.log(np.exp(shifted).sum())
        return logprobs

    @property
    def probabilities(self) -> Floats:
        """Probabilities, which sum to 1; 0 for cut tokens."""
        weights = np.exp(self.logits - self.logits.max())
        probabilities: Floats = weights / weights.sum()
        return probabilities

    @property
    def entropy(self) -> float:
        """Shannon entropy in nats: 0 where one token is certain, ln(n) where n are equal."""
        probabilities = self.probabilities
        some = probabilities[probabilities > 0]
        # Rounding, or one token alone, would make it -0.
        return max(0.0, float(-(some * np.log(some)).sum()))

    @property
    def left(self) -> int:
        """How many tokens have not been cut."""
        return int(np.isfinite(self.logits).sum())

    def effective_vocabulary(self, share: float = 0.95) -> int:
        """The fewest tokens that together hold `share` of the probability."""
        ranked = np.sort(self.probabilities)[::-1]
        fewest = int(np.searchsorted(np.cumsum(ranked), share * (1 - 1e-12))) + 1
        return min(fewest, self.left)

    def rank(self, token: int) -> int:
        """The place of a token when the likeliest is 1; equals share the better place."""
        return int((self.logits > self.logits[token]).sum()) + 1

    def ranked(self) -> Ranked:
        """The same with the tokens in order, likeliest first; this sorts the vocabulary."""
        return Ranked.of(self.logits)

    def top(self, count: int) -> list[tuple[int, float]]:
        """The `count` likeliest tokens left with their probabilities, likeliest first."""
        probabilities = self.probabilities
        count = min(count, self.left)
        if count <= 0:
            return []
        some = np.argpartition(-probabilities, count - 1)[:count]
        ranked = some[np.argsort(-probabilities[some], kind="stable")]
        return [(int(token), float(probabilities[token])) for token in ranked]

    def surviving(
        self,
        params: GenerationParams | None = None,
        *,
        seen: Sequence[int] = (),
        order: Sequence[str] | str | None = None,
        **values: Any,
    ) -> Ids:
        """The ids of the tokens that the sampler chain leaves, likeliest first; see `after`.

        Without any knob, those that have not been cut.
        """
        return self._through(params, seen, order, values).tokens

    def after(
        self,
        params: GenerationParams | None = None,
        *,
        seen: Sequence[int] = (),
        order: Sequence[str] | str | None = None,
        **values: Any,
    ) -> Distribution:
        """The distribution after the whole sampler chain.

        `seen` are the tokens before this one, for the penalties; `order` the stages in the order in
        which they act, or the name of an order (`temperature-first`). A knob that is not set leaves
        the distribution alone (its neutral value), unlike in a run, where defaults apply. Raises
        `InvalidParameter` for what depends on more than a distribution: DRY, XTC, Mirostat, a
        grammar, a schema, a bias by words.
        """
        return self._by_id(self._through(params, seen, order, values))

    def stages(
        self,
        params: GenerationParams | None = None,
        *,
        seen: Sequence[int] = (),
        order: Sequence[str] | str | None = None,
        **values: Any,
    ) -> list[tuple[str, Distribution]]:
        """The distribution after each stage of the chain, in the order in which they act.

        Raises `InvalidParameter` as `after` does.
        """
        asked = (params or GenerationParams()).updated(**values)
        refuse_beside_chain(asked)
        current = self.ranked()
        found: list[tuple[str, Distribution]] = []
        for stage in chain_order(asked, order):
            if is_computed(stage, asked):
                current = current.after(stage, asked, seen)
                found.append((stage, self._by_id(current)))
        return found

    def _through(
        self,
        params: GenerationParams | None,
        seen: Sequence[int],
        order: Sequence[str] | str | None,
        values: dict[str, Any],
    ) -> Ranked:
        asked = (params or GenerationParams()).updated(**values)
        refuse_beside_chain(asked)
        current = self.ranked()
        for stage in chain_order(asked, order):
            current = current.after(stage, asked, seen)
        return current

    def _by_id(self, ranked: Ranked) -> Distribution:
        return Distribution(ranked.by_id(), self.vocabulary)

    def _repr_html_(self) -> str:
        """The likeliest tokens as bars, and what the rest have together: for notebooks."""
        from playground.bars import Bar, bars_html

        ranked = self.ranked()
        bars = [
            Bar(self._name(int(token)), float(share), f"id {token}")
            for token, share in zip(
                ranked.tokens[:DRAWN], ranked.probabilities[:DRAWN], strict=True
            )
        ]
        rest = len(ranked) - len(bars)
        if rest:
            share = max(0.0, 1.0 - float(ranked.reached[len(bars) - 1]))
            bars.append(Bar(f"{rest:,} more", share, faded=True))
        count = ranked.effective()
        sharing = "one holds 95%" if count == 1 else f"{count:,} share 95%"
        return bars_html(
            bars,
            f"{len(ranked):,} of {ranked.vocabulary:,} tokens, entropy {ranked.entropy:.3f} nats, "
            f"{sharing}",
        )

    def _name(self, token: int) -> str:
        return spell_entry(token, self.vocabulary[token] if token < len(self.vocabulary) else b"")
