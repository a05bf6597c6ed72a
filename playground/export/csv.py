"""CSV, one row an answer, for spreadsheets and data frames.

A spreadsheet takes a cell that begins with `=`, `+`, `-` or `@` for a formula and runs it, so that
an answer could. Every text cell that begins so (or with a blank, a tab or a line end before it,
or with an apostrophe) gets one apostrophe in front, which spreadsheets take for "this is text".
Taking one apostrophe away from each cell that begins with one gives the texts back exactly, and
`read` does. Numbers are written by us and stay as they are; what has a structure is JSON.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterable, Iterator, Sequence

from pydantic import JsonValue

from playground.export.layout import KeptAnswer, effective, shown
from playground.history.records import ConversationRecord
from playground.params import knobs
from playground.types import Token

# Also their full-width forms, and what is skipped in front of them.
_DANGEROUS = re.compile("[\\s\x00-\x20\u200b-\u200f\u2060\ufeff]*[=+\\-@＝＋－＠']")

_BEFORE = (
    "conversation", "title", "tags", "pane", "place", "turn", "round", "run", "version", "choice",
    "created", "model", "state", "finish_reason", "system", "prompt", "answer", "reasoning",
    "error",
)  # fmt: skip
_AFTER = (
    "input_tokens", "output_tokens", "cached_tokens", "reasoning_tokens", "cost_usd", "queued_s",
    "first_token_s", "total_s", "tokens_per_second", "stars", "note",
)  # fmt: skip


def columns() -> tuple[str, ...]:
    """The names in the first row; between ids, texts and figures, every knob."""
    return (*_BEFORE, *knobs(), *_AFTER)


def pieces(
    records: Iterable[ConversationRecord], _figures: Callable[[str, int], Sequence[Token]]
) -> Iterator[str]:
    """The table, some rows at a time."""
    yield _rows([columns()])
    for record in records:
        yield _rows(_conversation(record))


def read(text: str) -> list[dict[str, str]]:
    """The rows of such a table, with the texts as they were."""
    # No cell is longer than all of it; what the module takes by itself is less than an answer.
    before = csv.field_size_limit(len(text) + 1)
    try:
        with io.StringIO(text, newline="") as file:
            rows = list(csv.DictReader(file))
    finally:
        csv.field_size_limit(before)
    return [{name: cell.removeprefix("'") for name, cell in row.items()} for row in rows]


def _conversation(record: ConversationRecord) -> Iterator[list[object]]:
    for pane in record.panes:
        for turn in pane.turns:
            for run in turn.runs:
                for choice in range(len(run.choices)):
                    answer = KeptAnswer(run, choice, chosen=False)
                    yield [
                        harmless(record.id),
                        harmless(record.title),
                        harmless(", ".join(record.tags)),
                        harmless(pane.id),
                        pane.place,
                        harmless(turn.id),
                        harmless(turn.round),
                        harmless(run.id),
                        run.version,
                        choice,
                        run.created.isoformat(),
                        *_answer(answer),
                    ]


def _answer(answer: KeptAnswer) -> Iterator[object]:
    run, rating = answer.run, answer.rating
    texts = (
        run.model,
        run.state,
        run.choices[answer.choice].finish_reason or "",
        next((turn.content for turn in run.messages if turn.role == "system"), ""),
        run.prompt,
        answer.text,
        answer.reasoning,
        run.error.message if run.error is not None else "",
    )
    yield from map(harmless, texts)
    used = effective(run)
    yield from (_cell(used.get(name)) for name in knobs())
    usage, timing = run.usage, run.timing
    yield from (usage.input_tokens, usage.output_tokens, usage.cached_tokens)
    yield from (usage.reasoning_tokens, usage.cost)
    yield from (timing.queued, timing.first_token, timing.total, run.tokens_per_second)
    yield rating.stars if rating is not None else None
    yield harmless(rating.note if rating is not None else "")


def _cell(value: JsonValue) -> object:
    """A knob's value: numbers stay numbers."""
    return value if value is None or isinstance(value, int | float) else harmless(shown(value))


def harmless(text: str) -> str:
    """A text that no spreadsheet takes for a formula: see the top of this module."""
    return f"'{text}" if _DANGEROUS.match(text) else text


def _rows(rows: Iterable[Sequence[object]]) -> str:
    file = io.StringIO(newline="")
    # Texts are always quoted, so that one with a line end or a semicolon stays one cell.
    csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return file.getvalue()
