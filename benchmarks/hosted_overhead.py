"""Time to first token of `open_model().stream()` over the bare openai SDK, both hosted on loopback.

One server, in a process of its own, answers both; requests take turns in one run, on connections
that stay open, because other work on the machine slows all of them alike. Importing the SDK and
the first connection are left out: both pay them once. The second table is the cost of a chunk.

    python -m benchmarks.hosted_overhead
"""

from __future__ import annotations

import argparse
import asyncio
import json
import statistics
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import aclosing

from playground.params import GenerationParams
from playground.providers import open_model
from playground.run import as_messages, generate
from playground.types import TextDelta

PROMPT = "Say something."
LONG = 2_000
"""Chunks of an answer whose chunks are counted."""


def _chunk(text: str, finish: str | None = None) -> bytes:
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": finish}
    body = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    data = f"data: {json.dumps({**body, 'choices': [choice]})}\n\n".encode()
    return b"%x\r\n%s\r\n" % (len(data), data)


async def _answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """One connection: request after request, each answered with as many chunks as it asks for."""
    head = (
        b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    try:
        while True:
            lines = (await reader.readuntil(b"\r\n\r\n")).lower().split(b"\r\n")
            size = next(int(line[15:]) for line in lines if line.startswith(b"content-length:"))
            asked = json.loads(await reader.readexactly(size))
            writer.write(head + _chunk("first"))
            await writer.drain()
            for number in range(asked.get("max_tokens", 4) - 1):
                writer.write(_chunk(" word"))
                if number % 50 == 49:
                    await writer.drain()
            data = b"data: [DONE]\n\n"
            writer.write(_chunk("", "stop") + b"%x\r\n%s\r\n0\r\n\r\n" % (len(data), data))
            await writer.drain()
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


async def _serve() -> None:
    server = await asyncio.start_server(_answer, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await server.serve_forever()


async def _measure(url: str, rounds: int) -> None:
    import openai

    model = open_model("vllm:m", base_url=url)
    sdk = openai.AsyncOpenAI(base_url=url, api_key="none")

    async def bare(length: int) -> tuple[float, float]:
        began, first = time.perf_counter(), 0.0
        async with await sdk.chat.completions.create(
            model="m",
            messages=[{"role": "user", "content": PROMPT}],
            max_tokens=length,
            stream=True,
            stream_options={"include_usage": True},
        ) as stream:
            async for chunk in stream:
                if not first and chunk.choices and chunk.choices[0].delta.content:
                    first = time.perf_counter() - began
        return first, time.perf_counter() - began

    async def ours(length: int) -> tuple[float, float]:
        began, first = time.perf_counter(), 0.0
        plan = model.plan(GenerationParams(max_length=length))
        async with aclosing(model.stream(as_messages(PROMPT), plan)) as events:
            async for event in events:
                if not first and isinstance(event, TextDelta):
                    first = time.perf_counter() - began
        return first, time.perf_counter() - began

    async def run(length: int) -> tuple[float, float]:
        began, first = time.perf_counter(), 0.0
        async for event in generate(model, PROMPT, max_length=length):
            if not first and isinstance(event, TextDelta):
                first = time.perf_counter() - began
        return first, time.perf_counter() - began

    ways = {"bare openai SDK": bare, "open_model().stream()": ours, "generate()": run}
    await _table("time to first token, ms", ways, rounds, 4, 0, 1000.0)
    await _table("a chunk of a long answer, µs", ways, max(rounds // 20, 3), LONG, 1, 1e6 / LONG)
    await model.aclose()
    await sdk.close()


async def _table(
    title: str,
    ways: dict[str, Callable[[int], Awaitable[tuple[float, float]]]],
    rounds: int,
    length: int,
    which: int,
    unit: float,
) -> None:
    """Measure the ways in turns and print them against the first."""
    for way in ways.values():
        for _ in range(3):
            await way(length)
    found: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append((await way(length))[which] * unit)
    base = next(iter(found.values()))
    print(f"\n{title} ({rounds} rounds)")
    print(f"{'way':<24}{'median':>9}{'p90':>9}{'over the SDK':>15}{'ratio':>8}")
    for name, values in found.items():
        median = statistics.median(values)
        p90 = sorted(values)[int(len(values) * 0.9)]
        # Of each round, because rounds differ more than ways do.
        over = statistics.median(mine - its for mine, its in zip(values, base, strict=True))
        ratio = median / statistics.median(base)
        print(f"{name:<24}{median:>9.2f}{p90:>9.2f}{over:>+15.2f}{ratio:>8.2f}")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=200, help="requests of each way")
    parser.add_argument("--serve", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        asyncio.run(_serve())
        return
    command = [sys.executable, "-m", "benchmarks.hosted_overhead", "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            port = int(server.stdout.readline())
            asyncio.run(_measure(f"http://127.0.0.1:{port}/v1", given.rounds))
        finally:
            server.kill()


if __name__ == "__main__":
    main()
