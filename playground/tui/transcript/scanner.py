"""Cut Markdown into blocks line by line, as it arrives.

Parsers of Markdown want a whole document, and parsing everything again at every flush is what
makes terminals freeze on long answers. The block structure of CommonMark is defined line by line,
though: a line continues the open containers, then opens new blocks, then adds to the open leaf.
`MarkdownScanner` is that machine and nothing more; what stands inside a line is left to
markdown-it. A line costs the same whatever came before it, and a finished block never changes.

Leaves are kept small: list items are blocks of their own, a code block or table becomes a block
every few dozen lines, and a paragraph that does not end is cut at a sentence. Where the cuts fall
depends on the text alone, never on how it arrived.

Left out, because one late line would change what is already on the screen: link reference
definitions and loose lists (an empty line is shown where the source has one). HTML is text.
"""

from __future__ import annotations

from copy import copy
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from .blocks import Block, CodeBlock, Prefix, RuleBlock, TableBlock, TextBlock
from .leaves import Code, Item, Leaf, Paragraph, Quote, Table
from .syntax import (
    DELIMITERS,
    FENCE,
    HEADING,
    LONGEST_LINE,
    MARKER,
    RULE,
    UNDERLINE,
    after_quote,
    indent_of,
    is_undecided,
    spaced,
    split_cells,
)
from .wrap import cells

if TYPE_CHECKING:
    import re

    from .inline import Run

__all__ = ["MarkdownScanner", "PlainScanner", "Scanner"]

_CODE_LINES: Final = 40
_MOST_CODE_LINES: Final = 100
_MOST_CODE_CHARACTERS: Final = 6000
_TABLE_ROWS: Final = 24
_DEEPEST: Final = 20
"""Quotes and list items within each other; what is deeper is text. Nobody could read it."""

_BAR: Final[Run] = ("▌ ", ("quote-bar",))
_BULLETS: Final = ("•", "◦", "▪")


class Scanner:
    """What reads the lines of one part of a message. `out` collects finished blocks."""

    def __init__(self) -> None:
        self.out: list[Block] = []

    def feed(self, line: str, ends: str = "\n") -> None:
        r"""Read a complete line, without its newline.

        `ends` is "\n", or "" when only `LONGEST_LINE` ended it and the next call goes on with it.
        """
        raise NotImplementedError

    def close(self) -> None:
        """Finish everything that is open: the text has ended."""

    def preview(self, partial: str) -> list[Block]:
        """Return the open blocks as they would be if the text ended with `partial`.

        The scanner stays as it is. A beginning that may still become anything is not shown yet.
        """
        raise NotImplementedError


class PlainScanner(Scanner):
    """Text that is shown as it is: a prompt, the model's reasoning, a note."""

    def feed(self, line: str, ends: str = "\n") -> None:
        """Make a block of every line."""
        self.out.append(TextBlock(line.expandtabs(4), markdown=False, ends=ends))

    def preview(self, partial: str) -> list[Block]:
        """Return the unfinished line."""
        return [TextBlock(partial.expandtabs(4), markdown=False)] if partial else []


