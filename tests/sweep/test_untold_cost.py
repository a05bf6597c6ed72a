"""What a try may have cost of which nobody said it counts in a budget, and is told as a guess."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.history import History
from playground.sweep.asked import Asked, build
from playground.sweep.definition import Sweep
from playground.sweep.forecast import forecast
from playground.sweep.starting import begin, resume
from tests.servers.fault import FaultServer, answers, breaks_off, delta, says, status
from tests.sweep.priced import dear_endpoint

ANSWER = 0.004
"""Of three tokens read and one written, at the prices below."""


@pytest.fixture
def endpoint(config_folder: Path) -> Iterator[FaultServer]:
    """One that asks a tenth of a cent for each token."""
    with FaultServer() as server:
        dear_endpoint(config_folder, server.url)
        yield server


def asked(**words: object) -> Sweep:
    told: dict[str, object] = {
        "prompt": "Once upon a time",
        "models": "bench:dear",
        "space": {"temperature": "0.7,1.4", "max_length": 12},
        "samples": 2,
        "seed": 5,
        "metrics": "length",
        **words,
    }
    return build(Asked.of_words(**told))


def dearest(sweep: Sweep) -> float:
    (model,) = forecast(sweep).models
    assert model.dearest is not None
    return model.dearest


async def test_a_try_that_broke_off_counts_as_the_most_that_it_may_have_cost(
    endpoint: FaultServer,
) -> None:
    endpoint.play(breaks_off(delta("Hel")), status(503), answers("Hello"))
    most = dearest(sweep := asked())
    with History.in_memory() as history:
        await (runner := begin(sweep, history)).run()
        assert history.sweeps.load(runner.id).state == "done"
        # What an endpoint has refused to begin costs nothing.
        assert (runner.progress.guesses, runner.progress.guessed) == (1, pytest.approx(most))
        assert runner.progress.cost == pytest.approx(4 * ANSWER)
        (told,) = [note for note in runner.progress.notes if "nobody said" in note]
        assert f"up to ${most:.4f} beside ${4 * ANSWER:.4f} may have been spent" in told
        again = await resume(runner.id, history)
        assert again.progress.guessed == pytest.approx(most)
        assert again.progress.cost == pytest.approx(4 * ANSWER)


async def test_an_answer_without_usage_counts_too_and_the_budget_holds(
    endpoint: FaultServer,
) -> None:
    endpoint.play(says(delta("Hello"), delta(finish="stop")))
    most = dearest(asked())
    with History.in_memory() as history:
        await (runner := begin(asked(budget={"cost": 2.5 * most}), history)).run()
        assert history.sweeps.load(runner.id).samples == 2
        assert f"up to ${2 * most:.4f} more may be, of which nobody said" in runner.reason
        await (again := await resume(runner.id, history)).run()
        assert history.sweeps.load(runner.id).samples == 2
        assert f"up to ${2 * most:.4f} more may be" in again.reason


async def test_what_failed_has_cost_what_it_cost_also_where_it_is_made_again(
    endpoint: FaultServer,
) -> None:
    endpoint.play(breaks_off(delta("Hel")))
    most = dearest(sweep := asked(samples=1, space={"max_length": 12}))
    with History.in_memory() as history:
        await (runner := begin(sweep, history)).run()
        assert history.sweeps.load(runner.id).failed == 1
        again = await resume(runner.id, history, failed_again=True)
        assert again.progress.samples == 0
        assert again.progress.guessed == pytest.approx(3 * most)


async def test_a_judgement_that_broke_off_counts_as_the_most_that_it_may_have_cost(
    endpoint: FaultServer,
) -> None:
    endpoint.play(breaks_off(delta("SCO")))
    sweep = asked(models="demo:tiny", samples=1, metrics="judge", judge="bench:dear")
    judge = forecast(sweep).judge
    assert judge is not None
    assert judge.dearest is not None
    with History.in_memory() as history:
        await (runner := begin(sweep, history)).run()
        assert runner.progress.guessed == pytest.approx(2 * judge.dearest)
        assert (await resume(runner.id, history)).progress.guessed == runner.progress.guessed
