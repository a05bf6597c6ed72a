"""One open model behind an OpenAI-style endpoint."""

from __future__ import annotations

import asyncio
import bisect
import time
from collections.abc import (
    AsyncGenerator,
    AsyncIterator,
    Awaitable,
    Callable,
    Collection,
    Iterator,
    Sequence,
)
from contextlib import aclosing, asynccontextmanager, contextmanager, suppress
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import JsonValue

from playground.catalogue import ModelSpec, ProviderSpec
from playground.errors import (
    BadResponse,
    ModelClosed,
    PlaygroundError,
    UnknownModel,
    did_you_mean,
)
from playground.params import GenerationParams, knobs
from playground.providers.base import ChatModel
from playground.providers.openai.allowance import spent_for
from playground.providers.openai.chunks import AnswerReader
from playground.providers.openai.client import MAX_WAIT, Clients
from playground.providers.openai.endpoint import Endpoint
from playground.providers.openai.events import (
    MAX_BODY_BYTES,
    EventSplitter,
    comes_at_once,
    parse,
    too_long,
)
from playground.providers.openai.faults import (
    Source,
    fault_of,
    mentions,
    scrub_error,
    transport_errors,
)
from playground.providers.openai.listing import listed
from playground.providers.openai.scrubbing import Scrubber
from playground.providers.openai.sendable import unsendable
from playground.providers.openai.usage import read_cost, read_usage
from playground.providers.planning import make_plan
from playground.types import (
    Capabilities,
    Event,
    KnobSupport,
    Message,
    ModelRef,
    Plan,
    Provenance,
    Started,
    Usage,
)

if TYPE_CHECKING:
    import httpx2
    import openai
    from openai import AsyncStream

_Result = TypeVar("_Result")

WORDS = {
    "max_length": "max_tokens",
    "repeat_penalty": "repetition_penalty",
    "logprobs": "top_logprobs",
}
"""The protocol's word for a knob, where it is not ours and the catalogue names no other."""

ENGINE_ONLY = (
    "it belongs to llama.cpp's samplers; a server that takes it can say so in its provider.toml"
)

RESERVED = dict.fromkeys(
    ("model", "messages", "stream"), "the playground sets this one itself: it cannot be passed"
)

DRAIN_TIMEOUT = 0.1
"""Seconds to wait for the end of a stream whose answer is whole: its connection is used again."""

USAGE_TIMEOUT = 10.0
"""Seconds to wait for the token counts once every choice has ended."""

LIST_TIMEOUT = 5.0
"""Seconds for an endpoint to list its models."""

MOST_COMPARED = 1_000
"""With so many names an unknown one is compared, which takes a fifth of a second."""


def capabilities(spec: ProviderSpec, model: ModelSpec | None) -> Capabilities:
    """What the catalogue knows of a model: the provider's word overlaid by the model's.

    Of a model that the catalogue does not list where it lists others, only what the endpoint
    never takes is known; the rest is sent as asked, and the endpoint decides.
    """
    supports: dict[str, KnobSupport] = {}
    for name, knob in knobs().items():
        support = spec.knob(name, model)
        if knob.engine and support.accepted is None and not support.wire:
            support = KnobSupport(accepted=False, reason=ENGINE_ONLY)
        if name == "sampler_order" and not support.wire and support.accepted is not False:
            support = KnobSupport(
                accepted=False,
                reason="chat completions have no word for it; what this server calls it may be "
                "passed in extra",
            )
        if model is None and spec.models and support.accepted:
            support = support.model_copy(update={"accepted": None})
        changes: dict[str, Any] = {}
        if not support.wire:
            changes["wire"] = WORDS.get(name, name)
        if name == "max_length" and model and model.max_output and support.maximum is None:
            changes["maximum"] = model.max_output
        supports[name] = support.model_copy(update=changes)
    return Capabilities(
        knobs=supports,
        context_length=model.context_length if model else None,
        logprobs=supports["logprobs"].accepted is True,
    )


