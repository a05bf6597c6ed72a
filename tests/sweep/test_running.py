"""A sweep makes every answer once, keeps it as it ends, and goes on where it was stopped."""

from __future__ import annotations

import asyncio
import hashlib
import importlib
import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncGenerator, Sequence
from pathlib import Path

import pytest

from playground.errors import (
    InvalidParameter,
    MissingKey,
    RateLimited,
    ServerFailed,
    UnknownRecord,
    UsageError,
)
from playground.history import Filing, History
from playground.history.pace import Pace
from playground.history.saving import BegunRun, EndedRun
from playground.history.sweeping import ORIGIN, EndedCell, EndedSample
from playground.metrics import Sample
from playground.params import GenerationParams
from playground.providers.scripted import ScriptedModel
from playground.sweep import starting
from playground.sweep.asked import Asked, build
from playground.sweep.budget import MostOfARun
from playground.sweep.definition import Budget, Sweep
from playground.sweep.keeping import HIDDEN, without_passwords
from playground.sweep.lane import HereLane
from playground.sweep.result import SweepResult
from playground.sweep.runner import Runner
from playground.sweep.starting import begin, check, resume
from playground.types import Choice, Completed, Event, Message, Plan, Timing, Usage


def small(**words: object) -> Sweep:
    told: dict[str, object] = {
        "prompt": "Once upon a time",
        "models": "demo:tiny",
        "space": {"temperature": "0,0.7,1.4", "max_length": 12},
        "samples": 3,
        "seed": 5,
        **words,
    }
    return build(Asked.of_words(**told))


class Silent(ScriptedModel):
    """Does not say how many tokens it took."""

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        async for event in super().stream(messages, plan):
            yield Completed(Usage()) if isinstance(event, Completed) else event


async def made(sweep: Sweep, history: History) -> SweepResult:
    runner = begin(sweep, history)
    await runner.run()
    return SweepResult.load(history, runner.id)


async def test_every_cell_has_its_answers_and_its_figures() -> None:
    with History.in_memory() as history:
        result = await made(small(), history)
        assert result.state == "done"
        assert [cell.values["temperature"] for cell in result.cells] == [0, 0.7, 1.4]
        for cell in result.cells:
            answers = result.answers(cell.number)
            assert [answer.sample for answer in answers] == [0, 1, 2]
            assert all(answer.text for answer in answers)
            assert cell.figures.samples == 3
        cold = result.cells[0].figures
        assert cold.answers == 1
        assert cold.value("top-share") == 1
        assert cold.value("entropy") is not None
        rows = [*result.rows()]
        assert rows[0]["temperature"] == 0
        assert rows[0]["top-share_low"] <= rows[0]["top-share"]


async def test_the_same_dice_are_thrown_in_every_cell() -> None:
    with History.in_memory() as history:
        same = await made(small(space={"top_p": "0.999,1", "max_length": 12}), history)
        seeds = [
            [history.run(answer.run).receipt.seed for answer in same.answers(cell.number)]  # type: ignore[union-attr]
            for cell in same.cells
        ]
        assert seeds == [[5, 6, 7], [5, 6, 7]]
        apart = await made(
            small(space={"top_p": "0.999,1", "max_length": 12}, same_dice=False), history
        )
        seeds = [
            [history.run(answer.run).receipt.seed for answer in apart.answers(cell.number)]  # type: ignore[union-attr]
            for cell in apart.cells
        ]
        assert seeds == [[5, 6, 7], [8, 9, 10]]


