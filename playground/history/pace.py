"""How fast a model was in its last sweeps, from the times that its runs were at work."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

from playground.types import TOGETHER

__all__ = ["Pace", "pace_of"]

ENOUGH_TOKENS: Final = 500
"""A sweep of fewer says little of a model's speed: opening it, and the first words, took longer."""

SWEEPS_LOOKED_AT: Final = 5
"""Sweeps of a model, the last ones, that are looked at for one that says enough."""

RUNS_LOOKED_AT: Final = 2000
"""Runs of each, the last ones: reading more takes longer than it makes a forecast better."""


class Pace(NamedTuple):
    """Tokens a second that a model reached in a sweep, all answers at work together.

    It writes `writing`. `reading` is the prompts' tokens by the time in which nothing was written;
    None where it was not told how many they are, or it took no time.
    """

    writing: float
    reading: float | None = None

    def seconds(self, read: float, written: float) -> float:
        """How long so many tokens take, about."""
        return written / self.writing + (read / self.reading if self.reading else 0.0)


def pace_of(db: sqlite3.Connection, model: str) -> Pace | None:
    """How fast a model was in a sweep, by the time in which it was at work on answers.

    Of the last sweep that says enough, else of the last one; None where it was in none. Loading the
    model and pauses between two starts of a sweep are no work.
    """
    found: Pace | None = None
    before = db.execute("SELECT MAX(number) + 1 AS number FROM runs").fetchone()["number"]
    for _ in range(SWEEPS_LOOKED_AT):
        runs = db.execute(
            "SELECT runs.number, created AS asked,"
            " COALESCE(json_extract(timing, '$.queued'), 0) AS queued,"
            " json_extract(timing, '$.first_token') AS first,"
            " json_extract(timing, '$.total') AS total,"
            " COALESCE(json_extract(usage, '$.input_tokens'), 0) AS read,"
            " COALESCE(json_extract(usage, '$.output_tokens'), 0) AS written"
            " FROM runs JOIN samples ON samples.run = runs.number"
            " WHERE model = ? AND sweep = (SELECT sweep FROM samples JOIN runs"
            "   ON runs.number = samples.run WHERE model = ? AND runs.number < ?"
            "   ORDER BY runs.number DESC LIMIT 1)"
            " ORDER BY runs.number DESC LIMIT ?",
            (model, model, before, RUNS_LOOKED_AT),
        ).fetchall()
        if not runs:
            break
        before = runs[-1]["number"]
        if (pace := _pace(runs)) is not None:
            if sum(run["written"] for run in runs) >= ENOUGH_TOKENS:
                return pace
            found = found or pace
    return found


def _pace(runs: Sequence[sqlite3.Row]) -> Pace | None:
    """How fast some runs were together; None where they wrote nothing, or in no time."""
    at_work, at_writing = [], []
    for run in runs:
        if run["total"] is None:
            continue
        ended = run["asked"] + run["total"]
        at_work.append((run["asked"] + run["queued"], ended))
        # What came in one piece was written while nothing came.
        in_pieces = run["first"] is not None and run["total"] - run["first"] > TOGETHER
        at_writing.append((run["asked"] + run["first"], ended) if in_pieces else at_work[-1])
    work, writing = _covered(at_work), _covered(at_writing)
    read, written = sum(run["read"] for run in runs), sum(run["written"] for run in runs)
    if not written or writing <= 0:
        return None
    reading = work - writing
    return Pace(written / writing, read / reading if read and reading > 0 else None)


def _covered(spans: Iterable[tuple[float, float]]) -> float:
    """How long at least one of some stretches of time lasts."""
    covered, until = 0.0, float("-inf")
    for began, ended in sorted(spans):
        covered += max(0.0, ended - max(began, until))
        until = max(until, ended)
    return covered
