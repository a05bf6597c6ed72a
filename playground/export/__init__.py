"""Conversations as text that other programs read: one format a module, all of them in `FORMATS`.

Writing is pure: records in, text out. `FORMATS["html"].write([record])` is the whole text,
`pieces` gives it conversation by conversation, for histories that no memory should hold at once;
`write_new` puts pieces into a file.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from playground.export import csv, html, json_lines, markdown, openai_messages
from playground.export.writing import write_new
from playground.history.records import ConversationRecord
from playground.types import Token

__all__ = ["FORMATS", "Figures", "Format", "no_figures", "write_new"]

Figures = Callable[[str, int], Sequence[Token]]
"""Gives the tokens of an answer by run and choice: `History.tokens`."""


def no_figures(_run: str, _choice: int) -> Sequence[Token]:
    """For where per-token figures are not wanted."""
    return ()


@dataclass(frozen=True, slots=True)
class Format:
    """A way to write conversations: its name, a title for people, the end of a file's name."""

    name: str
    title: str
    suffix: str
    pieces: Callable[[Iterable[ConversationRecord], Figures], Iterator[str]]

    def write(self, records: Iterable[ConversationRecord], figures: Figures = no_figures) -> str:
        """The whole text. Only a lossless format asks for the figures of tokens."""
        return "".join(self.pieces(records, figures))


FORMATS = {
    kind.name: kind
    for kind in (
        Format("markdown", "to read, or to put into a document", ".md", markdown.pieces),
        Format("html", "a page of its own, panes side by side", ".html", html.pieces),
        Format("jsonl", "everything; can be imported again", ".jsonl", json_lines.pieces),
        Format("csv", "one row an answer, for spreadsheets", ".csv", csv.pieces),
        Format("messages", "OpenAI-style messages, one pane a line", ".jsonl",
               openai_messages.pieces),
    )
}  # fmt: skip
"""Every format by its name, in the order in which they are shown."""