class MarkdownScanner(Scanner):
    """CommonMark's block structure with tables, as a machine that reads one line at a time."""

    def __init__(self) -> None:
        super().__init__()
        self._containers: list[Quote | Item] = []
        self._leaf: Leaf | None = None
        self._blank = False  # an empty line since the last block
        self._margin = False  # the last block wants an empty row after it
        self._started = False
        self._continues = False
        self._drawn_open = False  # this is the copy that `preview` draws

    def feed(self, line: str, ends: str = "\n") -> None:
        """Read a line."""
        goes_on, self._continues = self._continues, ends != "\n"
        if goes_on:
            if isinstance(self._leaf, Code):
                self._add_code(self._leaf, line)
            else:
                self._add_text(line, ends)
            return
        rest, matched = self._match_containers(spaced(line))
        leaf = self._leaf
        if isinstance(leaf, Code) and leaf.fence:
            if matched == len(self._containers):
                self._feed_fence(leaf, rest)
                return
            self._end(matched)
        opened = self._open_blocks(rest, matched)
        if opened is None:
            return
        rest, matched = opened
        leaf = self._leaf
        complete = matched == len(self._containers)
        if not rest.strip():
            self._feed_blank(matched)
        elif rest.startswith("    ") and not isinstance(leaf, Paragraph):
            if not (isinstance(leaf, Code) and complete):
                self._end(matched)
                leaf = self._leaf = Code(*self._place(margin=True))
            self._add_code(leaf, rest[4:])
        elif isinstance(leaf, Table) and complete:
            self._add_record(leaf, rest)
        else:
            # A paragraph goes on even where the quote or item that it stands in is not repeated.
            if not isinstance(leaf, Paragraph):
                self._end(matched)
            self._add_text(rest, ends)

    def close(self) -> None:
        """Finish everything that is open."""
        self._end(0)

    def preview(self, partial: str) -> list[Block]:
        """Return the open blocks as they would be if the text ended with `partial`."""
        scanner = copy(self)
        scanner.out = []
        scanner._drawn_open = True
        scanner._containers = [replace(container) for container in self._containers]
        if self._leaf is not None:
            scanner._leaf = self._leaf.copy()
        if partial and not self._undecided(partial):
            scanner.feed(partial)
        scanner.close()
        return scanner.out

    def _undecided(self, partial: str) -> bool:
        if isinstance(self._leaf, Code) and self._leaf.fence:
            return set(partial.strip()) == {self._leaf.fence[0]}
        return is_undecided(partial)

    # Containers

    def _match_containers(self, rest: str) -> tuple[str, int]:
        """Take the prefixes of the open containers off a line; also say how many it has."""
        for matched, container in enumerate(self._containers):
            indent = indent_of(rest)
            if isinstance(container, Quote):
                if indent > 3 or not rest.startswith(">", indent):
                    return rest, matched
                rest = after_quote(rest[indent + 1 :])
            elif indent == len(rest):
                if not container.filled:
                    return rest, matched
            elif indent >= container.indent:
                rest = rest[container.indent :]
            else:
                return rest, matched
        return rest, len(self._containers)

    def _open_blocks(self, rest: str, matched: int) -> tuple[str, int] | None:
        """Open what a line begins: containers, then at most one leaf.

        Returns what is left of the line for a leaf, or None when the line is used up.
        """
        while True:
            indent = indent_of(rest)
            body = rest[indent:]
            if indent > 3 or not body or matched >= _DEEPEST:
                return rest, matched
            here = self._leaf if matched == len(self._containers) else None
            if body[0] == ">":
                self._end(matched)
                self._containers.append(Quote())
                rest = after_quote(body[1:])
            elif heading := HEADING.match(body):
                self._end(matched)
                text = body[len(heading[1]) :].strip()
                unclosed = text.rstrip("#")
                if not unclosed or unclosed[-1] in " \t":
                    text = unclosed.rstrip()
                self._emit_heading(len(heading[1]), text, self._place(margin=True))
                return None
            elif fence := FENCE.match(body):
                self._end(matched)
                info = (fence[2] or fence[4] or "").split()
                self._leaf = Code(
                    *self._place(margin=True),
                    fence=fence[1] or fence[3],
                    indent=indent,
                    language=info[0] if info else "",
                )
                return None
            elif isinstance(here, Paragraph) and self._close_paragraph_with(here, body):
                return None
            elif RULE.match(body):
                self._end(matched)
                prefix, gap = self._place(margin=True)
                self._emit(RuleBlock(prefix=prefix, gap=gap), margin=True)
                return None
            elif (marker := MARKER.match(body)) and _may_begin_item(marker, here):
                rest = self._open_item(marker, indent, body, matched)
            else:
                return rest, matched
            matched += 1

    def _open_item(self, marker: re.Match[str], indent: int, body: str, matched: int) -> str:
        """Open a list item; returns what is left of its line."""
        kind = marker[3] or marker[1]
        before = self._containers[matched] if matched < len(self._containers) else None
        number = int(marker[2] or 0)
        if isinstance(before, Item) and before.kind == kind:
            number = before.number + 1
        self._end(matched)
        spaces = len(marker[4] or "")
        is_text = 1 <= spaces <= 4 and marker.end() < len(body)
        used = len(marker[1]) + (spaces if is_text else 1)
        depth = sum(isinstance(c, Item) and c.kind not in ".)" for c in self._containers)
        label = f"{number}{kind} " if marker[2] else f"{_BULLETS[depth % len(_BULLETS)]} "
        for container in self._containers:
            if isinstance(container, Item):
                container.filled = True
        self._containers.append(Item(indent + used, kind, number, label))
        return body[used:]

    def _end(self, keep: int) -> None:
        """End the open leaf and all containers but the first `keep`."""
        self._end_leaf()
        while len(self._containers) > keep:
            innermost = self._containers[-1]
            if isinstance(innermost, Item) and not innermost.shown:
                prefix, gap = self._place()  # an item without text still has its bullet
                self._emit(TextBlock("", prefix=prefix, gap=gap))
            self._containers.pop()

    def _place(self, *, margin: bool = False) -> tuple[Prefix, bool]:
        """Prefix and gap of a leaf that begins here."""
        first: list[Run] = []
        rest: list[Run] = []
        above: list[Run] = []
        in_item = False
        for container in self._containers:
            if isinstance(container, Quote):
                first.append(_BAR)
                rest.append(_BAR)
                above.append(_BAR if container.shown else ("  ", ()))
            else:
                in_item = container.filled = True
                blank = (" " * cells(container.label), ())
                first.append(blank if container.shown else (container.label, ("list-marker",)))
                rest.append(blank)
                above.append(blank)
            container.shown = True
        gap = self._started and (self._blank or self._margin or (margin and not in_item))
        self._started, self._blank, self._margin = True, False, False
        return Prefix(tuple(first), tuple(rest), tuple(above)), gap

    # Leaves

    def _feed_blank(self, matched: int) -> None:
        leaf = self._leaf
        if isinstance(leaf, Code) and matched == len(self._containers):
            leaf.lines.append("")  # dropped again if no more code follows
            return
        self._end(matched)
        self._blank = True

    def _add_text(self, text: str, ends: str) -> None:
        leaf = self._leaf
        if not isinstance(leaf, Paragraph):
            self._end_leaf()
            leaf = self._leaf = Paragraph(*self._place())
        text = text.strip() if ends else text.lstrip()
        leaf.lines.append(text)
        leaf.size += len(text)
        if leaf.size >= (LONGEST_LINE if ends else LONGEST_LINE // 2):
            self._emit_paragraph(leaf, ends)
            leaf.lines, leaf.size, leaf.was_cut = [], 0, True

    def _emit_paragraph(self, leaf: Paragraph, ends: str = "\n") -> None:
        prefix, gap = leaf.place()
        self._emit(TextBlock("\n".join(leaf.lines), ends=ends, prefix=prefix, gap=gap))

    def _close_paragraph_with(self, leaf: Paragraph, body: str) -> bool:
        """Make a table or a heading of the paragraph if this line says that it is one."""
        if not leaf.lines:
            return False
        if "|" in leaf.lines[-1] and len(body) > 1 and DELIMITERS.match(body.rstrip()):
            header, delimiters = split_cells(leaf.lines[-1]), split_cells(body)
            if len(header) == len(delimiters):
                self._open_table(leaf, header, delimiters)
                return True
        underline = UNDERLINE.match(body)
        if underline is None or leaf.was_cut:
            return False
        self._leaf = None
        level = 1 if underline[1][0] == "=" else 2
        self._emit_heading(level, " ".join(leaf.lines), (leaf.prefix, leaf.gap))
        return True

    def _open_table(self, leaf: Paragraph, header: list[str], delimiters: list[str]) -> None:
        leaf.lines.pop()
        if leaf.lines:
            self._emit_paragraph(leaf)
            place = self._place(margin=True)
        else:
            place = (leaf.prefix, leaf.gap)
        alignments = [
            "center" if cell[0] == cell[-1] == ":" else "right" if cell[-1] == ":" else "left"
            for cell in delimiters
        ]
        self._leaf = Table(*place, alignments=alignments, records=[header])

    def _add_record(self, leaf: Table, line: str) -> None:
        columns = len(leaf.alignments)
        record = split_cells(line)[:columns]
        leaf.records.append(record + [""] * (columns - len(record)))
        if len(leaf.records) > _TABLE_ROWS:
            self._emit_records(leaf)

    def _emit_records(self, leaf: Table) -> None:
        prefix, gap = leaf.place()
        block = TableBlock(leaf.records, leaf.alignments, leaf.head, prefix=prefix, gap=gap)
        leaf.head = leaf.head or block
        leaf.records = []
        self._emit(block, margin=True)

    def _feed_fence(self, leaf: Code, rest: str) -> None:
        indent = indent_of(rest)
        closing = rest[indent:].rstrip()
        if indent <= 3 and len(closing) >= len(leaf.fence) and set(closing) == {leaf.fence[0]}:
            self._end_leaf()
        else:
            self._add_code(leaf, rest[min(indent, leaf.indent) :])

    def _add_code(self, leaf: Code, line: str) -> None:
        lines = leaf.lines
        # Cutting before an unindented line after an empty one nearly never cuts a statement, so
        # that colouring each block by itself is right.
        if len(lines) >= _CODE_LINES and line[:1].strip() and not lines[-1].strip():
            self._emit_code(leaf)
        leaf.lines.append(line)
        leaf.size += len(line)
        if len(leaf.lines) >= _MOST_CODE_LINES or leaf.size >= _MOST_CODE_CHARACTERS:
            self._emit_code(leaf)

    def _emit_code(self, leaf: Code, *, closed: bool = True) -> None:
        prefix, gap = leaf.place()
        block = CodeBlock(leaf.lines, leaf.language, leaf.begins, closed, prefix=prefix, gap=gap)
        self._emit(block, margin=True)
        leaf.lines, leaf.size, leaf.begins = [], 0, False

    def _end_leaf(self) -> None:
        leaf, self._leaf = self._leaf, None
        if isinstance(leaf, Paragraph):
            if leaf.lines:
                self._emit_paragraph(leaf)
        elif isinstance(leaf, Table):
            if leaf.records:
                self._emit_records(leaf)
        elif isinstance(leaf, Code):
            dropped = 0
            while not leaf.fence and leaf.lines and not leaf.lines[-1]:
                leaf.lines.pop()
                dropped += 1
            if leaf.lines or leaf.begins:
                self._emit_code(leaf, closed=not self._drawn_open)
            self._blank = self._blank or dropped > 0

    def _emit_heading(self, level: int, text: str, place: tuple[Prefix, bool]) -> None:
        styles = (f"heading-{min(level, 3)}",)
        self._emit(TextBlock(text, styles, prefix=place[0], gap=place[1]))

    def _emit(self, block: Block, *, margin: bool = False) -> None:
        self._margin = margin and not any(isinstance(c, Item) for c in self._containers)
        self.out.append(block)


def _may_begin_item(marker: re.Match[str], here: Leaf | None) -> bool:
    """Say whether a list may begin here: not in a paragraph with "1984." or an empty bullet."""
    if not isinstance(here, Paragraph):
        return True
    return marker.end() < len(marker.string) and marker[2] in (None, "1")
