"""What log-probabilities cost: speed with 20 alternatives a token against without, and memory.

Both on the 110 M model of random weights, one thread, in turns on one open model. To reach: at most
15% slower. The second table is the worker's peak of memory at two context lengths: what
log-probabilities add must not grow with the context. (A row of logits for every token of the
context would be 32,000 × 4 bytes × 4,096 = 524 MB here.)

    python -m benchmarks.logprobs
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from pathlib import Path

from benchmarks.isolated import in_a_process
from benchmarks.random_gguf import random_gguf
from playground.providers import ChatModel, open_model
from playground.run import generate

PROMPT = "the quick brown fox jumps over the lazy dog " * 3
CONTEXTS = (512, 4096)


async def seconds(model: ChatModel, count: int, length: int, logprobs: int | None) -> float:
    """The time of so many answers, decoded together, after their first token."""
    began = time.perf_counter()
    run = await generate(model, PROMPT, n=count, seed=1, max_length=length, logprobs=logprobs)
    total = time.perf_counter() - began
    if run.error is not None:
        raise run.error
    return total - (run.timing.first_token or 0.0)


async def compare(rounds: int, length: int) -> None:
    """Print speed with and without, by the number of sequences."""
    print(
        f"{'sequences':>10}{'off, tok/s':>12}{'top 20, tok/s':>15}{'slower':>9}"
        f"   (medians of {rounds})"
    )
    async with open_model(f"local:{random_gguf()}", threads=1, context_length=1024) as model:
        for count in (1, 4, 16):
            tokens = count * (length - 1)
            await seconds(model, count, 2, None)
            found = [
                (
                    await seconds(model, count, length, None),
                    await seconds(model, count, length, 20),
                )
                for _ in range(rounds)
            ]
            off = statistics.median(tokens / without for without, _ in found)
            on = statistics.median(tokens / with_them for _, with_them in found)
            slower = statistics.median(with_them / without - 1 for without, with_them in found)
            print(f"{count:>10}{off:>12.1f}{on:>15.1f}{slower:>9.1%}", flush=True)


async def peak(context: int, logprobs: int | None, length: int) -> float:
    """The worker's largest resident memory after sixteen answers, in bytes."""
    import psutil

    async with open_model(
        f"local:{random_gguf()}", threads=1, context_length=context, sequences=16
    ) as model:
        await seconds(model, 16, length, logprobs)
        (worker,) = psutil.Process().children()
        status = Path(f"/proc/{worker.pid}/status").read_text(encoding="ascii")
    line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) * 1024.0


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--length", type=int, default=64, help="new tokens of each answer")
    parser.add_argument("--quick", action="store_true", help="two rounds")
    options = parser.parse_args()
    asyncio.run(compare(2 if options.quick else options.rounds, options.length))
    print(
        f"\n{'context':>10}{'off, MB':>12}{'top 20, MB':>15}{'more, MB':>11}   (peak of the worker)"
    )
    for context in CONTEXTS:
        without, with_them = (
            in_a_process(peak, context, logprobs, options.length) for logprobs in (None, 20)
        )
        more = (with_them - without) / 1e6
        print(f"{context:>10}{without / 1e6:>12.0f}{with_them / 1e6:>15.0f}{more:>11.1f}")


if __name__ == "__main__":
    main()
