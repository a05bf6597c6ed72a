"""The shape of a training text: turns between a system, a user and an assistant."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

Role = Literal["system", "user", "assistant"]


@dataclass(frozen=True)
class Turn:
    """One message."""

    role: Role
    text: str


Dialogue = tuple[Turn, ...]


@dataclass(frozen=True)
class Exchange:
    """A prompt and an answer to it; `topic` says which grammar wrote it."""

    prompt: str
    answer: str
    topic: str

    def turns(self) -> Dialogue:
        """Both messages."""
        return (Turn("user", self.prompt), Turn("assistant", self.answer))


# Draws an exchange: one that may be learnt from, or (`hidden`) one that is kept for the exam.
Writer = Callable[[random.Random, bool], Exchange]
