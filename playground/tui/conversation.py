"""The state of one pane without its widget: model, params, system prompt and the tree of turns."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from playground.errors import UsageError
from playground.history import Filing, PaneRecord
from playground.history.records import Rating, RunRecord
from playground.history.restoring import restored
from playground.ids import new_id
from playground.params import GenerationParams
from playground.providers.base import ChatModel, Given
from playground.reasoning import Parted, continued, rejoined
from playground.run import Run
from playground.types import Message, Token

__all__ = ["Branch", "Conversation", "Turn", "Version"]


@dataclass(frozen=True)
class Version:
    """One answer of a turn: a choice of one of its runs."""

    run: Run
    choice: int = 0

    @property
    def text(self) -> str:
        """The whole answer as far as it came, with the beginning that it went on from."""
        return self._parted.answer

    @property
    def reasoning(self) -> str:
        """What the model thought aloud before it, as far as that is shown."""
        return self._parted.reasoning

    @property
    def written(self) -> str:
        """Reasoning and answer as the model writes them: what it can go on from."""
        return rejoined(self.reasoning, self.text)

    @property
    def _parted(self) -> Parted:
        if self.choice >= len(self.run.choices):
            return Parted("", "")
        choice = self.run.choices[self.choice]
        return continued(self.prefix, choice.reasoning, choice.text)

    @property
    def prefix(self) -> str:
        """The beginning of the answer that the run was given."""
        return self.run.prefix_text

    @property
    def name(self) -> tuple[str, int]:
        """What it is called in the history: its run and its choice."""
        return self.run.id, self.choice


class Branch(NamedTuple):
    """The beginning of an answer that goes another way from there.

    `given` is what the model is told of it, `tokens` what is known of them, `text` how it reads.
    """

    given: Given
    tokens: tuple[Token, ...]
    text: str


@dataclass(eq=False)
class Turn:
    """One prompt and the runs that tried to answer it, the latest last.

    Every answer of every run is kept as a version; the one in view is what the model is told it
    said. A turn that was forked from another pane begins with the version that it took along.
    """

    prompt: str
    parent: Turn | None = None
    round: str = ""
    id: str = field(default_factory=new_id)
    runs: list[Run] = field(default_factory=list)
    taken: Version | None = None
    chosen: Version | None = None
    beginnings: dict[str, tuple[Token, ...]] = field(default_factory=dict)
    """By run: the tokens that it took over from the answer that it branched off."""

    @property
    def versions(self) -> list[Version]:
        """Every answer, oldest first; of a run that is beginning, its first choice at least."""
        own = [Version(run, choice) for run in self.runs for choice in range(len(run.choices))]
        return [self.taken, *own] if self.taken is not None else own

    @property
    def coming(self) -> int:
        """How many answers a run that is going on will give beside those that have begun."""
        if not self.runs or self.runs[-1].state != "running":
            return 0
        run = self.runs[-1]
        planned = (run.plan or run.model.plan(run.params)).effective.get("n")
        return max(planned - len(run.choices), 0) if isinstance(planned, int) else 0

    @property
    def current(self) -> Version | None:
        """The version in view: the one that was chosen, else the latest run's first."""
        if self.chosen is not None:
            return self.chosen
        return Version(self.runs[-1]) if self.runs else self.taken

    @property
    def answer(self) -> str:
        """What the model is told it said: the version in view, or the latest that says anything."""
        current = self.current
        if current is not None and current.text:
            return current.text
        return next((item.text for item in reversed(self.versions) if item.text), "")

    def page(self, by: int) -> Version | None:
        """Choose the version so many further on; None where there is no other."""
        versions, current = self.versions, self.current
        if len(versions) < 2 or current is None:
            return None
        at = versions.index(current) if current in versions else len(versions) - 1
        self.chosen = versions[(at + by) % len(versions)]
        return self.chosen

    def drop_failures(self) -> None:
        """Forget runs that gave nothing but an error: they are no answers to compare with."""
        self.runs = [
            run
            for run in self.runs
            if run.state == "running"
            or any(choice.text or choice.reasoning for choice in run.choices)
        ]


def _path_to(turn: Turn | None) -> Iterator[Turn]:
    """A turn and those before it, the latest first."""
    while turn is not None:
        yield turn
        turn = turn.parent


