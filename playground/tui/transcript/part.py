"""The parts of a conversation and where each of their rows is.

A part is a run of text drawn in one manner: a title, a prompt, the model's reasoning, an answer, a
note under it. It buffers what arrives, lets its scanner cut it into blocks, and knows the heights
of those blocks: exact where they have been laid out at the present width, guessed elsewhere.
"""

from __future__ import annotations

from bisect import bisect_right
from itertools import accumulate, islice

from playground.sanitize import make_safe, split_pending

from .blocks import Block
from .scanner import Scanner
from .syntax import LONGEST_LINE, cut_line

__all__ = ["Part", "RowIndex"]


_GUESSED_WIDTH = 60
"""Characters in a row of a message that nobody has looked at yet."""


class RowIndex:
    """Heights of things that stand under each other, and which of them is at a row.

    Sums are kept up to the lowest height that has changed, and made again from there when asked
    for: appending and changing the last one, which is what a stream does, costs the same for any
    length.
    """

    def __init__(self) -> None:
        self._heights: list[int] = []
        self._starts = [0]

    def __len__(self) -> int:
        return len(self._heights)

    @property
    def total(self) -> int:
        """Rows in all."""
        return self.start(len(self._heights))

    def start(self, index: int) -> int:
        """Return the row at which the thing at `index` starts."""
        starts = self._starts
        if index >= len(starts):
            behind = islice(self._heights, len(starts) - 1, None)
            starts.extend(islice(accumulate(behind, initial=starts[-1]), 1, None))
        return starts[index]

    def find(self, row: int) -> int:
        """Return the index of the thing at `row`; there must be one."""
        end = self.total
        if not 0 <= row < end:
            raise IndexError(row)
        return bisect_right(self._starts, row) - 1

    def set(self, index: int, height: int) -> None:
        """Change a height."""
        if self._heights[index] != height:
            self._heights[index] = height
            del self._starts[index + 1 :]

    def insert(self, index: int, height: int) -> None:
        """Put a new thing before the one at `index`."""
        self._heights.insert(index, height)
        del self._starts[index + 1 :]

    def delete(self, start: int, end: int) -> None:
        """Take out the things from `start` up to `end`."""
        del self._heights[start:end]
        del self._starts[start + 1 :]


class Part:
    """One run of text and the blocks that it has been cut into.

    The last blocks may be open: drawn from an unfinished line or an unfinished block, and replaced
    when more text comes. `done` is how many are final.
    """

    def __init__(self, style: str, scanner: Scanner, *, gap: bool = False) -> None:
        self.style = style
        self.blocks: list[Block] = []
        self.done = 0
        self.finished = False
        self.settled = 0
        """Blocks before this one have their exact height (for the width of the last layout)."""
        self.gap = gap
        """Whether an empty row goes above it."""
        self._scanner = scanner
        self._index = RowIndex()
        self._source: list[str] = []
        self._pending: list[str] = []
        self._held = ""  # a CR that may be half of a line ending
        self._partial = ""  # the line that has not ended yet
        self._closing = False

    # Text

    @property
    def source(self) -> str:
        """The text as it came."""
        return "".join((*self._source, *self._pending))

    @property
    def closed(self) -> bool:
        """Whether no more text may come."""
        return self._closing

    @property
    def unread(self) -> bool:
        """Whether it is complete but has not been looked at: an earlier message off the screen."""
        return self._closing and not self.finished

    def append(self, text: str) -> None:
        """Buffer text. Costs the same at any length of the part."""
        self._pending.append(text)

    def close(self) -> None:
        """Say that no more text will come."""
        self._closing = True

    def absorb(self, width: int) -> list[Block]:
        """Turn buffered text into blocks; returns the open blocks that are no longer there.

        Costs time in the length of the new text and of the open block, not of the part.
        """
        came = "".join(self._pending)
        self._pending.clear()
        self._source.append(came)
        text = self._held + came
        if self._closing:
            self._held = ""
        else:
            text, self._held = split_pending(text)
        *lines, partial = (self._partial + make_safe(text)).split("\n")
        scanner = self._scanner
        for line in lines:
            scanner.feed(self._cut(line))
        self._partial = self._cut(partial)
        if self._closing:
            if self._partial:
                scanner.feed(self._partial)
                self._partial = ""
            scanner.close()
            self.finished = True
        replaced = self.blocks[self.done :]
        finished = scanner.out
        scanner.out = []
        opened = [] if self._closing else scanner.preview(self._partial)
        self._replace_tail([*finished, *opened], width)
        self.done += len(finished)
        return replaced

    def _cut(self, line: str) -> str:
        """Feed the scanner the beginning of an overlong line; returns its end."""
        while len(line) > LONGEST_LINE:
            at = cut_line(line)
            self._scanner.feed(line[:at], ends="")
            line = line[at:]
        return line

    # Rows

    @property
    def height(self) -> int:
        """Rows of the part, with the empty one above it; none while there is no text."""
        if self.unread and not self.blocks:
            text = self._pending[0] if self._pending else ""
            return self.gap + 1 + text.count("\n") + len(text) // _GUESSED_WIDTH
        return self._index.total + self.gap if self.blocks else 0

    @property
    def open_start(self) -> int:
        """The row of the part from which on it may still change."""
        return self.start(self.done)

    def next_unsettled(self, width: int) -> int | None:
        """Return the first block without its exact height at a width."""
        while self.settled < len(self.blocks):
            if self.blocks[self.settled].width != width:
                return self.settled
            self.settled += 1
        return None

    def find(self, row: int) -> tuple[int, int]:
        """Return the block at a row of the part and the row within it; block -1 is the gap."""
        row -= self.gap
        if row < 0 or not self.blocks:
            return -1, 0
        block = self._index.find(row)
        return block, row - self._index.start(block)

    def start(self, block: int) -> int:
        """Return the row of the part at which a block starts."""
        return self.gap + self._index.start(block) if block >= 0 else 0

    def set_height(self, index: int, height: int, width: int) -> None:
        """Record the exact height of a block at a width."""
        block = self.blocks[index]
        block.height, block.width = height, width
        self._index.set(index, height)

    def _replace_tail(self, blocks: list[Block], width: int) -> None:
        self._index.delete(self.done, len(self.blocks))
        for block in blocks:
            block.height = block.guess(width)
            self._index.insert(len(self._index), block.height)
        self.blocks[self.done :] = blocks
        self.settled = min(self.settled, self.done)
