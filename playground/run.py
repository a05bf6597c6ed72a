"""Runs one generation: drives the backend's events, keeps what came, stamps the clock."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import AsyncGenerator, AsyncIterator, Generator, Mapping, Sequence
from contextlib import aclosing
from types import TracebackType
from typing import Any, Literal, Self

from pydantic import JsonValue

from playground.errors import PlaygroundError, StreamTruncated, UnsupportedParameter
from playground.growing import GrowingChoice
from playground.ids import new_id
from playground.lens.tokens import Tokens
from playground.machine import hardware, versions
from playground.params import GenerationParams
from playground.providers.base import ChatModel, Given
from playground.reasoning import Parter, begins_marked
from playground.types import (
    Answer,
    Choice,
    Completed,
    EndState,
    Event,
    Finished,
    Message,
    Plan,
    Problem,
    Provenance,
    ReasoningDelta,
    Receipt,
    Started,
    TextDelta,
    Timing,
    Usage,
)

Unsupported = Literal["error", "adjust"]
"""What to do with a knob that a model does not take: refuse to run, or go on without it."""

Prompt = str | Sequence[Message]

PROOF_SECONDS = 120.0
"""How long a receipt may wait for the sum of a model's file; then it goes without."""


def as_messages(prompt: Prompt, *, system: str = "") -> tuple[Message, ...]:
    """A prompt as messages: a plain string is one user turn, `system` goes before it."""
    turns = (Message(role="user", content=prompt),) if isinstance(prompt, str) else tuple(prompt)
    return (Message(role="system", content=system), *turns) if system else turns


