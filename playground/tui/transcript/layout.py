"""Which row of the conversation is where, at the present width.

`Layout` stacks parts and knows, for each row, the block that draws it. Blocks that are or were
visible have been laid out exactly; the others have a guessed height until `settle` comes to them.
A `Place` names a row by what it shows, so that it can be found again after heights have changed.
"""

from __future__ import annotations

from collections import OrderedDict
from time import perf_counter
from typing import TYPE_CHECKING, Final, Generic, NamedTuple, TypeVar

from .part import Part, RowIndex

if TYPE_CHECKING:
    from collections.abc import Iterable

    from .blocks import Block, Row

__all__ = ["Drawing", "Layout", "Place"]

_KEPT_ROWS: Final = 1500
"""Rows kept laid out: about twenty screens, under 10 MB with their strips."""

StripT = TypeVar("StripT")


class Place(NamedTuple):
    """A row by what it shows."""

    part: Part
    block: int
    """Index in the part; -1 for the empty row above the part."""
    row: int
    height: int
    """Rows of the block at the time when the place was taken."""


class Drawing(Generic[StripT]):
    """The rows of a block at one width, and what the widget made of those that were visible."""

    __slots__ = ("rows", "strips", "width")

    def __init__(self, rows: list[Row], width: int) -> None:
        self.rows = rows
        self.strips: list[StripT | None] = [None] * len(rows)
        self.width = width

    def take_over(self, before: Drawing[StripT]) -> None:
        """Keep what the widget made of rows that are as they were.

        Most rows of an open block have not changed since the last flush, and Textual remembers
        with a strip how it is written to the terminal.
        """
        if before.width != self.width:
            return
        for index, (row, old) in enumerate(zip(self.rows, before.rows, strict=False)):
            if row.runs == old.runs and row.fill == old.fill:
                self.strips[index] = before.strips[index]