async def test_a_stopped_sweep_makes_only_what_is_missing() -> None:
    with History.in_memory() as history:
        # More than a model decodes together several times over: the stop is heard in between.
        sweep = small(samples=32)
        runner = begin(sweep, history)

        async def stop_soon() -> None:
            while runner.progress.samples < 3:
                await asyncio.sleep(0.005)
            runner.stop("enough", now=True)

        await asyncio.gather(runner.run(), stop_soon())
        stopped = history.sweeps.load(runner.id)
        assert stopped.state == "stopped"
        assert 3 <= stopped.samples < sweep.runs
        before = {item.run for item in history.sweeps.samples(runner.id)}
        again = await resume(runner.id, history)
        await again.run()
        whole = SweepResult.load(history, runner.id)
        assert whole.state == "done"
        after = {item.run for item in history.sweeps.samples(runner.id)}
        assert before < after
        assert len(after) == sweep.runs
        fresh = await made(sweep, history)
        # Not the texts: what else is in the batch rounds differently, and now and then an answer
        # of these weights parts (docs/truth.md). What was asked is the same to the letter.
        for one, two in zip(whole.cells, fresh.cells, strict=True):
            asked = _asked(history, whole, one.number)
            assert len(asked) == sweep.samples
            assert asked == _asked(history, fresh, two.number)


async def test_cells_whose_answers_are_all_there_are_measured_on_resuming() -> None:
    with History.in_memory() as history:
        result = await made(small(), history)
        before = {item.run for item in history.sweeps.samples(result.id)}
        # As if it had been killed between the last answer and its figures.
        for cell in result.cells[:2]:
            history.sweeps.add_cell(EndedCell(result.id, cell.number, cell.values, {}))
        history.sweeps.settle(result.id, "interrupted", "")
        assert len(SweepResult.load(history, result.id).cells) == 1
        await (await resume(result.id, history)).run()
        whole = SweepResult.load(history, result.id)
        assert whole.state == "done"
        for one, other in zip(whole.cells, result.cells, strict=True):
            assert (one.values, one.figures.top) == (other.values, other.figures.top)
            for name, estimate in other.figures.estimates.items():
                # What is kept of an answer is rounded.
                assert one.figures.value(name) == pytest.approx(estimate.value, rel=1e-4), name
        assert {item.run for item in history.sweeps.samples(result.id)} == before


def _asked(history: History, result: SweepResult, cell: int) -> list[object]:
    """Messages and effective knobs, the seed among them, of each answer of a cell."""
    records = [history.run(answer.run) for answer in result.answers(cell)]
    return [(one.messages, one.plan.effective) for one in records if one.plan is not None]


def test_a_killed_sweep_is_there_and_goes_on(tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "playground", "sweep", "Once upon a time", "-m", "demo:tiny"),
        *("--temperature", "0:2:0.02", "--samples", "4", "--max-length", "60", "--seed", "1"),
    ]
    folders = {"PLAYGROUND_DATA_DIR": str(tmp_path), "PLAYGROUND_CONFIG_DIR": str(tmp_path)}
    environment = {**os.environ, **folders}
    quiet = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "env": environment}
    with subprocess.Popen(command, **quiet) as process:  # type: ignore[call-overload]
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and _kept(tmp_path) < 5:
            time.sleep(0.05)
        process.send_signal(signal.SIGKILL)
        process.wait()
        process.stdout.close()
        process.stderr.close()
    with History.open(tmp_path / "history.db") as history:
        kept = history.sweeps.list()[0]
        assert kept.state == "interrupted"
        assert 5 <= kept.samples < 404
    words = [sys.executable, "-m", "playground", "sweep", "--resume", kept.id, "--json"]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert len([json.loads(line) for line in done.stdout.splitlines()]) == 101
    with History.open(tmp_path / "history.db") as history:
        assert history.sweeps.load(kept.id).samples == 404


def _kept(folder: Path) -> int:
    if not (folder / "history.db").exists():
        return 0
    with History.open(folder / "history.db") as history:
        found = history.sweeps.list()
    return found[0].samples if found else 0


async def test_a_failed_answer_is_kept_with_its_error_and_fails_nothing() -> None:
    with History.in_memory() as history:
        # Every prompt of this length is refused, and nothing else.
        sweep = small(prompt=("Once upon a time", "word " * 5000), space={"max_length": 8})
        result = await made(sweep, history)
        assert result.state == "done"
        good, bad = result.cells
        assert good.figures.failed == 0
        assert bad.figures.failed == 3
        assert bad.figures.samples == 0
        assert all("context" in answer.error for answer in result.answers(bad.number))


