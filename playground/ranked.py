"""A distribution with its tokens in order, and what each stage of the sampler chain does to it.

Every stage follows llama.cpp's sampler of the same name (`src/llama-sampler.cpp`), in double
precision; tests hold the two against each other on the same logits. Tokens are sorted once: a stage
works on those that are left, and what keeps a likeliest part of them only moves its end. So a knob
can be turned over a vocabulary of a hundred thousand tokens while somebody watches.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Final

import numpy as np
from numpy.typing import NDArray

from playground.errors import InvalidParameter
from playground.knobs import ORDERS, SAMPLERS
from playground.params import STAGES, GenerationParams, knobs

__all__ = [
    "BESIDE_CHAIN",
    "Floats",
    "Ids",
    "Ranked",
    "chain_order",
    "is_computed",
    "not_computed",
    "refuse_beside_chain",
]

Floats = NDArray[np.float64]
Ids = NDArray[np.intp]


BESIDE_CHAIN: Final = ("logit_bias", "grammar", "json_schema", "mirostat")
"""Knobs that no stage has: Mirostat and grammars depend on what came before, a bias on the words of
a vocabulary. In the order in which they act: Mirostat at the end, in place of most stages."""


class Ranked:
    """Tokens that are left of a distribution, likeliest first; equals in order of their ids.

    `tokens` are their ids, `logits` natural-log scores up to a constant, both of the same length
    (at least 1). `vocabulary` is how many tokens there were before anything was cut, and `held` how
    many llama.cpp still counts: its top-n-sigma forbids tokens without removing them. Instances
    and their arrays are not changed.
    """

    def __init__(
        self, tokens: Ids, logits: Floats, vocabulary: int, held: int | None = None
    ) -> None:
        self.tokens = tokens
        self.logits = logits
        self.vocabulary = vocabulary
        self.held = len(tokens) if held is None else held

    @classmethod
    def of(cls, logits: Floats) -> Ranked:
        """A distribution by token id, -inf for tokens that are cut; this sorts it."""
        tokens = _sorted(logits)
        left = int(np.count_nonzero(np.isfinite(logits)))
        # What is cut has the smallest logit, and so comes last.
        return cls(tokens[:left], logits[tokens[:left]], len(logits))

    def __len__(self) -> int:
        return len(self.tokens)

    @cached_property
    def _weights(self) -> Floats:
        """Weights in proportion to the probabilities, the first of them 1."""
        weights: Floats = np.exp(self.logits - self.logits[0])
        return weights

    @cached_property
    def _total(self) -> float:
        return float(self._weights.sum())

    @cached_property
    def probabilities(self) -> Floats:
        """Their probabilities, which sum to 1."""
        probabilities: Floats = self._weights / self._total
        return probabilities

    def logprob_at(self, place: int) -> float:
        """The natural-log probability of the token at a place, however small it is."""
        return float(self.logits[place] - self.logits[0] - np.log(self._total))

    @cached_property
    def reached(self) -> Floats:
        """The probability of each token and of all before it: the last is 1, but for rounding."""
        reached: Floats = np.cumsum(self.probabilities)
        return reached

    @cached_property
    def entropy(self) -> float:
        """Shannon entropy in nats."""
        # Not -Σ p ln p: that takes a logarithm of each, and has to leave zeros out.
        shifted = self.logits - self.logits[0]
        return max(0.0, float(np.log(self._total) - (self.probabilities * shifted).sum()))

    @property
    def underflows(self) -> bool:
        """Whether the least likely token has a probability of 0 in llama.cpp's single precision."""
        weight = np.exp(np.float32(self.logits[-1] - self.logits[0]))
        return bool(weight / np.float32(self._total) == 0)

    @cached_property
    def places(self) -> Ids:
        """The place of each token of the vocabulary among those left; -1 for those that are cut."""
        places = np.full(self.vocabulary, -1, dtype=np.intp)
        places[self.tokens] = np.arange(len(self.tokens))
        return places

    def effective(self, share: float = 0.95) -> int:
        """The fewest tokens that together hold `share` of the probability."""
        return min(int(np.searchsorted(self.reached, share * (1 - 1e-12))) + 1, len(self))

    def by_id(self) -> Floats:
        """The logits by token id again, -inf for tokens that are cut."""
        logits = np.full(self.vocabulary, -np.inf)
        logits[self.tokens] = self.logits
        return logits

    def first(self, count: int, held: int | None = None) -> Ranked:
        """The likeliest `count` tokens; itself where there are no more."""
        if count >= len(self) and (held or len(self)) == self.held:
            return self
        left = Ranked(self.tokens[:count], self.logits[:count], self.vocabulary, held)
        if "_weights" in self.__dict__:
            left.__dict__["_weights"] = self._weights[:count]
        return left

    def after(self, stage: str, params: GenerationParams, seen: Sequence[int] = ()) -> Ranked:
        """What one stage of the chain leaves; itself where it changes nothing.

        A knob that is not set leaves the distribution alone (its neutral value). `seen` are the
        tokens before this one, for the penalties. Raises `InvalidParameter` for a stage that
        depends on more than a distribution, if it is switched on, and for a typical-p that meets
        tokens without any probability.
        """
        if is_computed(stage, params):
            return _COMPUTED[stage](self, params, seen)
        return self


