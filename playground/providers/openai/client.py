"""The SDK's clients of one endpoint, and what may leave this machine in a request."""

from __future__ import annotations

import asyncio
import os
import threading
import zlib
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from contextlib import aclosing, suppress
from functools import cache
from typing import TYPE_CHECKING, Any, Final, cast

from playground.errors import BadResponse, ConfigurationError, PlaygroundError
from playground.providers.openai.endpoint import Endpoint
from playground.providers.openai.events import MAX_TEXT_BYTES
from playground.providers.openai.faults import quoted, retry_after, transport_errors
from playground.providers.openai.logs import keep_out_of_logs

if TYPE_CHECKING:
    import ssl

    import httpx2
    import openai

MAX_WAIT = 30.0
"""The longest `Retry-After`, in seconds, that is waited for; beyond it the answer is an error."""

MAX_ERROR_BYTES = 64_000
"""Of an error's body no more than this is read; the sentence that matters is at its start."""

MAX_LIST_BYTES = 16_000_000
"""The longest list of models that is read: the largest has a few hundred of them in 1 MB."""

ERROR_SECONDS = 5.0
"""So long an error's body is waited for: what the status says is known without it."""

PIECE_BYTES = 1 << 16
"""So much of a packed response is unpacked at a time."""

_KEPT_HEADERS = {
    "accept", "accept-encoding", "authorization", "connection", "content-length", "content-type",
    "host", "user-agent",
}  # fmt: skip


class Clients:
    """One SDK client for each event loop that uses the endpoint, made on first use.

    A client's connections belong to the loop that opened them, and a model may be used from
    several: a script that calls `asyncio.run` twice, or a session's thread beside another loop.
    """

    def __init__(self, endpoint: Endpoint) -> None:
        self.endpoint = endpoint
        self._made: dict[asyncio.AbstractEventLoop, openai.AsyncOpenAI] = {}
        self._lock = threading.Lock()

    async def get(self) -> openai.AsyncOpenAI:
        """The running loop's client. The first one imports the SDK, in a thread: 0.5 to 0.9 s.

        Raises `ConfigurationError` where this machine has not what it takes to make one.
        """
        loop = asyncio.get_running_loop()
        if (client := self._made.get(loop)) is not None:
            return client
        return await asyncio.to_thread(self._get_or_make, loop)

    async def aclose(self) -> None:
        """Close every connection, on the loop that it belongs to if that still runs."""
        with self._lock:
            made, self._made = self._made, {}
        here = asyncio.get_running_loop()
        for loop, client in made.items():
            if loop is here:
                await client.close()
            elif loop.is_running():
                await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(client.close(), loop))

    def _get_or_make(self, loop: asyncio.AbstractEventLoop) -> openai.AsyncOpenAI:
        with self._lock:
            for dead in [other for other in self._made if other.is_closed()]:
                del self._made[dead]
            if loop not in self._made:
                self._made[loop] = self._make()
            return self._made[loop]

    def _make(self) -> openai.AsyncOpenAI:
        try:
            import httpx2
            import openai
            import openai.resources.chat.completions
        except ImportError as error:
            raise ConfigurationError(
                f"What hosted models are asked with cannot be imported ({quoted(str(error))}).",
                hint="Install the playground again.",
            ) from error

        endpoint = self.endpoint
        key = endpoint.key.get_secret_value() if endpoint.key is not None else ""
        keep_out_of_logs(key, endpoint.base_url.partition("?")[2])
        timeout = httpx2.Timeout(endpoint.timeout, connect=endpoint.connect_timeout)
        certificates = _certificates()
        try:
            http_client = _client_class()(
                timeout=timeout,
                limits=httpx2.Limits(max_connections=1000, max_keepalive_connections=100),
                # A redirect could carry key and prompt to a host that nobody has named.
                follow_redirects=False,
                verify=certificates,
                # A proxy for the world is none for this machine's own servers.
                trust_env=not endpoint.is_local,
                event_hooks={"request": [self._dress], "response": [self._bound]},
            )
        except (ValueError, ImportError, httpx2.InvalidURL) as error:
            # What is wrong with an address is said by quoting it, and it may hold a password.
            lacks = f" ({quoted(str(error))})" if isinstance(error, ImportError) else ""
            raise ConfigurationError(
                f"The proxy that the environment names cannot be used{lacks}.",
                hint=f"Check {_set_among(_PROXIES)}.",
            ) from error
        try:
            return openai.AsyncOpenAI(
                base_url=endpoint.base_url,
                # The SDK wants one, and would take OPENAI_API_KEY; `_dress` decides what is sent.
                api_key="unused",
                timeout=timeout,
                max_retries=endpoint.max_retries,
                http_client=http_client,
            )
        except (ValueError, httpx2.InvalidURL, openai.OpenAIError) as error:
            raise ConfigurationError(
                f"{endpoint.name} cannot be asked at {endpoint.address} ({quoted(str(error))}).",
                hint="Check the base URL.",
            ) from error

    async def _dress(self, request: httpx2.Request) -> None:
        """Send this endpoint's key and nothing that is another's."""
        if not self.endpoint.sdk_headers:
            for name in [name for name in request.headers if name.lower() not in _KEPT_HEADERS]:
                del request.headers[name]
        # What comes packed is not bounded by what comes: see `_bounded`.
        request.headers["Accept-Encoding"] = "identity"
        request.headers.pop("Authorization", None)
        if self.endpoint.key is not None:
            request.headers["Authorization"] = f"Bearer {self.endpoint.key.get_secret_value()}"

    async def _bound(self, response: httpx2.Response) -> None:
        """Bound what is read of a response, and how long a retry may wait."""
        wait = retry_after(response.headers)
        if wait is not None and wait > MAX_WAIT:
            response.headers["x-should-retry"] = "false"  # the SDK's own word for it
        # JSON and events are; what a header names instead may be no encoding of text at all.
        response.encoding = "utf-8"
        response.stream = _bounded(response, self.endpoint)


