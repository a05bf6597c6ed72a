"""A choice of an answer while it grows: its text in pieces, its tokens, and how it ended."""

from __future__ import annotations

from typing import Self

from playground.lens.tokens import Tokens
from playground.types import Choice, Finished, FinishReason, ReasoningDelta, TextDelta

__all__ = ["GrowingChoice"]


class GrowingChoice:
    """One choice while it grows. Text is kept as pieces, joined when it is read."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._reasoning: list[str] = []
        self.tokens = Tokens()
        self.finish_reason: FinishReason | None = None

    @classmethod
    def whole(cls, choice: Choice) -> Self:
        """A choice that grows no more."""
        made = cls()
        made._pieces, made._reasoning = [choice.text], [choice.reasoning]
        made.finish_reason = choice.finish_reason
        return made

    def so_far(self) -> Choice:
        """The choice as data, as far as it has come."""
        return Choice(text=self.text, reasoning=self.reasoning, finish_reason=self.finish_reason)

    @property
    def text(self) -> str:
        """The text so far."""
        return _joined(self._pieces)

    @property
    def reasoning(self) -> str:
        """The reasoning shown so far."""
        return _joined(self._reasoning)

    def take(self, event: TextDelta | ReasoningDelta | Finished) -> None:
        """Grow by one event."""
        match event:
            case TextDelta():
                self._pieces.append(event.text)
                self.tokens.extend(event.tokens)
            case ReasoningDelta():
                self._reasoning.append(event.text)
                self.tokens.extend(event.tokens)
            case Finished():
                self.finish_reason = event.reason


def _joined(pieces: list[str]) -> str:
    """The pieces as one string, which also replaces them, so that reading often stays cheap."""
    if len(pieces) > 1:
        pieces[:] = ["".join(pieces)]
    return pieces[0] if pieces else ""