def _sorted(logits: Floats) -> Ids:
    """Places by falling logit, equals in their order."""
    narrow = logits.astype(np.float32)
    if not np.array_equal(narrow, logits):
        return np.argsort(-logits, kind="stable")
    # A model's logits are in single precision. Sorting numbers made of both the logit and its place
    # takes a quarter of the time that sorting places by their logits takes.
    bits = (-narrow + np.float32(0)).view(np.uint32)
    rising = np.where(bits >> 31, ~bits, bits | np.uint32(0x80000000)).astype(np.uint64)
    keys = (rising << np.uint64(32)) | np.arange(len(logits), dtype=np.uint64)
    keys.sort()
    return (keys & np.uint64(0xFFFFFFFF)).astype(np.intp)


def chain_order(params: GenerationParams, order: Sequence[str] | str | None = None) -> list[str]:
    """The stages of a chain in the order in which they act: as told, as set, or llama.cpp's own.

    `order` may be the name of an order, such as `temperature-first`. Raises `InvalidParameter` for
    a name or a stage that there is not.
    """
    if isinstance(order, str):
        if order not in ORDERS:
            raise InvalidParameter(
                f"There is no order {order!r}.", hint=f"There are {' and '.join(ORDERS)}."
            )
        order = ORDERS[order]
    stages = list(order or params.sampler_order or SAMPLERS)
    for stage in stages:
        if stage not in SAMPLERS:
            raise InvalidParameter(
                f"There is no stage {stage!r}.", hint=f"There are {', '.join(SAMPLERS)}."
            )
    return stages


def is_computed(stage: str, params: GenerationParams) -> bool:
    """Whether a stage is computed here; raises `InvalidParameter` where it is not, and is on."""
    if stage in _COMPUTED:
        return True
    # DRY and XTC depend on more than a distribution: what the text repeats, and a coin.
    if STAGES[stage].switched_on(params):
        raise not_computed(stage)
    return False


def refuse_beside_chain(params: GenerationParams) -> None:
    """Raise `InvalidParameter` where a knob is set that acts beside the stages of the chain."""
    for name in BESIDE_CHAIN:
        if getattr(params, name):
            raise not_computed(name)


def not_computed(name: str) -> InvalidParameter:
    """The error that says of a knob or a stage that it is not computed here."""
    return InvalidParameter(
        f"What {name} does is not computed here.",
        hint="It takes more than a distribution: leave it out, or see what a run reports.",
    )


def _knob(params: GenerationParams, name: str) -> float:
    value = getattr(params, name)
    return float(knobs()[name].neutral or 0) if value is None else float(value)


def _penalties(before: Ranked, params: GenerationParams, seen: Sequence[int]) -> Ranked:
    """Repeat penalty divides positive and multiplies negative logits of recent tokens.

    The CTRL paper (Keskar et al. 2019, arXiv:1909.05858) only divides, which would make
    tokens with negative logits likelier. Frequency and presence penalties follow OpenAI's.
    """
    repeat = _knob(params, "repeat_penalty")
    frequency = _knob(params, "frequency_penalty")
    presence = _knob(params, "presence_penalty")
    window = params.penalty_window
    if window is None:
        window = int(knobs()["penalty_window"].default or 0)
    recent = list(seen)[-window:] if window else []
    if not recent or (repeat == 1 and frequency == 0 and presence == 0):
        return before
    tokens, counts = np.unique(np.asarray(recent, dtype=np.int64), return_counts=True)
    found = before.places[tokens]
    tokens, counts, found = tokens[found >= 0], counts[found >= 0], found[found >= 0]
    some = before.logits[found]
    some = np.where(some <= 0, some * repeat, some / repeat) - counts * frequency - presence
    # The few that moved are taken out and put back where they belong now.
    order = np.argsort(-some, kind="stable")
    rest, others = np.delete(before.logits, found), np.delete(before.tokens, found)
    at = np.searchsorted(-rest, -some[order])
    return Ranked(
        np.insert(others, at, tokens[order]),
        np.insert(rest, at, some[order]),
        before.vocabulary,
        before.held,
    )