async def test_a_budget_of_tokens_stops_it_cleanly() -> None:
    with History.in_memory() as history:
        sweep = small(samples=20, budget={"tokens": 100})
        result = await made(sweep, history)
        assert result.state == "stopped"
        assert "100 tokens" in result.reason
        kept = history.sweeps.load(result.id)
        assert 0 < kept.samples < sweep.runs
        tokens = sum(row.usage.output_tokens or 0 for c in range(3) for row in result.answers(c))
        # One answer more might have been too much, and so nearly all of it was used.
        assert 100 - 12 < tokens <= 100
        # Nothing more within the same budget; with another one all that is missing.
        await (again := await resume(result.id, history)).run()
        assert "100 tokens" in again.reason
        await (await resume(result.id, history, budget=Budget(tokens=10_000))).run()
        whole = SweepResult.load(history, result.id)
        assert (whole.state, history.sweeps.load(result.id).samples) == ("done", sweep.runs)


async def test_a_budget_that_the_first_answers_at_once_would_pass_lets_fewer_begin() -> None:
    with History.in_memory() as history:
        result = await made(small(samples=8, budget={"tokens": 30}), history)
        tokens = sum(row.usage.output_tokens or 0 for c in range(3) for row in result.answers(c))
        assert result.state == "stopped"
        assert 0 < tokens <= 30


async def test_short_answers_that_end_first_do_not_let_a_budget_be_passed() -> None:
    with History.in_memory() as history:
        sweep = small(
            space={"temperature": "0:2:0.25", "max_length": 60}, samples=4, budget={"tokens": 500}
        )
        result = await made(sweep, history)
        assert result.state == "stopped"
        whole = await made(sweep.model_copy(update={"budget": Budget()}), history)
        lengths = {row.usage.output_tokens or 0 for c in range(9) for row in whole.answers(c)}
        assert min(lengths) < 40
        assert max(lengths) == 60
        kept = history.sweeps.ended(result.id)
        tokens = sum(Usage.model_validate_json(one.usage).output_tokens or 0 for one in kept)
        assert 500 - 60 < tokens <= 500


async def test_answers_whose_tokens_nobody_says_are_counted_with_the_most_that_they_may_be() -> (
    None
):
    sweep = small(models="scripted:echo", budget={"tokens": 40})
    with History.in_memory() as history:
        runner = Runner(
            sweep,
            history,
            id="silent",
            executor=lambda ref: HereLane(ref, lambda _ref: Silent(["fine"], name="echo")),
            most=MostOfARun(tokens=12),
        )
        await runner.run()
        assert history.sweeps.load("silent").samples == 3
        assert "3 answers of which nothing is said may have taken 36" in runner.reason
        await (again := await resume("silent", history)).run()
        assert history.sweeps.load("silent").samples == 3
        assert "40 tokens" in again.reason


async def test_what_a_try_wrote_before_it_broke_off_is_counted_though_it_is_made_again() -> None:
    broken = ServerFailed("It broke.")
    sweep = small(models="scripted:echo", budget={"tokens": 40})
    with History.in_memory() as history:
        runner = Runner(
            sweep,
            history,
            id="broken",
            executor=lambda ref: HereLane(
                ref,
                lambda _ref: ScriptedModel(["a ", "b "], name="echo", fail_after=1, error=broken),
            ),
            most=MostOfARun(tokens=12),
        )
        await runner.run()
    assert runner.progress.untold == 3
    assert "40 tokens is reached" in runner.reason