def _bounded(response: httpx2.Response, endpoint: Endpoint) -> Any:
    """The response's stream, which ends (an error's) or raises (an answer's) at its limit.

    It is unpacked here where it is packed all the same, a little at a time: a megabyte may hold
    gigabytes.
    """
    import httpx2

    unpack = _unpacker(response, endpoint.name)
    stream = cast("httpx2.AsyncByteStream", response.stream)
    is_error = response.status_code >= 300
    limit = MAX_LIST_BYTES if response.request.method == "GET" else MAX_TEXT_BYTES
    limit = MAX_ERROR_BYTES if is_error else limit

    async def pieces() -> AsyncGenerator[bytes, None]:
        left = limit
        async for packed in stream:
            for data in unpack(packed):
                left -= len(data)
                if left < 0:
                    if is_error:
                        return
                    raise BadResponse(
                        f"{endpoint.name} sent more than {limit:,} bytes for one request.",
                        hint="What came is kept; ask for less.",
                    )
                yield data

    class Bounded(httpx2.AsyncByteStream):
        async def __aiter__(self) -> AsyncIterator[bytes]:
            async with aclosing(pieces()) as coming:
                if is_error:
                    for data in await _what_comes(coming):
                        yield data
                    return
                async for data in coming:
                    yield data

        async def aclose(self) -> None:
            await stream.aclose()

    return Bounded()


async def _what_comes(coming: AsyncIterator[bytes]) -> list[bytes]:
    """An error's body, or as much of it as comes before it breaks off or keeps us waiting."""
    said: list[bytes] = []
    with suppress(PlaygroundError, *transport_errors()):
        async with asyncio.timeout(ERROR_SECONDS):
            async for data in coming:
                said.append(data)  # noqa: PERF401 - what came before a failure is kept
    return said


def _unpacker(response: httpx2.Response, name: str) -> Callable[[bytes], Iterator[bytes]]:
    """What makes the bytes of a response of those that come, `PIECE_BYTES` at most at a time."""
    packed = response.headers.pop("Content-Encoding", "").lower()  # none is left to the HTTP client
    ways = [way for part in packed.split(",") if (way := part.strip()) not in ("", "identity")]
    if not ways:
        return lambda data: iter((data,))

    def refuse(_data: bytes) -> Iterator[bytes]:
        raise BadResponse(
            f"{name} sent what is packed ({quoted(packed)}), though it was asked not to pack.",
            hint="Check the base URL, and what stands between here and there.",
        )

    if len(ways) > 1 or ways[0] not in ("gzip", "x-gzip", "deflate"):
        return refuse
    unpacking = zlib.decompressobj(wbits=47)

    def unpack(data: bytes) -> Iterator[bytes]:
        try:
            while piece := unpacking.decompress(data, PIECE_BYTES):
                data = unpacking.unconsumed_tail
                yield piece
        except zlib.error as error:
            raise BadResponse(
                f"What {name} sent is packed and cannot be unpacked.", hint="Try again."
            ) from error

    return unpack


@cache
def _client_class() -> type[httpx2.AsyncClient]:
    """An HTTP client whose silences the SDK does not answer with the same request again."""
    import httpx2
    import openai

    class Once(httpx2.AsyncClient):
        async def send(self, request: httpx2.Request, **how: Any) -> httpx2.Response:
            # Each of their own time-outs begins anew with every byte of a head.
            times = request.extensions.get("timeout", {})
            whole = (times.get("connect") or 0) + (times.get("read") or 0)
            try:
                async with asyncio.timeout(whole or None):
                    return await super().send(request, **how)
            except (httpx2.ReadTimeout, httpx2.WriteTimeout, TimeoutError) as error:
                # It may be at work on an answer that is paid for: a second one is asked for by
                # nobody. An error of the SDK's own is one that it does not try again.
                raise openai.APITimeoutError(request=request) from error

    return Once


@cache
def _certificates() -> ssl.SSLContext:
    """The trusted certificates, read once: it takes about 50 ms."""
    import httpx2

    try:
        return httpx2.create_ssl_context()
    except OSError as error:  # ssl.SSLError is one.
        raise ConfigurationError(
            f"The trusted certificates cannot be read ({error.strerror or error}).",
            hint=f"Check {_set_among(_CERTIFICATES)}.",
        ) from error


_CERTIFICATES: Final = ("SSL_CERT_FILE", "SSL_CERT_DIR")
_PROXIES: Final = ("HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY")


def _set_among(names: Sequence[str]) -> str:
    """Those variables that are set, in either case; all where none is."""
    there = [given for name in names for given in (name, name.lower()) if os.environ.get(given)]
    return ", ".join(there or names)
