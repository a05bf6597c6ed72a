"""A local model whose every distribution is worked out from a formula, for pictures.

It has the abilities of llama.cpp's, and its figures are the same on every processor, which those of
a real model are not in their last digits.
"""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, Sequence

import numpy as np

from playground.distribution import Distribution
from playground.lens.chain import Position, params_of_plan
from playground.params import GenerationParams
from playground.providers.base import ChatModel, Given
from playground.types import (
    Completed,
    Draw,
    Event,
    Finished,
    Message,
    Plan,
    ScoredToken,
    Started,
    TextDelta,
    Token,
    TokenAlternative,
    Usage,
)

STORY = [
    "Once",
    " upon",
    " a",
    " time",
    ",",
    " there",
    " was",
    " a",
    " small",
    " fox",
    ".",
    " It",
    " found",
    " a",
    " silver",
    " key",
    " under",
    " the",
    " old",
    " tree",
    ".",
    "\n",
    "昔々",
    "、",
    "タロウ",
    "が",
    "い",
    "まし",
    "た",
    "。",
]
WORDS = [*dict.fromkeys(STORY), *(f" word{number}" for number in range(40))]


class MadeModel(ChatModel):
    """Tells the story, and another way of telling it where the dice fall otherwise.

    `offset` makes it another model over the same vocabulary. How it takes knobs is another model's
    business, which is never started.
    """

    def __init__(self, model: ChatModel, offset: int = 0) -> None:
        self.ref, self.capabilities, self._model = model.ref, model.capabilities, model
        self._offset = offset

    def plan(self, params: GenerationParams) -> Plan:
        return self._model.plan(params).model_copy(update={"ref": self.ref})

    def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        return self._tell((), plan)

    def continue_from(
        self, messages: Sequence[Message], prefix: Given, plan: Plan
    ) -> AsyncGenerator[Event, None]:
        return self._tell(self._ids(prefix), plan)

    async def _tell(self, before: Sequence[int], plan: Plan) -> AsyncGenerator[Event, None]:
        yield Started(plan)
        said = [*before]
        params = params_of_plan(plan)
        seed = int(str(plan.effective.get("seed") or 0))
        length = int(str(plan.effective["max_length"]))
        for _ in range(length):
            position = self._position(said)
            chain = position.chain(params)
            # An irrational step: throws that are spread evenly, and the same everywhere.
            uniform = ((len(said) + 1) * 0.6180339887498949 + seed * 0.137) % 1.0
            token_id = chain.draw(uniform)
            share = chain.probability(token_id)
            drawn = Draw(math.log(share), chain.left.entropy, len(chain.left.tokens), uniform)
            yield TextDelta(WORDS[token_id], 0, [self._token(position, token_id, 12, drawn)])
            said.append(token_id)
        yield Finished("length", 0)
        yield Completed(Usage(input_tokens=9, output_tokens=length))

    async def next_token(self, messages: Sequence[Message], prefix: Given = "") -> Distribution:
        return self._distribution(self._ids(prefix))

    async def score(
        self,
        messages: Sequence[Message],
        continuation: Given,
        settings: Sequence[GenerationParams] = (),
        *,
        alternatives: int = 0,
    ) -> tuple[ScoredToken, ...]:
        found = []
        ids = self._ids(continuation)
        for place, token_id in enumerate(ids):
            position = self._position(ids[:place])
            shares = [
                position.chain(params_of_plan(self.plan(params))).probability(token_id)
                for params in settings
            ]
            logprobs = tuple(math.log(share) if share else -math.inf for share in shares)
            found.append(ScoredToken(self._token(position, token_id, alternatives), logprobs))
        return tuple(found)

    async def tokenize(self, text: str) -> tuple[int, ...]:
        return self._ids(text)

    async def prompt_tokens(self, messages: Sequence[Message]) -> tuple[int, ...]:
        return ()

    async def vocabulary(self) -> Sequence[bytes]:
        return tuple(word.encode() for word in WORDS)

    def _ids(self, given: Given) -> tuple[int, ...]:
        if not isinstance(given, str):
            return tuple(given)
        found = []
        rest = given
        while rest:
            word = max((word for word in WORDS if rest.startswith(word)), key=len)
            found.append(WORDS.index(word))
            rest = rest[len(word) :]
        return tuple(found)

    def _position(self, before: Sequence[int]) -> Position:
        return Position(self._distribution(before), seen=tuple(before))

    def _distribution(self, before: Sequence[int]) -> Distribution:
        place = len(before)
        last = before[-1] if before else 0
        turn = last * 11 + place * 5 + self._offset
        logits = np.array([((at * 37 + turn) % 71) / 24 for at in range(len(WORDS))])
        # The story goes on, more or less surely.
        logits[WORDS.index(STORY[place % len(STORY)])] += 3.5 + ((turn * 13) % 17) / 4
        return Distribution.of(logits.astype(np.float32), [word.encode() for word in WORDS])

    def _token(
        self, position: Position, token_id: int, count: int, draw: Draw | None = None
    ) -> Token:
        raw = position.raw
        known = [
            TokenAlternative(
                WORDS[int(at)],
                math.log(float(raw.probabilities[rank])),
                int(at),
                WORDS[int(at)].encode(),
            )
            for rank, at in enumerate(raw.tokens[:count])
        ]
        rank = int(raw.places[token_id])
        return Token(
            WORDS[token_id],
            math.log(float(raw.probabilities[rank])),
            tuple(known),
            token_id,
            WORDS[token_id].encode(),
            rank + 1,
            float(raw.entropy),
            draw,
        )
