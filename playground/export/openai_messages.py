"""OpenAI-style messages: the conversation in view of each pane as `{"messages": [...]}` on a line.

They are what the model was really sent with the last answer in view, and that answer, so that they
can be sent again, or be learnt from. A pane without any answer has no line.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator, Sequence

from playground.export.layout import answer_gone_on_with, panes_of
from playground.history.records import ConversationRecord, PaneRecord
from playground.sanitize import escape_unprintable
from playground.types import Message, Token


def pieces(
    records: Iterable[ConversationRecord], _figures: Callable[[str, int], Sequence[Token]]
) -> Iterator[str]:
    """The lines, one a pane."""
    for record in records:
        for pane in panes_of(record):
            if messages := messages_of(pane, record):
                content = {"messages": [message.model_dump() for message in messages]}
                yield f"{escape_unprintable(json.dumps(content, ensure_ascii=False))}\n"


def messages_of(pane: PaneRecord, record: ConversationRecord) -> tuple[Message, ...]:
    """What was sent for the last answer in view, and the answer; nothing if there is none."""
    for turn in reversed(pane.path):
        answer = answer_gone_on_with(turn, record)
        if answer is not None:
            return (*answer.run.messages, Message(role="assistant", content=answer.text))
    return ()
