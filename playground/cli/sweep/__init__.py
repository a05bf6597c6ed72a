"""`playground sweep …`: its options and words; what they do is in the other modules.

It is a parser of its own, made when the word `sweep` comes: the others start without it.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from playground.cli.sweep.axis_options import takes_axes
from playground.cli.sweep.bare_options import TakesBareOptions
from playground.cli.sweep.said_once import SaysOnce

Id = Annotated[str, typer.Argument(metavar="ID", help="A sweep, by the beginning of its id.")]
AsJson = Annotated[bool, typer.Option("--json", help="Print JSON Lines.")]


def _parser() -> typer.Typer:
    return typer.Typer(
        name="sweep",
        add_completion=False,
        rich_markup_mode=None,
        pretty_exceptions_enable=False,
        context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    )


words, asking = _parser(), _parser()


def run(arguments: Sequence[str]) -> None:
    """Do what the words after `playground sweep` say; raises `SystemExit`.

    The first word is one of those in `words`, or a prompt.
    """
    app = words if arguments and arguments[0] in _names() else asking
    app(args=list(arguments), prog_name="playground sweep")


def _names() -> set[str]:
    """The words, each as it was named or after its function."""
    return {
        str(command.name or getattr(command.callback, "__name__", ""))
        for command in words.registered_commands
    }


@asking.command(cls=SaysOnce)
@takes_axes
def sweep(
    prompt: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="PROMPT",
            help="What to ask: text, or @name of the prompt library. Several are all asked.",
            show_default=False,
        ),
    ] = None,
    *,
    knobs: dict[str, Any],
    model: Annotated[
        list[str] | None,
        typer.Option("-m", "--model", metavar="PROVIDER:MODEL", help="A model. Again for more."),
    ] = None,
    samples: Annotated[
        int | None, typer.Option("--samples", min=1, help="Answers at each setting.")
    ] = None,
    prompts: Annotated[
        str,
        typer.Option("--prompts", metavar="FILE", help="Prompts from a CSV or JSON Lines file."),
    ] = "",
    prompt_column: Annotated[
        str, typer.Option("--prompt-column", metavar="NAME", help="Its column of prompts.")
    ] = "prompt",
    expected_column: Annotated[
        str,
        typer.Option(
            "--expected-column", metavar="NAME", help="Its column of right answers: `expected`."
        ),
    ] = "",
    expected: Annotated[
        str | None, typer.Option("--expected", metavar="TEXT", help="The right answer.")
    ] = None,
    var: Annotated[
        list[str] | None,
        typer.Option("--var", metavar="NAME=VALUE", help="A variable of a prompt of the library."),
    ] = None,
    system: Annotated[
        list[str] | None,
        typer.Option("--system", metavar="TEXT", help="A system prompt. Several are all tried."),
    ] = None,
    metric: Annotated[
        list[str] | None,
        typer.Option(
            "--metric",
            metavar="NAMES",
            help="What to measure, with commas; unset, the usual ones. See docs/metrics.md.",
        ),
    ] = None,
    scorer: Annotated[
        str,
        typer.Option("--scorer", metavar="MODEL", help="The model of the metric `perplexity`."),
    ] = "",
    judge: Annotated[
        str, typer.Option("--judge", metavar="MODEL", help="The model of the metric `judge`.")
    ] = "",
    judge_question: Annotated[
        str, typer.Option("--judge-question", metavar="TEXT", help="What it is asked to judge.")
    ] = "",
    random: Annotated[
        int | None, typer.Option("--random", min=1, help="Draw this many settings at random.")
    ] = None,
    optimise: Annotated[
        list[str] | None,
        typer.Option(
            "--optimise",
            metavar="METRIC[:max|:min]",
            help="Search the settings that make this best (Bayesian). Again for a Pareto front.",
        ),
    ] = None,
    trials: Annotated[
        int | None, typer.Option("--trials", min=1, help="Settings that such a search may try.")
    ] = None,
    sampler: Annotated[
        str | None, typer.Option("--sampler", metavar="tpe|gp", help="How it chooses them.")
    ] = None,
    prune: Annotated[
        bool, typer.Option("--prune", help="Leave a setting early that lags behind.")
    ] = False,
    storage: Annotated[
        str | None,
        typer.Option(
            "--storage",
            metavar="URL",
            help="Keep its study there: sqlite:///studies.db, journal:studies.log.",
        ),
    ] = None,
    seed_apart: Annotated[
        bool,
        typer.Option("--own-dice", help="Other dice in every cell, not the same in all."),
    ] = False,
    budget: Annotated[
        float | None, typer.Option("--budget", metavar="DOLLARS", help="Stop before more is spent.")
    ] = None,
    budget_tokens: Annotated[
        int | None, typer.Option("--budget-tokens", min=1, help="Stop at so many generated.")
    ] = None,
    budget_seconds: Annotated[
        float | None, typer.Option("--budget-seconds", help="Stop after so long.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", metavar="TOML", help="A sweep file; flags go on top.")
    ] = None,
    title: Annotated[str, typer.Option("--title", metavar="TEXT", help="What lists call it.")] = "",
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what it would take, and do nothing.")
    ] = False,
    resume: Annotated[
        str | None,
        typer.Option("--resume", metavar="ID", help="Go on with a sweep that was stopped."),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Resume although a model's file has changed.")
    ] = False,
    retry_failed: Annotated[
        bool, typer.Option("--retry-failed", help="When resuming, also make what failed.")
    ] = False,
    executor: Annotated[
        str, typer.Option("--executor", metavar="here|ray", help="Where its answers are made.")
    ] = "here",
    address: Annotated[
        str,
        typer.Option(
            "--address", metavar="ADDRESS", help="The Ray cluster; unset, one on this machine."
        ),
    ] = "",
    no_history: Annotated[
        bool, typer.Option("--no-history", help="Keep nothing; it cannot be resumed then.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Ask one prompt, or many, at every point of a space of settings, and measure the answers.

    A knob takes a list (0.2,0.7,1.5), a range (0:2:0.25: start, stop, step), or a logarithmic one
    (0.01:1:log5: five values). With --random and --optimise it may be a stretch (0:2).

    playground sweep "Once upon a time" -m demo:small --temperature 0:2:0.25 --samples 8

    Other commands: list, show, report, export, delete; each has its own --help.
    """
    from playground.cli.ask import read_prompt
    from playground.cli.sweep.asking import ask_sweep
    from playground.sweep.asked import Asked

    told: dict[str, Any] = {
        "title": title,
        "prompt": tuple(read_prompt(text) if text == "-" else text for text in prompt or ()),
        "prompts": prompts,
        "prompt_column": prompt_column if prompt_column != "prompt" else None,
        "expected_column": expected_column,
        "expected": expected,
        "system": tuple(system or ()),
        "models": tuple(model or ()),
        "space": knobs,
        "samples": samples,
        "seed": knobs.pop("seed", None),
        "same_dice": False if seed_apart else None,
        "metrics": tuple(metric or ()),
        "scorer": scorer,
        "judge": judge,
        "judge_question": judge_question,
        "search": _told(
            random=random,
            optimise=tuple(optimise or ()),
            trials=trials,
            sampler=sampler,
            prune=prune or None,
            storage=storage,
        ),
        "budget": _told(cost=budget, tokens=budget_tokens, seconds=budget_seconds),
    }
    raise typer.Exit(
        ask_sweep(
            lambda: Asked.of_words(var or (), **_told(**told)),
            file=file,
            dry_run=dry_run,
            resume=resume,
            force=force,
            failed_again=retry_failed,
            executor=executor,
            address=address,
            keep=not no_history,
            json=as_json,
        )
    )


