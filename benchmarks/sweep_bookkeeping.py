"""What a sweep costs beside its answers: planning, writing and measuring a cell, and its memory.

The model says sixty words at once, other ones at every setting, so that all of the time is the
playground's: settings and plans of a cell, its runs, their rows in a history on the disk, and the
usual metrics with their intervals. To reach: at most 2 ms a cell.

The second table is the memory of a space that is planned and not held: the peak of a process that
works out every cell of it, settings and seed, in the order in which a sweep visits them, and of
`playground sweep --dry-run`. To reach: as much for a million cells as for ten thousand. The third
is that of answers with all their figures, sixteen at once: the same for ten times as many.
"""

from __future__ import annotations

import asyncio
import os
import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from benchmarks.isolated import in_a_process
from playground.history import History
from playground.params import knobs
from playground.providers.base import ChatModel
from playground.sweep.asked import Asked, build
from playground.sweep.definition import Place, Sweep
from playground.sweep.lane import HereLane
from playground.sweep.runner import Runner
from playground.sweep.space import interleaved
from playground.types import (
    Capabilities,
    Completed,
    Draw,
    Event,
    Finished,
    KnobSupport,
    Message,
    ModelRef,
    Plan,
    Started,
    TextDelta,
    Token,
    TokenAlternative,
    Usage,
)

WORDS = 60
VOCABULARY = [f"word{number}" for number in range(200)]


class Prompt(ChatModel):
    """Says sixty words at once; which ones hangs on the seed and the temperature."""

    def __init__(self, ref: str) -> None:
        self.ref = ModelRef.parse(ref)
        taken = {name: KnobSupport(default=knob.default) for name, knob in knobs().items()}
        self.capabilities = Capabilities(knobs=taken)

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        """Say them."""
        yield Started(plan)
        dice = random.Random(f"{plan.effective['seed']}/{plan.effective['temperature']}")
        yield TextDelta(" ".join(dice.choices(VOCABULARY, k=WORDS)))
        yield Finished("stop")
        yield Completed(Usage(input_tokens=8, output_tokens=WORDS, cost=0.0))

    async def aclose(self) -> None:
        """Nothing to close."""


class Teller(Prompt):
    """Says the same five hundred tokens, each with fifty candidates, raw and drawn."""

    tokens: tuple[Token, ...] = ()
    parallel = 16

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        """Say them, ten at a time."""
        yield Started(plan)
        for at in range(0, len(self.tokens), 10):
            said = self.tokens[at : at + 10]
            yield TextDelta("".join(token.text for token in said), tokens=said)
            await asyncio.sleep(0)
        yield Finished("length")
        yield Completed(Usage(input_tokens=8, output_tokens=len(self.tokens), cost=0.0))


def tokens_with_candidates(count: int, candidates: int) -> tuple[Token, ...]:
    """Tokens as a local model reports them."""
    made = []
    for place in range(count):
        others = tuple(
            TokenAlternative(f" word{at}", -0.1 * (at + 1), place + at) for at in range(candidates)
        )
        first = others[0]
        drawn = Draw(-0.05, 1.0, candidates, 0.5, others)
        text = first.text
        made.append(Token(text, -0.1, others, first.token_id, text.encode(), 1, 1.5, drawn))
    return tuple(made)


async def figures_memory(answers: int) -> float:
    """Peak memory, MB, of a sweep of so many answers with all their figures."""
    Teller.tokens = tokens_with_candidates(500, 50)
    sweep = build(
        Asked.of_words(
            prompt=("Once upon a time",),
            models=("scripted:echo",),
            space={"temperature": f"{2 / answers}:2:{2 / answers}"},
            params={"logprobs": 50},
            seed=1,
        )
    )
    with tempfile.TemporaryDirectory() as folder, History.open(Path(folder) / "h.db") as history:
        lane = HereLane("scripted:echo", Teller)
        await Runner(sweep, history, id="bench", executor=lambda _ref: lane).run()
        kept = history.sweeps.load("bench")
    if (kept.samples, kept.failed) != (answers, 0):
        raise RuntimeError(f"of {answers} answers were kept {kept}")
    return peak()


