"""A GGUF as a `ChatModel`: plans by llama.cpp's knobs, streams from the shared worker."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

from playground.errors import ModelClosed
from playground.params import SAMPLERS, knobs
from playground.providers.base import ChatModel
from playground.providers.llama.pool import Lease
from playground.providers.llama.process import RequestReport, WorkerProcess
from playground.providers.llama.protocol import (
    Began,
    ChoiceEnded,
    Done,
    EngineSettings,
    ModelFacts,
    SamplingParams,
    SentAlternative,
    SentToken,
    Text,
)
from playground.types import (
    Adjustment,
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


def _supports() -> dict[str, KnobSupport]:
    """How llama.cpp takes each knob: all of them, with our defaults where nothing is set."""
    taken = {
        name: KnobSupport(default=knob.default) if knob.numeric else KnobSupport()
        for name, knob in knobs().items()
    }
    taken["sampler_order"] = KnobSupport(default=list(SAMPLERS))
    taken["extra"] = KnobSupport(
        accepted=False, reason="a local model has no settings beyond its knobs"
    )
    return taken


class LlamaModel(ChatModel):
    """One GGUF. Every `LlamaModel` of the same file and settings shares one process."""

    def __init__(
        self,
        ref: ModelRef,
        path: Path,
        settings: EngineSettings,
        *,
        context_length: int | None = None,
    ) -> None:
        self.ref = ref
        self.path = path
        self.settings = settings
        self.facts: ModelFacts | None = None
        """What is known once the file has been opened."""
        self.capabilities = Capabilities(
            knobs=_supports(), context_length=context_length, logprobs=True
        )
        self._lease: Lease | None = None
        self._closed = False

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        """Generate; all streams of all models on this file are decoded together."""
        worker = await self._worker()
        seed = plan.params.seed
        plan = plan.adjusted(*self._notes(worker.facts))
        if seed is None:
            # Drawn here and reported: an answer that nobody can repeat teaches nothing.
            seed = secrets.randbelow(2**32 - 1)
            drawn = Adjustment(
                kind="defaulted", knob="seed", used=seed, reason="drawn; set it to repeat this"
            )
            plan = plan.adjusted(drawn, seed=seed)
            plan = plan.model_copy(update={"wire": {**plan.wire, "seed": seed}})
        params = SamplingParams.model_validate(plan.wire)
        reply = worker.generate(messages, params)
        try:
            async for report in reply:
                yield _event(report, plan)
        finally:
            reply.close()

    async def warm_up(self) -> None:
        """Start the process and read the weights now."""
        await self._worker()

    async def aclose(self) -> None:
        """Leave the worker; the last model on a file ends its process."""
        self._closed = True
        lease, self._lease = self._lease, None
        if lease is not None:
            await lease.give_back()

    async def _worker(self) -> WorkerProcess:
        if self._closed:
            raise ModelClosed(f"{self.ref} is closed.", hint="Open it again.")
        if self._lease is None or self._lease.loop is not asyncio.get_running_loop():
            self._lease = Lease(self.path, self.settings)
        worker = await self._lease.worker()
        self.facts = worker.facts
        self.capabilities = self.capabilities.model_copy(
            update={"context_length": worker.facts.context_length}
        )
        return worker

    def _notes(self, facts: ModelFacts) -> list[Adjustment]:
        """What the user should know of how this file is used."""
        if facts.template != "missing":
            return []
        return [
            Adjustment(
                kind="defaulted",
                knob="chat_template",
                used="plain",
                reason="the file has none: turns are written as `User:` and `Assistant:`",
            )
        ]


def _event(report: RequestReport, plan: Plan) -> Event:
    match report:
        case Began():
            return Started(plan)
        case Text():
            return TextDelta(report.text, report.choice, tuple(map(_token, report.tokens)))
        case ChoiceEnded():
            return Finished(report.reason, report.choice)
        case Done():
            return Completed(
                Usage(
                    input_tokens=report.input_tokens,
                    output_tokens=report.output_tokens,
                    cached_tokens=report.cached_tokens,
                )
            )


def _token(sent: SentToken) -> Token:
    return Token(
        text=sent.text,
        logprob=sent.logprob,
        alternatives=_alternatives(sent.alternatives),
        token_id=sent.id,
        data=bytes.fromhex(sent.data),
        rank=sent.rank,
        entropy=sent.entropy,
        draw=Draw(
            logprob=sent.draw.logprob,
            entropy=sent.draw.entropy,
            survivors=sent.draw.survivors,
            uniform=sent.draw.uniform,
            alternatives=_alternatives(sent.draw.alternatives),
        ),
    )


def _alternatives(sent: Sequence[SentAlternative]) -> tuple[TokenAlternative, ...]:
    return tuple(TokenAlternative(other.text, other.logprob, other.id) for other in sent)
