"""What a streamed token costs the caller: CPU in the parent, from the worker's pipe to the event.

The worker decodes in a process of its own; this is everything else, and what a terminal or a script
has less of for itself. The demo model comes fast, one token every millisecond or less; the 110 M
model slowly, so that the processor's caches are cold at every token. To reach: at most 60 µs.

Much of it is waking up. The floor is the shortest loop that asyncio allows (`add_reader`,
`os.read`, `json.loads`) on a worker of the same kind with the same request: "over" is ours less
that floor, which is what our own code costs. Ours and the floor take turns.

    python -m benchmarks.event_path
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import sys
import time
from contextlib import suppress
from typing import Any, Self

from pydantic import BaseModel

from benchmarks.random_gguf import random_gguf
from playground.params import GenerationParams
from playground.providers import ChatModel, open_model
from playground.providers.llama.model import LlamaModel
from playground.providers.llama.protocol import Generate, Load, SamplingParams
from playground.run import as_messages, generate

PROMPT = "Once upon a time"


def asked(count: int, length: int, logprobs: int | None) -> GenerationParams:
    """So many answers, hot enough that the end of a turn hardly comes."""
    return GenerationParams(n=count, seed=3, max_length=length, logprobs=logprobs, temperature=5.0)


class BareLoop:
    """A worker, and the least that can be done with what it says."""

    def __init__(self, model: LlamaModel) -> None:
        self._model = model
        self._rest = b""
        self._last: asyncio.Future[dict[str, Any]]
        self._number = 0

    async def __aenter__(self) -> Self:
        self._process = subprocess.Popen(
            [sys.executable, "-P", "-m", "playground.providers.llama.worker"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
        )
        assert self._process.stdout is not None
        self._pipe = self._process.stdout.fileno()
        os.set_blocking(self._pipe, False)
        asyncio.get_running_loop().add_reader(self._pipe, self._read)
        await self._ask(Load(path=str(self._model.path), settings=self._model.settings))
        return self

    async def __aexit__(self, *_: object) -> None:
        asyncio.get_running_loop().remove_reader(self._pipe)
        self._process.kill()
        self._process.communicate()

    def _read(self) -> None:
        with suppress(BlockingIOError):
            *lines, self._rest = (self._rest + os.read(self._pipe, 1 << 18)).split(b"\n")
            for line in lines:
                for report in json.loads(line)["reports"]:
                    if report["kind"] in ("done", "ready", "failed"):
                        self._last.set_result(report)

    async def _ask(self, command: BaseModel) -> dict[str, Any]:
        self._last = asyncio.get_running_loop().create_future()
        assert self._process.stdin is not None
        self._process.stdin.write(command.model_dump_json().encode() + b"\n")
        self._process.stdin.flush()
        return await self._last

    async def microseconds(self, params: GenerationParams) -> float:
        """CPU of this process per token."""
        wire = SamplingParams.model_validate(self._model.plan(params).wire)
        self._number += 1
        command = Generate(id=self._number, messages=as_messages(PROMPT), params=wire)
        began = time.process_time()
        done = await self._ask(command)
        return (time.process_time() - began) / int(done["output_tokens"]) * 1e6


async def microseconds(model: ChatModel, params: GenerationParams) -> float:
    """CPU of this process per token, while it reads the events of a run."""
    run = generate(model, PROMPT, params)
    began = time.process_time()
    async for _event in run:
        pass
    took = time.process_time() - began
    return took / (run.usage.output_tokens or 1) * 1e6


async def measure(rounds: int) -> None:
    """Print one line a model, number of streams and kind of token."""
    print(
        f"{'model':<14}{'streams':>8}{'token':>11}{'ours, µs':>10}{'floor, µs':>11}{'over, µs':>10}"
        f"   (medians of {rounds})"
    )
    models = {"demo:small": ("demo:small", 400), "random 110 M": (f"local:{random_gguf()}", 48)}
    for title, (ref, length) in models.items():
        model = open_model(ref, threads=1)
        assert isinstance(model, LlamaModel)
        async with model, BareLoop(model) as bare:
            for count in (1, 16):
                for kind, logprobs in (("text only", None), ("top 20", 20)):
                    params = asked(count, length, logprobs)
                    found = [
                        (await microseconds(model, params), await bare.microseconds(params))
                        for _ in range(rounds + 1)
                    ][1:]
                    ours, floor = (statistics.median(each) for each in zip(*found, strict=True))
                    over = statistics.median(mine - least for mine, least in found)
                    print(
                        f"{title:<14}{count:>8}{kind:>11}{ours:>10.1f}{floor:>11.1f}{over:>10.1f}",
                        flush=True,
                    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--quick", action="store_true", help="two rounds")
    options = parser.parse_args()
    asyncio.run(measure(2 if options.quick else options.rounds))


if __name__ == "__main__":
    main()