class Conversation:
    """One pane's side of a chat: a tree of turns, and the path through it that is in view.

    A prompt that got no answer (the run failed, or was stopped before the first word) is not sent
    again with the next one: chat templates want user and assistant to alternate.
    """

    def __init__(self, ref: str, params: GenerationParams | None = None, system: str = "") -> None:
        self.id = new_id()
        self.ref = ref
        self.params = params or GenerationParams()
        self.system = system
        self.ratings: dict[tuple[str, int], Rating] = {}
        self._tree: list[Turn] = []
        self._leaf: Turn | None = None

    @property
    def turns(self) -> list[Turn]:
        """The turns in view, from the first."""
        path: list[Turn] = []
        turn = self._leaf
        while turn is not None:
            path.append(turn)
            turn = turn.parent
        return path[::-1]

    @property
    def runs(self) -> list[Run]:
        """Every run of every turn, in view or not, with those that were taken along."""
        taken = [turn.taken.run for turn in self._tree if turn.taken is not None]
        return [*taken, *(run for turn in self._tree for run in turn.runs)]

    @property
    def last_turn(self) -> Turn | None:
        """The latest turn in view."""
        return self._leaf

    @property
    def last_prompt(self) -> str:
        """The prompt of the latest turn, empty before the first."""
        return self._leaf.prompt if self._leaf is not None else ""

    @property
    def last_run(self) -> Run | None:
        """The latest run in view, whether it has ended or not."""
        return next((turn.runs[-1] for turn in reversed(self.turns) if turn.runs), None)

    @property
    def last_answered(self) -> Turn | None:
        """The latest turn in view that has an answer."""
        return next((turn for turn in reversed(self.turns) if turn.current is not None), None)

    @property
    def last_version(self) -> Version | None:
        """The answer in view of that turn."""
        turn = self.last_answered
        return turn.current if turn is not None else None

    def begin(self, prompt: str, round: str = "") -> Turn:  # noqa: A002 - DESIGN's word
        """Open a turn for a new prompt, after the one in view."""
        return self._add(Turn(prompt, self._leaf, round or new_id()))

    def edit(self, turn: Turn, prompt: str, round: str = "") -> Turn:  # noqa: A002
        """Open a turn beside an earlier one, with another prompt; the earlier one is kept."""
        return self._add(Turn(prompt, turn.parent, round or new_id()))

    def siblings(self, turn: Turn) -> list[Turn]:
        """The turns that stand in each other's place: a prompt and its edits, oldest first."""
        return [other for other in self._tree if other.parent is turn.parent]

    def look_at(self, turn: Turn) -> None:
        """Bring a turn into view, with the latest of those that followed it."""
        at: Turn | None = turn
        while at is not None:
            self._leaf = at
            at = next((item for item in reversed(self._tree) if item.parent is at), None)

    def fork(self, turn: Turn) -> Conversation:
        """A conversation of its own with the turns up to this one, as they are in view."""
        made = Conversation(self.ref, self.params, self.system)
        made.ratings = dict(self.ratings)
        parent: Turn | None = None
        for item in self.turns:
            current = item.current
            parent = made._add(Turn(item.prompt, parent, item.round, taken=current))
            if item is turn:
                break
        return made

    def messages(self, turn: Turn) -> tuple[Message, ...]:
        """What is sent for a turn: system prompt, the answered turns before it, its own prompt."""
        sent = [Message(role="system", content=self.system)] if self.system else []
        path, at = [], turn.parent
        while at is not None:
            path.append(at)
            at = at.parent
        for earlier in reversed(path):
            if earlier.answer:
                sent.append(Message(role="user", content=earlier.prompt))
                sent.append(Message(role="assistant", content=earlier.answer))
        return (*sent, Message(role="user", content=turn.prompt))

    def answer(
        self,
        turn: Turn,
        model: ChatModel,
        *,
        prefix: str = "",
        params: GenerationParams | None = None,
        branch: Branch | None = None,
    ) -> Run:
        """A new run for a turn, with the params as they are now, or others. It is not started yet.

        `prefix` is the beginning of an answer to go on from, or `branch` its very tokens. Knobs
        that the model does not take are left out and reported in the run's plan: a pane shows them,
        it does not refuse to talk. Raises `UsageError` where the model cannot go on from inside an
        answer.
        """
        given = prefix if branch is None else branch.given
        if given and "continue_from" not in model.abilities:
            raise UsageError(
                f"{model.ref} cannot continue an answer from inside.",
                hint="Ask it to go on in a new prompt; local models can.",
            )
        run = Run(
            model,
            self.messages(turn),
            self.params if params is None else params,
            prefix=given,
            unsupported="adjust",
        )
        if branch is not None:
            run.prefix_text = branch.text
            turn.beginnings[run.id] = branch.tokens
        turn.runs.append(run)
        turn.chosen = None
        return run

    def filing(self, turn: Turn, conversation: str, place: int, title: str = "") -> Filing:
        """Where the latest run of a turn belongs in the history."""
        return Filing(
            conversation=conversation,
            pane=self.id,
            turn=turn.id,
            place=place,
            model=self.ref,
            params=self.params,
            system=self.system,
            parent=turn.parent.id if turn.parent is not None else "",
            round=turn.round,
            prompt=turn.prompt,
            version=len(turn.runs),
            title=title,
        )

    def clear(self) -> None:
        """Forget the turns; model, params and system prompt stay. What is kept stays kept."""
        self.id = new_id()
        self._tree.clear()
        self._leaf = None

    @classmethod
    def recalled(cls, record: PaneRecord, others: Iterable[RunRecord] = ()) -> Conversation:
        """A kept pane again; `others` are the runs of other panes that it may have taken along."""
        made = cls(record.model, record.params, record.system)
        made.id = record.id
        runs = {run.id: restored(run) for turn in record.turns for run in turn.runs}
        foreign = {run.id: run for run in others}
        by_id: dict[str, Turn] = {}
        for item in record.turns:
            own = [runs[run.id] for run in item.runs]
            turn = Turn(item.prompt, round=item.round, id=item.id, runs=own)
            if item.chosen is not None:
                name, choice = item.chosen
                if name in runs:
                    turn.chosen = Version(runs[name], choice)
                elif name in foreign:
                    turn.taken = Version(restored(foreign[name]), choice)
            by_id[item.id] = made._add(turn)
        for item in record.turns:
            turn, parent = by_id[item.id], by_id.get(item.parent)
            # A file from elsewhere may say that a turn comes after itself.
            turn.parent = None if any(one is turn for one in _path_to(parent)) else parent
        made._leaf = by_id.get(record.leaf, made._leaf)
        made.ratings = {
            (rating.run, rating.choice): rating
            for run in (*foreign.values(), *(run for t in record.turns for run in t.runs))
            for rating in run.ratings
        }
        return made

    def _add(self, turn: Turn) -> Turn:
        self._tree.append(turn)
        self._leaf = turn
        return turn
