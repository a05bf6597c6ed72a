"""Where the runs of one model are made: here, or wherever an executor has put it."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any, Final

from playground.background import off_loop
from playground.errors import BadResponse, HostedError, PlaygroundError, StreamTruncated, TimedOut
from playground.history.saving import BegunRun, EndedRun
from playground.lens.tokens import Tokens
from playground.params import GenerationParams
from playground.providers.base import ChatModel
from playground.providers.registry import open_hurried
from playground.run import Run
from playground.types import Answer, Capabilities, Message, Provenance

PROOF_SECONDS = 300.0
"""How long a lane waits for the sum of its model's file before it starts without."""


def names_of(*errors: type[PlaygroundError]) -> frozenset[str]:
    """What an outcome, and the history, call these errors."""
    return frozenset(error.__name__ for error in errors)


MAY_HAVE_COST: Final = names_of(TimedOut, StreamTruncated, BadResponse)
"""Errors of an endpoint that may have been at work on an answer, of which nothing need have come.

One that says that it failed or refused, or that was not reached, bills nothing before it has begun.
"""


def may_have_cost(error: str, *, wrote: bool) -> bool:
    """Whether a run that ended in this kind of error (empty: in none) may have been billed."""
    return not error or wrote or error in MAY_HAVE_COST


@dataclass(frozen=True, slots=True)
class Work:
    """One run to be made. `answers` is how many to the same messages the whole sweep wants."""

    messages: tuple[Message, ...]
    params: GenerationParams
    answers: int = 1


@dataclass(frozen=True, slots=True)
class Outcome:
    """A run that has ended: as it is kept, as data, and its tokens' figures.

    `wait` is how many seconds the endpoint asks to wait before the next request, where it does.
    """

    begun: BegunRun
    ended: EndedRun
    answer: Answer
    tokens: Tokens
    wait: float | None = None

    @property
    def error(self) -> str:
        """The kind of error it ended with; empty if with none."""
        return self.ended.error.kind if self.ended.error is not None else ""

    @property
    def wrote(self) -> bool:
        """Whether anything came before it ended."""
        return any(choice.text or choice.reasoning for choice in self.answer.choices)


class Lane(ABC):
    """Makes the runs of one model. What it says of the model is known once it has started.

    `parallel` is how many runs it makes at once (None: only trying tells). Where that changes while
    it works, `changed` is told, with a sentence that says why. Before `opens`, by `time.monotonic`,
    the endpoint has said that it takes nothing.
    """

    ref: str
    capabilities: Capabilities
    parallel: int | None = None
    provenance: Provenance = Provenance()
    changed: Callable[[int | None, str], Coroutine[Any, Any, None]] | None = None
    opens: float = 0.0

    @abstractmethod
    async def start(self) -> None:
        """Make the model ready; raises what opening it raises."""

    @abstractmethod
    async def make(self, work: Work) -> Outcome:
        """Make one run, and cancel it when cancelled.

        Raises nothing of the model's; a `PlaygroundError` where the lane itself cannot go on.
        """

    @abstractmethod
    async def aclose(self) -> None:
        """Let the model go."""


Executor = Callable[[str], Lane]
"""Makes the lane of a model reference."""


class HereLane(Lane):
    """Runs made in this process."""

    def __init__(self, ref: str, opened: Callable[[str], ChatModel] = open_hurried) -> None:
        self.ref = ref
        self._open = opened
        self._model: ChatModel | None = None

    @property
    def model(self) -> ChatModel:
        """The open model."""
        if self._model is None:
            self._model = self._open(self.ref)
        return self._model

    async def start(self) -> None:
        """Open it, read its weights, and find out what receipts say of it."""
        # Opening looks at files and may import an SDK.
        self._model = await off_loop(lambda: self._open(self.ref))
        await self._model.warm_up()
        with contextlib.suppress(TimeoutError):
            self.provenance = await asyncio.wait_for(self._model.provenance(), PROOF_SECONDS)
        self.parallel = self._model.parallel
        self.capabilities = self._model.capabilities
        # What is loaded by now stays. Looking through all of it for garbage again and again would
        # hold up every answer at work, with an SDK a tenth of a second each time.
        gc.freeze()

    async def make(self, work: Work) -> Outcome:
        """Make one run."""
        self.model.expect(work.messages, work.answers)
        run = Run(self.model, work.messages, work.params, unsupported="adjust")
        run.provenance = self.provenance
        created = time.time()
        async with run:
            await run
        self.opens = self.model.opens
        return outcome_of(run, created)

    async def aclose(self) -> None:
        """Close the model."""
        if self._model is not None:
            await self._model.aclose()


def outcome_of(run: Run, created: float) -> Outcome:
    """What came of a run that has ended."""
    choice = run.choices[0]
    answer = run.answer()
    return Outcome(
        begun=BegunRun(
            id=run.id,
            model=str(run.model.ref),
            messages=run.messages,
            prefix="",
            params=run.params,
            created=created,
        ),
        ended=EndedRun(
            id=run.id,
            state=run.state,
            choices=answer.choices[:1],
            tokens=(choice.tokens,),
            receipt=answer.receipt,
            usage=run.usage,
            timing=run.timing,
            error=answer.error,
        ),
        answer=answer,
        tokens=choice.tokens,
        wait=run.error.wait if isinstance(run.error, HostedError) else None,
    )
