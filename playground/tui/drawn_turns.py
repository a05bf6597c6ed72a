"""The turns of one conversation on a pane's transcript: what is drawn, and which answer is last."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playground.tui.figures import adjustments_of, describe, end_words
from playground.tui.labels import brief, one_line
from playground.tui.problems import problem_text
from playground.types import TextDelta

if TYPE_CHECKING:
    from playground.run import Run
    from playground.tui.conversation import Conversation, Turn, Version
    from playground.tui.transcript import MessageHandle, Transcript
    from playground.types import ReasoningDelta

__all__ = ["DrawnTurns"]


class DrawnTurns:
    """Draws a conversation; the answer drawn last may still grow, and can be drawn anew."""

    def __init__(self, transcript: Transcript, conversation: Conversation) -> None:
        self.transcript = transcript
        self._conversation = conversation
        self._handle: MessageHandle | None = None
        self._shown: tuple[Run | None, int] = (None, 0)

    def draw(self) -> None:
        """Draw every turn in view from the start."""
        self.transcript.clear()
        for turn in self._conversation.turns:
            self.add_prompt(turn)
            self.draw_answer(turn)

    def add_prompt(self, turn: Turn) -> None:
        """Draw the prompt of a turn below what is there."""
        edits = self._conversation.siblings(turn)
        which = f" · edit {edits.index(turn) + 1}/{len(edits)}" if len(edits) > 1 else ""
        self.transcript.add_message("user", turn.prompt, title=f"You{which}")
        self.forget()

    def draw_answer(self, turn: Turn) -> None:
        """Draw the answer in view of the turn that was drawn last, in place of one before it."""
        self._drop_answer()
        version = turn.current
        if version is None:
            return
        run = version.run
        handle = self.transcript.begin_answer(title=self._title_of(turn, version))
        self.transcript.append_reasoning(handle, version.reasoning)
        self.transcript.append(handle, version.text)
        if run.state != "running":
            self._finish(handle, run)
        else:
            self._say_if_remembered(handle, run)
        self._handle, self._shown = handle, (run, version.choice)

    def take(self, run: Run, event: TextDelta | ReasoningDelta) -> None:
        """Append a piece of a run to its answer.

        A choice which is not in view is kept in the run, and drawn when it is paged to.
        """
        if self._handle is None or self._shown != (run, event.choice):
            return
        if isinstance(event, TextDelta):
            self.transcript.append(self._handle, event.text)
        else:
            self.transcript.append_reasoning(self._handle, event.text)

    def end(self, run: Run, note: str = "") -> None:
        """Say below the answer how its run ended, where it is the one drawn last."""
        if self._handle is not None and self._shown[0] is run:
            self._finish(self._handle, run, note)

    def fail(self, error: BaseException) -> None:
        """Show why there is no answer, in place of the one drawn last."""
        self._drop_answer()
        self._handle = self.add_error(error)

    def add_error(self, error: BaseException) -> MessageHandle:
        """Show what went wrong below everything else."""
        handle = self.transcript.begin_answer(title=one_line(self._conversation.ref))
        self.transcript.finish(handle, error=problem_text(error))
        return handle

    def forget(self) -> None:
        """What comes next stands below the answer drawn last, not in its place."""
        self._handle, self._shown = None, (None, 0)

    def _drop_answer(self) -> None:
        if self._handle is not None:
            self.transcript.remove_message(self._handle)
            self._handle = None

    def _finish(self, handle: MessageHandle, run: Run, note: str = "") -> None:
        """End an answer on the screen, with what there is to say of how it was made."""
        if run.state == "cancelled":
            note = note or "stopped"
        elif run.state == "interrupted":
            note = ": ".join(end_words(run)[:2])
        notes = [note, *map(describe, adjustments_of(run))]
        if run.state == "done" and run.choices[0].finish_reason != "stop":
            notes.append(end_words(run)[1])
        error = problem_text(run.error) if run.error is not None else ""
        self.transcript.finish(handle, note="\n".join(filter(None, notes)), error=error)

    def _say_if_remembered(self, handle: MessageHandle, run: Run) -> None:
        """Of a run that goes on elsewhere, end what had come: it does not grow here."""
        from playground.history.restoring import RememberedModel

        if isinstance(run.model, RememberedModel):
            note = "being answered in another playground; this is what had come"
            self.transcript.finish(handle, note=note)

    def _title_of(self, turn: Turn, version: Version) -> str:
        """What stands over an answer: the model, the knobs you set as it takes them, its place."""
        run = version.run
        used = (run.plan or run.model.plan(run.params)).effective
        parts = [one_line(str(run.model.ref))]
        parts += [f"{name} {brief(used[name])}" for name in run.params.given() if name in used]
        count = len(turn.versions) + turn.coming
        if count > 1:
            parts.append(f"answer {turn.versions.index(version) + 1}/{count}")
        if version.prefix:
            parts.append("continued")
        rating = self._conversation.ratings.get(version.name)
        if rating is not None:
            parts.append("★" * (rating.stars or 0) + (" with a note" if rating.note else ""))
        return " · ".join(parts)
