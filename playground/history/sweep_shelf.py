"""`SweepShelf`: the sweeps of a history, written and read."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from pydantic import JsonValue

from playground.errors import HistoryUnavailable
from playground.history import sweeping
from playground.history.database import Database
from playground.history.pace import Pace, pace_of
from playground.history.sweeping import (
    EndedCell,
    EndedPlace,
    EndedSample,
    KeptCell,
    KeptSample,
    KeptSweep,
    KeptValue,
)
from playground.history.writer import Writer


class SweepShelf:
    """Sweeps in an open history. Writing returns at once (see `History.flush`)."""

    def __init__(self, database: Database, writer: Writer, owner: str) -> None:
        self._database = database
        self._writer = writer
        self._owner = owner

    def begin(self, sweep: str, title: str, definition: str) -> None:
        """Write a sweep that begins; one that is resumed is running again."""
        owner = self._owner
        self._writer.post(lambda db: sweeping.begin(db, sweep, title, definition, owner))

    def claim(self, sweep: str) -> bool:
        """Mark a kept sweep as running here; false where it is running already. Blocks.

        Raises `HistoryUnavailable` where that cannot be written.
        """
        self._writer.flush()
        try:
            with self._database.writing() as db:
                return sweeping.claim(db, sweep, self._owner)
        except sqlite3.Error as error:
            raise HistoryUnavailable(f"The history cannot be written: {error}.") from error

    def keep_files(self, sweep: str, files: dict[str, tuple[str, ...]]) -> None:
        """Write the sums of the files behind its models, by model reference; see `KeptSweep`."""
        kept = dict(files)
        self._writer.post(lambda db: sweeping.keep_files(db, sweep, kept))

    def add_sample(self, item: EndedSample) -> None:
        """Write a sample that has ended, with its run."""
        owner = self._owner
        self._writer.post(lambda db: sweeping.add_sample(db, item, owner))

    def add_cell(self, item: EndedCell) -> None:
        """Write what was measured of a cell."""
        self._writer.post(lambda db: sweeping.add_cell(db, item))

    def settle(self, sweep: str, state: str, reason: str = "") -> None:
        """Write how a sweep ended, for now."""
        self._writer.post(lambda db: sweeping.settle(db, sweep, state, reason))

    def list(self, limit: int = 50) -> list[KeptSweep]:
        """The latest sweeps first."""
        with self._database.reading() as db:
            return sweeping.sweeps(db, limit)

    def load(self, name: str) -> KeptSweep:
        """A sweep by its name or the beginning of it; raises `UnknownRecord`."""
        with self._database.reading() as db:
            return sweeping.load(db, name)

    def cells(self, sweep: str) -> Sequence[KeptCell]:
        """The cells that have ended, by number."""
        with self._database.reading() as db:
            return [*sweeping.cells(db, sweep)]

    def cell(self, sweep: str, number: int) -> KeptCell | None:
        """One cell; None where it has not begun."""
        with self._database.reading() as db:
            return sweeping.cell(db, sweep, number)

    def values(self, sweep: str, metric: str) -> Sequence[KeptValue]:
        """What one metric came to in every cell that has ended, by number."""
        with self._database.reading() as db:
            return [*sweeping.values(db, sweep, metric)]

    def measured(self, sweep: str, metrics: Sequence[str]) -> tuple[str, ...]:
        """Those of some metrics that have a value in some cell."""
        with self._database.reading() as db:
            return tuple(name for name in metrics if sweeping.measured(db, sweep, name))

    def points(self, sweep: str) -> dict[int, dict[str, JsonValue]]:
        """The point of every cell that has begun, by number."""
        with self._database.reading() as db:
            return dict(sweeping.points(db, sweep))

    def exists(self, sweep: str) -> bool:
        """Whether there is a sweep of exactly this name."""
        with self._database.reading() as db:
            return sweeping.exists(db, sweep)

    def samples(self, sweep: str, cell: int | None = None) -> Sequence[KeptSample]:
        """The samples of a sweep, or of one of its cells, by number."""
        with self._database.reading() as db:
            return [*sweeping.samples(db, sweep, cell)]

    def ended(self, sweep: str) -> Sequence[EndedPlace]:
        """Every sample that is there, without what it says."""
        with self._database.reading() as db:
            return [*sweeping.ended(db, sweep)]

    def made_with(self, sweep: str) -> dict[tuple[int, int], str]:
        """The sum of the model's file by cell and number of each sample, where its receipt says.

        It reads every receipt, 50 µs each: for sweeps of which `KeptSweep.files` names several.
        """
        with self._database.reading() as db:
            return {(cell, sample): sha for cell, sample, sha in sweeping.made_with(db, sweep)}

    def speed(self, model: str) -> Pace | None:
        """How fast a model was in the last sweep that says enough of it."""
        with self._database.reading() as db:
            return pace_of(db, model)
