"""What a sweep's judge costs is the sweep's: said before it starts, counted, and in its budget."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.history import History
from playground.sweep.asked import Asked, build
from playground.sweep.definition import Budget, Sweep
from playground.sweep.forecast import forecast
from playground.sweep.result import SweepResult
from playground.sweep.starting import begin, check, resume
from tests.servers.fault import FaultServer, answers
from tests.sweep.priced import dear_endpoint

REPLY_COST = 0.004
"""Of three tokens read and one written, at the prices of `judge`."""


@pytest.fixture
def judge(config_folder: Path) -> Iterator[str]:
    """A judge that asks a tenth of a cent for each token, and gives everything seven points."""
    with FaultServer() as server:
        dear_endpoint(config_folder, server.url)
        server.play(answers("SCORE: 7"))
        yield "bench:dear"


def judged(judge: str, **words: object) -> Sweep:
    told: dict[str, object] = {
        "prompt": "Once upon a time",
        "models": "demo:tiny",
        "space": {"temperature": "0.7,1.4", "max_length": 12},
        "samples": 4,
        "seed": 5,
        "metrics": "judge,length",
        "judge": judge,
        **words,
    }
    return build(Asked.of_words(**told))


def test_what_the_judge_may_take_is_said_before_it_starts(judge: str) -> None:
    expected = forecast(judged(judge))
    assert expected.runs == 8
    assert expected.judge is not None
    assert (expected.judge.ref, expected.judge.runs) == (judge, 8)
    # It reads its instructions, the prompt and the answer, and may write 400 tokens each time.
    assert expected.judge.input_tokens > 8 * (100 + 12)
    assert expected.judge.output_tokens == 8 * 400
    assert expected.judge.cost == pytest.approx((expected.judge.input_tokens + 3_200) / 1_000)
    assert expected.cost == expected.judge.cost
    assert forecast(judged("", metrics="length")).judge is None


def test_a_judge_without_a_price_is_named_where_there_is_a_budget(judge: str) -> None:
    sweep = judged("bench:unknown", budget={"cost": 1})
    (said,) = check(sweep)
    assert said.startswith("bench:unknown has no known price: the budget of $1 does not hold it")
    assert check(judged(judge, budget={"cost": 1})) == ()
    assert check(judged("bench:unknown")) == ()


async def test_what_the_judge_took_is_counted_and_a_resumed_sweep_knows_it(judge: str) -> None:
    with History.in_memory() as history:
        runner = begin(judged(judge), history)
        await runner.run()
        assert runner.progress.cost == pytest.approx(8 * REPLY_COST)
        assert runner.progress.asking == 0
        kept = [*history.sweeps.ended(runner.id)]
        assert [place.asking for place in kept] == pytest.approx([REPLY_COST] * 8)
        again = await resume(runner.id, history)
        assert again.progress.cost == pytest.approx(8 * REPLY_COST)
        cell = SweepResult.load(history, runner.id).cells[0]
        assert cell.figures.value("judge") == 7


async def test_a_budget_holds_the_judge_too(judge: str) -> None:
    dearest = forecast(judged(judge)).judge
    assert dearest is not None
    assert dearest.dearest is not None
    # Room for one judgement at a time, until what is left is less than one may cost.
    budget = dearest.dearest + 2.5 * REPLY_COST
    with History.in_memory() as history:
        runner = begin(judged(judge, budget={"cost": budget}), history)
        await runner.run()
        result = SweepResult.load(history, runner.id)
        assert result.state == "stopped"
        assert "the next answer and its judgement may cost" in result.reason
        assert history.sweeps.load(runner.id).samples == 3
        again = await resume(runner.id, history)
        await again.run()
        assert "$0.0120 are spent" in again.reason
        await (await resume(runner.id, history, budget=Budget(cost=100))).run()
        whole = SweepResult.load(history, runner.id)
        assert whole.state == "done"
        assert [cell.figures.value("judge") for cell in whole.cells] == [7, 7]