def _told(**values: Any) -> dict[str, Any]:
    """What was said, without what was not."""
    return {name: value for name, value in values.items() if value not in (None, "", (), {})}


@words.callback()
def about() -> None:
    """Sweeps that are kept: what there is, what came of it, and how to take it elsewhere."""


@words.command(name="list")
def list_(
    *,
    limit: Annotated[int, typer.Option("--limit", min=1, help="This many at most.")] = 20,
    as_json: AsJson = False,
) -> None:
    """List sweeps, the latest first."""
    from playground.cli.sweep.showing import show_list

    show_list(limit=limit, json=as_json)


@words.command()
def show(
    name: Id,
    *,
    metric: Annotated[
        list[str] | None, typer.Option("--metric", metavar="NAMES", help="Only these.")
    ] = None,
    cell: Annotated[
        int | None, typer.Option("--cell", min=0, help="The answers of one cell, by its number.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print what came of a sweep: a table of its cells, and curves."""
    from playground.cli.sweep.showing import show_sweep

    show_sweep(name, metrics=metric or (), cell=cell, json=as_json)


@words.command(cls=TakesBareOptions)
def report(
    name: Id,
    *,
    html: Annotated[
        str | None,
        typer.Option(
            "--html",
            metavar="[FILE]",
            help="A page of its own for the browser; what is written where nothing is said.",
        ),
    ] = None,
    png: Annotated[
        str | None, typer.Option("--png", metavar="[FILE]", help="A picture (needs matplotlib).")
    ] = None,
    svg: Annotated[
        str | None, typer.Option("--svg", metavar="[FILE]", help="A picture in lines.")
    ] = None,
    metric: Annotated[
        str, typer.Option("--metric", metavar="NAME", help="What a picture shows.")
    ] = "",
    over: Annotated[
        list[str] | None,
        typer.Option(
            "--over",
            metavar="NAME",
            help="Along which knob, or `model` or `prompt`: a curve. Twice: a heat map.",
        ),
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that is there already.")
    ] = False,
) -> None:
    """Write a report of a sweep: a page that needs no network, or pictures for documents."""
    from playground.cli.sweep.reporting import report_sweep
    from playground.sweep.report.pictures import Form

    said: dict[Form, str | None] = {"png": png, "svg": svg}
    report_sweep(
        name,
        html=html,
        pictures={form: place for form, place in said.items() if place is not None},
        metric=metric,
        over=[part for item in over or () for part in item.split(",") if part],
        force=force,
    )


@words.command()
def export(
    name: Id,
    *,
    csv: Annotated[
        Path | None, typer.Option("--csv", metavar="FILE", help="A table; - is standard output.")
    ] = None,
    jsonl: Annotated[
        Path | None, typer.Option("--jsonl", metavar="FILE", help="JSON Lines.")
    ] = None,
    parquet: Annotated[
        Path | None, typer.Option("--parquet", metavar="FILE", help="Parquet (needs pyarrow).")
    ] = None,
    samples: Annotated[
        bool, typer.Option("--samples", help="A row for each answer, not for each cell.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Write over a file that is there already.")
    ] = False,
) -> None:
    """Write the cells of a sweep, with their figures, or its answers as data."""
    from playground.cli.sweep.exporting import Form, export_sweep

    said: dict[Form, Path | None] = {"csv": csv, "jsonl": jsonl, "parquet": parquet}
    targets = {form: path for form, path in said.items() if path is not None}
    export_sweep(name, targets, samples=samples, force=force)


@words.command()
def delete(name: Id) -> None:
    """Hide a sweep; `playground history restore ID` brings it back."""
    from playground.cli.sweep.showing import delete_sweep

    delete_sweep(name)