def sweep_of(side: int, samples: int = 1) -> Sweep:
    """`side` temperatures by as many values of top_p."""
    return build(
        Asked.of_words(
            prompt=("Once upon a time",),
            models=("scripted:echo",),
            space={
                "temperature": f"{2 / side}:2:{2 / side}",
                "top_p": f"{1 / side}:1:{1 / side}",
            },
            samples=samples,
            seed=1,
        )
    )


async def cell_seconds(side: int, samples: int) -> float:
    """Seconds a cell, of a sweep whose model takes none."""
    sweep = sweep_of(side, samples)
    with tempfile.TemporaryDirectory() as folder, History.open(Path(folder) / "h.db") as history:
        runner = Runner(sweep, history, id="bench", executor=lambda ref: HereLane(ref, Prompt))
        began = time.perf_counter()
        await runner.run()
        took = time.perf_counter() - began
        kept = history.sweeps.load("bench")
    if (kept.cells, kept.samples, kept.failed) != (side**2, side**2 * samples, 0):
        raise RuntimeError(f"of {side**2} cells were kept {kept}")
    return took / side**2


def peak() -> float:
    """The most memory that this process had, MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def planned_memory(side: int) -> tuple[float, float]:
    """Peak memory in MB and seconds of planning every cell, one after the other."""
    began = time.perf_counter()
    sweep = sweep_of(side)
    model, space = Prompt(sweep.models[0]), sweep.space
    for at, place in enumerate(interleaved(sweep.cells_of_model)):
        values, seed = space.at(place), sweep.seed_of(sweep.number(Place(0, 0, place)), 0)
        if at % 100 == 0:
            # Plans are made one at a time and let go: a hundredth of them shows as much.
            model.plan(sweep.params.updated(**values, seed=seed))
    return peak(), time.perf_counter() - began


def dry_memory(side: int) -> tuple[float, float]:
    """Peak memory in MB and seconds of `playground sweep --dry-run` of as many cells."""
    command = [
        *(sys.executable, "-m", "playground", "sweep", "Once upon a time", "-m", "scripted:echo"),
        *("--temperature", f"{2 / side}:2:{2 / side}", "--top-p", f"{1 / side}:1:{1 / side}"),
        *("--seed", "1", "--dry-run", "--no-history"),
    ]
    began = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    said = process.stdout.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = status
    if status or f"{side**2:,}" not in said:
        raise RuntimeError(f"--dry-run of {side**2:,} cells ended with {status}: {said}")
    return used.ru_maxrss / 1024, time.perf_counter() - began


def report(rounds: int) -> None:
    """Print the tables."""
    print(f"{'a cell, 400 of them':32}{'ms a cell':>10}")
    for samples in (1, 2, 4):
        took = [in_a_process(cell_seconds, 20, samples) * 1000 for _ in range(rounds)]
        print(f"{f'{samples} answers' if samples > 1 else 'one answer':32}", end="")
        print(f"{statistics.median(took):>10.2f}")
    sides = (100, 1000)
    print(f"\n{'peak memory, MB':32}{'10,000 cells':>14}{'1,000,000':>12}{'seconds':>10}")
    for name, way in (("every cell worked out", planned_memory), ("--dry-run", dry_memory)):
        small, large = (in_a_process(way, side) for side in sides)
        print(f"{name:32}{small[0]:>14.1f}{large[0]:>12.1f}{large[1]:>10.1f}")
    print(f"\n{'peak memory, MB':32}{'16 answers':>14}{'160':>12}")
    few, many = (in_a_process(figures_memory, answers) for answers in (16, 160))
    print(f"{'500 tokens, 50 candidates each':32}{few:>14.1f}{many:>12.1f}")


if __name__ == "__main__":
    report(3)
