"""What a streamed token costs the caller: CPU in the parent, from the worker's pipe to the event.

The worker decodes in a process of its own; this is everything else, and what a terminal or a script
has less of for itself. The demo model comes fast, one token every millisecond or less; the 110 M
model slowly, so that the processor's caches are cold at every token. To reach: at most 60 µs.

    python -m benchmarks.event_path
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time

from benchmarks.random_gguf import random_gguf
from playground.providers import ChatModel, open_model
from playground.run import generate


async def microseconds(model: ChatModel, count: int, length: int, logprobs: int | None) -> float:
    """CPU of this process per token, while it reads so many streams of one request."""
    run = generate(
        model,
        "Once upon a time",
        n=count,
        seed=3,
        max_length=length,
        logprobs=logprobs,
        # Hot enough that the end of a turn hardly comes.
        temperature=5.0,
    )
    began = time.process_time()
    async for _event in run:
        pass
    took = time.process_time() - began
    return took / (run.usage.output_tokens or 1) * 1e6


async def measure(rounds: int) -> None:
    """Print one line a model and number of streams."""
    print(f"{'model':<14}{'streams':>8}{'text only, µs':>15}{'top 20, µs':>12}   (medians)")
    models = {"demo:small": ("demo:small", 400), "random 110 M": (f"local:{random_gguf()}", 48)}
    for title, (ref, length) in models.items():
        async with open_model(ref, threads=1) as model:
            await microseconds(model, 1, 20, 20)
            for count in (1, 16):
                found = [
                    (
                        await microseconds(model, count, length, None),
                        await microseconds(model, count, length, 20),
                    )
                    for _ in range(rounds)
                ]
                text, detailed = (statistics.median(values) for values in zip(*found, strict=True))
                print(f"{title:<14}{count:>8}{text:>15.1f}{detailed:>12.1f}", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--quick", action="store_true", help="two rounds")
    options = parser.parse_args()
    asyncio.run(measure(2 if options.quick else options.rounds))


if __name__ == "__main__":
    main()
