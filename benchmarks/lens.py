"""What the lens's arithmetic takes: a knob turned, a token walked to, an answer kept and read.

No screen is drawn: that is `benchmarks.lens_screen`. A knob's time is from the setting to every
stage's count, mass and likeliest cut tokens, and the bars of fifty candidates. To reach, with the
drawing: 30 ms (p99) at 128,256 tokens, 8 ms at the demo's 2,048; so that at most 12 ms and 3 ms are
for this. A token in memory and in the history: 2,000 bytes with fifty candidates, raw and drawn.

    python -m benchmarks.lens
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

import numpy as np

from playground.distribution import Distribution
from playground.history.tokens import pack
from playground.lens.candidates import Candidates
from playground.lens.chain import Position
from playground.lens.reading import Reading
from playground.lens.tokens import Tokens
from playground.lens.what_if import bound_at
from playground.params import GenerationParams
from playground.types import Draw, Token, TokenAlternative

SIZES = (2_048, 128_256, 256_000)
LENGTHS = (100, 1_000, 10_000)
KNOBS = ("temperature", "top_p", "min_p", "top_k", "repeat_penalty")
CANDIDATES = 50


def turned(knob: str, share: float, order: str) -> GenerationParams:
    """A setting with one knob somewhere in its range, the others where they cut little."""
    values = {"temperature": 1.1, "top_p": 0.97, "min_p": 0.001, "repeat_penalty": 1.1}
    low, high = {
        "temperature": (0.1, 2.0),
        "top_p": (0.1, 1.0),
        "min_p": (0.0, 0.5),
        "top_k": (1, 200),
        "repeat_penalty": (0.8, 2.0),
    }[knob]
    value = low + (high - low) * share
    values[knob] = int(value) if knob == "top_k" else value
    return GenerationParams.of(sampler_order=order, **values)


def look(position: Position, params: GenerationParams) -> None:
    """All that a screen shows of a setting."""
    chain = position.chain(params)
    for stage in chain.stages:
        _ = (stage.survivors, stage.mass, stage.cut(3))
    _ = (position.candidates(chain, CANDIDATES), chain.left.entropy)


def quantiles(work: Callable[[int], None], count: int) -> tuple[float, float, float]:
    """p50, p99 and the slowest of so many calls, in milliseconds."""
    times = []
    for number in range(count):
        began = time.perf_counter()
        work(number)
        times.append((time.perf_counter() - began) * 1e3)
    p50, p99 = np.percentile(times, (50, 99))
    return float(p50), float(p99), max(times)


def knobs(count: int) -> None:
    """Print what turning a knob takes, by the size of the vocabulary."""
    print(
        f"{'vocabulary':>10}  {'order':<18}{'p50, ms':>9}{'p99, ms':>9}{'slowest':>9}"
        f"{'open, ms':>10}"
    )
    for size in SIZES:
        logits = np.random.default_rng(size).normal(0, 3, size).astype(np.float32)
        vocabulary = [b" word"] * size
        distribution = Distribution.of(logits, vocabulary)
        seen = [int(token) for token in np.argsort(logits)[-300:]]
        opened = quantiles(lambda _n, d=distribution: Position(d), 9)[0]
        for order in ("llama.cpp", "temperature-first"):
            position = Position(distribution, seen=seen, chosen=seen[-1])

            def turn(number: int, at: Position = position, by: str = order) -> None:
                look(at, turned(KNOBS[number % len(KNOBS)], number / count, by))

            turn(0)
            p50, p99, slowest = quantiles(turn, count)
            print(f"{size:>10,}  {order:<18}{p50:>9.2f}{p99:>9.2f}{slowest:>9.2f}{opened:>10.1f}")


def rich(count: int) -> list[Token]:
    """An answer's tokens with fifty candidates each, raw and drawn, as a local model gives them."""
    dice = np.random.default_rng(7)
    found = []
    for _ in range(count):
        logprobs = -np.sort(-dice.normal(-8, 3, CANDIDATES))
        ids = dice.integers(0, 128_256, CANDIDATES)
        texts = [" " + "abcdefghijklmnop"[: 2 + int(number) % 9] for number in ids]
        raw = tuple(
            TokenAlternative(text, float(logprob), int(number))
            for text, logprob, number in zip(texts, logprobs, ids, strict=True)
        )
        left = tuple(TokenAlternative(a.text, a.logprob * 0.9, a.token_id) for a in raw)
        draw = Draw(left[0].logprob, 1.5, 4_000, float(dice.random()), left)
        first = raw[0]
        data = first.text.encode()
        found.append(Token(first.text, first.logprob, raw, first.token_id, data, 1, 2.5, draw))
    return found


def answers() -> None:
    """Print what keeping and reading an answer takes, by its length."""
    print(
        f"\n{'tokens':>10}{'memory, B':>11}{'history, B':>12}{'take, µs':>10}{'look, ms':>10}"
        f"{'what if, ms':>13}   (a token, but for what if)"
    )
    params = GenerationParams.of(temperature=0.7, top_k=40, sampler_order="llama.cpp")
    for count in LENGTHS:
        tokens = rich(count)
        reading = Reading()
        began = time.perf_counter()
        for token in tokens:
            reading.take((token,))
        taken = (time.perf_counter() - began) / count * 1e6
        kept: Tokens = reading.tokens

        def walk(number: int, of: Tokens = kept, size: int = count) -> None:
            Candidates.of_token(of[number * 7919 % size])

        looked = quantiles(walk, 200)[1]
        began = time.perf_counter()
        bound_at(kept[:1000], params)
        bounded = (time.perf_counter() - began) * 1e3
        history = len(pack(tokens)) / count
        print(
            f"{count:>10,}{kept.bytes / count + 33 + 8:>11,.0f}{history:>12,.0f}{taken:>10.0f}"
            f"{looked:>10.2f}{bounded:>13.0f}"
        )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--turns", type=int, default=300, help="turns of a knob for each line")
    parser.add_argument("--quick", action="store_true", help="fifty turns")
    options = parser.parse_args()
    knobs(50 if options.quick else options.turns)
    answers()


if __name__ == "__main__":
    main()
