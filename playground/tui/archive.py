"""The terminal's side of the history: what is written down of its panes, and what is read back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from playground.background import off_loop
from playground.errors import HistoryUnavailable, PlaygroundError
from playground.history import (
    ConversationRecord,
    Filing,
    Filters,
    History,
    Rating,
    Recorder,
    Summary,
)
from playground.ids import new_id
from playground.judging import Vote
from playground.run import Run
from playground.tui.conversation import Conversation, Turn

__all__ = ["Archive", "open_archive"]

_Result = TypeVar("_Result")

SETTLE_SECONDS = 1.0
"""How long leaving waits for receipts that are still being completed."""


class Archive:
    """One conversation at a time is being held; it is filed under `current`.

    Writing returns at once; everything that reads waits in a thread.
    """

    def __init__(self, history: History) -> None:
        self._history = history
        self._recorder = Recorder(history)
        self.current = new_id()
        self.title = ""
        self.tags: tuple[str, ...] = ()
        self.pinned = False

    @property
    def kept(self) -> bool:
        """Whether what is written is still there tomorrow."""
        return self._history.kept

    @property
    def problem(self) -> str:
        """Why nothing can be written down just now; empty while all is well."""
        return self._history.problem

    # Writing

    def record(self, conversation: Conversation, turn: Turn, run: Run, place: int) -> None:
        """Write a run down, from now until it has ended."""
        self._recorder.follow(run, conversation.filing(turn, self.current, place, self.title))

    def file(self, conversation: Conversation, place: int) -> None:
        """Write down the turns of a pane that was forked, which have no runs of their own."""
        for turn in conversation.turns:
            filing: Filing = conversation.filing(turn, self.current, place, self.title)
            chosen = turn.current.name if turn.current is not None else None
            self._history.keep_turn(filing, chosen)

    def choose(self, turn: Turn) -> None:
        """Write down which answer of a turn is in view."""
        if turn.current is not None:
            self._history.choose(turn.id, *turn.current.name)

    def look_at(self, conversation: Conversation) -> None:
        """Write down which turn of a pane is in view."""
        if conversation.last_turn is not None:
            self._history.set_leaf(conversation.id, conversation.last_turn.id)

    def rate(self, rating: Rating) -> None:
        """Write down what the user thinks of an answer."""
        self._history.rate(rating)

    def add_vote(self, vote: Vote) -> None:
        """Write down a vote of a blind test."""
        self._history.add_vote(vote)

    def votes(self) -> Sequence[Vote]:
        """Every vote; blocks."""
        return self._history.votes()

    def label(self, title: str, tags: Sequence[str], *, pinned: bool) -> None:
        """Give the conversation a title, tags and a place at the top; no title leaves its own."""
        self.title, self.tags, self.pinned = title or self.title, tuple(tags), pinned
        if title:
            self._history.rename(self.current, title)
        self._history.set_tags(self.current, tags)
        self._history.pin(self.current, pinned=pinned)

    def begin_anew(self) -> None:
        """Leave the conversation as it is; what comes now is another one."""
        self.current, self.title, self.tags, self.pinned = new_id(), "", (), False

    def delete(self, name: str) -> None:
        """Take a conversation out of sight."""
        self._history.delete(name)

    def restore(self, name: str) -> None:
        """Bring it back."""
        self._history.restore(name)

    def pin(self, name: str, *, pinned: bool) -> None:
        """Keep a conversation at the top of the list, or no longer."""
        self._history.pin(name, pinned=pinned)

    def settle(self, name: str) -> None:
        """An interrupted conversation has been opened again."""
        self._history.settle(name)

    def leave_interrupted(self, name: str) -> None:
        """An interrupted conversation has been offered once."""
        self._history.leave_interrupted(name)

    # Reading

    async def find(self, filters: Filters, limit: int) -> list[Summary]:
        """Conversations that match, as they are after all that was written before."""
        return await self._read(lambda: self._history.conversations(filters, limit=limit))

    async def load(self, name: str) -> ConversationRecord:
        """A whole conversation."""
        return await self._read(lambda: self._history.conversation(name))

    async def interrupted(self) -> list[Summary]:
        """Conversations that a program died in, the latest first."""
        return await self._read(self._history.interrupted)

    async def read(self, work: Callable[[History], _Result]) -> _Result:
        """Anything else that is read from the history, or written into files from it."""
        return await self._read(lambda: work(self._history))

    def resume(self, record: ConversationRecord) -> None:
        """What comes now belongs to this conversation."""
        self.current, self.title = record.id, record.title
        self.tags, self.pinned = record.tags, record.pinned

    async def _read(self, work: Callable[[], _Result]) -> _Result:
        def flushed() -> _Result:
            self._history.flush()
            return work()

        return await off_loop(flushed)

    async def aclose(self) -> int:
        """Write what is left, and close; how many writes could not be made."""
        await self._recorder.settled(SETTLE_SECONDS)
        return await off_loop(self._history.close)


def open_archive(
    *, keep: bool, on_problem: Callable[[str], None]
) -> tuple[Archive, list[PlaygroundError]]:
    """The archive, and what there is to tell of it: that it is in memory only, say. Blocks.

    `on_problem` is called in another thread when writing begins to fail, or works again.
    """
    if not keep:
        return Archive(History.in_memory()), []
    try:
        history, problem = History.open_or_memory(on_problem=on_problem)
    except Exception as error:  # noqa: BLE001 - whatever it is, one can talk without a history
        unexpected = HistoryUnavailable(
            f"Unexpected {type(error).__name__} while the history was opened: {error}.",
            hint="This is a defect. Nothing of this conversation is kept.",
        )
        unexpected.__cause__ = error
        return Archive(History.in_memory()), [unexpected]
    told = [problem] if problem is not None else []
    if history.notice:
        kind = HistoryUnavailable if history.begun_again else PlaygroundError
        told.append(kind(history.notice))
    return Archive(history), told
