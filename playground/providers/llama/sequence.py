"""What the engine decodes: sequences that feed tokens and read distributions off batch rows."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from collections.abc import Sequence as Many
from functools import partial

from playground.errors import InvalidParameter
from playground.params import SEEDS
from playground.providers.llama.context import SCORED_ROWS, NativeContext
from playground.providers.llama.figures import describe, describe_raw, pack_logits
from playground.providers.llama.native import NativeModel
from playground.providers.llama.pieces import TextAssembler
from playground.providers.llama.protocol import (
    Began,
    ChoiceEnded,
    Done,
    Report,
    SamplingParams,
    Scored,
    SentScore,
    Text,
    WholeDistribution,
)
from playground.providers.llama.sampling import Candidates, SamplerChain
from playground.types import FinishReason, Token


class Sequence(ABC):
    """One llama.cpp sequence while it is decoded.

    It feeds `pending`, which is never empty while it lives. Of the tokens at `wants_from` and
    later it wants the distribution that follows them, of `most_rows` in one batch; `rows` says
    where in the batch those are.
    """

    most_rows = 1
    feeds = "The prompt has"
    """What it feeds, as the beginning of a sentence that goes on with a number of tokens."""

    def __init__(self, number: int, prompt: list[int], *, wants_from: int, room: int) -> None:
        self.id = number
        self.prompt = prompt
        self.pending = prompt
        self.wants_from = wants_from
        self.most_tokens = len(prompt) + room
        """How many cells it may come to use."""
        self.rows: list[int] = []
        self.over = False

    def resume_after(self, count: int) -> None:
        """Skip the first `count` tokens of the prompt: their cells are there already."""
        self.pending = self.prompt[count:]

    @property
    def prefilling(self) -> bool:
        """Whether (part of) the prompt is still to be evaluated."""
        return True

    def begin(self, cached: int, context: NativeContext) -> list[Report]:
        """It got a slot of this context, with `cached` tokens of its prompt evaluated already."""
        return []

    @abstractmethod
    def decoded(self, context: NativeContext) -> Iterable[Report]:
        """Read `rows` and go on, and say what came of it: in words only when that is iterated.

        Where a context computes apart, that is while it decodes the next batch.
        """

    def context_full(self) -> Iterable[Report]:
        """End because no cell is left for another token."""
        self.over = True
        return []

    def close(self) -> None:
        """Free what llama.cpp holds for it."""


class Request:
    """What the choices of one `generate` command have in common, and what they add up to.

    `prompt` ends with the `given` tokens of the answer that it starts from, if any. `opened` is
    that of `Began`.
    """

    def __init__(
        self,
        number: int,
        prompt: list[int],
        params: SamplingParams,
        stops: tuple[str, ...],
        given: int = 0,
        opened: str = "",
    ) -> None:
        self.id = number
        self.prompt = prompt
        self.params = params
        self.stops = stops
        self.given = given
        self.opened = opened
        self.open_choices = params.n
        self.began = False
        self.cached_tokens = 0
        self.output_tokens = 0


Figures = Callable[[], Token]
"""Works out what is told about a token, which takes longer than drawing it."""


class Answer(Sequence):
    """One choice of a request: feeds the prompt, then one drawn token a step."""

    def __init__(
        self, request: Request, choice: int, model: NativeModel, candidates: Candidates
    ) -> None:
        super().__init__(
            request.id,
            request.prompt,
            wants_from=len(request.prompt) - 1,
            room=request.params.max_length,
        )
        if request.given:
            self.feeds = "The prompt and the beginning of the answer have"
        self.choice = choice
        self._request = request
        self._model = model
        self._drawn = 0
        self._text = TextAssembler(request.stops)
        self._candidates = candidates
        given = request.prompt[len(request.prompt) - request.given :]
        # Where it ends within a character, its end is what the first tokens bring.
        self._text.start_after(b"".join(map(model.piece, given[-4:])))
        self._made: SamplerChain | None = None
        if choice == 0:
            # What is wrong with the knobs is said before anything is decoded.
            self._made = self._make_chain()

    @property
    def _chain(self) -> SamplerChain:
        """Its sampler chain. Further choices make theirs once they draw: a grammar takes long."""
        if self._made is None:
            self._made = self._make_chain()
        return self._made

    def _make_chain(self) -> SamplerChain:
        request = self._request
        # Choices of one request differ by their seed, and each can be repeated alone.
        seed = (request.params.seed + self.choice) % SEEDS
        chain = SamplerChain(request.params, seed, self._candidates)
        chain.accept(request.prompt)
        try:
            chain.skip(request.prompt[len(request.prompt) - request.given :])
        except InvalidParameter:
            chain.close()
            raise
        return chain

    @property
    def prefilling(self) -> bool:
        """Whether nothing has been drawn yet."""
        return self._drawn == 0

    def begin(self, cached: int, context: NativeContext) -> list[Report]:
        """The first choice says how much of the prompt was there already."""
        request = self._request
        if request.began:
            return []
        request.began = True
        request.cached_tokens = cached
        began = Began(
            id=self.id,
            input_tokens=len(self.prompt),
            cached_tokens=cached,
            unified=context.unified,
            flash_attention=context.flash_attention,
            opened=request.opened,
        )
        return [began]

    def decoded(self, context: NativeContext) -> Iterable[Report]:
        """Draw the next token, decide whether it ends the choice, and give the text to show."""
        params = self._request.params
        logits = context.logits(self.rows[-1])
        drawn = self._chain.draw(logits)
        token = drawn.token
        if self._model.ends_turn(token):
            return self._end("stop")
        figures: Figures | None = None
        if params.logprobs is not None:
            if context.computes_apart:
                logits, drawn = logits.copy(), drawn.lasting()
            figures = partial(describe, self._model, logits, drawn, params.logprobs)
        self._drawn += 1
        self._request.output_tokens += 1
        self.pending = [token]
        text = self._text.push(self._model.piece(token))
        if self._text.stopped:
            return self._end("stop", text, figures)
        if self._drawn >= params.max_length:
            return self._end("length", text, figures)
        return self._say(text, figures)

    def context_full(self) -> Iterable[Report]:
        """End because no cell is left for another token."""
        return self._end("context")

    def close(self) -> None:
        """Free the sampler chain."""
        if self._made is not None:
            self._made.close()

    def _end(
        self, reason: FinishReason, text: str = "", figures: Figures | None = None
    ) -> Iterator[Report]:
        self.over = True
        request = self._request
        request.open_choices -= 1
        ended: list[Report] = [ChoiceEnded(id=self.id, choice=self.choice, reason=reason)]
        if request.open_choices == 0:
            done = Done(
                id=self.id,
                input_tokens=len(self.prompt),
                output_tokens=request.output_tokens,
                cached_tokens=request.cached_tokens,
            )
            ended.append(done)
        return self._say(text + self._text.flush(), figures, *ended)

    def _say(self, text: str, figures: Figures | None, *ended: Report) -> Iterator[Report]:
        if text or figures is not None:
            tokens = () if figures is None else (figures(),)
            yield Text(id=self.id, choice=self.choice, text=text, tokens=tokens)
        yield from ended


class Scoring(Sequence):
    """Teacher forcing: how likely a given continuation is, raw and under several settings."""

    feeds = "The prompt and the text to score have"

    def __init__(
        self,
        number: int,
        prompt: list[int],
        continuation: list[int],
        settings: Many[SamplingParams],
        alternatives: int,
        model: NativeModel,
        candidates: Candidates,
    ) -> None:
        # The last token is fed to nobody: nothing after it is asked for.
        super().__init__(number, prompt + continuation[:-1], wants_from=len(prompt) - 1, room=0)
        self._left = list(continuation)
        self._model = model
        self._count = alternatives
        # Others wait for their next token while the figures of a batch are worked out.
        self.most_rows = max(2, SCORED_ROWS // (1 + len(settings)))
        self._scores: list[SentScore] = []
        self._chains: list[SamplerChain] = []
        try:
            for params in settings:
                self._chains.append(SamplerChain(params, params.seed, candidates))
        except InvalidParameter:
            self.close()
            raise
        for chain in self._chains:
            chain.accept(prompt)

    def decoded(self, context: NativeContext) -> list[Report]:
        """Score the tokens that the new rows come before."""
        for row in self.rows:
            token = self._left.pop(0)
            logits = context.logits(row)
            self._scores.append(
                SentScore(
                    token=describe_raw(self._model, logits, token, self._count),
                    logprobs=tuple(chain.score(logits, token) for chain in self._chains),
                )
            )
        if self._left:
            return []
        self.over = True
        return [Scored(id=self.id, scores=tuple(self._scores))]

    def close(self) -> None:
        """Free the sampler chains."""
        for chain in self._chains:
            chain.close()


class Glance(Sequence):
    """The whole distribution of the token after a prompt."""

    def __init__(self, number: int, prompt: list[int]) -> None:
        super().__init__(number, prompt, wants_from=len(prompt) - 1, room=0)

    def decoded(self, context: NativeContext) -> list[Report]:
        """Give it away."""
        self.over = True
        logits = pack_logits(context.logits(self.rows[-1]))
        return [WholeDistribution(id=self.id, logits=logits)]