class Run:
    """One generation, from the asking to its end, however it ends.

    It starts when it is first iterated, awaited or entered, and then runs in a task of its own:
    a slow reader delays neither the backend nor the clock. Iterating gives the events and raises
    the run's error at the end; `await run` gives the run back and raises nothing: look at `state`
    and `error`. Text that came is kept whatever happens.
    """

    def __init__(
        self,
        model: ChatModel,
        messages: Sequence[Message],
        params: GenerationParams,
        *,
        prefix: Given = "",
        unsupported: Unsupported = "error",
    ) -> None:
        self.id = new_id()
        self.model = model
        self.messages = tuple(messages)
        self.params = params
        self.prefix = prefix
        self.prefix_text = prefix if isinstance(prefix, str) else ""
        """The prefix as it reads; of one that was given as tokens, whoever gave it may say."""
        self.unsupported: Unsupported = unsupported
        self.plan: Plan | None = None
        self.provenance = Provenance()
        self._engine: Mapping[str, JsonValue] = {}
        self._opened = ""
        self._parters: dict[int, Parter] = {}
        self.choices: list[GrowingChoice] = [GrowingChoice()]
        self.usage = Usage()
        self.timing = Timing()
        self.state: EndState = "running"
        self.error: BaseException | None = None
        self._kept_receipt: Receipt | None = None
        self._task: asyncio.Task[None] | None = None
        self._began = 0.0
        self._completed = False
        self._listening = False
        self._events: deque[Event] = deque()
        self._news = asyncio.Event()

    @classmethod
    def recalled(
        cls,
        model: ChatModel,
        messages: Sequence[Message],
        params: GenerationParams,
        *,
        id: str,  # noqa: A002 - the name of what it sets
        prefix: Given,
        prefix_text: str,
        state: EndState,
        choices: Sequence[Choice],
        receipt: Receipt | None,
        usage: Usage,
        timing: Timing,
        error: BaseException | None,
    ) -> Self:
        """A run that ended earlier, as it was kept. It cannot be started again."""
        run = cls(model, messages, params, prefix=prefix, unsupported="adjust")
        run.prefix_text = prefix_text or run.prefix_text
        run.id, run.state, run.error = id, state, error
        run.usage, run.timing = usage, timing
        run._kept_receipt = receipt
        run.plan = receipt.plan if receipt is not None else None
        run.choices = [GrowingChoice.whole(choice) for choice in choices] or run.choices
        return run

    def __repr__(self) -> str:
        text = self.text
        said = f"{text[:60]!r}{'…' if len(text) > 60 else ''}"
        return f"<Run {self.id} of {self.model.ref}, {self.state}: {said}>"

    @property
    def text(self) -> str:
        """The text of the first choice, as far as it came."""
        return self.choices[0].text

    @property
    def tokens(self) -> Tokens:
        """The tokens of the first choice, where log-probabilities were asked for."""
        return self.choices[0].tokens

    @property
    def tokens_per_second(self) -> float | None:
        """Generation speed after the first token, all choices together."""
        return self.timing.tokens_per_second(self.usage.output_tokens)

    @property
    def receipt(self) -> Receipt | None:
        """What is known by now of all that is needed to repeat it; None before there is a plan.

        Which file, template and engine settings stood behind it is there once `prove` was awaited.
        """
        if self._kept_receipt is not None or self.plan is None:
            return self._kept_receipt
        provenance = self.provenance
        if provenance.engine and self._engine:
            # What the model says of itself may be older, or newer, than this run.
            engine = {**provenance.engine, **self._engine}
            provenance = provenance.model_copy(update={"engine": engine})
        return Receipt(
            model=str(self.model.ref),
            plan=self.plan,
            provenance=provenance,
            versions=versions(self.provenance.libraries),
            hardware=hardware(),
        )

    @property
    def elapsed(self) -> float:
        """Seconds since the run was asked for; the total once it has ended."""
        if self.timing.total is not None:
            return self.timing.total
        return time.perf_counter() - self._began if self._began else 0.0

    def start(self) -> Self:
        """Start now, in a task on the running loop; does nothing if it has started or ended."""
        if self._task is None and self.state == "running":
            self._began = time.perf_counter()
            self._task = asyncio.create_task(self._drive(), name=f"run {self.model.ref}")
            self._task.add_done_callback(lambda _task: self._settle())
        return self

    def _settle(self) -> None:
        """Of a task that was cancelled before its first step nothing else says that it ended."""
        if self._task is not None and self._task.done() and self.state == "running":
            self._end("cancelled")

    def listen(self) -> Self:
        """Keep the events from now on for whoever iterates later; iterating does so by itself.

        Needed only where a run is started before it is iterated.
        """
        self._listening = True
        return self

    async def cancel(self) -> None:
        """Stop the generation and wait until it has stopped; does nothing after the end."""
        if self._task is None:
            if self.state == "running":
                self.state = "cancelled"
        elif not self._task.done() and self.state == "running":
            self._task.cancel()
        await self._ended()

    async def prove(self, patience: float = PROOF_SECONDS) -> Receipt | None:
        """The receipt, completed with what the backend knows of the model.

        The sum of a large file takes a while the first time (it is remembered): after `patience`
        seconds the receipt goes without it. What fails here does not fail the run: it shows as a
        gap in the receipt. None if the run was never planned.
        """
        asking = asyncio.ensure_future(self.model.provenance())
        asking.add_done_callback(_seen)
        await asyncio.wait([asking], timeout=patience)
        if asking.done() and not asking.cancelled() and asking.exception() is None:
            self.provenance = asking.result()
        return self.receipt

    async def ended(self, patience: float | None = None) -> bool:
        """Wait for the end, so many seconds at most; whether it has come. Starts nothing."""
        if self._task is not None and not self._task.done():
            await asyncio.wait([self._task], timeout=patience)
        self._settle()
        return self.state != "running"

    async def _ended(self) -> None:
        await self.ended()

    async def _wait(self) -> Self:
        self.start()
        await self._ended()
        return self

    def __await__(self) -> Generator[Any, None, Self]:
        return self._wait().__await__()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.cancel()

    async def __aiter__(self) -> AsyncIterator[Event]:
        self.listen().start()
        while True:
            while self._events:
                yield self._events.popleft()
            if self.state != "running":
                break
            self._news.clear()
            await self._news.wait()
        if self.error is not None:
            raise self.error

    async def _drive(self) -> None:
        """The task behind the run: it ends in exactly one end state and never raises."""
        try:
            plan = self.model.plan(self.params)
            self.plan = plan
            if self.unsupported == "error" and plan.departures:
                raise UnsupportedParameter(
                    f"{self.model.ref}: {'; '.join(map(str, plan.departures))}.",
                    hint='Leave it out, or run with unsupported="adjust".',
                )
            async with aclosing(self._stream(plan)) as events:
                async for event in events:
                    self._take(event)
            if not self._completed:
                raise StreamTruncated(
                    f"The answer of {self.model.ref} ended without its last event.",
                    hint="What came is kept; try again.",
                )
            self._end("done")
        except asyncio.CancelledError:
            self._end("cancelled")
        except Exception as error:  # noqa: BLE001 - kept, and raised where the run is read
            self.error = error
            self._end("failed")

    def _stream(self, plan: Plan) -> AsyncGenerator[Event, None]:
        if self.prefix:
            return self.model.continue_from(self.messages, self.prefix, plan)
        return self.model.stream(self.messages, plan)

    def _take(self, event: Event) -> None:
        now = time.perf_counter() - self._began
        match event:
            case TextDelta():
                self._note_first_token(now)
                parter = self._parter(event.choice)
                for delta in (event,) if parter.idle else parter.take(event):
                    self._grow(delta)
                return
            case ReasoningDelta():
                self._note_first_token(now)
                self._grow(event)
                return
            case Finished():
                for delta in self._parter(event.choice).rest(event.choice):
                    self._grow(delta)
                self._choice(event.choice).take(event)
            case Started():
                self.plan = event.plan
                self._engine = event.engine
                self._opened = event.opened
                self.timing = self._timed(queued=now)
            case Completed():
                self.usage = event.usage
                self._completed = True
        self._tell(event)

    def _note_first_token(self, now: float) -> None:
        if self.timing.first_token is None:
            self.timing = self._timed(first_token=now)

    def _grow(self, delta: TextDelta | ReasoningDelta) -> None:
        self._choice(delta.choice).take(delta)
        self._tell(delta)

    def _tell(self, event: Event) -> None:
        if self._listening:
            self._events.append(event)
            self._news.set()

    def _parter(self, choice: int) -> Parter:
        """Parts the reasoning that a model writes into its answer; it may have begun already."""
        known = self._parters.get(choice)
        if known is None:
            opened = "" if begins_marked(self.prefix_text) else self._opened
            known = self._parters[choice] = Parter(opened + self.prefix_text)
        return known

    def _timed(self, **moments: float) -> Timing:
        return Timing.model_construct(**{**self.timing.__dict__, **moments})

    def _choice(self, index: int) -> GrowingChoice:
        while len(self.choices) <= index:
            self.choices.append(GrowingChoice())
        return self.choices[index]

    def _end(self, state: EndState) -> None:
        for choice, parter in self._parters.items():
            for delta in parter.rest(choice):
                self._grow(delta)
        self.timing = self._timed(total=time.perf_counter() - self._began)
        self.state = state
        self._news.set()

    def answer(self) -> Answer:
        """The run as data, as far as it came."""
        return Answer.of(
            id=self.id,
            model=str(self.model.ref),
            state=self.state,
            choices=[choice.so_far() for choice in self.choices],
            usage=self.usage,
            timing=self.timing,
            params=self.params.model_dump(mode="json", exclude_none=True),
            plan=self.plan,
            receipt=self.receipt,
            error=problem_of(self.error) if self.error else None,
        )


