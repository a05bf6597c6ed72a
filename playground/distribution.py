"""What the sampler chain does to a distribution, in numpy: the arithmetic behind the lens.

Every stage follows llama.cpp's sampler of the same name (`src/llama-sampler.cpp`), in double
precision; tests hold the two against each other on the same logits. A token that a stage cuts has
a logit of minus infinity; the others keep their place, so that index is always token id.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from playground.errors import InvalidParameter
from playground.params import SAMPLERS, GenerationParams, knobs

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Distribution:
    """The distribution of one token: `logits` by token id, -inf for tokens that were cut.

    Logits are natural-log scores up to a constant. Instances are not changed: every method gives
    a new one.
    """

    logits: Floats

    @classmethod
    def of(cls, logits: ArrayLike) -> Distribution:
        """A distribution from raw logits, one for each token of the vocabulary."""
        return cls(np.asarray(logits, dtype=np.float64))

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
        return float(-(some * np.log(some)).sum())

    @property
    def surviving(self) -> int:
        """How many tokens have not been cut."""
        return int(np.isfinite(self.logits).sum())

    def effective_vocabulary(self, share: float = 0.95) -> int:
        """The fewest tokens that together hold `share` of the probability."""
        ranked = np.sort(self.probabilities)[::-1]
        return int(np.searchsorted(np.cumsum(ranked), share * (1 - 1e-12)) + 1)

    def rank(self, token: int) -> int:
        """The place of a token when the likeliest is 1; equals share the better place."""
        return int((self.logits > self.logits[token]).sum()) + 1

    def top(self, count: int) -> list[tuple[int, float]]:
        """The `count` likeliest surviving tokens with their probabilities, likeliest first."""
        probabilities = self.probabilities
        count = min(count, self.surviving)
        if count <= 0:
            return []
        some = np.argpartition(-probabilities, count - 1)[:count]
        ranked = some[np.argsort(-probabilities[some], kind="stable")]
        return [(int(token), float(probabilities[token])) for token in ranked]

    def after(
        self,
        params: GenerationParams | None = None,
        *,
        seen: Sequence[int] = (),
        order: Sequence[str] | None = None,
        **values: Any,
    ) -> Distribution:
        """The distribution after the whole sampler chain.

        `seen` are the tokens before this one, for the penalties. A knob that is not set leaves
        the distribution alone (its neutral value), unlike in a run, where defaults apply.
        """
        stages = self.stages(params, seen=seen, order=order, **values)
        return stages[-1][1] if stages else self

    def stages(
        self,
        params: GenerationParams | None = None,
        *,
        seen: Sequence[int] = (),
        order: Sequence[str] | None = None,
        **values: Any,
    ) -> list[tuple[str, Distribution]]:
        """The distribution after each stage of the chain, in the order in which they act.

        Raises `InvalidParameter` where XTC or DRY is switched on.
        """
        asked = (params or GenerationParams()).updated(**values)
        found: list[tuple[str, Distribution]] = []
        current = self
        for stage in order or asked.sampler_order or SAMPLERS:
            if stage not in _STAGES:
                # Both depend on more than a distribution: a coin, and what the text repeats.
                if _knob(asked, _ELSEWHERE[stage]):
                    raise InvalidParameter(f"What {stage} does is not computed here.")
                continue
            current = Distribution(_STAGES[stage](current, asked, seen))
            found.append((stage, current))
        return found


def _knob(params: GenerationParams, name: str) -> float:
    value = getattr(params, name)
    return float(knobs()[name].neutral or 0) if value is None else float(value)


def _penalties(before: Distribution, params: GenerationParams, seen: Iterable[int]) -> Floats:
    """Repeat penalty divides positive and multiplies negative logits of recent tokens.

    The CTRL paper (Keskar et al. 2019, arXiv:1909.05858) only divides, which would make
    tokens with negative logits likelier. Frequency and presence penalties follow OpenAI's.
    """
    repeat = _knob(params, "repeat_penalty")
    frequency = _knob(params, "frequency_penalty")
    presence = _knob(params, "presence_penalty")
    logits = before.logits.copy()
    window = params.penalty_window
    if window is None:
        window = int(knobs()["penalty_window"].default or 0)
    recent = list(seen)[-window:] if window else []
    if not recent:
        return logits
    tokens, counts = np.unique(np.asarray(recent, dtype=np.int64), return_counts=True)
    some = logits[tokens]
    some = np.where(some <= 0, some * repeat, some / repeat)
    logits[tokens] = some - counts * frequency - presence
    return logits


def _top_k(before: Distribution, params: GenerationParams, _seen: object) -> Floats:
    """The k likeliest tokens (Fan et al. 2018, arXiv:1805.04833)."""
    count = int(_knob(params, "top_k"))
    if count <= 0 or count >= len(before.logits):
        return before.logits
    kept = np.argpartition(-before.logits, count - 1)[:count]
    return _only(before.logits, kept)


def _top_p(before: Distribution, params: GenerationParams, _seen: object) -> Floats:
    """The fewest likeliest tokens whose probability reaches p (Holtzman 2019, 1904.09751)."""
    share = _knob(params, "top_p")
    if share >= 1:
        return before.logits
    probabilities = before.probabilities
    ranked = np.argsort(-probabilities, kind="stable")
    reached = np.searchsorted(np.cumsum(probabilities[ranked]), share)
    return _only(before.logits, ranked[: int(reached) + 1])


def _min_p(before: Distribution, params: GenerationParams, _seen: object) -> Floats:
    """Tokens at least p times as likely as the likeliest (Nguyen et al. 2024, 2407.01082)."""
    share = _knob(params, "min_p")
    if share <= 0:
        return before.logits
    floor = before.logits.max() + np.log(share)
    return np.where(before.logits >= floor, before.logits, -np.inf)


def _typical_p(before: Distribution, params: GenerationParams, _seen: object) -> Floats:
    """The tokens whose surprise is closest to the entropy (Meister et al. 2022, 2202.00666)."""
    share = _knob(params, "typical_p")
    if share >= 1:
        return before.logits
    logprobs, probabilities = before.logprobs, before.probabilities
    left = np.flatnonzero(np.isfinite(logprobs))
    distance = np.abs(-logprobs[left] - before.entropy)
    ranked = left[np.argsort(distance, kind="stable")]
    reached = np.searchsorted(np.cumsum(probabilities[ranked]), share, side="right")
    return _only(before.logits, ranked[: int(reached) + 1])


def _top_n_sigma(before: Distribution, params: GenerationParams, _seen: object) -> Floats:
    """Logits within n standard deviations of the largest (Tang et al. 2024, 2411.07641)."""
    count = _knob(params, "top_n_sigma")
    if count <= 0 or before.surviving <= 1:
        return before.logits
    left = before.logits[np.isfinite(before.logits)]
    floor = left.max() - count * left.std()
    return np.where(before.logits >= floor, before.logits, -np.inf)


def _temperature(before: Distribution, params: GenerationParams, _seen: object) -> Floats:
    """Logits divided by the temperature; at 0 only the likeliest token is left.

    A dynamic temperature moves with the entropy's share of its maximum, as in llama.cpp's
    `temp_ext`.
    """
    temperature = _knob(params, "temperature")
    spread = _knob(params, "dynatemp_range")
    if spread > 0 and before.surviving > 1:
        exponent = params.dynatemp_exponent
        share = before.entropy / np.log(before.surviving)
        low, high = max(0.0, temperature - spread), temperature + spread
        temperature = low + (high - low) * share ** (1.0 if exponent is None else exponent)
    if temperature <= 0:
        return _only(before.logits, np.asarray([before.logits.argmax()]))
    return before.logits / temperature


def _only(logits: Floats, kept: NDArray[np.intp]) -> Floats:
    cut: Floats = np.full_like(logits, -np.inf)
    cut[kept] = logits[kept]
    return cut


_STAGES: dict[str, Callable[[Distribution, GenerationParams, Sequence[int]], Floats]] = {
    "penalties": _penalties,
    "top_n_sigma": _top_n_sigma,
    "top_k": _top_k,
    "typical_p": _typical_p,
    "top_p": _top_p,
    "min_p": _min_p,
    "temperature": _temperature,
}

_ELSEWHERE = {"dry": "dry_multiplier", "xtc": "xtc_probability"}
"""Stages that are not computed here, with the knob that switches each on."""
