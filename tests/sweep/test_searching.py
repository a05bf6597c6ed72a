"""Bayesian search: where its study lives, what it leaves early, and what it finds."""

from __future__ import annotations

import asyncio
import importlib.util
from pathlib import Path
from typing import Any

import pytest

import playground.sweep.bayesian as bayesian
from playground.errors import UsageError
from playground.history import History
from playground.sweep.asked import Asked, build
from playground.sweep.definition import Sweep
from playground.sweep.findings import findings
from playground.sweep.result import SweepResult
from playground.sweep.runner import Runner
from playground.sweep.starting import begin, check, resume

optuna = pytest.importorskip("optuna")


def searching(search: dict[str, Any] | None = None, **words: Any) -> Sweep:
    told: dict[str, Any] = {
        "prompt": "Once upon a time",
        "models": "demo:tiny",
        "space": {"temperature": "0:2:0.1", "max_length": 12},
        "samples": 2,
        "seed": 5,
        "metrics": "distinct-1,length",
        "search": {"optimise": ("distinct-1:max",), "trials": 6, **(search or {})},
        **words,
    }
    return build(Asked.of_words(**told))


async def stopped_after(runner: Runner, cells: int) -> None:
    """Run until so many cells have ended, then stop cleanly."""

    async def stop_soon() -> None:
        while runner.progress.cells < cells:
            await asyncio.sleep(0.005)
        runner.stop("enough")

    await asyncio.gather(runner.run(), stop_soon())


async def test_a_search_makes_as_many_trials_as_were_asked_for_however_few_points_there_are() -> (
    None
):
    space = {"temperature": "0:2:0.2", "max_length": 6}
    nearly_all = searching({"trials": 10}, space=space)
    all_there_are = searching({"trials": 30}, space=space)
    assert all_there_are.cells == 11
    for sweep, trials in ((nearly_all, 10), (all_there_are, 11)):
        with History.in_memory() as history:
            runner = begin(sweep, history)
            await runner.run()
            result = SweepResult.load(history, runner.id)
        assert result.state == "done"
        assert len({str(cell.values) for cell in result.cells}) == trials


# Storage


@pytest.mark.parametrize("form", ["sqlite:///{}/studies.db", "journal:{}/studies.log"])
async def test_a_study_is_kept_in_a_storage_and_goes_on_there(tmp_path: Path, form: str) -> None:
    address = form.format(tmp_path)
    with History.in_memory() as history:
        runner = begin(searching({"storage": address}), history)
        await stopped_after(runner, 2)
        began = len(SweepResult.load(history, runner.id).cells)
        assert 2 <= began < 6
        name = f"{runner.id} demo:tiny"
        cut_short = optuna.load_study(study_name=name, storage=bayesian.open_storage(address))
        cut_short.enqueue_trial({"temperature": 0})
        await (await resume(runner.id, history)).run()
        result = SweepResult.load(history, runner.id)
    assert result.state == "done"
    assert len(result.cells) == 6
    opened = bayesian.open_storage(address)
    assert opened is not None
    (study,) = optuna.get_all_study_summaries(storage=opened)
    assert study.study_name == f"{runner.id} demo:tiny"
    trials = optuna.load_study(study_name=study.study_name, storage=opened).trials
    # Each point once, the best as the sweep has it: resuming told nothing twice.
    told = [trial for trial in trials if trial.values]
    assert len({str(trial.params) for trial in told}) == 6
    (best,) = result.best("demo:tiny")
    assert max(trial.values[0] for trial in told) == best.objectives[0]
    found = {cell.values["temperature"]: cell.figures.value("distinct-1") for cell in result.cells}
    for trial in told:
        assert trial.values[0] == found[round(trial.params["temperature"] * 0.1, 1)]


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("studies.db", "is no storage of Optuna's"),
        ("journal:", "names no file"),
        ("journal:/no/such/folder/studies.log", "There is no folder /no/such/folder"),
        ("sqlite:////no/such/folder/studies.db", "cannot be kept in the sqlite storage"),
        ("nonsense://somebody:S3CRET@db/studies", "cannot be kept in the nonsense storage"),
        ("mysql://somebody:S3CRET@db/studies", "needs mysqlclient, which is not installed"),
        ("redis://somebody:S3CRET@127.0.0.1:1/0", "at 127.0.0.1:1: ConnectionError"),
        ("redis://127.0.0.1:1/S3CRET@127.0.0.1:1/0", "that --storage names: ConnectionError"),
    ],
)
async def test_a_storage_that_cannot_be_is_refused_before_anything_is_made(
    address: str, said: str
) -> None:
    with History.in_memory() as history:
        with pytest.raises(UsageError, match=said) as error:
            begin(searching({"storage": address}), history)
        assert "S3CRET" not in f"{error.value} {error.value.hint}"
        assert history.sweeps.list() == []


