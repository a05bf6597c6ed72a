"""Answers side by side in a terminal, as they come.

What is finished in every column is written once and scrolls away like any output; only the rows
below it, where columns differ in length, are drawn again. They never take more than the screen:
of a column that is far ahead the end is shown, and the rest appears when the others catch up or
end. Nothing is lost, and scrolling back shows whole answers in whole columns.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

from playground.cli.output import emit, note, terminal_size
from playground.cli.views import (
    View,
    adjustments_of,
    ending_of,
    report,
    strands_of,
    title_of,
)
from playground.run import Run
from playground.sanitize import make_safe, split_pending
from playground.tui.transcript.wrap import cells, wrap
from playground.types import Event

SEPARATOR = " │ "
NARROWEST = 16
FRAME_SECONDS = 1 / 20
TAB = 4
_UNSETTLED = 2
"""How many of the last lines of an unfinished line of text may still be wrapped differently."""

_Row = list[str]
"""One row of the terminal: a line of each column."""


def column_width(terminal: int, count: int) -> int:
    """How wide each of `count` columns is; 0 where they would be too narrow to read."""
    # The last cell stays free: a full row makes some terminals wrap.
    width = (terminal - 1 - len(SEPARATOR) * (count - 1)) // count
    return width if width >= NARROWEST else 0


class _Column:
    """The text of one answer, wrapped to a width. Only its last line of text is wrapped again."""

    def __init__(self, width: int) -> None:
        self.width = width
        self.ended = False
        self._settled: list[str] = []
        self._open = ""
        self._held = ""
        self._taken = 0

    def grow_to(self, text: str) -> None:
        """Take the whole text so far, of which only what is new is looked at."""
        new, self._held = split_pending(self._held + text[self._taken :])
        self._taken = len(text)
        *whole, self._open = (self._open + make_safe(new)).split("\n")
        for line in whole:
            self._settle(line)

    def end(self, *lines: str) -> None:
        """Nothing more comes: finish with these lines of ours."""
        if self.ended:
            return
        self._settle(self._open + make_safe(self._held))
        self._open = self._held = ""
        for line in lines:
            self._settle(line)
        self.ended = True

    def lines(self) -> tuple[list[str], int]:
        """Every line so far, and how many of them will not change."""
        if self.ended:
            return self._settled, len(self._settled)
        last = self._wrapped(self._open)
        lines = [*self._settled, *last]
        return lines, max(len(self._settled), len(lines) - _UNSETTLED)

    def _settle(self, line: str) -> None:
        self._settled += self._wrapped(line)

    def _wrapped(self, line: str) -> list[str]:
        line = line.expandtabs(TAB)
        return [line[piece.start : piece.end] for piece in wrap(line, self.width)]


class Columns(View):
    """One column an answer, headed by its model and ended by its figures."""

    def __init__(self, runs: Sequence[Run], width: int) -> None:
        super().__init__(runs)
        self._width = width
        strands = strands_of(runs)
        self._columns = {strand: _Column(width) for strand in strands}
        self._written = 0
        self._drawn: list[_Row] = []
        self._timer: asyncio.TimerHandle | None = None
        self._failure: Exception | None = None
        heads = [title_of(runs, strand) for strand in strands]
        self._write([[self._cut(head) for head in heads], ["─" * width for _ in strands]], [])

    def take(self, run: Run, event: Event) -> None:
        """Draw what came with the next frame."""
        if self._failure is not None:
            raise self._failure
        if self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(FRAME_SECONDS, self._frame)

    def close(self) -> None:
        """Draw all, and report under the columns."""
        if self._timer is not None:
            self._timer.cancel()
        self._draw()
        for run in self.runs:
            for line in adjustments_of(run):
                note(line)
        report(self.runs, figures=False)

    def _fill_columns(self) -> None:
        for (place, choice), column in self._columns.items():
            run = self.runs[place]
            # Asked before the text is read: what has ended gets no more.
            ended = run.state != "running"
            if choice < len(run.choices):
                column.grow_to(run.choices[choice].text)
            if ended:
                column.end("", f"[{ending_of(run)}]")

    def _frame(self) -> None:
        self._timer = None
        try:
            self._draw()
        except Exception as error:  # noqa: BLE001 - raised by the next take: a timer has no caller
            self._failure = error

    def _draw(self) -> None:
        self._fill_columns()
        parts = [column.lines() for column in self._columns.values()]
        # A column that has ended settles nothing for the others: it is blank below its end.
        settled = [
            max(len(lines) for lines, _ in parts) if column.ended else count
            for column, (_, count) in zip(self._columns.values(), parts, strict=True)
        ]
        ready = max(self._written, min(settled))
        rows = [
            [lines[row] if row < len(lines) else "" for lines, _ in parts]
            for row in range(self._written, ready)
        ]
        self._written = ready
        left = [lines[ready:] for lines, _ in parts]
        height = min(max(map(len, left)), max(terminal_size().lines - 2, 1))
        tails = [lines[max(len(lines) - height, 0) :] for lines in left]
        live = [[tail[row] if row < len(tail) else "" for tail in tails] for row in range(height)]
        self._write(rows, live)

    def _write(self, rows: list[_Row], live: list[_Row]) -> None:
        """Replace the rows drawn last by `rows`, which stay, and `live`, which will not."""
        up = sum(map(self._height, self._drawn))
        self._drawn = live
        back = f"\x1b[{up}F" if up else ""
        body = "".join(f"\x1b[2K{self._laid_out(row)}\n" for row in [*rows, *live])
        # The outer pair asks the terminal to show the frame at once; others ignore it.
        emit(f"\x1b[?2026h{back}{body}\x1b[J\x1b[?2026l")

    def _laid_out(self, row: _Row) -> str:
        """A row as written. Columns are gone to, not padded to: terminals differ on emoji."""
        step = self._width + len(SEPARATOR)
        return row[0] + "".join(
            f"\x1b[{step * number - len(SEPARATOR) + 1}G{SEPARATOR}{text}"
            for number, text in enumerate(row[1:], start=1)
        )

    def _height(self, row: _Row) -> int:
        """How many rows of the terminal a drawn row takes: more than one if it was narrowed."""
        used = (self._width + len(SEPARATOR)) * (len(row) - 1) + cells(row[-1])
        return max(1, -(-used // terminal_size().columns))

    def _cut(self, text: str) -> str:
        safe = make_safe(text)
        first = wrap(safe, self._width)[0]
        return safe[first.start : first.end]
