"""A history in a folder of the test's own, and runs to put into it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from playground.history import Filing, History, Recorder
from playground.ids import new_id
from playground.judging import Judged, Vote
from playground.providers.scripted import ScriptedModel
from playground.run import Run, generate

Keep = Callable[..., Awaitable[Run]]


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "history.db"


@pytest.fixture
def history(path: Path) -> Iterator[History]:
    with History.open(path) as opened:
        yield opened


@pytest.fixture
def keep(history: History) -> Keep:
    """Ask a model that says this, and keep the run."""

    async def ask(prompt: str, answer: str = "yes", *, model: str = "x", **filed: Any) -> Run:
        knobs = filed.pop("knobs", {})
        run = generate(ScriptedModel([answer], name=model), prompt, **knobs)
        filing = Filing(prompt=prompt, model=f"scripted:{model}", params=run.params, **filed)
        await Recorder(history).follow(run, filing)
        history.flush()
        return run

    return ask


def cast_on(run: str, winner: int | None = 0) -> Vote:
    """A vote between two answers of a run, by place, or a tie."""
    judged = [
        Judged(run=run, choice=at, model="demo:small", setting=f"top_k {at}") for at in (0, 1)
    ]
    return Vote(
        id=new_id(),
        created=datetime.now(UTC),
        prompt="hello",
        candidates=tuple(judged),
        outcome="tie" if winner is None else "win",
        winner=winner,
    )
