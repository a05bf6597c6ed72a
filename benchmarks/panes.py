"""Two panes on one GGUF: what the second costs in memory, and what asking both at once saves.

Memory is that of the parent and its worker together (proportional set size: a page that several
processes share is counted once), after the panes have answered, against one pane that has. To
reach: at most 1.1×. Time is that until both answers are there, on a fresh worker, against the same
two answers one after the other. To reach: at most 0.7×.

    python -m benchmarks.panes
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import time
from contextlib import AsyncExitStack

from benchmarks.isolated import in_a_process
from benchmarks.random_gguf import random_gguf
from playground.providers import open_model
from playground.run import Run, generate

PROMPT = "the quick brown fox jumps over the lazy dog " * 3


async def answer(panes: int, at_once: bool, threads: int | None, length: int) -> tuple[float, int]:
    """Seconds until all panes have answered, and the bytes that the processes then use."""
    import psutil

    async with AsyncExitStack() as stack:
        models = [
            await stack.enter_async_context(open_model(f"local:{random_gguf()}", threads=threads))
            for _ in range(panes)
        ]
        for model in models:
            await model.warm_up()
        runs = [
            generate(model, PROMPT, temperature=0.2 + number, seed=1, max_length=length)
            for number, model in enumerate(models)
        ]
        began = time.perf_counter()
        if at_once:
            await asyncio.gather(*(_finish(run) for run in runs))
        else:
            for run in runs:
                await _finish(run)
        took = time.perf_counter() - began
        parent = psutil.Process()
        family = [parent, *parent.children(recursive=True)]
        return took, sum(process.memory_full_info().pss for process in family)


async def _finish(run: Run) -> None:
    await run
    if run.error is not None:
        raise run.error


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--length", type=int, default=64, help="new tokens of each answer")
    parser.add_argument("--quick", action="store_true", help="one round")
    options = parser.parse_args()
    rounds = 1 if options.quick else options.rounds
    print(
        f"{'threads':>8}{'one, MB':>9}{'two, MB':>9}{'ratio':>7}"
        f"{'in turn, s':>12}{'at once, s':>12}{'ratio':>7}   (medians of {rounds})"
    )
    for threads in (1, None):
        found = [
            [
                in_a_process(answer, panes, at_once, threads, options.length)
                for panes, at_once in ((1, True), (2, False), (2, True))
            ]
            for _ in range(rounds)
        ]
        one = statistics.median(alone[1] for alone, _, _ in found)
        two = statistics.median(both[1] for _, _, both in found)
        memory = statistics.median(both[1] / alone[1] for alone, _, both in found)
        in_turn = statistics.median(turns[0] for _, turns, _ in found)
        at_once = statistics.median(both[0] for _, _, both in found)
        saved = statistics.median(both[0] / turns[0] for _, turns, both in found)
        print(
            f"{threads or 'auto':>8}{one / 1e6:>9.0f}{two / 1e6:>9.0f}{memory:>7.2f}"
            f"{in_turn:>12.2f}{at_once:>12.2f}{saved:>7.2f}",
            flush=True,
        )


if __name__ == "__main__":
    main()
