"""A GGUF as a `ChatModel`: plans by llama.cpp's knobs, streams from the shared worker."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from playground.background import off_loop
from playground.errors import InvalidParameter, LocalError, ModelClosed, ModelFileError
from playground.fingerprints import fingerprint
from playground.params import SAMPLERS, SEEDS, GenerationParams, knobs
from playground.providers.base import ChatModel, Given
from playground.providers.llama.files import all_parts
from playground.providers.llama.pool import Lease
from playground.providers.llama.process import WorkerProcess
from playground.providers.llama.protocol import (
    MOST_ALTERNATIVES,
    EngineSettings,
    Generate,
    ListVocabulary,
    Look,
    ModelFacts,
    Occupancy,
    Question,
    SamplingParams,
    Score,
    Scored,
    Tokenize,
    Tokens,
    Vocabulary,
    Watch,
    WholeDistribution,
)
from playground.providers.llama.reading import read_event, read_logits, read_scores
from playground.providers.llama.schema import MOST_DEEP, too_deep, words_left_out
from playground.types import (
    Adjustment,
    Capabilities,
    Event,
    KnobSupport,
    Message,
    ModelFile,
    ModelRef,
    Plan,
    Provenance,
    ScoredToken,
)

if TYPE_CHECKING:
    from playground.distribution import Distribution

MOST_TOKEN_IDS = 2**31
"""No vocabulary has more."""

_Answer = TypeVar("_Answer", Scored, WholeDistribution, Tokens, Vocabulary, Occupancy)


def _supports(overrides: Mapping[str, KnobSupport]) -> dict[str, KnobSupport]:
    """How llama.cpp takes each knob: all of them, with our defaults where nothing is set.

    `overrides` are the catalogue's words for one model.
    """
    taken = {
        name: KnobSupport(default=knob.default) if knob.numeric else KnobSupport()
        for name, knob in knobs().items()
    }
    taken["sampler_order"] = KnobSupport(default=list(SAMPLERS))
    taken["extra"] = KnobSupport(
        accepted=False, reason="a local model has no settings beyond its knobs"
    )
    return {**taken, **overrides}


class LlamaModel(ChatModel):
    """One GGUF. Every `LlamaModel` of the same file and settings shares one process."""

    def __init__(
        self,
        ref: ModelRef,
        path: Path,
        settings: EngineSettings,
        *,
        context_length: int | None = None,
        knob_overrides: Mapping[str, KnobSupport] = MappingProxyType({}),
    ) -> None:
        self.ref = ref
        self.path = path
        self.settings = settings
        self.facts: ModelFacts | None = None
        """What is known once the file has been opened."""
        self.capabilities = Capabilities(
            knobs=_supports(knob_overrides), context_length=context_length, logprobs=True
        )
        self._leases: list[Lease] = []
        """One for each event loop that has asked: a script may have had several."""
        self._pieces: tuple[bytes, ...] | None = None
        self._closed = False
        self._expected: tuple[tuple[Message, ...], int] = ((), 1)

    def plan(self, params: GenerationParams) -> Plan:
        """What will be done. Words of a `json_schema` that no grammar can say are dropped."""
        plan = super().plan(params)
        left_out = [
            Adjustment(
                kind="dropped",
                knob=f"json_schema ({word})",
                reason="a grammar of llama.cpp cannot say it; the rest is followed",
            )
            for word in words_left_out(params.json_schema)
        ]
        return plan.adjusted(*left_out) if left_out else plan

    def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        """Generate; all streams of all models on this file are decoded together."""
        return self._generate(messages, "", plan)

    def continue_from(
        self, messages: Sequence[Message], prefix: Given, plan: Plan
    ) -> AsyncGenerator[Event, None]:
        """Generate what follows `prefix`; it throws the same dice as a run that wrote it."""
        return self._generate(messages, prefix, plan)

    async def _generate(
        self, messages: Sequence[Message], prefix: Given, plan: Plan
    ) -> AsyncGenerator[Event, None]:
        worker = await self._worker()
        plan = plan.adjusted(*self._notes(worker.facts))
        if plan.params.seed is None:
            # Drawn here and reported: an answer that nobody can repeat teaches nothing.
            seed = secrets.randbelow(SEEDS)
            drawn = Adjustment(
                kind="defaulted", knob="seed", used=seed, reason="drawn; set it to repeat this"
            )
            plan = plan.adjusted(drawn, seed=seed)
            plan = plan.model_copy(update={"wire": {**plan.wire, "seed": seed}})
        _check_depth(plan.params)
        params = SamplingParams.model_validate(plan.wire)
        turns, given = tuple(messages), _given(prefix)
        expected, answers = self._expected
        reply = worker.ask(
            lambda number: Generate(
                id=number,
                messages=turns,
                params=params,
                prefix=given,
                answers=answers if turns == expected else 1,
            )
        )
        try:
            async for report in reply:
                yield read_event(report, plan)
        finally:
            reply.close()

    async def score(
        self,
        messages: Sequence[Message],
        continuation: Given,
        settings: Sequence[GenerationParams] = (),
        *,
        alternatives: int = 0,
    ) -> tuple[ScoredToken, ...]:
        """Score a continuation in one pass, raw and under each of `settings`.

        Raises `InvalidParameter` for a setting with Mirostat, which steers by what it draws itself,
        and for more alternatives than a report has room for.
        """
        if not 0 <= alternatives <= MOST_ALTERNATIVES:
            raise InvalidParameter(
                f"alternatives={alternatives}: from 0 to {MOST_ALTERNATIVES} can be reported."
            )
        for params in settings:
            _check_depth(params)
        wires = [{"seed": 0, **self.plan(params).wire} for params in settings]
        chains = tuple(map(SamplingParams.model_validate, wires))
        if any(chain.mirostat for chain in chains):
            raise InvalidParameter(
                "What Mirostat makes of a given text cannot be told: it steers by the tokens that "
                "it draws itself.",
                hint="Score with mirostat 0.",
            )
        turns, text = tuple(messages), _given(continuation)
        report = await self._ask(
            Scored,
            lambda number: Score(
                id=number,
                messages=turns,
                continuation=text,
                settings=chains,
                alternatives=alternatives,
            ),
        )
        return read_scores(report)

    async def next_token(self, messages: Sequence[Message], prefix: Given = "") -> Distribution:
        """The whole raw distribution of the token after `prefix`; it knows its tokens' bytes."""
        import numpy as np

        from playground.distribution import Distribution

        turns, text = tuple(messages), _given(prefix)
        report = await self._ask(
            WholeDistribution, lambda number: Look(id=number, messages=turns, prefix=text)
        )
        logits = np.frombuffer(read_logits(report), dtype="<f4")
        return Distribution.of(logits, await self.vocabulary())

    async def tokenize(self, text: str) -> tuple[int, ...]:
        """The tokens of a text, without special ones."""
        report = await self._ask(Tokens, lambda number: Tokenize(id=number, text=text))
        return report.tokens

    async def detokenize(self, tokens: Sequence[int]) -> bytes:
        """The bytes that tokens stand for; raises `LocalError` for one that does not exist."""
        pieces = await self.vocabulary()
        if any(not 0 <= token < len(pieces) for token in tokens):
            raise LocalError(f"There are tokens 0 to {len(pieces) - 1:,} only.")
        return b"".join(pieces[token] for token in tokens)

    async def vocabulary(self) -> Sequence[bytes]:
        """The bytes of every token, by id; asked for once."""
        if self._pieces is None:
            report = await self._ask(Vocabulary, lambda number: ListVocabulary(id=number))
            self._pieces = tuple(bytes.fromhex(piece) for piece in report.pieces)
        return self._pieces

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """How many tokens a prompt will have, with everything that the template adds."""
        return len(await self.prompt_tokens(messages))

    async def prompt_tokens(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """The ids of a prompt's tokens, with everything that the template adds."""
        turns = tuple(messages)
        report = await self._ask(Tokens, lambda number: Tokenize(id=number, messages=turns))
        return report.tokens

    async def occupancy(self) -> Occupancy:
        """How full the engine of this file is, with everybody's requests."""
        return await self._ask(Occupancy, lambda number: Watch(id=number))

    async def _ask(self, kind: type[_Answer], make: Callable[[int], Question]) -> _Answer:
        """Put a question that has one answer, of this kind."""
        worker = await self._worker()
        report = await worker.ask(make).last()
        if not isinstance(report, kind):
            raise TypeError(f"asked for {kind.__name__}, got {type(report).__name__}")
        return report

    def expect(self, messages: Sequence[Message], answers: int) -> None:
        """Many answers to one prompt are decoded in one pool of KV cells, where that is faster."""
        self._expected = (tuple(messages), max(1, answers))

    async def provenance(self) -> Provenance:
        """The file and its sum, the chat template, and the settings that are in use.

        The sum of a file is computed once; it takes seconds for gigabytes. Raises `ModelFileError`
        where the file has gone.
        """
        parts = all_parts(self.path)
        try:
            size = sum(part.stat().st_size for part in parts)
            digest = await off_loop(lambda: fingerprint(parts))
        except OSError as error:
            raise ModelFileError(f"{self.path} cannot be read: {error.strerror}.") from error
        # The worker may have gone since: what it ran with is still what it ran with.
        facts = self.facts
        engine = facts.model_dump(mode="json", exclude_defaults=True) if facts is not None else {}
        template = engine.pop("template", "")
        written = engine.pop("template_sha256", "")
        return Provenance(
            file=ModelFile(path=str(self.path), bytes=size, sha256=digest),
            template=written or template,
            engine=engine,
            libraries=("llama-cpp-python",),
        )

    async def warm_up(self) -> None:
        """Start the process and read the weights now."""
        await self._worker()

    @property
    def parallel(self) -> int | None:
        """The sequences that are decoded together; None before the file has been opened."""
        return self.facts.sequences if self.facts is not None else None

    async def aclose(self) -> None:
        """Leave the worker; the last model on a file ends its process."""
        self._closed = True
        while self._leases:
            await self._leases.pop().give_back()

    async def _worker(self) -> WorkerProcess:
        if self._closed:
            raise ModelClosed(f"{self.ref} is closed.", hint="Open it again.")
        loop = asyncio.get_running_loop()
        lease = next((one for one in self._leases if one.loop is loop), None)
        if lease is None:
            lease = Lease(self.path, self.settings)
            self._leases = [*(one for one in self._leases if not one.loop.is_closed()), lease]
        worker = await lease.worker()
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


def _check_depth(params: GenerationParams) -> None:
    if too_deep(params.json_schema):
        raise InvalidParameter(
            f"In json_schema more than {MOST_DEEP} lists and objects lie in each other.",
            hint="Write it flatter, with definitions of its own for what is deep.",
        )


def _given(text: Given) -> str | tuple[int, ...]:
    if isinstance(text, str):
        return text
    tokens = tuple(text)
    if not all(isinstance(token, int) and 0 <= token < MOST_TOKEN_IDS for token in tokens):
        raise InvalidParameter("Tokens are given by their ids: whole numbers from 0.")
    return tokens
