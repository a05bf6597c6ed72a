"""JSON Lines that hold everything, and that `playground history import` reads again."""

from __future__ import annotations

import itertools
import json
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from playground.history.interchange import (
    TOKENS_A_LINE,
    ConversationLine,
    EndLine,
    HeadLine,
    Line,
    MessageLine,
    PaneLine,
    RunLine,
    TokenFigures,
    TokensLine,
    TurnLine,
    VoteLine,
)
from playground.history.records import ConversationRecord, PaneRecord, RunRecord, TurnRecord
from playground.machine import OURS, versions
from playground.params import GenerationParams
from playground.sanitize import escape_unprintable
from playground.types import Frozen, Message, Token


def pieces(
    records: Iterable[ConversationRecord], figures: Callable[[str, int], Sequence[Token]]
) -> Iterator[str]:
    """The file, some lines at a time."""
    yield line_of(HeadLine(playground=versions()[OURS]))
    count, numbers = 1, itertools.count()
    for record in records:
        for line in _conversation(record, figures, numbers):
            yield line_of(line)
            count += 1
    yield line_of(EndLine(lines=count))


def line_of(value: Frozen) -> str:
    """A model as one line of JSON, safe to look at."""
    content = value.model_dump(mode="json", exclude_none=True)
    return f"{escape_unprintable(json.dumps(content, ensure_ascii=False))}\n"


def _conversation(
    record: ConversationRecord,
    figures: Callable[[str, int], Sequence[Token]],
    numbers: Iterator[int],
) -> Iterator[Line]:
    """The lines of a conversation; `numbers` go on through the file.

    Each message is written once, because a chat sends all its turns again with every prompt.
    """
    known: dict[Message, int] = {}
    yield ConversationLine(
        id=record.id,
        title=record.title,
        created=record.created,
        updated=record.updated,
        pinned=record.pinned,
        tags=record.tags,
        origin=record.origin,
    )
    for pane in record.panes:
        yield _pane(record, pane)
        for turn in pane.turns:
            yield _turn(pane, turn)
            for run in turn.runs:
                for message in run.messages:
                    if message not in known:
                        known[message] = next(numbers)
                        yield MessageLine(
                            number=known[message], role=message.role, content=message.content
                        )
                yield _run(run, [known[message] for message in run.messages])
                if run.has_tokens:
                    for choice in range(len(run.choices)):
                        yield from _tokens(run, choice, figures(run.id, choice))
    for vote in record.votes:
        yield VoteLine.of(vote, record.id)


def _pane(record: ConversationRecord, pane: PaneRecord) -> PaneLine:
    return PaneLine(
        id=pane.id,
        conversation=record.id,
        place=pane.place,
        model=pane.model,
        params=_given(pane.params),
        system=pane.system,
        leaf=pane.leaf,
    )


def _turn(pane: PaneRecord, turn: TurnRecord) -> TurnLine:
    return TurnLine(
        id=turn.id,
        pane=pane.id,
        parent=turn.parent,
        round=turn.round,
        prompt=turn.prompt,
        created=turn.created,
        chosen=turn.chosen,
    )


def _run(run: RunRecord, messages: Sequence[int]) -> RunLine:
    return RunLine(
        id=run.id,
        turn=run.turn,
        version=run.version,
        created=run.created,
        model=run.model,
        state=run.state,
        messages=tuple(messages),
        prefix=run.prefix,
        prefix_text=run.prefix_text,
        params=_given(run.params),
        receipt=(
            run.receipt.model_dump(mode="json", exclude_none=True)
            if run.receipt is not None
            else None
        ),
        choices=run.choices,
        usage=run.usage,
        timing=run.timing,
        error=run.error,
        ratings=run.ratings,
    )


def _tokens(run: RunRecord, choice: int, tokens: Sequence[Token]) -> Iterator[TokensLine]:
    for start in range(0, len(tokens), TOKENS_A_LINE):
        some = tokens[start : start + TOKENS_A_LINE]
        yield TokensLine(run=run.id, choice=choice, tokens=tuple(map(TokenFigures.of, some)))


def _given(params: GenerationParams) -> dict[str, Any]:
    return params.model_dump(mode="json", exclude_none=True)