class Layout(Generic[StripT]):
    """Parts under each other at one width."""

    def __init__(self) -> None:
        self.width = 0
        self.parts: list[Part] = []
        self.blocks_laid_out = 0
        """Work done so far: calls of a block's layout. Tests count it instead of seconds."""
        self.rows_laid_out = 0
        """Work done so far: the rows that those calls made."""
        self._index = RowIndex()
        self._positions: dict[Part, int] = {}
        self._unsettled: dict[Part, None] = {}  # an ordered set
        self._drawings: OrderedDict[Block, Drawing[StripT]] = OrderedDict()
        self._kept_rows = 0

    @property
    def total(self) -> int:
        """Rows in all."""
        return self._index.total

    @property
    def settled(self) -> bool:
        """Whether every height is exact."""
        return not self._unsettled

    # Parts

    def position(self, part: Part) -> int:
        """Return the index of a part, or -1 when it has been taken out."""
        return self._positions.get(part, -1)

    def insert(self, position: int, part: Part) -> None:
        """Put a part before the one at `position`."""
        self.parts.insert(position, part)
        self._index.insert(position, part.height)
        self._number_from(position)
        self._unsettled[part] = None

    def separate(self, part: Part) -> None:
        """Put an empty row above a part that had none."""
        part.gap = True
        self._index.set(self.position(part), part.height)

    def remove(self, part: Part) -> None:
        """Take a part out."""
        position = self._positions.pop(part)
        del self.parts[position]
        self._index.delete(position, position + 1)
        self._number_from(position)
        self._forget(part.blocks)
        self._unsettled.pop(part, None)

    def absorb(self, part: Part) -> int:
        """Cut what has come for a part into blocks; returns the first row that may look different.

        Their heights are guesses until they are laid out.
        """
        position = self.position(part)
        changed = self._index.start(position) + part.open_start
        first = part.done
        before = [self._drawings.get(block) for block in part.blocks[first:]]
        self._forget(part.absorb(self.width))
        self._index.set(position, part.height)
        for index, drawing in enumerate(before[: len(part.blocks) - first], first):
            if drawing is not None:  # it was visible, so it is going to be again
                self._lay_out(part, index)
                self.drawing(part.blocks[index]).take_over(drawing)
        self._unsettled[part] = None
        return changed

    def resize(self, width: int) -> None:
        """Change the width; heights are guesses again, the old ones."""
        self.width = width
        for part in self.parts:
            part.settled = 0
        self._unsettled = dict.fromkeys(self.parts)

    # Rows

    def locate(self, row: int) -> Place:
        """Return what is at a row of the conversation; there must be something."""
        position = self._index.find(row)
        part = self.parts[position]
        block, row_in_block = part.find(row - self._index.start(position))
        return Place(part, block, row_in_block, part.blocks[block].height if block >= 0 else 1)

    def drawing(self, block: Block) -> Drawing[StripT]:
        """Return the rows of a block, made again if they are no longer kept."""
        drawing = self._drawings.get(block)
        if drawing is not None and drawing.width == self.width:
            self._drawings.move_to_end(block)
            return drawing
        self._forget([block])
        drawing = self._drawings[block] = Drawing(self._rows(block), self.width)
        self._kept_rows += len(drawing.rows)
        while self._kept_rows > _KEPT_ROWS and len(self._drawings) > 1:
            _, oldest = self._drawings.popitem(last=False)
            self._kept_rows -= len(oldest.rows)
        return drawing

    def forget_strips(self) -> None:
        """Drop what the widget made of the rows: their colours have changed."""
        for drawing in self._drawings.values():
            drawing.strips = [None] * len(drawing.rows)

    # Exact heights

    def lay_out_end(self, height: int) -> None:
        """Make the heights of the last `height` rows exact."""
        for part in reversed(self.parts):
            if part.unread:
                self.absorb(part)
            for block in range(len(part.blocks) - 1, -1, -1):
                self._lay_out(part, block)
                height -= part.blocks[block].height
                if height <= 0:
                    return
            height -= part.start(0)

    def lay_out_from(self, place: Place, height: int, *, resized: bool = False) -> int:
        """Make the heights of `height` rows from a place on exact; returns its row.

        After a change of width the place is as far into its block as before, in proportion.
        Otherwise a block whose height had been guessed gets the same rows below the place, because
        they are the ones on the screen.
        """
        part, position = place.part, self.position(place.part)
        if part.unread:
            self.absorb(part)
        block, row = min(place.block, len(part.blocks) - 1), place.row
        if block >= 0:
            self._lay_out(part, block)
            now = part.blocks[block].height
            if resized:
                row = row * now // max(1, place.height)
            elif row:
                row = max(0, now - (place.height - row))
        missing = height + row
        for following in self.parts[position:]:
            if following.unread:
                self.absorb(following)
            for index in range(max(block, 0) if following is part else 0, len(following.blocks)):
                self._lay_out(following, index)
                missing -= following.blocks[index].height
                if missing <= 0:
                    break
            if missing <= 0:
                break
        else:
            self.lay_out_end(height)  # the view will be at the end, with more above the place
        return self._index.start(position) + part.start(block) + row

    def settle(self, seconds: float) -> None:
        """Make more heights exact for a while, newest parts first."""
        stop = perf_counter() + seconds
        while self._unsettled and perf_counter() < stop:
            part = next(reversed(self._unsettled))
            if part.unread:
                self.absorb(part)
            block = part.next_unsettled(self.width)
            while block is not None and perf_counter() < stop:
                self._lay_out(part, block, visible=False)
                block = part.next_unsettled(self.width)
            if block is None:
                del self._unsettled[part]

    def _lay_out(self, part: Part, index: int, *, visible: bool = True) -> None:
        """Make the height of a block exact; its rows are kept if they are going to be drawn."""
        block = part.blocks[index]
        if block.width != self.width:
            rows = self.drawing(block).rows if visible else self._rows(block)
            part.set_height(index, len(rows), self.width)
            self._index.set(self.position(part), part.height)

    def _rows(self, block: Block) -> list[Row]:
        rows = block.lay_out(self.width)
        self.blocks_laid_out += 1
        self.rows_laid_out += len(rows)
        return rows

    def _number_from(self, position: int) -> None:
        for number in range(position, len(self.parts)):
            self._positions[self.parts[number]] = number

    def _forget(self, blocks: Iterable[Block]) -> None:
        for block in blocks:
            drawing = self._drawings.pop(block, None)
            if drawing is not None:
                self._kept_rows -= len(drawing.rows)
