"""How often batching changes an answer, and how far the reported figures are apart.

Decoding beside others changes the sizes of the matrix products, and floating-point sums with them.
On F32 weights that has changed no token so far; beside other weights, activations are rounded to
16 or 8 bits on the way, and now and then a draw that fell on an edge goes the other way. This
counts it: answers of the demo model, each alone and again beside fifteen others, at several
temperatures, with its weights converted to several types; how far the log-probabilities of the
same tokens were apart at most; and how far `score` of an answer was from what had been reported.

`--pools` counts instead how often one of sixteen choices parts when they are drawn in a pool of KV
cells that all share, and not in cells of their own: sums of attention run in another order there.

    python -m benchmarks.rounding [--pools]
"""

from __future__ import annotations

import argparse
import asyncio
import ctypes
import itertools
import tempfile
from collections.abc import Sequence
from pathlib import Path

from playground.config import shipped
from playground.providers import ChatModel, open_model
from playground.run import Run, as_messages, generate
from playground.types import Token

PROMPTS = (
    "Once upon a time",
    "Tell me a story about a fox",
    "What is the capital of France?",
    "Name three colours",
    "こんにちは",
    "昔々",
)

LONG = (
    "Once upon a time, in a quiet village by the sea, there lived a fox named Ben. Ben had a good "
    "friend, an owl named Anna. One day a big storm came, and the little boat of the fox was gone. "
    "Ben was sad. He looked in the harbour and under the old tree, but the boat was not there. "
    "Anna flew over the forest and over the hill. In the evening she came back and said that she "
    "had seen it on the other side of the lake. They walked all night with a small lamp. "
    "Tell me how the story of the fox and the owl ends."
)
"""One more prompt where layouts are compared: a pool is taken where much is shared."""

TEMPERATURES = (0.0, 0.3, 0.7, 1.0, 1.5)

CHOICES = 16

WEIGHTS = {"F32": 0, "F16": 1, "Q8_0": 7, "Q4_0": 2}
"""Types of weights, with llama.h's numbers of them; the demo ships as Q8_0."""


async def _alone(model: ChatModel, prompt: str, temperature: float, seed: int) -> Run:
    run = generate(model, prompt, temperature=temperature, seed=seed, max_length=60, logprobs=0)
    await run
    if run.error is not None:
        raise run.error
    return run


async def _beside(model: ChatModel, prompt: str, temperature: float, seed: int) -> Run:
    others = [
        generate(model, f"Say {number}", temperature=1.0, seed=number, max_length=80).start()
        for number in range(15)
    ]
    run = await _alone(model, prompt, temperature, seed)
    for other in others:
        await other.cancel()
    return run


async def measure(title: str, path: Path, seeds: int) -> None:
    """Print the line of one kind of weights."""
    shares, largest = [], 0.0
    async with open_model(f"local:{path}") as model:
        for temperature in TEMPERATURES:
            parted = 0
            for prompt, seed in itertools.product(PROMPTS, range(seeds)):
                alone = await _alone(model, prompt, temperature, seed)
                beside = await _beside(model, prompt, temperature, seed)
                parted += alone.text != beside.text
                largest = max(largest, *_differences(alone.tokens, beside.tokens))
            shares.append(f"{parted}/{len(PROMPTS) * seeds}")
        scored = max([await _apart(model, prompt) for prompt in PROMPTS])
    cells = "".join(f"{share:>9}" for share in shares)
    print(f"{title:<8}{cells}{largest:>16.6f}{scored:>16.6f}", flush=True)


async def measure_pools(title: str, path: Path, seeds: int) -> None:
    """Print the line of one kind of weights: sixteen choices in own cells and in a pool."""
    shares, apart = [], []
    async with (
        open_model(f"local:{path}", unified=False) as own,
        open_model(f"local:{path}", unified=True) as pool,
    ):
        for temperature in TEMPERATURES:
            parted = count = 0
            for prompt, seed in itertools.product((*PROMPTS, LONG), range(seeds)):
                pairs = zip(
                    await _together(own, prompt, temperature, seed * CHOICES),
                    await _together(pool, prompt, temperature, seed * CHOICES),
                    strict=True,
                )
                for one, other in pairs:
                    count += 1
                    parted += [t.token_id for t in one] != [t.token_id for t in other]
                    apart += _differences(one, other)
            shares.append(f"{parted}/{count}")
    apart.sort()
    cells = "".join(f"{share:>9}" for share in shares)
    print(f"{title:<8}{cells}{apart[-1]:>18.6f}{apart[len(apart) * 99 // 100]:>18.6f}", flush=True)


async def _together(
    model: ChatModel, prompt: str, temperature: float, seed: int
) -> list[Sequence[Token]]:
    run = generate(
        model, prompt, temperature=temperature, seed=seed, max_length=60, logprobs=0, n=CHOICES
    )
    await run
    if run.error is not None:
        raise run.error
    return [choice.tokens for choice in run.choices]


def _differences(one: Sequence[Token], other: Sequence[Token]) -> list[float]:
    """How far the log-probabilities of two answers are apart, until their tokens differ."""
    found = []
    for first, second in zip(one, other, strict=False):
        if first.token_id != second.token_id:
            break
        found.append(abs((first.logprob or 0) - (second.logprob or 0)))
    return found


async def _apart(model: ChatModel, prompt: str) -> float:
    """How far `score` of a generated answer is from what was reported while it was generated."""
    run = await _alone(model, prompt, 0.7, 1)
    ids = [token.token_id for token in run.tokens if token.token_id is not None]
    scores = await model.score(as_messages(prompt), ids) if ids else ()
    return max(
        (
            abs((score.token.logprob or 0) - (token.logprob or 0))
            for score, token in zip(scores, run.tokens, strict=True)
        ),
        default=0.0,
    )


def _converted(source: Path, kind: str, folder: Path) -> Path:
    """A copy of a GGUF with weights of another type, by llama.cpp's own converter."""
    import llama_cpp as lib

    lib.llama_backend_init()
    quiet = lib.llama_log_callback(lambda *_: None)
    lib.llama_log_set(quiet, None)
    options = lib.llama_model_quantize_default_params()
    options.ftype = WEIGHTS[kind]
    options.allow_requantize = True  # the shipped file is Q8_0 already
    target = folder / f"{kind}.gguf"
    status = lib.llama_model_quantize(
        str(source).encode(), str(target).encode(), ctypes.byref(options)
    )
    if status != 0:
        raise SystemExit(f"llama.cpp cannot write {source} as {kind}")
    return target


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--weights", nargs="+", choices=WEIGHTS, default=list(WEIGHTS))
    parser.add_argument("--quick", action="store_true", help="two seeds")
    parser.add_argument("--pools", action="store_true", help="own cells against a pool")
    options = parser.parse_args()
    head = "".join(f"{f'T={temperature}':>9}" for temperature in TEMPERATURES)
    print(f"answers that parted, and figures that were apart\n{'weights':<8}{head}", end="")
    last = ("most apart", "99 in 100 within") if options.pools else ("beside others", "when scored")
    print("".join(f"{title:>{18 if options.pools else 16}}" for title in last))
    shipped_model = shipped("providers") / "demo" / "small.gguf"
    with tempfile.TemporaryDirectory() as folder:
        for kind in options.weights:
            path = _converted(shipped_model, kind, Path(folder))
            measuring = measure_pools if options.pools else measure
            asyncio.run(measuring(kind, path, 2 if options.quick else options.seeds))


if __name__ == "__main__":
    main()