def _seen(task: asyncio.Future[Any]) -> None:
    """Read a task's exception, so that the loop does not report what nobody waits for."""
    if not task.cancelled():
        task.exception()


def problem_of(error: BaseException) -> Problem:
    """An error as data."""
    known = isinstance(error, PlaygroundError)
    message = str(error) if known else f"{type(error).__name__}: {error}"
    return Problem(kind=type(error).__name__, message=message)


def generate(
    model: ChatModel,
    prompt: Prompt,
    params: GenerationParams | None = None,
    *,
    system: str = "",
    prefix: Given = "",
    unsupported: Unsupported = "error",
    **knobs: Any,
) -> Run:
    """A run of `prompt` on an open model; `knobs` are set on top of `params`.

    `prefix` is the beginning of the answer, to go on from: text, or the very tokens.

    `async for event in generate(...)` streams it, `await generate(...)` waits for the whole.
    Raises `InvalidParameter` at once for a knob that does not exist or is out of its range.
    """
    asked = (params or GenerationParams()).updated(**knobs)
    messages = as_messages(prompt, system=system)
    return Run(model, messages, asked, prefix=prefix, unsupported=unsupported)


async def text_of(run: Run) -> AsyncGenerator[str, None]:
    """The text of a run's first choice, piece by piece; leaving early cancels the run."""
    async with run:
        async for event in run:
            if isinstance(event, TextDelta) and event.choice == 0:
                yield event.text