def test_a_budget_of_money_that_has_no_price_is_said_before_it_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    words = {"metrics": "length", "budget": {"cost": 0.5}}
    (told,) = check(small(**words, models=("openai:a-model-of-tomorrow", "demo:tiny")))
    assert told.startswith("openai:a-model-of-tomorrow has no known price: the budget of $0.5 ")
    assert check(small(**words, models=("openai:gpt-4.1", "demo:tiny"))) == ()


@pytest.mark.parametrize(
    ("budget", "said"),
    [
        ({"tokens": 5}, "The budget of 5 tokens does not hold one answer, which may take 12"),
        ({"cost": 1e-6}, "The budget of $1e-06 does not hold one answer, which may cost $0.0001"),
    ],
)
def test_a_budget_smaller_than_one_answer_is_refused_before_it_starts(
    monkeypatch: pytest.MonkeyPatch, budget: dict[str, float], said: str
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    with pytest.raises(UsageError) as error:
        check(small(models="openai:gpt-4.1", metrics="length", budget=budget))
    assert error.value.message.startswith(said)
    assert "larger budget" in (error.value.hint or "")


async def test_a_larger_budget_of_one_kind_leaves_the_others_and_holds_when_it_goes_on_again() -> (
    None
):
    with History.in_memory() as history:
        result = await made(small(samples=20, budget={"tokens": 100, "cost": 5}), history)
        assert result.state == "stopped"
        again = await resume(result.id, history, budget=Budget(tokens=200))
        assert again.spent is None
        await again.run()
        assert again.spent is not None
        assert again.spent.limit == "tokens"
        assert SweepResult.load(history, result.id).sweep.budget == Budget(tokens=200, cost=5)


async def test_a_changed_model_file_is_refused_with_both_sums(tmp_path: Path) -> None:
    from playground.config import shipped

    file = tmp_path / "model.gguf"
    file.write_bytes((shipped("providers") / "demo" / "tiny.gguf").read_bytes())
    with History.in_memory() as history:
        runner = begin(small(models=f"local:{file}"), history)
        await runner.run()
        was = history.sweeps.load(runner.id).files[f"local:{file}"][-1]
        history.sweeps.settle(runner.id, "stopped", "")
        history.flush()
        file.write_bytes((shipped("providers") / "demo" / "small.gguf").read_bytes())
        now = hashlib.sha256(file.read_bytes()).hexdigest()
        with pytest.raises(UsageError, match=f"was {was} and is {now}") as error:
            await resume(runner.id, history)
        assert "--force" in (error.value.hint or "")
        assert (await resume(runner.id, history, force=True)).id == runner.id


async def test_of_two_programs_that_go_on_with_a_sweep_at_once_one_gets_it(tmp_path: Path) -> None:
    with History.open(path := tmp_path / "h.db") as one, History.open(path) as other:
        runner = begin(small(), one)
        await runner.run()
        one.sweeps.settle(runner.id, "stopped", "")
        one.flush()
        both = await asyncio.gather(
            *(resume(runner.id, history) for history in (one, other)), return_exceptions=True
        )
        (told,) = [item for item in both if isinstance(item, BaseException)]
        assert isinstance(told, UsageError)
        assert "running in another program" in str(told)


async def test_a_sweep_that_is_not_there_is_told_with_one_that_is_near() -> None:
    with History.in_memory() as history:
        result = await made(small(), history)
        wrong = f"{result.id[:-1]}~"
        with pytest.raises(UnknownRecord, match=result.id):
            await resume(wrong, history)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ({"metrics": "distinct-9"}, "distinct-9"),
        ({"metrics": "exact"}, "expected"),
        ({"metrics": "self-bleu", "samples": 1}, "two samples"),
        ({"metrics": "judge"}, "--judge"),
        ({"models": "scripted:echo", "metrics": "entropy"}, "scripted:echo"),
        ({"metrics": "judge", "judge": "demo:nosuch"}, "no model 'nosuch'"),
        ({"metrics": "perplexity", "scorer": "demo:nosuch"}, "no model 'nosuch'"),
        ({"metrics": "perplexity", "scorer": "scripted:echo"}, "cannot score a given text"),
        ({"search": {"optimise": ("length",)}}, "length:max"),
        ({"search": {"trials": 3}}, "trials is "),
        ({"search": {"prune": True}}, "prune is "),
        ({"prompt": ()}, "no prompt"),
        ({"params": {"temperature": 1}, "space": {"temperature": "0,1"}}, "in two places"),
        ({"space": {"temperature": "0:1"}}, "no step"),
    ],
)
def test_what_cannot_be_measured_or_swept_is_said_before_it_starts(
    words: dict[str, object], told: str
) -> None:
    with pytest.raises((UsageError, ValueError)) as error:
        check(small(**words))
    assert told in str(error.value)
    assert ".." not in str(error.value)


