"""Writes in a thread of its own, in order: nobody who draws or generates waits for the disk.

What cannot be written now (a full disk, another program that holds the file) is kept and tried
again, so that it is lost only if the program ends first; that is then said.
"""

from __future__ import annotations

import itertools
import sqlite3
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence

from playground.history.database import Database, may_pass

Work = Callable[[sqlite3.Connection], object]

RETRY_SECONDS = 2.0
"""How long to wait before what failed is tried again."""

CLOSE_SECONDS = 3.0
"""How long leaving waits for what is still to be written."""

TOGETHER_SECONDS = 0.02
"""How long pieces of work that wait already are done in one transaction: a commit costs more than
most of them, and readers of the same program wait for its end."""

MOST_TOGETHER = 256
"""Pieces of work in one transaction at most."""

MOST_WAITING = 100_000
"""Pieces of work kept while the disk takes none; then the oldest are given up, and counted."""


class RunGone(Exception):
    """The run to which something belongs was deleted for good while it answered."""


class Writer:
    """Takes work at once and does it in order; what waits already shares a transaction.

    A piece that fails fails alone: what shared a transaction with it is done again by itself.

    `on_problem` is called in the writer's thread when writing begins to fail, with a sentence, and
    with an empty one when it works again. `failing` says that the beginning is told already.
    """

    def __init__(
        self, database: Database, on_problem: Callable[[str], None], *, failing: bool = False
    ) -> None:
        self._database = database
        self._on_problem = on_problem
        self._waiting: deque[Work] = deque()
        self._change = threading.Condition()
        self._closing = False
        self._failing = failing
        self.lost = 0
        """Pieces of work that were given up."""
        # A daemon: a disk that hangs must not keep the program from ending.
        self._thread = threading.Thread(target=self._serve, name="playground history", daemon=True)
        self._thread.start()

    def post(self, work: Work) -> None:
        """Have a piece of work done soon, after everything posted before it."""
        with self._change:
            if len(self._waiting) >= MOST_WAITING:
                self._waiting.popleft()
                self.lost += 1
            self._waiting.append(work)
            self._change.notify_all()

    def flush(self, seconds: float = CLOSE_SECONDS) -> bool:
        """Wait until all that was posted is written; false if it takes longer than that."""
        with self._change:
            return self._change.wait_for(lambda: not self._waiting, seconds)

    def close(self) -> int:
        """Write what is left, and stop; how many pieces of work could not be written."""
        with self._change:
            self._closing = True
            self._change.notify_all()
        self._thread.join(CLOSE_SECONDS)
        with self._change:
            return self.lost + len(self._waiting)

    def _serve(self) -> None:
        while True:
            with self._change:
                self._change.wait_for(lambda: self._waiting or self._closing)
                if not self._waiting:
                    return
                works = [*itertools.islice(self._waiting, MOST_TOGETHER)]
            ended = self._done_together(works) if len(works) > 1 else 0
            if ended or self._done(works[0]):
                self._forget(works[: ended or 1])
            elif not self._wait_a_little():
                return

    def _forget(self, works: Sequence[Work]) -> None:
        """Take what was done off the queue."""
        with self._change:
            for work in works:
                # The same piece, unless it was given up meanwhile.
                if self._waiting and self._waiting[0] is work:
                    self._waiting.popleft()
            self._change.notify_all()

    def _done_together(self, works: Sequence[Work]) -> int:
        """Do pieces of work in one transaction; how many, 0 if it failed and was undone."""
        done, end = 0, time.monotonic() + TOGETHER_SECONDS
        try:
            with self._database.writing() as connection:
                for work in works:
                    work(connection)
                    done += 1
                    if time.monotonic() > end:
                        break
        except Exception:  # noqa: BLE001 - whichever it was will say so when it is done by itself
            return 0
        self._succeeded()
        return done

    def _done(self, work: Work) -> bool:
        """Do a piece of work; false if it is worth trying again."""
        try:
            with self._database.writing() as connection:
                work(connection)
        except sqlite3.Error as error:
            if not may_pass(error):
                self._give_up(error)
                return True
            if not self._failing:
                self._failing = True
                self._on_problem(f"The history cannot be written: {error}.")
            return False
        except RunGone:
            pass
        except Exception as error:  # noqa: BLE001 - said; this thread serves all who come after
            self._give_up(error)
        else:
            self._succeeded()
        return True

    def _give_up(self, error: Exception) -> None:
        """Of damage, or what contradicts itself: trying again would hold up all the rest."""
        self.lost += 1
        self._on_problem(f"The history could not take something: {error}.")

    def _succeeded(self) -> None:
        if self._failing:
            self._failing = False
            self._on_problem("")

    def _wait_a_little(self) -> bool:
        """Wait before the next try; false once the program wants to end."""
        with self._change:
            return not self._change.wait_for(lambda: self._closing, RETRY_SECONDS)
