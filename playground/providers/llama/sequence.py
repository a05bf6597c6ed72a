"""One choice of one request while it is decoded: what is fed, drawn, shown, and when it ends."""

from __future__ import annotations

from playground.providers.llama.native import NativeContext, NativeModel
from playground.providers.llama.pieces import TextAssembler
from playground.providers.llama.protocol import SamplingParams, SentToken, Text
from playground.providers.llama.sampling import Candidates, SamplerChain, describe
from playground.types import FinishReason


class Request:
    """What the choices of one `generate` command have in common, and what they add up to."""

    def __init__(
        self, number: int, prompt: list[int], params: SamplingParams, stops: tuple[str, ...]
    ) -> None:
        self.id = number
        self.prompt = prompt
        self.params = params
        self.stops = stops
        self.open_choices = params.n
        self.began = False
        self.cached_tokens = 0
        self.output_tokens = 0


class Sequence:
    """One choice. It first feeds its prompt, then one drawn token a step."""

    def __init__(
        self, request: Request, choice: int, model: NativeModel, candidates: Candidates
    ) -> None:
        self.request = request
        self.choice = choice
        self.pending = request.prompt
        """The tokens that the model has not seen yet: never empty while the sequence lives."""
        self.row: int | None = None
        """Where in the batch the distribution of the next token will be."""
        self.ended: FinishReason | None = None
        self._model = model
        self._drawn = 0
        self._text = TextAssembler(request.stops)
        # Choices of one request differ by their seed, and each can be repeated alone.
        self._chain = SamplerChain(request.params, request.params.seed + choice, candidates)
        self._chain.accept(request.prompt)

    @property
    def prefilling(self) -> bool:
        """Whether (part of) the prompt is still to be evaluated."""
        return self._drawn == 0

    def resume_after(self, count: int) -> None:
        """Skip the first `count` tokens of the prompt: their cells are there already."""
        self.pending = self.request.prompt[count:]

    def draw(self, context: NativeContext) -> Text | None:
        """Sample the next token, decide whether it ends the choice, and give the text to show."""
        assert self.row is not None  # noqa: S101 - the engine draws only where it asked for a row
        logits = context.logits(self.row)
        drawn = self._chain.draw(logits)
        token = drawn.token
        wanted = self.request.params.logprobs
        tokens: tuple[SentToken, ...] = ()
        if self._model.ends_turn(token):
            return self._end("stop")
        if wanted is not None:
            tokens = (describe(self._model, logits, drawn, wanted),)
        self._drawn += 1
        self.request.output_tokens += 1
        self.pending = [token]
        text = self._text.push(self._model.piece(token))
        if self._text.stopped:
            return self._end("stop", text, tokens)
        if self._drawn >= self.request.params.max_length:
            return self._end("length", text, tokens)
        return self._say(text, tokens)

    def context_full(self) -> Text | None:
        """End because no cell is left for another token."""
        return self._end("context")

    def close(self) -> None:
        """Free what llama.cpp holds for this sequence."""
        self._chain.close()

    def _end(
        self, reason: FinishReason, text: str = "", tokens: tuple[SentToken, ...] = ()
    ) -> Text | None:
        self.ended = reason
        return self._say(text + self._text.flush(), tokens)

    def _say(self, text: str, tokens: tuple[SentToken, ...]) -> Text | None:
        if not text and not tokens:
            return None
        return Text(id=self.request.id, choice=self.choice, text=text, tokens=tokens)