def spell(name: str, wire_name: str, value: JsonValue) -> dict[str, JsonValue]:
    """The payload words of a knob: the protocol asks for log-probabilities with a pair of them."""
    if name == "logprobs" and wire_name == "top_logprobs":
        return {"logprobs": True, "top_logprobs": value}
    return {wire_name: value}


class OpenAIModel(ChatModel):
    """One model at one endpoint. Connections are made when it is first used."""

    def __init__(self, model: str, spec: ProviderSpec, endpoint: Endpoint) -> None:
        self.ref = ModelRef(provider=spec.id, model=model)
        self.capabilities = capabilities(spec, spec.models.get(model))
        self.endpoint = endpoint
        self._spec = spec
        self._entry = spec.models.get(model)
        self._source = Source(str(self.ref), endpoint.key)
        self._clients = Clients(endpoint)
        self._asks_usage = spec.stream_usage
        self._closed = False
        self._waits: set[tuple[asyncio.AbstractEventLoop, asyncio.Timeout]] = set()

    def plan(self, params: GenerationParams) -> Plan:
        """What will really be sent; `wire` is the request's body beside model and messages."""
        return make_plan(self.ref, params, self.capabilities.knobs, spell=spell, reserved=RESERVED)

    async def provenance(self) -> Provenance:
        """Where requests go (never with what a query may hold), and through which library."""
        return Provenance(endpoint=self.endpoint.address, libraries=("openai",))

    async def warm_up(self) -> None:
        """Import the SDK and make a client, so that the first request does not wait for it."""
        await self._clients.get()

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        """One streamed chat completion; closing the generator closes its connection."""
        self._check_open()
        wanted, likeliest = plan.effective.get("n"), plan.effective.get("logprobs")
        passed_on = plan.wire.get("n")
        reader = AnswerReader(
            self._source,
            wanted=wanted if isinstance(wanted, int) else 1,
            passed_on=passed_on if isinstance(passed_on, int) else 1,
            likeliest=likeliest if isinstance(likeliest, int) else None,
        )
        scrubber = Scrubber(self.endpoint.key)
        await self._clients.get()
        try:
            async with self._response(messages, plan) as response:
                reader.begun = True
                if spent := spent_for(response.headers):
                    self.opens = time.monotonic() + spent
                yield Started(plan)
                patience = _Patience(self.endpoint, reader)
                async with aclosing(self._chunks(response, patience)) as chunks:
                    async for chunk in chunks:
                        for event in reader.take(chunk):
                            patience.begin_anew()
                            for shown in scrubber.take(event):
                                yield shown
        except PlaygroundError as error:
            for event in scrubber.rest():
                yield event
            # What came may repeat the key; an error may not.
            scrub_error(error, self.endpoint.key)
            raise
        except transport_errors() as error:
            for event in scrubber.rest():
                yield event
            # An answer that is whole stays whole: only the count of its tokens may be missing.
            if self._closed or not reader.complete:
                raise await self._fault(error, reader) from error
        for event in (*scrubber.rest(), *reader.end(self._usage(reader))):
            yield event

    async def aclose(self) -> None:
        """Close every connection; running streams end with `ModelClosed`."""
        self._closed = True
        for loop, wait in list(self._waits):
            if not loop.is_closed():
                loop.call_soon_threadsafe(_expire, loop, wait)
        await self._clients.aclose()

    def _check_open(self) -> None:
        if self._closed:
            raise ModelClosed(f"{self.ref} was closed.", hint="Open it again.")

    @asynccontextmanager
    async def _response(
        self, messages: Sequence[Message], plan: Plan
    ) -> AsyncIterator[httpx2.Response]:
        """The response, once its head is here; its connection is closed on the way out.

        An endpoint that refuses to be asked for usage is asked once more without, and that is
        remembered.
        """
        import openai

        asks_usage = self._asks_usage and "stream_options" not in plan.wire
        try:
            response = await self._send(messages, plan, asks_usage=asks_usage)
        except (openai.BadRequestError, openai.UnprocessableEntityError) as error:
            if not asks_usage or not mentions(error.body, "stream_options"):
                raise
            response = await self._send(messages, plan, asks_usage=False)
            self._asks_usage = False
        try:
            yield response
        finally:
            await response.aclose()

    async def _send(
        self, messages: Sequence[Message], plan: Plan, *, asks_usage: bool
    ) -> httpx2.Response:
        client = await self._clients.get()
        words: dict[str, Any] = {"stream_options": {"include_usage": True}} if asks_usage else {}
        turns: Any = [{"role": turn.role, "content": turn.content} for turn in messages]

        def ask() -> Awaitable[AsyncStream[Any]]:
            found: Awaitable[AsyncStream[Any]] = client.chat.completions.create(
                model=self.ref.model, messages=turns, stream=True, extra_body=plan.wire, **words
            )
            return found

        tries = self.endpoint.max_retries + 1
        longest = tries * (self.endpoint.timeout + self.endpoint.connect_timeout + MAX_WAIT)
        try:
            stream = await self._within(longest, ask)
        except ValueError as error:
            if (ours := unsendable(self.ref, messages, plan)) is None:
                raise
            raise ours from error
        # Its bytes are read here, within bounds that the SDK's own reader does not have.
        return stream.response

    async def _chunks(
        self, response: httpx2.Response, patience: _Patience
    ) -> AsyncGenerator[dict[str, Any], None]:
        """The JSON objects of a response: of each server-sent event, or of the one body."""
        name = self._source.name
        kind = response.headers.get("content-type", "").partition(";")[0].strip().lower()
        if kind == "text/html":
            raise self._web_page()
        events = EventSplitter(self._source)
        whole, at_once, begins = bytearray(), None, b""
        pieces = response.aiter_bytes()
        while (piece := await self._next(pieces, patience)) is not None:
            begins = begins or piece.lstrip()[:1]
            if at_once is None:
                at_once = comes_at_once(piece, kind)
            if at_once is not False:
                whole += piece
                if len(whole) > MAX_BODY_BYTES:
                    raise too_long(self._source)
                continue
            for data in events.feed(piece):
                if data.startswith("[DONE]"):
                    await self._drain(pieces)
                    return
                yield parse(self._source, data)
        if begins == b"<" and not events.seen:
            raise self._web_page()
        if at_once or (at_once is None and kind == "application/json"):
            yield parse(self._source, whole.decode("utf-8", "replace"))
            return
        for data in events.finish():
            if not data.startswith("[DONE]"):
                yield parse(self._source, data)
        if not events.seen and kind != "text/event-stream":
            raise BadResponse(
                f"{name} answered with {kind or 'something'}, which is no stream of events.",
                hint=f"Check the base URL, {self.endpoint.address}.",
            )

    def _web_page(self) -> BadResponse:
        return BadResponse(
            f"{self._source.name} answered with a web page.",
            hint=f"Check the base URL, {self.endpoint.address}: most end in /v1.",
        )

    async def _next(self, pieces: AsyncIterator[bytes], patience: _Patience) -> bytes | None:
        """More bytes of the response, None at its end; raises where it stays silent too long."""
        with patience.spent():
            return await self._within(patience.left(), lambda: anext(pieces, None))

    async def _drain(self, pieces: AsyncIterator[bytes]) -> None:
        """Read to the very end of a stream that is done, so that its connection is kept."""
        try:
            async with asyncio.timeout(DRAIN_TIMEOUT):
                while await anext(pieces, None) is not None:
                    pass
        except transport_errors():
            return  # The answer is whole: a connection that cannot be used again costs nobody.

    async def _within(self, seconds: float, work: Callable[[], Awaitable[_Result]]) -> _Result:
        """Await the work, for so long at most, and only until the model is closed."""
        self._check_open()
        loop = asyncio.get_running_loop()
        async with asyncio.timeout(seconds) as wait:
            entry = (loop, wait)
            self._waits.add(entry)
            try:
                return await work()
            finally:
                self._waits.discard(entry)

    def _usage(self, reader: AnswerReader) -> Usage:
        """The counts that the endpoint gave, with what they cost where that is known."""
        usage = read_usage(reader.usage)
        told = read_cost(reader.usage) if self._spec.reports_cost else None
        if told is not None:
            return usage.model_copy(update={"cost": told})
        return usage.model_copy(update={"cost": cost_of(usage, self._entry)})

    async def _fault(self, error: Exception, reader: AnswerReader) -> PlaygroundError:
        """The error of ours for one of the transport's."""
        import openai

        if self._closed:
            return ModelClosed(f"{self.ref} was closed while it answered.")
        if isinstance(error, openai.NotFoundError):
            return await self._not_found(error)
        return fault_of(error, self.endpoint, begun=reader.begun, said=reader.said)

    async def _not_found(self, error: openai.NotFoundError) -> PlaygroundError:
        """A 404 is a wrong model, unless the endpoint lists it, or a wrong address."""
        fault = fault_of(error, self.endpoint)
        names = await self._names_there()
        if self.ref.model in names or not (names or error.code == "model_not_found"):
            return fault
        return UnknownModel(
            f"{self.endpoint.name} has no model {self.ref.model!r}.",
            hint=did_you_mean(
                self.ref.model, neighbours(self.ref.model, names | {*self._spec.models})
            )
            or f"`playground models {self.endpoint.name}` lists what it has.",
        )

    async def _names_there(self) -> set[str]:
        """The models that the endpoint lists; none where it does not say so at once.

        Only a help to name the right one: what goes wrong here is not what is reported.
        """
        if not self._spec.lists_models:
            return set()
        client = (await self._clients.get()).with_options(max_retries=0)
        try:
            async with asyncio.timeout(LIST_TIMEOUT):
                return {
                    entry.ref.model
                    for entry in await listed(client, Source(self.ref.provider, self.endpoint.key))
                }
        except PlaygroundError:
            return set()
        except transport_errors():
            return set()


