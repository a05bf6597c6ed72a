"""A blind test: answers to one prompt in an order that dice chose, and the vote on them."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final, Literal, Self

from pydantic import AwareDatetime, Field, model_validator

from playground.errors import UsageError
from playground.ids import new_id
from playground.types import Frozen

__all__ = ["LETTERS", "BlindTest", "Candidate", "Judged", "Outcome", "Vote"]

LETTERS: Final = "ABCD"
"""What the answers are called, in the order in which they are shown."""

Outcome = Literal["win", "tie", "bad"]
"""One answer is the best, all are equally good, or none is good enough."""


class Judged(Frozen):
    """Whose answer it was: run and choice, model reference, and setting (see `settings_text`)."""

    run: str
    choice: int = Field(default=0, ge=0)
    model: str
    setting: str


class Candidate(Judged):
    """An answer that stands for a vote, with its text."""

    text: str

    def judged(self) -> Judged:
        """What a vote keeps of it: the text is the run's."""
        return Judged(run=self.run, choice=self.choice, model=self.model, setting=self.setting)


class Vote(Frozen):
    """What somebody decided without knowing whose answers they were.

    `candidates` are in the order in which they were shown; `winner` is a place among them, and
    None unless `outcome` is `win`.
    """

    id: str
    created: AwareDatetime
    prompt: str
    candidates: tuple[Judged, ...] = Field(min_length=2, max_length=len(LETTERS))
    outcome: Outcome
    winner: int | None = None

    @model_validator(mode="after")
    def _has_its_winner(self) -> Self:
        if (self.outcome == "win") != (self.winner is not None):
            raise ValueError("a vote has a winner exactly if its outcome is a win")
        if self.winner is not None and not 0 <= self.winner < len(self.candidates):
            raise ValueError(f"there is no candidate {self.winner}")
        return self


@dataclass(frozen=True, slots=True)
class BlindTest:
    """Some answers to one prompt, in the order in which they are shown."""

    prompt: str
    candidates: tuple[Candidate, ...]

    @classmethod
    def shuffled(cls, prompt: str, candidates: Sequence[Candidate], dice: random.Random) -> Self:
        """A test of these answers, in an order that `dice` chooses: each is equally likely.

        Raises `UsageError` for fewer than two or more than four.
        """
        if not 2 <= len(candidates) <= len(LETTERS):
            raise UsageError(
                f"A blind test has 2 to {len(LETTERS)} answers, not {len(candidates)}.",
                hint="Ask a prompt in two panes, or draw two answers in one.",
            )
        shown = list(candidates)
        dice.shuffle(shown)
        return cls(prompt, tuple(shown))

    @property
    def letters(self) -> str:
        """The letters of its answers, such as `AB`."""
        return LETTERS[: len(self.candidates)]

    def vote(self, verdict: str) -> Vote:
        """The vote for a letter, or for `tie` or `bad`; raises `UsageError` for anything else."""
        winner = self.letters.find(verdict) if len(verdict) == 1 else -1
        if winner < 0 and verdict not in ("tie", "bad"):
            raise UsageError(
                f"{verdict!r} is no verdict here.",
                hint=f"One of {', '.join(self.letters)}, or tie, or bad.",
            )
        return Vote.model_validate(
            {
                "id": new_id(),
                "created": datetime.now(UTC),
                "prompt": self.prompt,
                "candidates": [candidate.judged() for candidate in self.candidates],
                "outcome": "win" if winner >= 0 else verdict,
                "winner": winner if winner >= 0 else None,
            }
        )
