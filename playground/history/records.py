"""What the history gives back: conversations, their panes and turns, runs, ratings, votes."""

from __future__ import annotations

from datetime import datetime

from pydantic import Field, field_validator

from playground.judging import Vote
from playground.params import GenerationParams, known_knobs
from playground.types import (
    Answer,
    Choice,
    EndState,
    Frozen,
    Message,
    Plan,
    Problem,
    Receipt,
    Timing,
    Usage,
)


class Rating(Frozen):
    """What the user thinks of one answer: 1 to 5 stars (None: none given) and a note."""

    run: str
    choice: int = 0
    stars: int | None = Field(default=None, ge=1, le=5)
    note: str = ""


class RunRecord(Frozen):
    """A run as it is kept.

    `turn`, `pane` and `conversation` say where it belongs; `version` is which try of its turn it
    is, from 1. `prefix` is the beginning of the answer that it went on from: text, or tokens, and
    then `prefix_text` is how they read, where that was known.
    `has_tokens` says whether per-token figures are kept (see `History.tokens`).
    """

    id: str
    conversation: str
    pane: str
    turn: str
    version: int
    created: datetime
    model: str
    state: EndState
    messages: tuple[Message, ...]
    prefix: str | tuple[int, ...] = ""
    prefix_text: str = ""
    params: GenerationParams
    receipt: Receipt | None = None
    choices: tuple[Choice, ...]
    usage: Usage = Usage()
    timing: Timing = Timing()
    error: Problem | None = None
    has_tokens: bool = False
    ratings: tuple[Rating, ...] = ()

    @property
    def beginning(self) -> str:
        """The prefix as it reads; "" where it was given as tokens and nobody said."""
        return self.prefix if isinstance(self.prefix, str) else self.prefix_text

    @field_validator("params", mode="before")
    @classmethod
    def _knobs_of_today(cls, values: object) -> object:
        """Leave out knobs that are not known any more: an old record must stay readable."""
        if not isinstance(values, dict):
            return values
        return known_knobs(values)

    @property
    def plan(self) -> Plan | None:
        """What was really done; None where it never came so far."""
        return self.receipt.plan if self.receipt is not None else None

    @property
    def text(self) -> str:
        """The text of the first choice."""
        return self.choices[0].text if self.choices else ""

    @property
    def prompt(self) -> str:
        """The last thing that the user said."""
        return next((m.content for m in reversed(self.messages) if m.role == "user"), "")

    @property
    def tokens_per_second(self) -> float | None:
        """Generation speed after the first token, all choices together."""
        return self.timing.tokens_per_second(self.usage.output_tokens)

    def answer(self) -> Answer:
        """The run as `ask --json` prints it."""
        return Answer.of(
            id=self.id,
            model=self.model,
            state=self.state,
            choices=self.choices,
            usage=self.usage,
            timing=self.timing,
            params=self.params.model_dump(mode="json", exclude_none=True),
            plan=self.plan,
            receipt=self.receipt,
            error=self.error,
        )


class TurnRecord(Frozen):
    """One prompt of a pane, and the runs that tried to answer it, oldest first.

    `parent` is the turn before it in its pane, empty for the first: edited prompts are siblings,
    so that the turns of a pane form a tree. `round` is shared by the turns of all panes that were
    asked together. `chosen` is the answer that the conversation went on with: run and choice.
    """

    id: str
    parent: str
    round: str
    prompt: str
    created: datetime
    chosen: tuple[str, int] | None
    runs: tuple[RunRecord, ...]


class PaneRecord(Frozen):
    """One model's side of a conversation. `leaf` is the turn in view when it was left."""

    id: str
    place: int
    model: str
    params: GenerationParams
    system: str
    leaf: str
    turns: tuple[TurnRecord, ...]

    @property
    def path(self) -> tuple[TurnRecord, ...]:
        """The turns from the first to the leaf; to the latest where no leaf is known."""
        by_id = {turn.id: turn for turn in self.turns}
        at = by_id.get(self.leaf) or (self.turns[-1] if self.turns else None)
        path: list[TurnRecord] = []
        while at is not None and at not in path:
            path.append(at)
            at = by_id.get(at.parent)
        return tuple(reversed(path))


class ConversationRecord(Frozen):
    """A whole conversation. `origin` is what it was held in: `terminal`, `ask`, `import` ...

    `votes` are those of blind tests between its answers, oldest first.
    """

    id: str
    title: str
    created: datetime
    updated: datetime
    pinned: bool
    tags: tuple[str, ...]
    origin: str
    interrupted: bool
    panes: tuple[PaneRecord, ...]
    votes: tuple[Vote, ...] = ()

    @property
    def runs(self) -> tuple[RunRecord, ...]:
        """Every run of it, by pane and turn."""
        return tuple(run for pane in self.panes for turn in pane.turns for run in turn.runs)


class Summary(Frozen):
    """A conversation in a list. `models` are those of its panes, without repeats."""

    id: str
    title: str
    created: datetime
    updated: datetime
    pinned: bool
    tags: tuple[str, ...]
    origin: str
    interrupted: bool
    models: tuple[str, ...]
    runs: int


class Hit(Frozen):
    """A run that a search found; `snippet` is the place in its text, on one line."""

    run: str
    conversation: str
    title: str
    model: str
    created: datetime
    prompt: str
    snippet: str