def test_what_a_model_drops_or_takes_in_part_is_said_before_it_starts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "sk-none")
    words = {
        "models": ("openai:gpt-5", "demo:tiny"),
        "metrics": "length",
        "space": {"temperature": "0:3", "top_p": "0.5,1", "max_length": 16},
        "search": {"random": 3},
        "params": {"top_k": 5},
    }
    said = check(small(**words))
    assert [line.rsplit(": ", 1)[0] for line in said] == [
        "openai:gpt-5 drops temperature, so that its values change nothing there",
        "openai:gpt-5 drops top_k",
        "openai:gpt-5 drops top_p, so that its values change nothing there",
    ]
    (told,) = check(small(**{**words, "models": "openai:gpt-4.1", "params": {}}))
    assert told.startswith("openai:gpt-4.1 makes temperature 3.0 into 2.0: ")


async def test_a_search_tries_each_setting_once_and_goes_on_when_resumed() -> None:
    pytest.importorskip("optuna")
    words = {
        "space": {"temperature": "0:2:0.2", "max_length": 16},
        "search": {"optimise": ("distinct-1:max",), "trials": 6},
        "samples": 2,
    }
    with History.in_memory() as history:
        result = await made(small(**words), history)
        assert result.state == "done"
        assert len(result.cells) == 6
        assert len({str(cell.values) for cell in result.cells}) == 6
        (best,) = result.best("demo:tiny")
        top = max(cell.figures.value("distinct-1") or 0 for cell in result.cells)
        assert best.objectives[0] == top
        assert best.values in [cell.values for cell in result.cells]
        runner = begin(small(**words), history)

        async def stop_soon() -> None:
            while runner.progress.cells < 2:
                await asyncio.sleep(0.005)
            runner.stop("enough")

        await asyncio.gather(runner.run(), stop_soon())
        again = await resume(runner.id, history)
        await again.run()
        assert len(SweepResult.load(history, runner.id).cells) == 6


def test_ctrl_c_stops_it_and_says_how_to_go_on(tmp_path: Path) -> None:
    command = [
        *(sys.executable, "-m", "playground", "sweep", "Once upon a time", "-m", "demo:tiny"),
        *("--temperature", "0:2:0.001", "--samples", "8", "--max-length", "200", "--seed", "1"),
    ]
    environment = {
        **os.environ,
        "PLAYGROUND_DATA_DIR": str(tmp_path),
        "PLAYGROUND_CONFIG_DIR": str(tmp_path),
    }
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=environment
    ) as process:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and _kept(tmp_path) < 5:
            time.sleep(0.05)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=60)
    assert process.returncode == 130
    with History.open(tmp_path / "history.db") as history:
        kept = history.sweeps.list()[0]
    assert kept.state == "stopped"
    assert f"playground sweep --resume {kept.id}" in told
    assert "Traceback" not in told


def too_clever(sample: Sample) -> float:
    if len(sample.text) % 2:
        raise RuntimeError("no such answer")
    return len(sample.text)


