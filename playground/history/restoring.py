"""Kept runs as `Run`s again: to show, to compare and to go on from."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

import playground.errors as errors
from playground.errors import ModelClosed, PlaygroundError
from playground.history.records import RunRecord
from playground.providers.base import ChatModel
from playground.run import Run
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


def _error(problem: Problem) -> BaseException:
    """An error of the kind that was kept, if it is one of ours."""
    kind = getattr(errors, problem.kind, None)
    if isinstance(kind, type) and issubclass(kind, PlaygroundError):
        return kind(problem.message)
    return PlaygroundError(problem.message)