def test_a_storage_whose_package_is_missing_is_refused_with_the_way_to_it(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    missing(monkeypatch, "redis")
    with pytest.raises(UsageError, match="redis storage needs redis") as error:
        check(searching({"storage": "redis://localhost"}))
    assert error.value.hint == "pip install redis"


def missing(monkeypatch: pytest.MonkeyPatch, *names: str) -> None:
    """As if these packages were not installed."""
    find = importlib.util.find_spec

    def found(name: str, *more: Any) -> Any:
        return None if name in names else find(name, *more)

    monkeypatch.setattr(bayesian, "find_spec", found)
    monkeypatch.setattr("playground.sweep.storage.find_spec", found)


# Samplers


@pytest.mark.parametrize("name", ["torch", "scipy"])
def test_a_sampler_whose_packages_are_missing_is_refused_before_it_starts(
    monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    missing(monkeypatch, name)
    with pytest.raises(UsageError, match="GP sampler needs torch and scipy") as error:
        check(searching({"sampler": "gp"}))
    assert "--sampler tpe" in (error.value.hint or "")
    check(searching({"sampler": "tpe"}))


def test_without_optuna_the_way_to_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    missing(monkeypatch, "optuna")
    with pytest.raises(UsageError, match="needs Optuna") as error:
        check(searching())
    assert "chat-playground[optimise]" in (error.value.hint or "")


async def test_the_gp_sampler_makes_its_trials() -> None:
    pytest.importorskip("torch")
    pytest.importorskip("scipy")
    with History.in_memory() as history:
        runner = begin(searching({"sampler": "gp"}), history)
        await runner.run()
        result = SweepResult.load(history, runner.id)
        assert result.state == "done"
        assert len({str(cell.values) for cell in result.cells}) == 6


# Several objectives


async def test_several_objectives_leave_the_points_that_none_beats() -> None:
    with History.in_memory() as history:
        aims = {"optimise": ("distinct-1:max", "length:max"), "trials": 12}
        space = {"temperature": "0:2:0.1", "max_length": "4:40:4"}
        runner = begin(searching(aims, space=space), history)
        await runner.run()
        result = SweepResult.load(history, runner.id)
    front = {str(one.values): one.objectives for one in result.best("demo:tiny")}
    # Longer answers repeat more: no point is best in both.
    assert len(front) > 1
    for cell in result.cells:
        diverse, long = (cell.figures.value(name) or 0 for name in ("distinct-1", "length"))
        beaten = any(
            (a >= diverse and b >= long) and (a, b) != (diverse, long) for a, b in front.values()
        )
        assert beaten is (str(cell.values) not in front)


# Pruning


async def test_a_point_whose_first_prompts_lag_is_left_early_and_saves_runs() -> None:
    prompts = tuple(f"Tell me a story about a {name}." for name in ("fox", "dog", "cat", "hen"))
    aims = {"optimise": ("length:max",), "trials": 16, "prune": True}
    # Long answers win, so that whatever is drawn short lags from the first prompt on.
    space = {"max_length": "1:48:1", "temperature": 0}
    with History.in_memory() as history:
        sweep = searching(aims, prompt=prompts, space=space, samples=1)
        runner = begin(sweep, history)
        await runner.run()
        result = SweepResult.load(history, runner.id)
    assert result.state == "done"
    points: dict[int, int] = {}
    for cell in result.cells:
        points[cell.place.point] = points.get(cell.place.point, 0) + 1
    left = [count for count in points.values() if count < len(prompts)]
    assert len(points) == 16
    assert left
    assert len(result.cells) < sweep.cells
    ended = {cell.number for cell in result.cells}
    assert runner.progress.left_out == {*range(sweep.cells)} - ended
    assert (runner.progress.share, runner.progress.seconds_left) == (1.0, 0.0)
    found = next(iter(findings(result))).lines[-1].text
    assert found.startswith(f"{len(left)} of 16 settings w")
    assert "left early: after " in found
    (best,) = result.best("demo:tiny")
    whole = [cell for cell in result.cells if points[cell.place.point] == len(prompts)]
    assert best.values["max_length"] == max(int(str(cell.values["max_length"])) for cell in whole)


async def test_a_point_that_was_left_early_is_left_when_the_search_goes_on() -> None:
    prompts = tuple(f"Tell me a story about a {name}." for name in ("fox", "dog", "cat", "hen"))
    aims = {"optimise": ("length:max",), "trials": 16, "prune": True}
    space = {"max_length": "1:48:1", "temperature": 0}
    with History.in_memory() as history:
        runner = begin(searching(aims, prompt=prompts, space=space, samples=1), history)
        await runner.run()
        before = {cell.number for cell in SweepResult.load(history, runner.id).cells}
        history.sweeps.settle(runner.id, "stopped", "")
        again = await resume(runner.id, history)
        await again.run()
        after = {cell.number for cell in SweepResult.load(history, runner.id).cells}
    assert len(before) < 16 * len(prompts)
    assert after == before
    assert again.progress.left_out == runner.progress.left_out


@pytest.mark.parametrize(
    ("search", "said"),
    [
        ({"prune": True}, "one prompt only"),
        ({"prune": True, "optimise": ("length:max", "distinct-1")}, "Several objectives"),
    ],
)
def test_pruning_that_cannot_be_is_refused(search: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check(searching(search))
