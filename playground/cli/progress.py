"""A download on standard error: one line that moves on a terminal, one a file in a pipe."""

from __future__ import annotations

import sys
import time

from playground.cli.output import is_terminal, note, terminal_size
from playground.hub import HubFile, Offer, Repository, Watcher
from playground.hub.offers import listing
from playground.sizes import in_words

REDRAW_SECONDS = 0.1
BAR_CELLS = 24
FORGET = 0.9
"""The weight of the speed so far against that of the last tenth of a second."""


class ProgressLine(Watcher):
    """Says what was chosen, how far it is, how fast it comes and how long it will take."""

    def __init__(self) -> None:
        self._moves = is_terminal(sys.stderr)
        self._file: HubFile | None = None
        self._drawn = 0.0
        self._done = 0
        self._speed = 0.0
        self._open = False

    def chosen(self, offer: Offer, repository: Repository) -> None:
        """Name the choice, and what else there is."""
        parts = f" in {offer.parts} files" if offer.parts > 1 else ""
        note(f"{repository.repo}: {offer}{parts}.")
        if others := [other for other in repository.offers if other != offer]:
            note(f"Also there: {listing(others)}.")
        for name, why in repository.refused.items():
            note(f"Left out: {name!r}: {why}.")

    def progress(self, file: HubFile, done: int) -> None:
        """Draw the line again, ten times a second at most."""
        now = time.monotonic()
        if file != self._file:
            self.end()
            begun = f" from {in_words(done)} on" if done else ""
            if not self._moves:
                note(f"Fetching {file.name} ({in_words(file.size)}){begun}")
            self._file, self._drawn, self._done, self._speed = file, now, done, 0.0
            return
        if not self._moves or (now - self._drawn < REDRAW_SECONDS and done < file.size):
            return
        if now > self._drawn:
            speed = max(0, done - self._done) / (now - self._drawn)
            self._speed = self._speed * FORGET + speed * (1 - FORGET) if self._speed else speed
        self._drawn, self._done = now, done
        self._draw(file, done)

    def checking(self, file: HubFile) -> None:
        """Say that the rest of the wait is for the checksum."""
        self.end()
        note(f"Checking {file.name}")

    def note(self, text: str) -> None:
        """Write a line of its own."""
        self.end()
        note(text)

    def end(self) -> None:
        """Leave the line as it stands; what is written next stands below it."""
        if self._open:
            sys.stderr.write("\n")
            sys.stderr.flush()
            self._open = False

    def _draw(self, file: HubFile, done: int) -> None:
        share = done / file.size
        bar = "━" * round(share * BAR_CELLS)
        rest = (file.size - done) / self._speed if self._speed else 0
        words = f"{in_words(done)} of {in_words(file.size)}, {in_words(int(self._speed))}/s"
        line = f"{share:4.0%} {bar:<{BAR_CELLS}} {words}, {_clock(rest)} left"
        # Two cells short of the edge, where terminals begin to wrap.
        sys.stderr.write(f"\r{line[: terminal_size().columns - 2]}\x1b[K")
        sys.stderr.flush()
        self._open = True


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
