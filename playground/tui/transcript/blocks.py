"""The blocks that a transcript is made of, and how each becomes rows at a given width.

A block is the smallest thing that is laid out again when something changes: a paragraph, one list
item's paragraph, a heading, some forty lines of a code block, some rows of a table. Its containers
(quotes, list items) are only a prefix in front of its rows, so a block never needs its neighbours
and the cost of laying one out does not depend on what it stands in.

Rows carry names of styles instead of colours: a change of theme leaves them as they are.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from .inline import Run, Styles, parse_code, parse_inline, parse_line_of_code, slice_runs
from .wrap import Piece, cells, fold, wrap

__all__ = ["Block", "CodeBlock", "Prefix", "Row", "RuleBlock", "TableBlock", "TextBlock"]

_TAB: Final = 4
_NARROWEST: Final = 8
"""Cells that must stay for the text before a prefix (deep quotes in a narrow pane) is shortened."""


@dataclass(slots=True, eq=False)
class Row:
    """One line on the screen."""

    runs: list[Run]
    lead: int = 0
    """How many characters at the start are decoration (quote bars, bullets, frames)."""
    joint: str = "\n"
    """What stands in the source between this row and the next: nothing or spaces where only the
    width of the pane broke the line."""
    fill: Styles = ()
    """Style of the cells to the right of the text."""

    @property
    def text(self) -> str:
        """The characters of the row."""
        return "".join(text for text, _ in self.runs)


@dataclass(slots=True, frozen=True)
class Prefix:
    """What the containers of a block put in front of it: on its first row, and on the others.

    All are lists of equally wide columns, outermost first.
    """

    first: tuple[Run, ...] = ()
    rest: tuple[Run, ...] = ()
    above: tuple[Run, ...] = ()
    """On the empty row above it: the bar of a quote that it is not the first block of."""

    def fit(self, width: int) -> tuple[tuple[Run, ...], tuple[Run, ...], int]:
        """Drop outer columns until a readable width is left; also returns the cells used."""
        columns = [cells(text) for text, _ in self.rest]
        total = sum(columns)
        dropped = 0
        while dropped < len(columns) and total > max(0, width - _NARROWEST):
            total -= columns[dropped]
            dropped += 1
        return self.first[dropped:], self.rest[dropped:], total


_NO_PREFIX: Final = Prefix()


@dataclass(slots=True, eq=False)
class Block:
    """Common part of all blocks. `height` and `width` are the transcript's to manage."""

    prefix: Prefix = field(default=_NO_PREFIX, kw_only=True)
    gap: bool = field(default=False, kw_only=True)
    """Whether an empty row goes before it."""
    height: int = field(default=1, init=False)
    """Rows at `width`; a guess while `width` is 0 or that of another pane size."""
    width: int = field(default=0, init=False)

    def lay_out(self, width: int) -> list[Row]:
        """Return the rows at `width` cells, the empty row above included; at least one."""
        first, rest, used = self.prefix.fit(width)
        rows = self._rows(max(1, width - used))
        for index, row in enumerate(rows):
            prefix = rest if index else first
            row.runs = [*prefix, *row.runs]
            row.lead += sum(len(text) for text, _ in prefix)
        if self.gap:
            above = self.prefix.above[-len(rest) :] if rest else ()
            rows.insert(0, Row(list(above), lead=sum(len(text) for text, _ in above)))
        return rows

    def guess(self, width: int) -> int:
        """Guess the height from the amount of text, without laying out anything."""
        raise NotImplementedError

    def _rows(self, width: int) -> list[Row]:
        raise NotImplementedError


@dataclass(slots=True, eq=False)
class TextBlock(Block):
    """A paragraph, a heading or a plain text: lines that wrap at words."""

    text: str
    styles: Styles = ()
    markdown: bool = True
    ends: str = "\n"
    """What follows in the source: nothing where an endless paragraph was cut into blocks."""

    def guess(self, width: int) -> int:
        """One row a line and one for every `width` characters."""
        return self.gap + 1 + self.text.count("\n") + len(self.text) // max(width, 1)

    def _rows(self, width: int) -> list[Row]:
        runs = parse_inline(self.text) if self.markdown else ((self.text, ()),)
        text = "".join(part for part, _ in runs)
        rows = _wrapped_rows(text, runs, width)
        rows[-1].joint = self.ends
        if self.styles:
            for row in rows:
                row.runs = [(part, self.styles + styles) for part, styles in row.runs]
                row.fill = self.styles
        return rows


def _wrapped_rows(text: str, runs: tuple[Run, ...], width: int) -> list[Row]:
    """Wrap styled text that may hold newlines."""
    pieces: list[Piece] = []
    line_start = 0
    for line in text.split("\n"):
        pieces.extend(Piece(*(line_start + at for at in piece)) for piece in wrap(line, width))
        line_start += len(line) + 1
    lines = slice_runs(runs, [(piece.start, piece.end) for piece in pieces])
    rows = [Row(line) for line in lines]
    for row, piece, following in zip(rows, pieces, pieces[1:], strict=False):
        if following.start == piece.next_start:  # the same line of the source
            row.joint = text[piece.end : piece.next_start]
    return rows


@dataclass(slots=True, eq=False)
class RuleBlock(Block):
    """A thematic break."""

    def guess(self, width: int) -> int:
        """One row."""
        return self.gap + 1

    def _rows(self, width: int) -> list[Row]:
        return [Row([("─" * width, ("rule",))], lead=width)]


