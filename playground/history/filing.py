"""Where a run belongs: which try of which turn, in which pane of which conversation."""

from __future__ import annotations

from dataclasses import dataclass, field

from playground.ids import new_id
from playground.params import GenerationParams

MAX_TITLE = 80


@dataclass(frozen=True, slots=True)
class Filing:
    """Everything that is written down with a run beside the run itself.

    Conversation, pane and turn are made where they are not there yet. The words are those of
    `TurnRecord` and `PaneRecord`.
    """

    conversation: str = field(default_factory=new_id)
    pane: str = field(default_factory=new_id)
    turn: str = field(default_factory=new_id)
    place: int = 0
    model: str = ""
    params: GenerationParams = field(default_factory=GenerationParams)
    system: str = ""
    parent: str = ""
    round: str = ""
    prompt: str = ""
    version: int = 1
    title: str = ""
    origin: str = "terminal"

    @property
    def title_or_prompt(self) -> str:
        """A title for a new conversation: the one given, else how the prompt begins."""
        if self.title:
            return self.title
        first = " ".join(self.prompt.split())
        return first if len(first) <= MAX_TITLE else f"{first[: MAX_TITLE - 1]}…"
