"""`playground sweep list`, `show` and `delete`, and what is printed when one has ended."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from playground.cells import cell_len, cut
from playground.cli.output import is_terminal, note, say, say_json, terminal_size
from playground.cli.table import table
from playground.errors import BrokenFile, UsageError
from playground.history import History
from playground.history.sweeping import KeptSweep
from playground.metrics import Estimate
from playground.sweep.axis import value_text
from playground.sweep.curve import curves
from playground.sweep.definition import BayesianSearch, short
from playground.sweep.figures import estimate_text
from playground.sweep.findings import findings
from playground.sweep.labels import apart
from playground.sweep.result import Cell, SampleRow, SweepResult
from playground.sweep.space import Values
from playground.sweep.starting import definition_of

MOST_ROWS = 60
"""Rows of a table that are printed; the export has all."""

MOST_LINES = 10
"""Sentences under one heading that are printed; the report has all."""

SHOWN = ("distinct-2", "self-bleu", "entropy", "top-share", "length", "tokens-per-second")
"""Columns of the table where no metrics were named, neither now nor for the sweep."""

_MARK = "*"
"""Stands behind a figure with a note, and before what is said of it."""


def show_list(*, limit: int, json: bool) -> None:
    """Print the latest sweeps."""
    with History.open() as history:
        found = history.sweeps.list(limit)
    if json:
        for kept in found:
            say_json(
                {
                    "id": kept.id,
                    "title": kept.title,
                    "state": kept.state,
                    "reason": kept.reason,
                    "created": kept.created.isoformat(),
                    "cells": kept.cells,
                    "cells_total": _cells_total(kept),
                    "samples": kept.samples,
                    "failed": kept.failed,
                }
            )
        return
    if not found:
        note('There are no sweeps yet: playground sweep "Once upon a time" --temperature 0:2:0.5')
        return
    rows = [
        [
            kept.id,
            f"{kept.created:%Y-%m-%d %H:%M}",
            kept.state,
            _ended(kept),
            f"{kept.samples:,}",
            short(kept.title, 50),
        ]
        for kept in found
    ]
    say(table(["id", "begun", "state", "cells", "answers", "title"], rows, right=(3, 4)))


def _ended(kept: KeptSweep) -> str:
    total = _cells_total(kept)
    return f"{kept.cells:,}" if total is None else f"{kept.cells:,} of {total:,}"


def _cells_total(kept: KeptSweep) -> int | None:
    """How many cells a sweep has at most; None where what is kept of it cannot be read."""
    try:
        return definition_of(kept).cells
    except BrokenFile:
        return None


def show_sweep(name: str, *, metrics: Sequence[str], cell: int | None, json: bool) -> None:
    """Print a sweep's cells, or the answers of one."""
    if metrics and (cell is not None or json):
        raise UsageError(
            "--metric chooses columns of the table; "
            f"{'--cell' if cell is not None else '--json'} prints every figure.",
            hint="Leave one of the two out.",
        )
    with History.open() as history:
        result = SweepResult.load(history, name)
        if cell is not None:
            _show_cell(result, cell, json=json)
            return
        print_result(result, metrics=metrics, json=json)
        for problem in without_value(result):
            note(problem)


def delete_sweep(name: str) -> None:
    """Hide a sweep."""
    with History.open() as history:
        found = history.sweeps.load(name)
        history.delete(found.id)
    note(f"Deleted {found.id}. It comes back with: playground history restore {found.id}")


def print_result(result: SweepResult, *, metrics: Sequence[str] = (), json: bool) -> None:
    """Print the cells of a sweep as a table, curves over the first axis, and what was found out."""
    if json:
        for row in result.rows():
            say_json(row)
        return
    if not result.cells:
        note("No cell has ended yet.")
        return
    named = [part for name in metrics for part in name.split(",") if part]
    usual = [] if result.sweep.metrics else [name for name in SHOWN if name in result.metrics]
    shown = named or usual or [*result.metrics]
    for name in named:
        if name not in result.metrics:
            raise UsageError(
                f"This sweep has no figures of {name!r}.",
                hint=f"It has {', '.join(result.metrics)}.",
            )
    if is_terminal(sys.stdout):
        width = terminal_size().columns
        fitting = _fitting(result, shown, width)
        # A row that is too wide loses the end of its answer; wrapped, no column would stand.
        for line in _table(result, fitting).split("\n"):
            say(cut(line, width))
        if left := shown[len(fitting) :]:
            say(
                f"No room for {', '.join(left)}: a wider terminal shows more, and `playground "
                "sweep show` those that --metric names."
            )
        for picture in curves(result, shown[:2], width=min(width, 100), height=14):
            say()
            say(picture)
    else:
        say(_table(result, shown))
    if found := _findings(result):
        say()
        say(found)


def without_value(result: SweepResult) -> list[str]:
    """For each metric that the sweep names and no cell has a value of, a sentence that says why."""
    said = []
    for name in result.sweep.metrics:
        found = [one for cell in result.cells if (one := cell.figures.estimates.get(name))]
        if found and name not in result.metrics:
            said.append(f"{name} has no value in any cell: {found[0].reason}.")
    return said


