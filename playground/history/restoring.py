"""Kept runs as `Run`s again, to show, to compare and to go on from; and the other way round."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import UTC, datetime

import playground.errors as errors
from playground.errors import ModelClosed, PlaygroundError
from playground.history.records import RunRecord
from playground.providers.base import ChatModel
from playground.run import Run, problem_of
from playground.types import Capabilities, Event, Message, ModelRef, Plan, Problem


class RememberedModel(ChatModel):
    """The model of a kept run: its name. It answers nothing; open the reference for that."""

    def __init__(self, ref: ModelRef) -> None:
        self.ref = ref
        self.capabilities = Capabilities(knobs={})

    def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        """Refuse: this is a memory."""
        raise ModelClosed(f"{self.ref} is remembered only.", hint="Open it again.")


def restored(record: RunRecord) -> Run:
    """A kept run, ended as it was."""
    return Run.recalled(
        RememberedModel(ModelRef.parse(record.model)),
        record.messages,
        record.params,
        id=record.id,
        prefix=record.prefix,
        prefix_text=record.prefix_text,
        state=record.state,
        choices=record.choices,
        receipt=record.receipt,
        usage=record.usage,
        timing=record.timing,
        error=_error(record.error) if record.error is not None else None,
    )


def remembered(run: Run) -> RunRecord:
    """A run of this program as the history would have it, where it could not be written yet."""
    text = isinstance(run.prefix, str)
    return RunRecord(
        id=run.id,
        conversation="",
        pane="",
        turn="",
        version=1,
        created=datetime.now(UTC),
        model=str(run.model.ref),
        state=run.state,
        messages=run.messages,
        prefix=run.prefix if isinstance(run.prefix, str) else tuple(run.prefix),
        prefix_text="" if text else run.prefix_text,
        params=run.params,
        receipt=run.receipt,
        choices=tuple(choice.so_far() for choice in run.choices),
        usage=run.usage,
        timing=run.timing,
        error=problem_of(run.error) if run.error is not None else None,
    )


def _error(problem: Problem) -> BaseException:
    """An error of the kind that was kept, if it is one of ours."""
    kind = getattr(errors, problem.kind, None)
    if isinstance(kind, type) and issubclass(kind, PlaygroundError):
        return kind(problem.message)
    return PlaygroundError(problem.message)
