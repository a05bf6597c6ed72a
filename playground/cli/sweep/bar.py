"""How far a sweep is, on standard error: one line that moves on a terminal, a few in a pipe."""

from __future__ import annotations

import asyncio
import math
import sys
import time

from playground.cli.output import is_terminal, note, terminal_size
from playground.sweep.runner import Runner

REDRAW_SECONDS = 0.1
PIPE_SECONDS = 30.0
"""How often a line is written where it cannot be drawn over."""

BAR_CELLS = 24


class Bar:
    """Draws the progress of a runner until it is ended."""

    def __init__(self, runner: Runner) -> None:
        self._runner = runner
        self._moves = is_terminal(sys.stderr)
        self._drawn = time.monotonic()
        self._ended = False
        self._told = 0

    async def draw(self) -> None:
        """Draw again and again; cancelled by whoever started it."""
        while True:
            await asyncio.sleep(REDRAW_SECONDS)
            self._tell()
            if self._moves:
                self._redraw()
            elif time.monotonic() - self._drawn >= PIPE_SECONDS:
                self._drawn = time.monotonic()
                note(self._words())

    def end(self) -> None:
        """Draw a last time, and leave the line."""
        self._tell()
        self._ended = True
        if self._moves:
            self._redraw()
            sys.stderr.write("\n")
            sys.stderr.flush()
        else:
            note(self._words())

    def _tell(self) -> None:
        """Write what has changed underway above the line."""
        notes = self._runner.progress.notes
        if self._moves and self._told < len(notes):
            sys.stderr.write("\r\x1b[K")
        for text in notes[self._told :]:
            note(text)
        self._told = len(notes)

    def _redraw(self) -> None:
        share = self._runner.progress.share
        bar = "━" * round(share * BAR_CELLS)
        line = f"{share:4.0%} {bar:<{BAR_CELLS}} {self._words()}"
        # Two cells short of the edge, where terminals begin to wrap.
        sys.stderr.write(f"\r{line[: terminal_size().columns - 2]}\x1b[K")
        sys.stderr.flush()

    def _words(self) -> str:
        progress = self._runner.progress
        parts = [f"{progress.cells:,} of {progress.cells_total:,} cells"]
        if progress.left_out:
            parts.append(f"{len(progress.left_out):,} left out")
        if speed := progress.tokens_per_second:
            parts.append(f"{speed:,.0f} tokens/s")
        if progress.cost:
            parts.append(f"${progress.cost:.4f}")
        if progress.guessed:
            parts.append(f"up to ${progress.guessed:.4f} more that nobody said")
        if progress.retried:
            parts.append(f"{progress.retried:,} tried again")
        if progress.failed:
            parts.append(f"{progress.failed:,} failed")
        left = None if self._ended else progress.seconds_left
        if left:
            parts.append(f"{clock(left)} left")
        return ", ".join(parts)


def clock(seconds: float) -> str:
    """A duration as people say it: `40 s`, `3 min`, `2 h 05 min`. A second once begun counts."""
    if seconds < 90:
        return f"{math.ceil(seconds)} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02} min"