def _findings(result: SweepResult) -> str:
    """What was found out, a paragraph under each heading; empty if nothing."""
    paragraphs = []
    for found in findings(result):
        lines = [found.heading, *(f"  {line.text}" for line in found.lines[:MOST_LINES])]
        more = len(found.lines) - MOST_LINES
        paragraphs.append("\n".join(lines + ([f"  … and {more:,} more"] if more > 0 else [])))
    return "\n\n".join(paragraphs)


def _fitting(result: SweepResult, shown: Sequence[str], width: int) -> Sequence[str]:
    """The first metrics, one at least, that have room in lines of `width` cells."""
    head, rows, right = _columns(result, shown)
    while len(shown) > 1:
        # The last column is text, and may be cut.
        lines = table(head[:-1], [row[:-1] for row in rows], right=right).split("\n")
        if max(map(cell_len, lines)) <= width:
            break
        shown = shown[:-1]
        head, rows, right = _columns(result, shown)
    return shown


def _table(result: SweepResult, shown: Sequence[str]) -> str:
    head, rows, right = _columns(result, shown)
    printed = table(head, rows, right=right)
    more = len(result.cells) - MOST_ROWS
    beside = [f"{_MARK} {name}: {said}" for name in shown for said in result.notes(name)]
    lines = [
        *([f"… and {more:,} cells more"] if more > 0 else []),
        *beside[:MOST_LINES],
        *([f"{_MARK} … and {len(beside) - MOST_LINES:,} more"] if len(beside) > MOST_LINES else []),
    ]
    return "\n".join([printed, *lines])


def _columns(
    result: SweepResult, shown: Sequence[str]
) -> tuple[list[str], list[list[str]], tuple[int, ...]]:
    """The head of the table, its rows, and which columns are numbers."""
    several_models = len(result.sweep.models) > 1
    several_prompts = len(result.sweep.prompts) > 1
    head = ["cell", *([] if not several_models else ["model"])]
    head += ["prompt"] if several_prompts else []
    head += [axis.knob for axis in result.axes]
    first = len(head)
    head += [*shown, "answers", "most frequent"]
    rows = []
    labels = apart([prompt.label for prompt in result.sweep.prompts], 24)
    for cell in result.cells[:MOST_ROWS]:
        row = [str(cell.number), *([] if not several_models else [cell.model])]
        row += [labels[cell.place.prompt]] if several_prompts else []
        row += [value_text(cell.values.get(axis.knob)) for axis in result.axes]
        row += [_marked(cell.figures.estimates.get(name)) for name in shown]
        row += [_count(cell), short(cell.figures.top, 32)]
        rows.append(row)
    return head, rows, (0, *range(first, first + len(shown) + 1))


def _marked(estimate: Estimate | None) -> str:
    """A figure, with a mark where something is said of it under the table."""
    return estimate_text(estimate) + (_MARK if estimate is not None and estimate.note else "")


def _count(cell: Cell) -> str:
    failed = f" (+{cell.figures.failed} failed)" if cell.figures.failed else ""
    return f"{cell.figures.answers}/{cell.figures.samples}{failed}"


def _show_cell(result: SweepResult, number: int, *, json: bool) -> None:
    answers = result.answers(number)
    if not answers:
        raise UsageError(
            f"The sweep {result.id} has no answers in a cell {number}.",
            hint=f"`playground sweep show {result.id}` lists its cells.",
        )
    if json:
        for answer in answers:
            say_json(_answer_as_data(result, number, answer))
        return
    place = result.sweep.place(number)
    knobs = [f"{knob} {value_text(value)}" for knob, value in _values(result, number).items()]
    parts = [f"cell {number}", result.sweep.models[place.model], *knobs]
    say(" · ".join([*parts, result.sweep.prompts[place.prompt].label]))
    if figures := next((cell.figures for cell in result.cells if cell.number == number), None):
        found = [
            [name, estimate_text(estimate), estimate.note]
            for name, estimate in figures.estimates.items()
            if estimate.value is not None
        ]
        say(table(["metric", "value", ""], found))
    else:
        say("Not all of its answers are there: nothing is measured yet.")
    for answer in answers:
        seed = result.sweep.seed_of(number, answer.sample)
        told = [answer.run, f"seed {seed}", answer.finish_reason or answer.state]
        if file := result.made_with.get((number, answer.sample)):
            told.append(f"from {file} (SHA-256)")
        say(f"— {answer.sample} ({', '.join(told)})")
        say(answer.error or answer.text)


def _values(result: SweepResult, number: int) -> Values:
    """The knobs of a cell; empty where a search chose them and the cell has not ended."""
    for cell in result.cells:
        if cell.number == number:
            return cell.values
    if isinstance(result.sweep.search, BayesianSearch):
        return {}
    return result.sweep.space.at(result.sweep.place(number).point)


def _answer_as_data(result: SweepResult, number: int, answer: SampleRow) -> dict[str, object]:
    place = result.sweep.place(number)
    return {
        "cell": number,
        "model": result.sweep.models[place.model],
        "prompt": result.sweep.prompts[place.prompt].label,
        **_values(result, number),
        "sample": answer.sample,
        "run": answer.run,
        "seed": result.sweep.seed_of(number, answer.sample),
        "text": answer.text,
        "finish_reason": answer.finish_reason,
        "error": answer.error,
        **result.file_of(number, answer.sample),
    }
