"""Markdown for people.

Whatever a model or a user said stands in fenced blocks that are longer than any fence in it, so
that nothing said can be taken for a part of the document; what a terminal would obey is made
visible. Turns that are out of view are counted, not shown: JSON Lines hold everything.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from playground.export.layout import (
    KeptAnswer,
    answers_to,
    asked_in,
    facts,
    letter,
    out_of_view,
    panes_of,
)
from playground.history.records import ConversationRecord
from playground.sanitize import make_safe
from playground.types import Token

_PUNCTUATION = re.compile(r"([\\`*_{}\[\]()#+\-.!|<>~$&:@])")
_BACKTICKS = re.compile("`+")


def pieces(
    records: Iterable[ConversationRecord], _figures: Callable[[str, int], Sequence[Token]]
) -> Iterator[str]:
    """The document, a conversation at a time."""
    for number, record in enumerate(records):
        yield "\n---\n\n" * bool(number) + "\n".join(_conversation(record))


def _conversation(record: ConversationRecord) -> Iterator[str]:
    panes = panes_of(record)
    yield f"# {_plain(record.title) or 'A conversation'}\n"
    tags = f", tagged {', '.join(map(_code, record.tags))}" if record.tags else ""
    yield f"{record.created:%Y-%m-%d %H:%M %z}, {_code(record.id)}{tags}\n"
    for place, pane in enumerate(panes):
        yield f"- {letter(place)}: {_code(pane.model)}"
        if pane.system:
            yield f"\n  System prompt:\n\n{_indented(_fenced(pane.system))}"
    for number, asked in enumerate(asked_in(panes), start=1):
        yield f"\n## Prompt {number}\n\n{_fenced(asked.prompt)}"
        for place, turn in sorted(asked.turns.items()):
            if turn.prompt != asked.prompt:
                yield f"\n{letter(place)} was asked:\n\n{_fenced(turn.prompt)}"
            for answer in answers_to(turn, record):
                yield from _answer(letter(place), answer)
    if hidden := out_of_view(panes):
        yield f"\n{hidden} more turns, out of view, are in the history and in JSON Lines."
    yield ""


def _answer(pane: str, answer: KeptAnswer) -> Iterator[str]:
    run = answer.run
    chosen = ", gone on with" if answer.chosen else ""
    yield f"\n### {pane} · {_code(run.model)}, try {run.version}{chosen}\n"
    if answer.reasoning:
        yield f"Reasoning:\n\n{_fenced(answer.reasoning)}\n"
    yield _fenced(answer.text)
    if run.error is not None:
        yield f"\nError:\n\n{_fenced(run.error.message)}"
    yield ""
    for name, value in facts(answer):
        yield f"- {name}: {_code(value)}"


def _plain(text: str) -> str:
    """Text of one line without any meaning in Markdown."""
    return _PUNCTUATION.sub(r"\\\1", " ".join(make_safe(text).split()))


def _code(text: str) -> str:
    """Text of one line as a code span."""
    line = " ".join(make_safe(text).split())
    marks = "`" * (_longest(line) + 1)
    space = " " if line.startswith("`") or line.endswith("`") or not line else ""
    return f"{marks}{space}{line}{space}{marks}"


def _fenced(text: str) -> str:
    safe = make_safe(text)
    marks = "`" * max(3, _longest(safe) + 1)
    return f"{marks}text\n{safe}\n{marks}"


def _indented(text: str) -> str:
    return "\n".join(f"  {line}" for line in text.split("\n"))


def _longest(text: str) -> int:
    return max((len(found) for found in _BACKTICKS.findall(text)), default=0)