def _top_k(before: Ranked, params: GenerationParams, _seen: object) -> Ranked:
    """The k likeliest tokens (Fan et al. 2018, arXiv:1805.04833)."""
    count = int(_knob(params, "top_k"))
    return before if count <= 0 else before.first(count, min(count, before.held))


def _top_p(before: Ranked, params: GenerationParams, _seen: object) -> Ranked:
    """The fewest likeliest tokens whose probability reaches p (Holtzman 2019, 1904.09751)."""
    share = _knob(params, "top_p")
    if share >= 1:
        return before
    return before.first(int(np.searchsorted(before.reached, share)) + 1)


def _min_p(before: Ranked, params: GenerationParams, _seen: object) -> Ranked:
    """Tokens at least p times as likely as the likeliest (Nguyen et al. 2024, 2407.01082)."""
    share = _knob(params, "min_p")
    return before if share <= 0 else before.first(_at_least(before, np.log(share)))


def _top_n_sigma(before: Ranked, params: GenerationParams, _seen: object) -> Ranked:
    """Logits within n standard deviations of the largest (Tang et al. 2024, 2411.07641)."""
    count = _knob(params, "top_n_sigma")
    if count <= 0 or len(before) <= 1:
        return before
    return before.first(_at_least(before, -count * float(before.logits.std())), before.held)


def _at_least(before: Ranked, below: float) -> int:
    """How many logits are no more than so far (a negative number) from the largest."""
    floor = before.logits[0] + below
    return len(before) - int(np.searchsorted(before.logits[::-1], floor))


def _typical_p(before: Ranked, params: GenerationParams, _seen: object) -> Ranked:
    """The tokens whose surprise is closest to the entropy (Meister et al. 2022, 2202.00666)."""
    share = _knob(params, "typical_p")
    if share >= 1 or len(before) == 1:
        return before
    if before.held > len(before) or before.underflows:
        # 0 × log 0: it then sorts by what is no number, which each C++ library does its own way.
        raise InvalidParameter(
            "What typical_p does is not computed here: some tokens before it have no probability, "
            "as top_n_sigma or a low temperature leaves them, and llama.cpp then takes no number "
            "for the entropy.",
            hint="Put typical_p before those stages, or see what a run reports.",
        )
    surprise = np.log(before._total) - (before.logits - before.logits[0])
    # It falls and then rises, so that a stable sort merges two runs.
    ranked = np.argsort(np.abs(surprise - before.entropy), kind="stable")
    reached = np.searchsorted(np.cumsum(before.probabilities[ranked]), share, side="right")
    kept = np.sort(ranked[: int(reached) + 1])
    return Ranked(before.tokens[kept], before.logits[kept], before.vocabulary)


def _temperature(before: Ranked, params: GenerationParams, _seen: object) -> Ranked:
    """Logits divided by the temperature; at 0 only the likeliest token is left.

    A dynamic temperature moves with the entropy's share of its maximum, as in llama.cpp's
    `temp_ext`.
    """
    temperature = _knob(params, "temperature")
    spread = _knob(params, "dynatemp_range")
    if spread > 0 and len(before) > 1:
        exponent = params.dynatemp_exponent
        share = before.entropy / np.log(before.held)
        low, high = max(0.0, temperature - spread), temperature + spread
        temperature = low + (high - low) * share ** (1.0 if exponent is None else exponent)
    if temperature <= 0:
        return before.first(1)
    if temperature == 1:
        return before
    return Ranked(before.tokens, before.logits / temperature, before.vocabulary, before.held)


_COMPUTED: dict[str, Callable[[Ranked, GenerationParams, Sequence[int]], Ranked]] = {
    "penalties": _penalties,
    "top_n_sigma": _top_n_sigma,
    "top_k": _top_k,
    "typical_p": _typical_p,
    "top_p": _top_p,
    "min_p": _min_p,
    "temperature": _temperature,
}
