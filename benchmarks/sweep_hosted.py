"""Hosted cells against an endpoint that allows so many at once: how near the ideal a sweep comes.

A loopback server in a process of its own takes 200 ms for an answer, answers 20 at once and refuses
the rest (429). Nobody tells the sweep: it has to find out. Beside it the bare openai SDK with 20
workers, which knows. To reach: 200 cells within 1.15 of the ideal, which is 2.0 s.

All of a sweep counts, from its first row in the history to its last. Importing the SDK is left out,
which takes most of a second and is done once in a program.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from playground.history import History
from playground.providers import open_model
from playground.sweep.asked import Asked, build
from playground.sweep.lane import HereLane
from playground.sweep.runner import Runner

SECONDS, AT_ONCE = 0.2, 20
REF = "vllm:m"


class Endpoint:
    """Answers so many at once; what it saw is told on `/seen`, which also forgets it."""

    def __init__(self) -> None:
        self.inside = self.refused = self.answered = self.widest = 0

    async def serve(self) -> None:
        """Until it is ended."""
        server = await asyncio.start_server(self._talk, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await server.serve_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = (await reader.readuntil(b"\r\n\r\n")).lower()
                lines = head.split(b"\r\n")
                size = [int(line[15:]) for line in lines if line.startswith(b"content-length:")]
                if size:
                    await reader.readexactly(size[0])
                writer.write(await self._reply(seen=head.startswith(b"get /seen")))
                await writer.drain()
        writer.close()

    async def _reply(self, *, seen: bool) -> bytes:
        if seen:
            found = [self.answered, self.refused, self.widest]
            self.refused = self.answered = self.widest = 0
            return _json(b"200 OK", found)
        if self.inside >= AT_ONCE:
            self.refused += 1
            return _json(b"429 Too Many Requests", {"error": {"message": "too many"}})
        self.inside += 1
        self.widest = max(self.widest, self.inside)
        await asyncio.sleep(SECONDS)
        self.inside -= 1
        self.answered += 1
        return _stream("Hello there")


def _json(status: bytes, body: object) -> bytes:
    data = json.dumps(body).encode()
    head = b"HTTP/1.1 %s\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % (status, len(data)) + data


def _stream(text: str) -> bytes:
    chunk = {"id": "x", "object": "chat.completion.chunk", "created": 1, "model": "m"}
    choice = {"index": 0, "delta": {"content": text}, "finish_reason": "stop"}
    usage = {"prompt_tokens": 8, "completion_tokens": 2, "total_tokens": 10}
    bodies = [json.dumps({**chunk, "choices": [choice]})]
    bodies += [json.dumps({**chunk, "choices": [], "usage": usage}), "[DONE]"]
    data = "".join(f"data: {body}\n\n" for body in bodies).encode()
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: %d\r\n\r\n"
    return head % len(data) + data


@contextlib.contextmanager
def endpoint() -> Iterator[str]:
    """The server's address while it runs."""
    command = [sys.executable, "-m", "benchmarks.sweep_hosted", "--serve"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        try:
            assert server.stdout is not None
            yield f"http://127.0.0.1:{int(server.stdout.readline())}"
        finally:
            server.kill()


async def swept(url: str, cells: int) -> float:
    """Seconds of a sweep of so many cells, one answer each."""
    sweep = build(
        Asked.of_words(
            prompt=("Hi",), models=(REF,), space={"top_p": f"{1 / cells}:1:{1 / cells}"}, seed=1
        )
    )

    def lane(ref: str) -> HereLane:
        return HereLane(ref, lambda _: open_model(REF, base_url=f"{url}/v1", max_retries=0))

    with tempfile.TemporaryDirectory() as folder, History.open(Path(folder) / "h.db") as history:
        runner = Runner(sweep, history, id="bench", executor=lane)
        began = time.perf_counter()
        await runner.run()
        took = time.perf_counter() - began
        kept = history.sweeps.load("bench")
    if (kept.cells, kept.samples, kept.failed) != (cells, cells, 0):
        raise RuntimeError(f"of {cells} cells were kept {kept}")
    return took


async def known(url: str, cells: int) -> float:
    """Seconds of the same requests by as many workers as the endpoint takes, on the bare SDK."""
    import openai

    sdk = openai.AsyncOpenAI(base_url=f"{url}/v1", api_key="none", max_retries=0)
    left = iter(range(cells))

    async def work() -> None:
        for number in left:
            async with await sdk.chat.completions.create(
                model="m",
                messages=[{"role": "user", "content": "Hi"}],
                top_p=(number + 1) / cells,
                stream=True,
                stream_options={"include_usage": True},
            ) as stream:
                async for _chunk in stream:
                    pass

    began = time.perf_counter()
    await asyncio.gather(*(work() for _ in range(AT_ONCE)))
    took = time.perf_counter() - began
    await sdk.close()
    return took


async def seen(url: str) -> tuple[int, int, int]:
    """What the endpoint saw since it was asked last: answers, refusals, the most at once."""
    import httpx2

    async with httpx2.AsyncClient(trust_env=False) as client:
        answered, refused, widest = (await client.get(f"{url}/seen")).json()
    return answered, refused, widest


async def _rounds(url: str, rounds: int, cells: int) -> None:
    ways = {"the sweep": swept, "SDK, 20 known": known}
    for way in ways.values():
        await way(url, AT_ONCE)
    await seen(url)
    found: dict[str, list[float]] = {name: [] for name in ways}
    refusals: dict[str, list[int]] = {name: [] for name in ways}
    for _ in range(rounds):
        for name, way in ways.items():
            found[name].append(await way(url, cells))
            refusals[name].append((await seen(url))[1])
    ideal = SECONDS * cells / AT_ONCE
    print(f"{f'{cells} hosted cells':24}{'seconds':>9}{'of ideal':>10}{'slowest':>9}{'refused':>9}")
    for name, values in found.items():
        middle = statistics.median(values)
        print(
            f"{name:24}{middle:>9.2f}{middle / ideal:>10.2f}{max(values) / ideal:>9.2f}"
            f"{statistics.median(refusals[name]):>9.0f}"
        )


def report(rounds: int, cells: int = 200) -> None:
    """Print the table."""
    with endpoint() as url:
        asyncio.run(_rounds(url, rounds, cells))


if __name__ == "__main__":
    if sys.argv[1:] == ["--serve"]:
        asyncio.run(Endpoint().serve())
    else:
        report(5)
