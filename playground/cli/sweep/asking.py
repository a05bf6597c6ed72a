"""`playground sweep PROMPT …`: forecast, run with a bar, and say what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from pathlib import Path

from playground.cli import FAILED, INTERRUPTED
from playground.cli.default_models import default_models
from playground.cli.output import note, say, say_json
from playground.cli.signals import heeding_sigterm
from playground.cli.sweep.bar import Bar, clock
from playground.cli.sweep.showing import print_result, without_value
from playground.config import settings
from playground.errors import UsageError
from playground.history import History
from playground.sweep.asked import Asked, build, read_sweep_file
from playground.sweep.axis import range_text
from playground.sweep.definition import BayesianSearch, Sweep
from playground.sweep.executors import executor_called
from playground.sweep.forecast import Forecast, ModelForecast, forecast
from playground.sweep.keeping import without_passwords
from playground.sweep.result import SweepResult
from playground.sweep.runner import Runner
from playground.sweep.starting import begin, check
from playground.sweep.starting import resume as resumed
from playground.sweep.words import resume_with_more


def ask_sweep(
    read: Callable[[], Asked],
    *,
    file: Path | None,
    dry_run: bool,
    resume: str | None,
    force: bool,
    failed_again: bool,
    executor: str,
    address: str,
    keep: bool,
    json: bool,
) -> int:
    """Run a sweep, or go on with one, and print what came of it; returns the exit code.

    It is kept if `keep` and the user's settings say so. One that is gone on with is kept already.
    """
    where = executor_called(executor, address)
    off = keep and resume is None and not settings().history
    keep = keep and not off
    asked = read()
    for flag, said in (("--force", force), ("--retry-failed", failed_again)):
        if said and resume is None:
            raise UsageError(
                f"{flag} is only for --resume, which is not given.",
                hint=f"Say which: --resume ID {flag}",
            )
    if resume is not None:
        if not resume.strip():
            raise UsageError(
                "--resume takes the id of a sweep, or how it begins, and it is empty.",
                hint="`playground sweep list` shows what there is.",
            )
        if dry_run or not keep:
            raise UsageError(
                f"--resume makes what is missing of a sweep that is kept: "
                f"{'--dry-run' if dry_run else '--no-history'} does not go with it.",
                hint=f"`playground sweep show {resume}` says what is there.",
            )
        search = asked.search.model_fields_set - {"storage"}
        if asked.model_fields_set - {"budget", "search"} or search or file is not None:
            raise UsageError(
                "A resumed sweep is what it was: nothing of it can be said anew.",
                hint="Give --resume alone, with --budget, --force or --retry-failed at most.",
            )
    else:
        if file is not None:
            asked = asked.over(read_sweep_file(file))
        if not asked.models:
            asked = asked.model_copy(update={"models": tuple(default_models())})
        sweep = build(asked)
        remarks = check(sweep)
    with History.open() if keep else History.in_memory() as history:
        if resume is None:
            expected = forecast(sweep, history.sweeps.speed)
            if dry_run and json:
                say_json(_as_data(sweep, expected, remarks))
                return 0
            out = say if dry_run else note
            describe(sweep, expected, out=out)
            for remark in remarks:
                out(remark)
            if dry_run:
                return 0
            runner = begin(sweep, history, executor=where)
        else:
            runner = asyncio.run(
                resumed(
                    resume,
                    history,
                    force=force,
                    failed_again=failed_again,
                    budget=asked.budget,
                    storage=asked.search.storage,
                    executor=where,
                )
            )
            note(
                f"Going on with {runner.id}: {runner.progress.samples:,} of "
                f"{runner.progress.samples_total:,} answers are there."
            )
        code = _work(runner)
        result = SweepResult.load(history, runner.id)
        print_result(result, json=json)
        _say_end(runner, result, keep=keep)
        if off:
            note("It is not kept: config.toml says history = false.")
        return code


def _work(runner: Runner) -> int:
    """Make what is missing, with a bar; the exit code."""
    bar = Bar(runner)

    async def work() -> None:
        async with heeding_sigterm():
            drawing = asyncio.create_task(bar.draw())
            try:
                await runner.run()
            finally:
                drawing.cancel()
                bar.end()

    try:
        asyncio.run(work())
    except (KeyboardInterrupt, asyncio.CancelledError):
        return INTERRUPTED
    whole = runner.progress.samples - runner.progress.failed
    # It has a reason where something is missing: a budget, a model that cannot be opened.
    return 0 if whole and not runner.reason else FAILED


def _say_end(runner: Runner, result: SweepResult, *, keep: bool) -> None:
    if result.failed:
        again = f"; to make them again: playground sweep --resume {result.id} --retry-failed"
        note(f"{_many(result.failed, 'answer')} ended in an error{again if keep else ''}")
    for problem in without_value(result):
        note(problem)
    if result.state != "done":
        why = f": {result.reason}" if result.reason else ""
        note(f"Stopped{why.removesuffix('.')}.")
        if keep and (spent := runner.spent) is not None:
            more = resume_with_more(result.id, spent.limit)
            note(f"The rest of it takes a larger budget: {more}")
        elif keep:
            note(f"The rest of it: playground sweep --resume {result.id}")
    elif keep:
        note(f"Kept as {result.id}: playground sweep show {result.id}")


def describe(sweep: Sweep, expected: Forecast, *, out: Callable[[str], None]) -> None:
    """Say what a sweep will do and take at most."""
    space = "; ".join(range_text(axis) for axis in sweep.axes) or "one setting"
    out(f"{sweep.heading}: {space}; {_answers(sweep.samples)}, from seed {sweep.seed}.")
    if isinstance(sweep.search, BayesianSearch):
        out(f"{sweep.search.trials} trials by {sweep.search.sampler}.")
    for model in expected.all:
        work = _many(model.runs, "run")
        if model is expected.judge:
            work = f"{_many(model.runs, 'answer')} to judge"
        out(f"{model.ref}: {work}, {_taken([model], _price(model.cost), model.seconds)}.")
    if len(expected.all) > 1:
        price = _price(expected.cost)
        unpriced = [model.ref for model in expected.all if model.cost is None]
        if unpriced and expected.cost is not None:
            price += f" but for {', '.join(unpriced)}"
        taken = _taken(expected.all, price, expected.seconds)
        out(f"In all: {_many(expected.runs, 'run')}, {taken}.")
    if expected.seconds is None:
        out("How long it takes, its first answers will tell.")
    limits = sweep.budget
    ends = [
        *([] if limits.cost is None else [f"${limits.cost:g}"]),
        *([] if limits.tokens is None else [f"{limits.tokens:,} tokens"]),
    ]
    if ends:
        out(f"It stops before {' or '.join(ends)}: what might pass that is not begun.")
    if limits.seconds is not None:
        out(f"After {limits.seconds:g} seconds it begins nothing more.")


def _taken(models: Sequence[ModelForecast], price: str, seconds: float | None) -> str:
    """What some models take at most, in words."""
    read = sum(model.input_tokens for model in models)
    written = sum(model.output_tokens for model in models)
    time = "" if seconds is None else f", about {clock(seconds)}"
    return f"up to {read:,} tokens in and {written:,} out, {price}{time}"


def _price(cost: float | None) -> str:
    if cost is None:
        return "price not known"
    if cost == 0:
        return "free"
    return f"${cost:.2f} at most" if cost >= 0.01 else f"${cost:.2g} at most"


def _answers(samples: int) -> str:
    return f"{_many(samples, 'answer')} each"


def _many(number: int, word: str) -> str:
    return f"{number:,} {word}{'s' * (number != 1)}"


def _as_data(sweep: Sweep, expected: Forecast, remarks: Sequence[str]) -> dict[str, object]:
    data = without_passwords(sweep).model_dump(mode="json", exclude_defaults=True)
    # What kind of search it is is a default of each kind: what is left out could not be read again.
    data["search"] = {"kind": sweep.search.kind, **data.get("search", {})}
    return {
        "cells": sweep.cells,
        "runs": sweep.runs,
        "tokens": expected.tokens,
        "cost": expected.cost,
        "seconds": expected.seconds,
        "remarks": [*remarks],
        "sweep": data,
    }
