"""Text that breaks where it means to: between hints of keys, and meanings under themselves."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

__all__ = ["Entry", "FittedText", "Glossary", "KeyLine", "Passage", "heading", "table"]

_BETWEEN = " · "
_WIDEST_TERM = 24
"""Cells of a column of terms at most, with the blanks behind it."""


class FittedText(Widget):
    """Lines that a subclass makes for the width that there is."""

    DEFAULT_CSS = """
    FittedText {
        width: 100%;
        height: auto;
    }
    """

    @abstractmethod
    def lines(self, width: int) -> Sequence[Content]:
        """The lines, each in so many cells (at least 1) at most."""

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many rows as there are lines."""
        return len(self.lines(max(width, 1)))

    def render(self) -> Content:
        """The lines for the width that it has."""
        return Content("\n").join(self.lines(max(self.content_size.width, 1)))


class KeyLine(FittedText):
    """What keys do, a hint each with ` · ` between them; a hint is torn only where it must be."""

    hints: reactive[str] = reactive("", layout=True)

    def __init__(self, hints: str, *, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.set_reactive(KeyLine.hints, hints)

    def lines(self, width: int) -> Sequence[Content]:
        """As many hints on a line as there is room for."""
        whole = [line for part in self.hints.split("\n") for line in _filled(part, width)]
        return [line for part in whole for line in Content(part).wrap(width)]


def _filled(hints: str, width: int) -> Iterator[str]:
    line = ""
    for hint in hints.split(_BETWEEN):
        longer = f"{line}{_BETWEEN}{hint}" if line else hint
        if line and cell_len(longer) > width:
            yield line
            longer = hint
        line = longer
    yield line


class Entry(NamedTuple):
    """A term (a key, a knob, a figure) and its meaning, which begins after so many cells."""

    term: str
    meaning: str
    column: int


Passage = Content | Entry


def heading(words: str) -> Content:
    """What stands over passages."""
    return Content.styled(words, "$text-primary bold")


def table(title: str, rows: Iterable[tuple[str, str]]) -> list[Passage]:
    """A heading over terms with their meanings, and a blank line."""
    pairs = list(rows)
    longest = max((cell_len(term) for term, _ in pairs), default=0)
    column = min(longest + 2, _WIDEST_TERM)
    entries = [Entry(term, meaning, column) for term, meaning in pairs]
    return [heading(title), *entries, Content("")]


class Glossary(FittedText):
    """Passages, and terms beside their meanings; a long meaning goes on under its beginning."""

    def __init__(self, passages: Sequence[Passage]) -> None:
        super().__init__()
        self._passages = passages
        self._made: tuple[int, Sequence[Content]] = (0, ())

    def show(self, passages: Sequence[Passage]) -> None:
        """Show other passages."""
        self._passages, self._made = passages, (0, ())
        self.refresh(layout=True)

    def lines(self, width: int) -> Sequence[Content]:
        """Everything, wrapped; made once for a width, because there may be whole answers in it."""
        if self._made[0] != width:
            made = [line for passage in self._passages for line in _wrapped(passage, width)]
            self._made = width, made
        return self._made[1]


def _wrapped(passage: Passage, width: int) -> Iterator[Content]:
    if isinstance(passage, Content):
        yield from passage.wrap(width)
        return
    # On a narrow terminal the meanings keep half of the line.
    column = min(passage.column, width // 2)
    term = Content.styled(passage.term, "$text-accent")
    meaning = Content(passage.meaning).wrap(width - column)
    blanks = column - term.cell_length
    if blanks < 1:
        yield from term.wrap(width)
    elif meaning:
        yield Content.assemble(term, " " * blanks, meaning.pop(0))
    for line in meaning:
        yield Content.assemble(" " * column, line)
