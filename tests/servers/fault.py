"""A loopback server that does to a client what real ones do on bad days, and keeps what it got.

Plain sockets, because no web framework breaks off, stalls and lies as asked.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import threading
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self

Act = Callable[["Exchange"], Awaitable[None]]


@dataclass
class Request:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    content: bytes

    @property
    def body(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.content)
        return found


@dataclass
class Exchange:
    """One request, and the connection to answer it on."""

    request: Request
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    server: FaultServer
    keep: bool = False
    """Set by an act that leaves the connection open for another request."""

    async def send(self, *parts: bytes | str) -> None:
        for part in parts:
            self.writer.write(part.encode() if isinstance(part, str) else part)
        await self.writer.drain()

    async def head(
        self, status: int = 200, kind: str = "text/event-stream", **headers: str
    ) -> None:
        lines = [f"HTTP/1.1 {status} Whatever", f"Content-Type: {kind}", "Connection: close"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        await self.send("\r\n".join(lines), "\r\n\r\n")

    async def hung_up(self) -> None:
        """Wait until the client closes the connection."""
        with contextlib.suppress(ConnectionError):
            while await self.reader.read(65536):
                pass
        self.server.hang_ups += 1


class FaultServer:
    """Plays one act a request, the last one again and again; runs in a thread of its own."""

    def __init__(self) -> None:
        self.requests: list[Request] = []
        self.hang_ups = 0
        self.connections = 0
        self._acts: list[Act] = []
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/v1"

    @property
    def bodies(self) -> list[dict[str, Any]]:
        """The bodies of the chat completions that were asked for."""
        return [request.body for request in self.requests if request.method == "POST"]

    def play(self, *acts: Act) -> None:
        self._acts = list(acts)
        self.requests.clear()
        self.hang_ups = self.connections = 0

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(10)

    async def _stop(self) -> None:
        self._server.close()
        mine = asyncio.current_task()
        rest = [task for task in asyncio.all_tasks() if task is not mine]
        for task in rest:
            task.cancel()
        await asyncio.gather(*rest, return_exceptions=True)
        await self._loop.shutdown_asyncgens()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        try:
            while (request := await self._read(reader)) is not None:
                self.requests.append(request)
                exchange = Exchange(request, reader, writer, self)
                await self._next_act(request)(exchange)
                if not exchange.keep:
                    break
        except ConnectionError:
            self.hang_ups += 1
        finally:
            writer.close()
            with contextlib.suppress(ConnectionError):
                await writer.wait_closed()

    def _next_act(self, request: Request) -> Act:
        if request.method == "GET" and not getattr(self._acts[0], "lists", False):
            return status(404, {"error": {"message": "no list here"}})
        return self._acts.pop(0) if len(self._acts) > 1 else self._acts[0]

    async def _read(self, reader: asyncio.StreamReader) -> Request | None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
        except asyncio.IncompleteReadError:
            return None
        method, path, _version = head[0].split(" ")
        headers = {}
        for line in head[1:]:
            name, _, value = line.partition(":")
            headers[name.strip().lower()] = value.strip()
        content = await reader.readexactly(int(headers.get("content-length", "0")))
        return Request(method, path, headers, content)


def delta(
    text: str = "", *, index: int = 0, finish: str | None = None, **more: Any
) -> dict[str, Any]:
    """One chunk of a streamed chat completion."""
    choice = {"index": index, "delta": {"content": text, **more}, "finish_reason": finish}
    return {"object": "chat.completion.chunk", "choices": [choice]}


def usage(**counts: Any) -> dict[str, Any]:
    """The last chunk, with the token counts."""
    return {"object": "chat.completion.chunk", "choices": [], "usage": counts}


def event(chunk: Any) -> str:
    return f"data: {chunk if isinstance(chunk, str) else json.dumps(chunk)}\n\n"


def says(*chunks: Any, done: bool = True, pause: float = 0.0) -> Act:
    """Stream these chunks, then `[DONE]`."""

    async def act(exchange: Exchange) -> None:
        await exchange.head()
        for chunk in chunks:
            await exchange.send(event(chunk))
            if pause:
                await asyncio.sleep(pause)
        if done:
            await exchange.send(event("[DONE]"))

    return act


def answers(*words: str, finish: str = "stop") -> Act:
    """A whole and ordinary answer of these pieces."""
    chunks = [delta(word) for word in words]
    counts = usage(prompt_tokens=3, completion_tokens=len(words), total_tokens=3 + len(words))
    return says(*chunks, delta(finish=finish), counts)


def status(code: int, body: Any = None, *, kind: str = "application/json", **headers: str) -> Act:
    """Answer with a status and a body."""

    async def act(exchange: Exchange) -> None:
        await exchange.head(code, kind, **headers)
        await exchange.send(body if isinstance(body, str | bytes) else json.dumps(body or {}))

    return act


def raw(*parts: bytes | str, status: int = 200, kind: str = "text/event-stream") -> Act:
    """A head, then exactly these bytes, then the end."""

    async def act(exchange: Exchange) -> None:
        await exchange.head(status, kind)
        await exchange.send(*parts)

    return act


def breaks_off(*chunks: Any) -> Act:
    """A chunked body whose connection is cut in the middle."""

    async def act(exchange: Exchange) -> None:
        await exchange.head(Transfer_Encoding="chunked")
        for chunk in chunks:
            data = event(chunk).encode()
            await exchange.send(f"{len(data):x}\r\n", data, "\r\n")
        await exchange.send("ffff\r\ndata: {")

    return act


def stalls(*chunks: Any, after_head: bool = True) -> Act:
    """Say this much, then nothing, until the client hangs up."""

    async def act(exchange: Exchange) -> None:
        if after_head:
            await exchange.head()
        for chunk in chunks:
            await exchange.send(event(chunk))
        await exchange.hung_up()

    return act


def talks_forever(word: str = "word ", pause: float = 0.01) -> Act:
    """Pieces without an end, until the client hangs up."""

    async def act(exchange: Exchange) -> None:
        await exchange.head()
        watch = asyncio.create_task(exchange.hung_up())
        try:
            while not watch.done():
                await exchange.send(event(delta(word)))
                await asyncio.sleep(pause)
        finally:
            watch.cancel()

    return act


def plays(*parts: bytes | str, again: bytes | str = b"", pause: float = 0.05) -> Act:
    """Exactly these bytes, without a head of ours; then some `again` and again, if any."""

    async def act(exchange: Exchange) -> None:
        await exchange.send(*parts)
        watch = asyncio.create_task(exchange.hung_up())
        try:
            while again and not watch.done():
                await exchange.send(again)
                await asyncio.sleep(pause)
        finally:
            watch.cancel()

    act.lists = True  # type: ignore[attr-defined]
    return act


def drops() -> Act:
    """Take the request and close the connection without a word."""

    async def act(_exchange: Exchange) -> None:
        return

    return act


def endless(start: str, filler: bytes = b"x" * 65536) -> Act:
    """A line (or body) that never ends."""

    async def act(exchange: Exchange) -> None:
        await exchange.head()
        await exchange.send(start)
        while True:
            await exchange.send(filler)

    return act


def drips(*chunks: Any, pause: float = 0.0005) -> Act:
    """The same bytes as `says`, one at a time."""

    async def act(exchange: Exchange) -> None:
        await exchange.head()
        whole = "".join(event(chunk) for chunk in (*chunks, "[DONE]")).encode()
        for place in range(len(whole)):
            await exchange.send(whole[place : place + 1])
            await asyncio.sleep(pause)

    return act


def lists(*names: str, **more: Any) -> Act:
    """Answer `GET /models` with these names."""
    act = status(200, {"object": "list", "data": [{"id": name, **more} for name in names]})
    act.lists = True  # type: ignore[attr-defined]
    return act


def by_method(*, get: Act, post: Act) -> Act:
    """One act for lists of models, another for chat completions."""

    async def act(exchange: Exchange) -> None:
        await (get if exchange.request.method == "GET" else post)(exchange)

    act.lists = True  # type: ignore[attr-defined]
    return act