async def test_a_function_that_fails_on_an_answer_is_told_of_and_stops_nothing() -> None:
    name = f"{__name__}:too_clever"
    with History.in_memory() as history:
        runner = begin(small(metrics=f"{name},length", samples=6), history)
        await runner.run()
        result = SweepResult.load(history, runner.id)
        assert result.state == "done"
        for cell in result.cells:
            texts = [answer.text for answer in result.answers(cell.number)]
            even = [len(text) for text in texts if len(text) % 2 == 0]
            known = cell.figures.estimates[name]
            assert known.count == len(even)
            assert known.value == (pytest.approx(sum(even) / len(even)) if even else None)
            assert cell.figures.value("length") is not None
        (told,) = runner.progress.notes
        assert told.startswith(f"{name} failed on ")
        assert told.endswith(" of 6 answers: RuntimeError: no such answer")


async def test_a_judge_that_cannot_be_asked_is_told_of_and_stops_nothing(tmp_path: Path) -> None:
    file = tmp_path / "judge.gguf"
    file.write_bytes(b"GGUF and nothing more")
    with History.in_memory() as history:
        runner = begin(small(metrics="judge,length", judge=f"local:{file}"), history)
        await runner.run()
        result = SweepResult.load(history, runner.id)
        assert result.state == "done"
        assert result.cells[0].figures.value("judge") is None
        assert result.cells[0].figures.value("length") is not None
        (problem,) = runner.progress.notes
        assert problem.startswith("judge: ")
        assert "judge.gguf" in problem


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://somebody:S3CRET@db/studies",
        "postgresql://somebody:S3/CR:ET@db/studies",
        "postgresql:///studies?user=somebody&password=S3CRET",
        "mysql://db/studies?ssl=1&passwd=S3CRET&charset=utf8",
    ],
)
def test_the_password_of_a_study_is_written_nowhere(address: str) -> None:
    words = {"optimise": ("length:max",), "storage": address}
    kept = without_passwords(small(search=words)).model_dump_json()
    assert "S3" not in kept
    assert HIDDEN in kept


def test_knobs_that_have_one_value_are_heeded_and_not_swept() -> None:
    told = {"temperature": "0:1:0.5", "logprobs": "5", "seed": "3"}
    sweep = build(Asked.of_words(prompt="Hello", models="demo:tiny", space=told))
    assert sweep.params.logprobs == 5
    assert sweep.seed == 3
    for name in ("n", "seed", "logprobs"):
        with pytest.raises(InvalidParameter, match=f"{name} .*cannot be swept"):
            build(Asked.of_words(prompt="Hello", models="demo:tiny", space={name: "1,2"}))


def test_how_fast_a_model_was_is_told_by_the_time_in_which_it_was_at_work() -> None:
    params = GenerationParams()
    with History.in_memory() as history:
        history.sweeps.begin("paused", "paused", small().model_dump_json())
        # Two side by side, and one an hour later; each waits for 1 s, reads for 2 and writes for 4.
        for sample, asked in enumerate((1e9, 1e9, 1e9 + 3600)):
            run = f"run{sample}"
            filing = Filing(
                conversation="paused", pane="paused-0", turn="paused-c0", place=0, model="a:b",
                params=params, prompt="Hi", version=sample + 1, title="paused", origin=ORIGIN,
            )  # fmt: skip
            timing = Timing(queued=1.0, first_token=3.0, total=7.0)
            usage = Usage(input_tokens=20, output_tokens=400)
            ended = EndedRun(
                run, "done", (Choice(text="Ho", finish_reason="stop"),), ((),), None, usage, timing,
                None,
            )  # fmt: skip
            begun = BegunRun(run, "a:b", (), "", params, asked)
            history.sweeps.add_sample(EndedSample("paused", 0, sample, 1, filing, begun, ended, {}))
        history.flush()
        pace = history.sweeps.speed("a:b")
    assert pace == Pace(writing=1200 / 8, reading=60 / 4)
    assert pace.seconds(15, 150) == 2