@dataclass(slots=True, eq=False)
class CodeBlock(Block):
    """Some consecutive lines of a code block; a long block of code is many of these."""

    lines: list[str]
    language: str = ""
    begins: bool = True
    """Whether these are the first lines of the block of code; they carry its label."""
    closed: bool = True
    """False while lines are still coming: then each line is coloured alone and once, which is
    wrong only for what spans lines, and put right when the lines are complete."""

    def guess(self, width: int) -> int:
        """One row a line and the label."""
        return self.gap + max(1, len(self.lines)) + (self.begins and self.language != "")

    def _rows(self, width: int) -> list[Row]:
        rows: list[Row] = []
        # One cell of margin inside the frame's colour, when there is room for it.
        margin = " " if width > _NARROWEST else ""
        if self.begins and self.language:
            label = margin + self.language[: fold(self.language, width - len(margin))[0].end]
            rows.append(Row([(label, ("code", "code-label"))], len(label), fill=("code",)))
        lines = [line.expandtabs(_TAB) for line in self.lines]
        for line, runs in zip(lines, self._colours(lines), strict=True):
            pieces = fold(line, width - len(margin))
            for piece, part in zip(pieces, slice_runs(runs, [p[:2] for p in pieces]), strict=True):
                part = [(text, ("code", *styles)) for text, styles in part]
                rows.append(
                    Row(
                        [(margin, ("code",)), *part] if margin else part,
                        lead=len(margin),
                        joint="\n" if piece is pieces[-1] else "",
                        fill=("code",),
                    )
                )
        return rows or [Row([], fill=("code",))]

    def _colours(self, lines: list[str]) -> list[list[Run]]:
        """The runs of each line."""
        if not self.closed:
            return [list(parse_line_of_code(line, self.language)) for line in lines]
        cuts, start = [], 0
        for line in lines:
            cuts.append((start, start + len(line)))
            start += len(line) + 1
        return slice_runs(parse_code("\n".join(lines), self.language), cuts)


@dataclass(slots=True, eq=False)
class TableBlock(Block):
    """Some consecutive rows of a table, the first of which carry its header.

    The first block decides how wide the columns are, and the blocks after it follow: rows that
    arrive later never move what is already on the screen.
    """

    records: list[list[str]]
    alignments: list[str]
    head: TableBlock | None = None
    """The first block of the table; None when this is it. Its first row is the header."""
    natural: list[int] = field(default_factory=list, init=False)
    """Width of each column as its text would have it."""

    def __post_init__(self) -> None:
        if self.head is None:
            self.natural = [1] * len(self.alignments)
            for row in self.records:
                for column, cell in enumerate(row):
                    shown = sum(cells(text) for text, _ in parse_inline(cell))
                    self.natural[column] = max(self.natural[column], shown)

    def guess(self, width: int) -> int:
        """One row a line and the line under the header."""
        return self.gap + len(self.records) + (self.head is None)

    def _rows(self, width: int) -> list[Row]:
        head = self.head or self
        widths = _column_widths(head.natural, width)
        if widths is None:
            return self._stacked(head.records[0], width)
        rows: list[Row] = []
        for index, row in enumerate(self.records):
            is_header = self.head is None and index == 0
            rows += self._grid(row, widths, ("table-header",) if is_header else ())
            if is_header:
                line = "─┼─".join("─" * column for column in widths)
                rows.append(Row([(line, ("table-line",))], lead=len(line)))
        return rows

    def _grid(self, row: list[str], widths: list[int], styles: Styles) -> list[Row]:
        """One row of the table: as many lines as its tallest cell."""
        columns = [
            _wrapped_rows("".join(text for text, _ in runs), runs, width)
            for runs, width in zip(map(parse_inline, row), widths, strict=True)
        ]
        rows: list[Row] = []
        for line in range(max(map(len, columns))):
            runs: list[Run] = []
            for column, width, align in zip(columns, widths, self.alignments, strict=True):
                if runs:
                    runs.append((" │ ", ("table-line",)))
                cell = column[line].runs if line < len(column) else []
                free = max(0, width - sum(cells(text) for text, _ in cell))
                left = {"right": free, "center": free // 2}.get(align, 0)
                runs += [(" " * left, ()), *((t, styles + s) for t, s in cell)]
                runs.append((" " * (free - left), ()))
            rows.append(Row([run for run in runs if run[0]]))
        return rows

    def _stacked(self, header: list[str], width: int) -> list[Row]:
        """A pane too narrow for the columns: each cell under the name of its column."""
        rows: list[Row] = []
        for row in self.records[1:] if self.head is None else self.records:
            for name, cell in zip(header, row, strict=True):
                label = tuple(
                    (text, ("table-header", *styles)) for text, styles in parse_inline(name)
                )
                runs = (*label, (": ", ("table-header",)), *parse_inline(cell))
                rows += _wrapped_rows("".join(text for text, _ in runs), runs, width)
            rows.append(Row([("─" * min(width, _NARROWEST), ("table-line",))], lead=width))
        return rows or [Row([(" ".join(header)[:width], ("table-header",))])]


def _column_widths(natural: list[int], width: int) -> list[int] | None:
    """Share `width` among columns: narrow ones get what they want, wide ones an equal share.

    None when fewer than four cells a column would be left.
    """
    free = width - 3 * (len(natural) - 1)
    if free < min(4 * len(natural), sum(natural)):
        return None
    widths = [0] * len(natural)
    for done, column in enumerate(sorted(range(len(natural)), key=natural.__getitem__)):
        widths[column] = min(natural[column], max(1, free // (len(natural) - done)))
        free -= widths[column]
    # A little air, so that the number after 99 in a later block needs no second line.
    air = min(2, free // len(widths))
    return [column + air for column in widths]
