"""What a metric needs of one finished answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self

from playground.types import Answer, Timing, Token

__all__ = ["Sample"]


@dataclass(frozen=True, slots=True)
class Sample:
    """One finished answer, as the metrics see it. None where the backend does not tell.

    `tokens` counts the answer's tokens. `logprobs` has the natural logarithm of each drawn token's
    probability and `entropies` each token's entropy in nats, both of the raw distribution, before
    any knob. `time_to_first_token` and `duration` are seconds from the asking, `cost` is in US
    dollars. `expected` is the right answer, where there is one; those of `also_right` are as right.
    `number` is which of its cell's repeats it is, where some of them may be missing: with the same
    dice, those of one number had one throw. None where it is told by their order.
    """

    text: str
    tokens: int | None = None
    logprobs: tuple[float, ...] | None = None
    entropies: tuple[float, ...] | None = None
    time_to_first_token: float | None = None
    duration: float | None = None
    cost: float | None = None
    expected: str | None = None
    prompt: str = ""
    finish_reason: str | None = None
    also_right: tuple[str, ...] = ()
    number: int | None = None

    @property
    def right(self) -> tuple[str, ...]:
        """Every right answer; empty where none is known."""
        return () if self.expected is None else (self.expected, *self.also_right)

    @classmethod
    def of(
        cls,
        answer: Answer,
        choice: int = 0,
        *,
        tokens: Sequence[Token] = (),
        expected: str | None = None,
        also_right: tuple[str, ...] = (),
        prompt: str = "",
    ) -> Self:
        """One choice of an answer; `tokens` are that choice's, where they were asked for.

        A run has one clock and one bill: every one of its choices gets the run's times, and an
        equal part of its cost. The count of tokens is that of `tokens`, or the backend's where the
        run has one choice only. Figures that one of the tokens lacks are left out.
        """
        one = answer.choices[choice]
        alone, cost = len(answer.choices) == 1, answer.usage.cost
        logprobs = [token.logprob for token in tokens if token.logprob is not None]
        entropies = [token.entropy for token in tokens if token.entropy is not None]
        return cls(
            text=one.text,
            tokens=len(tokens) or (answer.usage.output_tokens if alone else None),
            logprobs=tuple(logprobs) if tokens and len(logprobs) == len(tokens) else None,
            entropies=tuple(entropies) if tokens and len(entropies) == len(tokens) else None,
            time_to_first_token=answer.timing.first_token,
            duration=answer.timing.total,
            cost=None if cost is None else cost / len(answer.choices),
            expected=expected,
            also_right=also_right,
            prompt=prompt,
            finish_reason=one.finish_reason,
        )

    @property
    def tokens_per_second(self) -> float | None:
        """Tokens after the first over the time that they took: see `Timing.tokens_per_second`."""
        timing = (self.time_to_first_token, self.duration)
        return Timing.model_construct(
            queued=None, first_token=timing[0], total=timing[1]
        ).tokens_per_second(self.tokens)
