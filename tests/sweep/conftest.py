"""Finished sweeps for whatever shows, exports or reports them."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from playground.history import History
from playground.sweep.result import SweepResult
from tests.sweep.kept import make_hostile, make_small


@pytest.fixture(scope="module")
def history() -> Iterator[History]:
    with History.in_memory() as opened:
        yield opened


@pytest.fixture(scope="module")
def small(history: History) -> SweepResult:
    return make_small(history)


@pytest.fixture(scope="module")
def hostile(history: History) -> SweepResult:
    return make_hostile(history)
