"""Many answers at once: the batched engine against llama-cpp-python's `Llama`, one after another.

Sequences of one prompt at different temperatures, on a random-weight Q8_0 GGUF of 100 M parameters,
one thread each. `Llama` keeps the prompt between calls, so that it too evaluates it once.

    python -m benchmarks.batching
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from benchmarks.random_gguf import write_random_gguf
from playground.comparison import Comparison
from playground.providers import ChatModel, open_model
from playground.run import generate


def prompt_of(tokens: int) -> str:
    """A text of so many tokens: in the random model's vocabulary a byte is a token."""
    return ("the quick brown fox jumps over the lazy dog " * (tokens // 40 + 2))[:tokens]


def temperatures(count: int) -> list[float]:
    """Settings that differ, as in a sweep."""
    return [round(0.3 + 1.2 * number / max(1, count - 1), 3) for number in range(count)]


def sequential(path: str, prompt: str, count: int, length: int) -> dict[str, float]:
    """The job with `Llama`: seconds in all, and decode tokens a second after each first token."""
    from llama_cpp import Llama

    model = Llama(path, n_ctx=2048, n_threads=1, n_threads_batch=1, verbose=False)
    began = time.perf_counter()
    tokens, decoding = 0, 0.0
    for number, temperature in enumerate(temperatures(count)):
        stream = model.create_completion(
            prompt, max_tokens=length, temperature=temperature, stream=True, seed=number + 1
        )
        first = 0.0
        for _chunk in stream:
            if not first:
                first = time.perf_counter()
                continue
            tokens += 1
        decoding += time.perf_counter() - first
    return {"total": time.perf_counter() - began, "rate": tokens / decoding}


async def batched(model: ChatModel, prompt: str, count: int, length: int) -> dict[str, float]:
    """The same job through `open_model`: seconds in all, and decode tokens a second together."""
    runs = [
        generate(model, prompt, max_length=length, temperature=temperature, seed=number + 1)
        for number, temperature in enumerate(temperatures(count))
    ]
    comparison = Comparison(runs)
    began = time.perf_counter()
    async with comparison:
        async for _run, _event in comparison:
            pass
    total = time.perf_counter() - began
    for run in runs:
        if run.error is not None:
            raise run.error
    tokens = sum((run.usage.output_tokens or 0) - 1 for run in runs)
    first = min(run.timing.first_token or 0.0 for run in runs)
    return {"total": total, "rate": tokens / (total - first)}


def in_a_process(function: str, *arguments: object) -> dict[str, float]:
    """Run one measurement in a process of its own, so that neither inherits the other's memory."""
    command = [sys.executable, "-m", "benchmarks.batching", "--one", function]
    command += [json.dumps(arguments)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return result


async def _batched_alone(path: str, prompt: str, count: int, length: int) -> dict[str, float]:
    async with open_model(
        f"local:{path}", threads=1, context_length=2048, sequences=min(64, max(count, 1))
    ) as model:
        await model.warm_up()
        return await batched(model, prompt, count, length)


def one(function: str, arguments: list[object]) -> dict[str, float]:
    """What `in_a_process` runs."""
    if function == "sequential":
        return sequential(*arguments)  # type: ignore[arg-type]
    return asyncio.run(_batched_alone(*arguments))  # type: ignore[arg-type]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--length", type=int, default=64)
    parser.add_argument("--sequences", type=int, nargs="+", default=[1, 4, 16])
    parser.add_argument("--prompts", type=int, nargs="+", default=[128, 1024])
    parser.add_argument("--one", nargs=2, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one:
        print(json.dumps(one(options.one[0], json.loads(options.one[1]))))
        return
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "random.gguf"
        write_random_gguf(path)
        print(
            f"{'prompt':>7}{'sequences':>11}{'Llama tok/s':>13}{'ours tok/s':>12}"
            f"{'decode ratio':>14}{'Llama s':>9}{'ours s':>8}{'job ratio':>11}   (medians)"
        )
        for tokens in options.prompts:
            for count in options.sequences:
                pairs = [
                    tuple(
                        in_a_process(kind, str(path), prompt_of(tokens), count, options.length)
                        for kind in ("sequential", "batched")
                    )
                    for _ in range(options.rounds)
                ]
                base = statistics.median(pair[0]["rate"] for pair in pairs)
                mine = statistics.median(pair[1]["rate"] for pair in pairs)
                decode = statistics.median(pair[1]["rate"] / pair[0]["rate"] for pair in pairs)
                theirs = statistics.median(pair[0]["total"] for pair in pairs)
                ours = statistics.median(pair[1]["total"] for pair in pairs)
                job = statistics.median(pair[0]["total"] / pair[1]["total"] for pair in pairs)
                print(
                    f"{tokens:>7}{count:>11}{base:>13.1f}{mine:>12.1f}{decode:>14.2f}"
                    f"{theirs:>9.1f}{ours:>8.1f}{job:>11.2f}",
                    flush=True,
                )


if __name__ == "__main__":
    main()
