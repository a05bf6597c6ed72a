"""What the lens may ask of the application: models, scores, runs. It opens nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from playground.params import GenerationParams
    from playground.tui.conversation import Version
    from playground.tui.lens.subject import Subject
    from playground.types import Token

__all__ = ["Desk"]


class Desk(Protocol):
    """The doors from the lens to the application."""

    async def scored(self, subject: Subject, ref: str) -> Subject:
        """The answer with the figures that a model gives for its text.

        Raises what opening the model or scoring raises: a file that is gone, a context too short.
        """

    def local_models(self) -> Sequence[str]:
        """References of models that can score a text, those of the panes first."""

    async def choose_model(self, current: str) -> str:
        """The model that the user picks, or an empty string."""

    def ask_for_figures(self, subject: Subject) -> str:
        """Turn log-probabilities on from the next answer on; what was done, as a sentence."""

    async def ask_again(self, subject: Subject, params: GenerationParams) -> Subject | None:
        """The same prompt, with the same dice and with log-probabilities; None if not now.

        Raises what opening the model raises.
        """

    async def branch(
        self, subject: Subject, place: int, token: Token, params: GenerationParams
    ) -> Subject | None:
        """Another answer, which goes another way at a place; None if that cannot be now.

        Raises `UsageError` where the model cannot go on from inside an answer, and what opening
        it raises.
        """

    async def at(self, subject: Subject, version: Version) -> Subject:
        """Another answer of the same turn, which is then the one in view."""

    async def others(self, subject: Subject) -> Sequence[Subject]:
        """The other answers to the same prompt: in the other panes, then of the same turn."""

    def compare(self, subject: Subject, other: Version) -> None:
        """Show what differs between two answers of a turn."""