async def test_how_long_it_may_take_is_told_from_a_sweep_that_says_enough() -> None:
    with History.in_memory() as history:
        assert history.sweeps.speed("demo:tiny") is None
        tiny = {"samples": 1, "space": {"temperature": "0", "max_length": 2}}
        await made(small(**tiny), history)
        history.flush()
        assert history.sweeps.speed("demo:tiny") is not None
        long = {"samples": 8, "space": {"temperature": "0.5,1", "max_length": 60}}
        await made(small(**long), history)
        history.flush()
        known = history.sweeps.speed("demo:tiny")
        await made(small(**tiny), history)
        history.flush()
        assert history.sweeps.speed("demo:tiny") == known


async def test_the_end_of_the_seconds_ends_a_wait_that_an_endpoint_asks_for() -> None:
    busy = RateLimited("Too fast.", wait=120.0)
    sweep = small(models="scripted:echo", space={"temperature": "0,1"}, budget={"seconds": 0.5})
    with History.in_memory() as history:
        runner = Runner(
            sweep,
            history,
            id="busy",
            executor=lambda ref: HereLane(
                ref, lambda _ref: ScriptedModel(["never"], name="echo", fail_after=0, error=busy)
            ),
        )
        async with asyncio.timeout(60):
            await runner.run()
    assert runner.reason == "the budget of 0.5 seconds is reached"


async def test_a_sweep_that_cannot_be_gone_on_with_stays_as_it_was(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def without_key(_sweep: Sweep) -> None:
        raise MissingKey("A key is needed.")

    with History.in_memory() as history:
        runner = begin(small(budget={"tokens": 20}), history)
        await runner.run()
        history.flush()
        before = history.sweeps.load(runner.id)
        assert before.state == "stopped"
        monkeypatch.setattr(starting, "forecast", without_key)
        with pytest.raises(MissingKey):
            await resume(runner.id, history)
        history.flush()
        after = history.sweeps.load(runner.id)
    assert (after.state, after.reason) == (before.state, before.reason)


async def test_what_goes_wrong_while_a_sweep_is_taken_up_again_leaves_it_free(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    metric = tmp_path / "my_metric_of_a_sweep.py"
    metric.write_text("def long(sample):\n    return len(sample.text)\n")
    monkeypatch.syspath_prepend(tmp_path)
    with History.open(path := tmp_path / "h.db") as history:
        sweep = small(metrics="my_metric_of_a_sweep:long", budget={"tokens": 20})
        await (runner := begin(sweep, history)).run()
        history.flush()
        before = history.sweeps.load(runner.id)
        assert before.state == "stopped"
        with sqlite3.connect(path) as db:
            (usage,) = db.execute("SELECT usage FROM runs LIMIT 1").fetchone()
            db.execute("UPDATE runs SET usage = 'damaged'")
        with pytest.raises(ValueError, match="damaged"):
            await resume(runner.id, history)
        with sqlite3.connect(path) as db:
            db.execute("UPDATE runs SET usage = ?", (usage,))
        metric.unlink()
        sys.modules.pop("my_metric_of_a_sweep")
        with pytest.raises(UsageError, match="my_metric_of_a_sweep"):
            await resume(runner.id, history)
        history.flush()
        after = history.sweeps.load(runner.id)
        assert (after.state, after.reason) == (before.state, before.reason)
        metric.write_text("def long(sample):\n    return len(sample.text)\n")
        importlib.invalidate_caches()
        assert (await resume(runner.id, history)).progress.samples == before.samples


async def test_a_sweep_that_was_deleted_is_told_with_what_brings_it_back() -> None:
    with History.in_memory() as history:
        await (runner := begin(small(), history)).run()
        history.delete(runner.id)
        history.flush()
        with pytest.raises(UnknownRecord, match=f"{runner.id} is deleted") as error:
            history.sweeps.load(runner.id[:6])
        assert f"playground history restore {runner.id}" in (error.value.hint or "")
        with pytest.raises(UnknownRecord) as error:
            history.sweeps.load(f"{runner.id}x")
        assert runner.id not in (error.value.hint or "")