class _Patience:
    """How long the next bytes of a stream are waited for.

    Keep-alives are bytes but say nothing: they put off the end of a silence, not for ever.
    """

    def __init__(self, endpoint: Endpoint, reader: AnswerReader) -> None:
        self._endpoint = endpoint
        self._reader = reader
        self._waited = 0.0

    def begin_anew(self) -> None:
        """The endpoint has said something."""
        self._waited = 0.0

    def left(self) -> float:
        """Seconds, from now on; raises `TimeoutError` where there are none."""
        first, stall = self._endpoint.timeout, self._endpoint.stall_timeout
        if self._reader.complete:
            left = USAGE_TIMEOUT - self._waited
        elif self._reader.said:
            left = min(stall, max(first, stall) - self._waited)
        else:
            left = first - self._waited
        if left <= 0:
            raise TimeoutError
        return left

    @contextmanager
    def spent(self) -> Iterator[None]:
        """Count what is waited within; what is done with the bytes in between is our own time."""
        began = time.monotonic()
        yield
        self._waited += time.monotonic() - began


def _expire(loop: asyncio.AbstractEventLoop, wait: asyncio.Timeout) -> None:
    """End a wait now; one that has ended meanwhile is left alone."""
    with suppress(RuntimeError):
        wait.reschedule(loop.time())


def neighbours(name: str, names: Collection[str]) -> Sequence[str]:
    """The names, and where they are very many those around this one: the search is slow."""
    if len(names) <= MOST_COMPARED:
        return list(names)
    ordered = sorted(names)
    place = bisect.bisect(ordered, name)
    start = min(max(place - MOST_COMPARED // 2, 0), len(ordered) - MOST_COMPARED)
    return ordered[start : start + MOST_COMPARED]


def cost_of(usage: Usage, model: ModelSpec | None) -> float | None:
    """US dollars, from the catalogue's prices; None where a price or a count is not known."""
    if model is None or model.input_price is None or model.output_price is None:
        return None
    if usage.input_tokens is None or usage.output_tokens is None:
        return None
    cached = min(usage.cached_tokens or 0, usage.input_tokens)
    cached_price = model.cached_input_price
    if cached_price is None:
        cached_price = model.input_price
    millionths = (
        (usage.input_tokens - cached) * model.input_price
        + cached * cached_price
        + usage.output_tokens * model.output_price
    )
    return millionths / 1_000_000
