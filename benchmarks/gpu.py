"""The engine on a GPU: many answers to one prompt at once, beside `llama-batched-bench`.

On random Q8_0 weights of 1.2 B parameters with Llama 3's shape and its 128,256 tokens, all layers
on the GPU. The peer evaluates the same prompt and draws nothing. Ours draws with the
usual chain, without log-probabilities and with 20 alternatives to each token; from cells of each
sequence's own, and from one pool.

Needs llama.cpp built for the GPU; with another build it measures the processor.

    python -m benchmarks.gpu --native FOLDER-OF-THE-PROGRAMS
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

from benchmarks import native_peers
from benchmarks.batching import prompt_of, temperatures
from benchmarks.isolated import in_a_process
from benchmarks.random_gguf import Shape, random_gguf
from playground.comparison import Comparison
from playground.providers import open_model
from playground.providers.llama.model import LlamaModel
from playground.run import generate

LLAMA_3 = Shape(
    width=2048,
    layers=16,
    heads=32,
    kv_heads=8,
    hidden=8192,
    vocabulary=128_256,
    context=131_072,
)
LENGTH = 64
ALTERNATIVES = 20


async def rates(prompt: int, count: int, unified: bool | None, rounds: int) -> list[float | str]:
    """Decode tokens/s without and with figures, the best of the rounds, and what it ran with."""
    opened = open_model(
        f"local:{random_gguf(LLAMA_3)}",
        context_length=prompt + 2 * LENGTH,
        sequences=count,
        unified=unified,
    )
    assert isinstance(opened, LlamaModel)
    async with opened as model:
        await model.warm_up()
        found: list[float | str] = []
        for logprobs in (None, ALTERNATIVES):
            turns = [await _rate(model, prompt, count, logprobs) for _ in range(rounds)]
            found.append(max(turns))
        assert model.facts is not None
        return [*found, model.facts.in_use()]


async def _rate(model: LlamaModel, prompt: int, count: int, logprobs: int | None) -> float:
    runs = [
        generate(
            model,
            prompt_of(prompt),
            max_length=LENGTH,
            temperature=temperature,
            seed=number + 1,
            logprobs=logprobs,
        )
        for number, temperature in enumerate(temperatures(count))
    ]
    async with Comparison(runs) as comparison:
        async for _run, _event in comparison:
            pass
    for run in runs:
        if run.error is not None:
            raise run.error
    first = min(run.timing.first_token or 0.0 for run in runs)
    last = max(run.elapsed for run in runs)
    return sum((run.usage.output_tokens or 0) - 1 for run in runs) / (last - first)


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--sequences", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--prompts", type=int, nargs="+", default=[128, 1024, 4096])
    parser.add_argument(
        "--native", type=Path, help="folder of llama.cpp's programs, if not on PATH"
    )
    options = parser.parse_args()
    path = random_gguf(LLAMA_3)
    program = native_peers.find("llama-batched-bench", options.native)
    print("decode tokens/s")
    print(f"{'prompt':>6}{'seqs':>6}{'cells':>7}{'bench':>9}{'ours':>9}{'ratio':>7}{'figures':>9}")
    used: set[str] = set()
    for prompt in options.prompts:
        for count in options.sequences:
            for unified in (False, True):
                peer = math.nan
                if program:
                    peer = native_peers.batched_bench(
                        program,
                        path,
                        prompt,
                        LENGTH,
                        count,
                        unified=unified,
                        flash=True,
                        gpu=True,
                        context=prompt + 2 * LENGTH,
                    )
                plain, figures, in_use = in_a_process(rates, prompt, count, unified, options.rounds)
                used.add(str(in_use).partition("KV cells in ")[2])
                cells = "pool" if unified else "own"
                print(
                    f"{prompt:>6}{count:>6}{cells:>7}{peer:>9.0f}{plain:>9.0f}"
                    f"{float(plain) / peer:>7.2f}{figures:>9.0f}",
                    flush=True,
                )
    print("; ".join(sorted(used)))


if __name__ == "__main__":
    main()
