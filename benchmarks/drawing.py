"""One draw from a vocabulary: a chain that is shown a shortlist beside the same on all tokens.

The peer is what llama.cpp's own programs do: the same stages of the same library over the whole
vocabulary, each time. Random logits, spread as a model's are; medians, in turns, in one run.

    python -m benchmarks.drawing
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from playground.params import SAMPLERS, knobs
from playground.providers.llama.protocol import SamplingParams
from playground.providers.llama.sampling import Candidates, SamplerChain
from playground.providers.llama.shortlist import Shortlist

VOCABULARIES = {"demo:small": 2_048, "Llama 2": 32_000, "Llama 3": 128_256}

CHAINS: dict[str, dict[str, float]] = {
    "the usual one": {"top_k": 40, "top_p": 0.95, "min_p": 0.05, "temperature": 0.8},
    "with repeat_penalty": {"top_k": 40, "top_p": 0.95, "temperature": 0.8, "repeat_penalty": 1.1},
    "min_p only": {"min_p": 0.05, "temperature": 1.5},
    "greedy": {"temperature": 0},
    "neutral": {},
    "top_p only": {"top_p": 0.95, "temperature": 0.8},
}

Draw = Callable[[NDArray[np.float32]], object]


def _chains(params: SamplingParams, candidates: Candidates) -> tuple[SamplerChain, SamplerChain]:
    """One chain that sees every token, and one as it comes."""
    whole, ours = (SamplerChain(params, 1, candidates) for _ in range(2))
    whole._shortlist = Shortlist(params, ["grammar"])  # A grammar has to see them all.
    return whole, ours


def _params(turned: dict[str, float]) -> SamplingParams:
    neutral = {
        name: knob.default if knob.neutral is None else knob.neutral
        for name, knob in knobs().items()
        if knob.numeric and name != "logprobs"
    }
    words = {**neutral, "max_length": 1, "seed": 1, "sampler_order": SAMPLERS, **turned}
    return SamplingParams.model_validate(words)


def _microseconds(draw: Draw, logits: NDArray[np.float32]) -> float:
    began = time.perf_counter()
    draw(logits)
    return (time.perf_counter() - began) * 1e6


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--quick", action="store_true", help="ten rounds")
    options = parser.parse_args()
    rounds = 10 if options.quick else options.rounds
    dice = np.random.default_rng(1)
    print(f"{'vocabulary':<12}{'chain':<22}{'all, µs':>10}{'ours, µs':>10}{'ratio':>8}   (medians)")
    for name, size in VOCABULARIES.items():
        candidates = Candidates(size)
        likely = (dice.random((8, size)) < 0.001) * 8
        rows = (dice.standard_normal((8, size)) * 2.2 + likely).astype(np.float32)
        for chain, turned in CHAINS.items():
            params = _params(turned)
            whole, ours = _chains(params, candidates)
            pairs = []
            for turn in range(rounds):
                logits = rows[turn % 8]
                pairs.append((_microseconds(whole.draw, logits), _microseconds(ours.draw, logits)))
            before, now = (statistics.median(column) for column in zip(*pairs, strict=True))
            ratio = statistics.median(one / other for one, other in pairs)
            print(f"{name:<12}{chain:<22}{before:>10.0f}{now:>10.0f}{ratio:>8.1f}")


if __name__ == "__main__":
    main()
