"""One answer under the lens: its tokens, whence they come, and who can be asked more of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from playground.lens.tokens import Joined
from playground.types import Token

if TYPE_CHECKING:
    from playground.params import GenerationParams
    from playground.providers.base import ChatModel
    from playground.tui.conversation import Turn, Version
    from playground.types import Message, Plan

__all__ = ["Subject"]


@dataclass(eq=False)
class Subject:
    """An answer and its figures.

    `model` is who wrote it, where that can be asked; `missing` says why it could not be opened, if
    that is why not. `kept` are the tokens as the history gave
    them, `scored` those that `scorer` was asked for afterwards: they go before the run's own.
    """

    letter: str
    turn: Turn
    version: Version
    model: ChatModel | None
    kept: Sequence[Token] = ()
    scored: Sequence[Token] = ()
    scorer: str = ""
    missing: str = ""

    @property
    def ref(self) -> str:
        """Who wrote it."""
        return str(self.version.run.model.ref)

    @property
    def number(self) -> int:
        """Which answer of its turn it is, from 1."""
        return self.turn.versions.index(self.version) + 1

    @property
    def messages(self) -> Sequence[Message]:
        """What it is an answer to."""
        return self.version.run.messages

    @property
    def plan(self) -> Plan | None:
        """What was really done."""
        return self.version.run.plan

    @property
    def params(self) -> GenerationParams:
        """What was asked for."""
        return self.version.run.params

    @property
    def live(self) -> bool:
        """Whether more tokens are to come."""
        return self.version.run.state == "running"

    @property
    def foreign(self) -> bool:
        """Whether the figures are those of another model than the one that wrote it."""
        return bool(self.scorer) and self.scorer != self.ref

    @property
    def own(self) -> Sequence[Token]:
        """The tokens that the run itself made."""
        run, choice = self.version.run, self.version.choice
        return run.choices[choice].tokens if choice < len(run.choices) else []

    @property
    def taken(self) -> Sequence[Token]:
        """The tokens that it took over from the answer that it branched off."""
        return self.turn.beginnings.get(self.version.run.id, ())

    @property
    def tokens(self) -> Sequence[Token]:
        """Every token of the answer of which something is known, from the first."""
        if self.scored or self.kept:
            return self.scored or self.kept
        return Joined(self.taken, self.own) if self.taken else self.own

    @property
    def beginning(self) -> str:
        """What stands before the first known token: a beginning that was given as text."""
        return "" if self.scored or self.taken else self.version.prefix

    @property
    def untold(self) -> str:
        """The text before the first known token: of an answer that ended without any, all of it."""
        return self.beginning if self.tokens or self.live else self.version.text

    @property
    def unread(self) -> bool:
        """Whether it ended without figures, and no model has read it."""
        return bool(self.version.written) and not (self.live or self.tokens or self.scorer)

    async def ids_before(self, place: int, model: ChatModel) -> tuple[int, ...] | None:
        """The ids of the answer's tokens before a place; None where some are not known.

        A beginning that was given as text is cut into tokens by the model, as it was then.
        """
        before = self.tokens[:place]
        ids = tuple(token.token_id for token in before if token.token_id is not None)
        if len(ids) < len(before):
            return None
        return (*await model.tokenize(self.beginning), *ids) if self.beginning else ids
