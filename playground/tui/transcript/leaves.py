"""What a scanner has open between two lines: containers, and the leaf that lines are added to."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Self

from .blocks import Prefix, TableBlock

__all__ = ["Code", "Item", "Leaf", "Paragraph", "Quote", "Table"]


@dataclass(slots=True)
class Quote:
    """A block quote."""

    shown: bool = False


@dataclass(slots=True)
class Item:
    """A list item."""

    indent: int
    """Columns that a line must be indented by to belong to it."""
    kind: str
    """The character that its list is made with: - + * . )"""
    number: int
    label: str
    shown: bool = False
    filled: bool = False


@dataclass(slots=True)
class Leaf:
    """The block that lines are added to."""

    prefix: Prefix
    gap: bool
    lines: list[str] = field(default_factory=list)

    def copy(self) -> Self:
        """Return one that can be added to without changing this one."""
        return replace(self, lines=self.lines.copy())

    def place(self) -> tuple[Prefix, bool]:
        """Prefix and gap for the next block made of this leaf; only the first one has a bullet."""
        prefix, gap = self.prefix, self.gap
        self.prefix, self.gap = Prefix(prefix.rest, prefix.rest), False
        return prefix, gap


@dataclass(slots=True)
class Paragraph(Leaf):
    """Lines of text."""

    size: int = 0
    was_cut: bool = False


@dataclass(slots=True)
class Code(Leaf):
    """Lines of code, fenced or indented."""

    fence: str = ""
    """The fence that opened it; empty for code made by indentation."""
    indent: int = 0
    language: str = ""
    begins: bool = True
    size: int = 0


@dataclass(slots=True)
class Table(Leaf):
    """Rows of a table."""

    alignments: list[str] = field(default_factory=list)
    records: list[list[str]] = field(default_factory=list)
    head: TableBlock | None = None

    def copy(self) -> Self:
        """Return one that can be added to without changing this one."""
        return replace(self, lines=self.lines.copy(), records=self.records.copy())
