"""Many answers to one prompt at once: the batched engine beside its peers, in turns, in one run.

Sequences at different temperatures on a random-weight Q8_0 GGUF of 110 M parameters, one thread
each, every measurement in a process of its own:

- llama-cpp-python's `Llama`, one answer after another; it keeps the prompt between calls, so that
  it too evaluates it once. To reach at 16 sequences: 2.7× its decode tokens/s; for the whole job,
  2.5× at 128 prompt tokens and 1.8× at 1,024.
- `llama-batched-bench`, where it is found: the same batch on the same kind of KV cells in C++,
  sampling nothing. To reach: 0.95 of its decode tokens/s.
- `llama-server` with 16 slots on a cold cache and its other settings as they come, where it is
  found. To reach for the whole job: 1.8× at 128 prompt tokens and 3.5× at 1,024.

All answers have the same prompt, so that ours is opened with one pool of KV cells, as is meant for
that; `--cells own` opens it with cells for each, `--cells auto` as it comes. Ours and
`llama-batched-bench` leave flash attention off, or take it both with `--flash-attention`: which is
faster is the processor's and the prompt's matter.

One sequence's rate is the floor of what batching can give, the rate at which a prompt is evaluated
its ceiling: both are printed first.

    python -m benchmarks.batching --native FOLDER-OF-THE-PROGRAMS
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path

from benchmarks import native_peers
from benchmarks.isolated import in_a_process
from benchmarks.random_gguf import random_gguf
from playground.comparison import Comparison
from playground.providers import open_model
from playground.run import generate

ONE_BY_ONE = 16
"""The most answers that `Llama` gives in a round: with more, only its rate is compared."""

CELLS = {"pool": True, "own": False, "auto": None}

SERVED = 16
"""The sequences at which `llama-server` is asked."""

Measured = dict[str, float]
"""`rate`: decode tokens a second, all sequences together. `total`: seconds for the whole job."""


def prompt_of(tokens: int) -> str:
    """A text of so many tokens: in the random model's vocabulary a byte is a token."""
    return ("the quick brown fox jumps over the lazy dog " * (tokens // 40 + 2))[:tokens]


def temperatures(count: int) -> list[float]:
    """Settings that differ, as in a sweep."""
    return [round(0.3 + 1.2 * number / max(1, count - 1), 3) for number in range(count)]


def sequential(prompt: int, count: int, length: int) -> Measured:
    """The job with `Llama`."""
    from llama_cpp import Llama

    model = Llama(str(random_gguf()), n_ctx=2048, n_threads=1, n_threads_batch=1, verbose=False)
    began = time.perf_counter()
    tokens, decoding = 0, 0.0
    for number, temperature in enumerate(temperatures(count)):
        stream = model.create_completion(
            prompt_of(prompt),
            max_tokens=length,
            temperature=temperature,
            stream=True,
            seed=number + 1,
        )
        first = 0.0
        for _chunk in stream:
            if not first:
                first = time.perf_counter()
                continue
            tokens += 1
        decoding += time.perf_counter() - first
    return {"total": time.perf_counter() - began, "rate": tokens / decoding}


async def batched(
    prompt: int, count: int, length: int, unified: bool | None, flash: bool | None
) -> Measured:
    """The same job through `open_model`."""
    async with open_model(
        f"local:{random_gguf()}",
        threads=1,
        context_length=2048,
        sequences=count,
        unified=unified,
        flash_attention=flash,
    ) as model:
        await model.warm_up()
        runs = [
            generate(
                model,
                prompt_of(prompt),
                max_length=length,
                temperature=temperature,
                seed=number + 1,
            )
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
    return {"total": total, "rate": tokens / (total - first), "first": first}


def _measure(
    prompt: int,
    count: int,
    length: int,
    opened: tuple[bool | None, bool | None],
    native: Path | None,
) -> dict[str, Measured]:
    """One round: each peer once. `opened`: one pool of cells, flash attention."""
    unified, flash = opened
    found = {"ours": in_a_process(batched, prompt, count, length, unified, flash)}
    found["Llama"] = in_a_process(sequential, prompt, min(count, ONE_BY_ONE), length)
    if count > ONE_BY_ONE:
        found["Llama"]["total"] = math.nan
    if program := native_peers.find("llama-batched-bench", native):
        rate = native_peers.batched_bench(
            program,
            random_gguf(),
            prompt,
            length,
            count,
            unified=bool(unified),
            flash=bool(flash),
        )
        found["bench"] = {"rate": rate, "total": math.nan}
    program = native_peers.find("llama-server", native)
    if program and count == SERVED:
        total = native_peers.server_job(
            program, random_gguf(), prompt_of(prompt), length, temperatures(count)
        )
        found["server"] = {"rate": math.nan, "total": total}
    return found


def _row(prompt: int, count: int, rounds: list[dict[str, Measured]]) -> str:
    """A line of the table: medians, and medians of the ratios of the rounds."""

    def median(value: Callable[[dict[str, Measured]], float]) -> float:
        return statistics.median(value(found) for found in rounds)

    def cell(peer: str, figure: str) -> str:
        """The peer's figure, and ours as a multiple of it: above 1 is better than the peer."""
        if peer not in rounds[0] or math.isnan(rounds[0][peer][figure]):
            return f"{'-':>9}{'-':>7}"

        def ratio(found: dict[str, Measured]) -> float:
            quotient = found["ours"][figure] / found[peer][figure]
            return quotient if figure == "rate" else 1 / quotient

        return f"{median(lambda found: found[peer][figure]):>9.1f}{median(ratio):>7.2f}"

    return (
        f"{prompt:>6}{count:>6}{median(lambda found: found['ours']['rate']):>9.1f}"
        f"{cell('Llama', 'rate')}{cell('bench', 'rate')}"
        f"{median(lambda found: found['ours']['total']):>9.1f}"
        f"{cell('Llama', 'total')}{cell('server', 'total')}"
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--length", type=int, default=64, help="new tokens of each answer")
    parser.add_argument("--sequences", type=int, nargs="+", default=[1, 4, 16, 64])
    parser.add_argument("--prompts", type=int, nargs="+", default=[128, 1024])
    parser.add_argument(
        "--native", type=Path, help="folder of llama.cpp's programs, if not on PATH"
    )
    parser.add_argument("--cells", choices=list(CELLS), default="pool")
    parser.add_argument("--flash-attention", action="store_true")
    parser.add_argument(
        "--quick", action="store_true", help="one round, 128 tokens, to 16 sequences"
    )
    options = parser.parse_args()
    if options.quick:
        options.rounds, options.prompts, options.sequences = 1, [128], [1, 16]
    opened = CELLS[options.cells], options.flash_attention or None
    ends = [in_a_process(batched, 1024, 1, 16, *opened) for _ in range(options.rounds)]
    floor = statistics.median(end["rate"] for end in ends)
    ceiling = statistics.median(1024 / end["first"] for end in ends)
    print(f"one sequence {floor:.0f} tokens/s, a prompt {ceiling:.0f} tokens/s; one thread each")
    print(
        f"{'':12}{'decoding, tokens/s':^41}{'the whole job, seconds':^41}\n"
        f"{'prompt':>6}{'seqs':>6}{'ours':>9}{'Llama':>9}{'ours ×':>7}{'bench':>9}{'ours ×':>7}"
        f"{'ours':>9}{'Llama':>9}{'ours ×':>7}{'server':>9}{'ours ×':>7}"
    )
    for prompt in options.prompts:
        for count in options.sequences:
            rounds = [
                _measure(prompt, count, options.length, opened, options.native)
                for _ in range(options.rounds)
            ]
            print(_row(prompt, count, rounds), flush=True)


if __name__ == "__main__":
    main()
