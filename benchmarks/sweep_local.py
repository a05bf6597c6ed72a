"""A local sweep beside the loop that one would write without it, and beside a server.

16 temperatures by 4 samples, 64 new tokens each after a prompt of 128 tokens and of 1,024, on a
random-weight Q8_0 GGUF of 110 M parameters, one thread each, in turns, every one in a process of
its own:

- the sweep, as it comes: through its runner into a history on the disk, with the usual metrics;
- the plain loop over llama-cpp-python's `Llama`, which keeps the prompt between calls. To reach:
  2.5 times as fast;
- llama.cpp's own `llama-server` with 16 slots on a cold cache, where it is found, asked as often at
  once. To reach: 1.8 times as fast.

Reading the weights is left out everywhere. Ours without store and metrics is printed too: what
the sweep adds to the engine.
"""

from __future__ import annotations

import statistics
import tempfile
import time
from pathlib import Path

from benchmarks import native_peers
from benchmarks.batching import prompt_of, temperatures
from benchmarks.isolated import in_a_process
from benchmarks.random_gguf import random_gguf
from playground.comparison import Comparison
from playground.history import History
from playground.params import GenerationParams
from playground.providers import open_model
from playground.run import generate
from playground.sweep.asked import Asked, build
from playground.sweep.definition import Sweep
from playground.sweep.lane import HereLane
from playground.sweep.runner import Runner

PROMPTS, LENGTH, SETTINGS, SAMPLES, SLOTS = (128, 1024), 64, 16, 4, 16


def sweep(prompt: int) -> Sweep:
    """The sweep over a prompt of so many tokens."""
    return build(
        Asked.of_words(
            prompt=(prompt_of(prompt),),
            models=(f"local:{random_gguf()}",),
            space={"temperature": temperatures(SETTINGS)},
            params={"max_length": LENGTH},
            samples=SAMPLES,
            seed=1,
        )
    )


class WarmLane(HereLane):
    """A lane whose weights are read before the clock starts."""

    def __init__(self, ref: str) -> None:
        super().__init__(ref, lambda ref: open_model(ref, threads=1))


async def swept(prompt: int) -> float:
    """Seconds of the sweep."""
    asked = sweep(prompt)
    lane = WarmLane(asked.models[0])
    await lane.model.warm_up()
    await lane.model.provenance()
    with tempfile.TemporaryDirectory() as folder, History.open(Path(folder) / "h.db") as history:
        runner = Runner(asked, history, id="bench", executor=lambda _ref: lane)
        began = time.perf_counter()
        # It opens the file once more, into the same worker.
        await runner.run()
        took = time.perf_counter() - began
        kept = history.sweeps.load("bench")
    if (kept.cells, kept.samples, kept.failed) != (SETTINGS, SETTINGS * SAMPLES, 0):
        raise RuntimeError(f"of {SETTINGS} cells were kept {kept}")
    return took


async def engine(prompt: int) -> float:
    """Seconds of the same runs, all asked at once, with nothing kept or measured."""
    async with open_model(f"local:{random_gguf()}", threads=1) as model:
        await model.warm_up()
        asked = GenerationParams(max_length=LENGTH)
        runs = [
            generate(model, prompt_of(prompt), asked, temperature=temperature, seed=1 + sample)
            for temperature in temperatures(SETTINGS)
            for sample in range(SAMPLES)
        ]
        began = time.perf_counter()
        async with Comparison(runs) as comparison:
            async for _run, _event in comparison:
                pass
        return time.perf_counter() - began


def looped(prompt: int) -> float:
    """Seconds of the plain loop."""
    from llama_cpp import Llama

    model = Llama(str(random_gguf()), n_ctx=2048, n_threads=1, n_threads_batch=1, verbose=False)
    began = time.perf_counter()
    for temperature in temperatures(SETTINGS):
        for sample in range(SAMPLES):
            model.create_completion(
                prompt_of(prompt), max_tokens=LENGTH, temperature=temperature, seed=1 + sample
            )
    return time.perf_counter() - began


def served(program: str, prompt: int) -> float:
    """Seconds of `llama-server`."""
    asked = [value for value in temperatures(SETTINGS) for _ in range(SAMPLES)]
    return native_peers.server_job(
        program, random_gguf(), prompt_of(prompt), LENGTH, asked, slots=SLOTS
    )


def report(rounds: int, native: Path | None) -> None:
    """Print a table for each prompt."""
    program = native_peers.find("llama-server", native)
    if program is None:
        print("llama-server was not found: --native FOLDER names the folder that it is in")
    for prompt in PROMPTS:
        found: dict[str, list[float]] = {}
        for _ in range(rounds):
            found.setdefault("the sweep", []).append(in_a_process(swept, prompt))
            found.setdefault("its engine alone", []).append(in_a_process(engine, prompt))
            found.setdefault("Llama, a loop", []).append(in_a_process(looped, prompt))
            if program is not None:
                found.setdefault("llama-server, cold", []).append(
                    in_a_process(served, program, prompt)
                )
        print(f"a prompt of {prompt:,} tokens, {SETTINGS} × {SAMPLES} answers of {LENGTH}")
        print(f"{'':24}{'seconds':>9}{'the sweep is':>14}")
        ours = found["the sweep"]
        for name, values in found.items():
            ratio = statistics.median(its / mine for its, mine in zip(values, ours, strict=True))
            print(f"{name:24}{statistics.median(values):>9.2f}{f'{ratio:.2f}×':>14}", flush=True)
