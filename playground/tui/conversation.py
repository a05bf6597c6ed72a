"""The state of one pane without its widget: model, params, system prompt and the turns so far."""

from __future__ import annotations

from dataclasses import dataclass, field

from playground.params import GenerationParams
from playground.providers.base import ChatModel
from playground.run import Run
from playground.types import Message

__all__ = ["Conversation", "Turn"]


@dataclass
class Turn:
    """One prompt and the tries to answer it, the latest last.

    Earlier tries stay on the screen to compare with; only the latest with text is part of the
    conversation.
    """

    prompt: str
    tries: list[Run] = field(default_factory=list)

    @property
    def answer(self) -> str:
        """What the model is told it said: the first choice of the latest try that said anything."""
        return next((run.text for run in reversed(self.tries) if run.text), "")


class Conversation:
    """One pane's side of a chat.

    A prompt that got no answer (the run failed, or was stopped before the first word) is not sent
    again with the next one: chat templates want user and assistant to alternate.
    """

    def __init__(self, ref: str, params: GenerationParams | None = None, system: str = "") -> None:
        self.ref = ref
        self.params = params or GenerationParams()
        self.system = system
        self.turns: list[Turn] = []

    @property
    def last_prompt(self) -> str:
        """The prompt of the latest turn, empty before the first."""
        return self.turns[-1].prompt if self.turns else ""

    @property
    def last_run(self) -> Run | None:
        """The latest run, whether it has ended or not."""
        return next((turn.tries[-1] for turn in reversed(self.turns) if turn.tries), None)

    def begin(self, prompt: str) -> Turn:
        """Open a turn for a new prompt."""
        turn = Turn(prompt)
        self.turns.append(turn)
        return turn

    def messages(self, turn: Turn) -> tuple[Message, ...]:
        """What is sent for a turn: system prompt, the answered turns before it, its own prompt."""
        sent = [Message(role="system", content=self.system)] if self.system else []
        for earlier in self.turns[: self.turns.index(turn)]:
            if earlier.answer:
                sent.append(Message(role="user", content=earlier.prompt))
                sent.append(Message(role="assistant", content=earlier.answer))
        return (*sent, Message(role="user", content=turn.prompt))

    def answer(self, turn: Turn, model: ChatModel) -> Run:
        """A new try at a turn, with the params as they are now. It is not started yet.

        Knobs that the model does not take are left out and reported in the run's plan: a pane
        shows them, it does not refuse to talk.
        """
        run = Run(model, self.messages(turn), self.params, unsupported="adjust")
        turn.tries.append(run)
        return run

    def clear(self) -> None:
        """Forget the turns; model, params and system prompt stay."""
        self.turns.clear()
