"""What the page of a sweep shows, as plain data: the one place where Python and its script meet.

Everything that people or models wrote is made visible here (`sanitize.make_safe`), so that no
control character and no override of direction reaches a reader. Sizes are bounded: a page that no
browser opens shows nothing. What is left out is counted, and the page says so.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final, TypedDict

from pydantic import JsonValue

import playground.metrics as metrics
from playground.errors import PlaygroundError
from playground.machine import OURS, versions
from playground.metrics import Estimate
from playground.params import knobs
from playground.sanitize import make_safe
from playground.sweep.axis import Axis, value_text
from playground.sweep.definition import BayesianSearch, GridSearch, SweepPrompt
from playground.sweep.findings import Finding, findings
from playground.sweep.report.plan import plan_of
from playground.sweep.result import Cell, SampleRow, SweepResult
from playground.sweep.space import interleaved

MOST_CELLS: Final = 20_000
"""Cells on a page."""

MOST_ANSWERS: Final = 20_000
"""Answers on a page; of more, the first ones of every cell."""

MOST_CHARACTERS: Final = 20_000_000
"""Characters of all answers of a page together."""

MOST_OF_ONE: Final = 100_000
"""Characters of one text: an answer, a prompt."""

MOST_LINES: Final = 100
"""Sentences under one heading."""

LOOKED_AT: Final = 300
"""Cells of each model in whose receipts it is looked for what was done otherwise than asked."""


class PageMetric(TypedDict):
    """A metric of the page; see `playground.metrics.Metric`."""

    name: str
    title: str
    meaning: str
    unit: str
    better: str | None
    lowest: float | None
    highest: float | None


class PageAxis(TypedDict):
    """A knob that was swept."""

    name: str
    meaning: str
    text: str
    numeric: bool
    log: bool


class PagePrompt(TypedDict):
    """A prompt: what it is called, its turns as pairs of role and text, the right answer."""

    label: str
    turns: list[tuple[str, str]]
    expected: str | None


class PageModel(TypedDict):
    """A model: its files, the receipt of one of its cells, and what it did not as asked.

    `files` are sums: several where it changed between two starts, that of the last one last.
    `departures` are sentences with the number of cells, of `looked_at`, that they are true of.
    """

    name: str
    files: list[str]
    cell: int | None
    receipt: dict[str, Any] | None
    departures: list[tuple[str, int]]
    looked_at: int


Figure = tuple[float | None, float | None, float | None, int, str, str]
"""Value, low, high, count, reason and note of an `Estimate`."""


class PageFinding(TypedDict):
    """Sentences under a heading, each with the numbers of its cells; `more` are left out."""

    heading: str
    lines: list[tuple[str, list[int]]]
    more: int


class PageCell(TypedDict):
    """A cell. `model` and `prompt` are places in the lists, `figures` in the order of metrics."""

    number: int
    model: int
    prompt: int
    values: list[JsonValue]
    samples: int
    failed: int
    answers: int
    top: str
    figures: list[Figure | None]


class PageAnswer(TypedDict):
    """An answer of a cell; `file` is the sum of its model's, where that has had several."""

    sample: int
    seed: int
    run: str
    state: str
    tries: int
    text: str
    cut: int
    reason: str | None
    input: int | None
    output: int | None
    cost: float | None
    first: float | None
    total: float | None
    error: str
    file: str


class PageFront(TypedDict):
    """What a search with several objectives tried: the first two of them, a point a setting.

    Of each point the number of its model, its first cell, both figures (means over prompts), and
    whether no other one beats it in everything.
    """

    metrics: list[str]
    of: int
    points: list[tuple[int, int, float, float, bool]]


class PageHead(TypedDict):
    """All of the page but its cells and answers. `left_out` is what is too much for it."""

    id: str
    title: str
    state: str
    why: str
    created: str
    made_by: str
    planned: int
    ended: int
    runs: int
    failed: int
    grid: bool
    plan: list[tuple[str, str]]
    models: list[PageModel]
    prompts: list[PagePrompt]
    axes: list[PageAxis]
    metrics: list[PageMetric]
    findings: list[PageFinding]
    front: PageFront | None
    left_out: list[str]


@dataclass(frozen=True, slots=True)
class Content:
    """What a page shows: its head, and cells with their answers, which are read as they are asked.

    `answers` of all cells cost a query each and are not held together.
    """

    result: SweepResult
    head: PageHead
    kept: tuple[Cell, ...]
    prompts: dict[int, int]
    per_cell: int

    @classmethod
    def of(
        cls, result: SweepResult, *, most_cells: int = MOST_CELLS, most_answers: int = MOST_ANSWERS
    ) -> Content:
        """The content of the page of a sweep; blocks."""
        kept = _spread(result.cells, most_cells)
        numbers = dict.fromkeys(cell.place.prompt for cell in kept)
        prompts = {number: place for place, number in enumerate(numbers)}
        there = sum(cell.figures.samples + cell.figures.failed for cell in kept)
        per_cell = result.sweep.samples
        left_out = []
        if len(kept) < len(result.cells):
            left_out.append(f"{len(result.cells) - len(kept):,} of {len(result.cells):,} cells")
        if there > most_answers:
            per_cell = max(1, most_answers // len(kept))
            shown = sum(min(per_cell, c.figures.samples + c.figures.failed) for c in kept)
            left_out.append(
                f"{there - shown:,} of {there:,} answers: of every cell the first {per_cell:,} are "
                "here"
            )
        sweep = result.sweep
        head = PageHead(
            id=result.id,
            title=make_safe(sweep.heading),
            state=result.state,
            why=make_safe(result.reason),
            created=f"{result.created:%Y-%m-%d %H:%M %Z}".strip(),
            made_by=f"{OURS} {versions()[OURS]}",
            planned=sweep.cells,
            ended=len(result.cells),
            runs=sum(cell.figures.samples + cell.figures.failed for cell in result.cells),
            failed=result.failed,
            grid=isinstance(sweep.search, GridSearch),
            plan=[(name, make_safe(text)) for name, text in plan_of(sweep)],
            models=[_model(result, kept, number) for number in range(len(sweep.models))],
            prompts=[_prompt(sweep.prompts[number]) for number in prompts],
            axes=[_axis(axis) for axis in sweep.axes],
            metrics=[_metric(name) for name in result.metrics],
            findings=[_finding(found) for found in findings(result)],
            front=_front(result, {cell.number for cell in kept}),
            left_out=left_out,
        )
        return cls(result, head, kept, prompts, per_cell)

    def cells(self) -> Iterator[PageCell]:
        """The cells, in their order."""
        for cell in self.kept:
            yield PageCell(
                number=cell.number,
                model=cell.place.model,
                prompt=self.prompts[cell.place.prompt],
                values=[_value(cell.values.get(axis.knob)) for axis in self.result.axes],
                samples=cell.figures.samples,
                failed=cell.figures.failed,
                answers=cell.figures.answers,
                top=make_safe(cell.figures.top),
                figures=[_figure(cell.figures.estimates.get(name)) for name in self.result.metrics],
            )

    def answers(self) -> Iterator[list[PageAnswer]]:
        """The answers of each cell, in the cells' order; blocks.

        Once the page is full, those that follow are cut to nothing but what was measured.
        """
        room = MOST_CHARACTERS
        for cell in self.kept:
            found = []
            for row in self.result.answers(cell.number)[: self.per_cell]:
                answer = self._answer(cell, row, min(room, MOST_OF_ONE))
                room -= len(answer["text"])
                found.append(answer)
            yield found

    def _answer(self, cell: Cell, row: SampleRow, most: int) -> PageAnswer:
        return PageAnswer(
            sample=row.sample,
            seed=self.result.sweep.seed_of(cell.number, row.sample),
            run=row.run,
            state=row.state,
            tries=row.tries,
            text=make_safe(row.text[:most]),
            cut=max(0, len(row.text) - most),
            reason=row.finish_reason,
            input=row.usage.input_tokens,
            output=row.usage.output_tokens,
            cost=row.usage.cost,
            first=rounded(row.timing.first_token),
            total=rounded(row.timing.total),
            error=make_safe(row.error),
            file=self.result.made_with.get((cell.number, row.sample), ""),
        )


def rounded(value: float | None) -> float | None:
    """Six significant digits: more are noise, and make the page larger. What is endless is None."""
    return float(f"{value:.6g}") if value is not None and math.isfinite(value) else None


def _spread(cells: Sequence[Cell], most: int) -> tuple[Cell, ...]:
    """All cells, or so many of them from everywhere."""
    if len(cells) <= most:
        return tuple(cells)
    return tuple(cells[place] for place in sorted(islice(interleaved(len(cells)), most)))


def _model(result: SweepResult, kept: Sequence[Cell], number: int) -> PageModel:
    name = result.sweep.models[number]
    mine = [cell for cell in kept if cell.place.model == number]
    looked_at, first, receipt = 0, None, None
    departures: Counter[str] = Counter()
    for cell in _spread(mine, LOOKED_AT):
        found = result.receipt(cell.number)
        if found is None:
            continue
        looked_at += 1
        departures.update(make_safe(str(item)) for item in found.plan.departures)
        if receipt is None:
            first, receipt = cell.number, found
    return PageModel(
        name=make_safe(name),
        files=[*result.files.get(name, ())],
        cell=first,
        receipt=None
        if receipt is None
        else _visible(receipt.model_dump(mode="json", exclude_none=True)),
        departures=departures.most_common(20),
        looked_at=looked_at,
    )


def _visible(value: Any) -> Any:
    """JSON with every text in it made safe."""
    match value:
        case str():
            return make_safe(value)
        case list():
            return [_visible(item) for item in value]
        case dict():
            return {make_safe(name): _visible(item) for name, item in value.items()}
    return value


def _prompt(prompt: SweepPrompt) -> PagePrompt:
    return PagePrompt(
        label=make_safe(prompt.label),
        turns=[(turn.role, make_safe(turn.content[:MOST_OF_ONE])) for turn in prompt.messages],
        expected=None if (text := prompt.expected_text) is None else make_safe(text[:MOST_OF_ONE]),
    )


def _axis(axis: Axis) -> PageAxis:
    return PageAxis(
        name=axis.knob,
        meaning=knobs()[axis.knob].meaning,
        text=str(axis),
        numeric=axis.numeric,
        log=axis.log,
    )


def _front(result: SweepResult, kept: Collection[int]) -> PageFront | None:
    """What a search weighed against each other; None of any other sweep."""
    search = result.sweep.search
    if not isinstance(search, BayesianSearch) or len(search.objectives) < 2:
        return None
    points = []
    for number, model in enumerate(result.sweep.models):
        front = {one.cells[0].number for one in result.front(model)}
        points += [
            (number, first, one.objectives[0], one.objectives[1], first in front)
            for one in result.tried(model)
            if (first := one.cells[0].number) in kept
        ]
    names = [make_safe(objective.metric) for objective in search.objectives]
    return PageFront(metrics=names[:2], of=len(names), points=points)


def _metric(name: str) -> PageMetric:
    try:
        known = metrics.get(name)
    except PlaygroundError:
        # A function of the user's own, which need not be here to read what it gave.
        return PageMetric(
            name=make_safe(name), title=make_safe(name), meaning="", unit="", better=None,
            lowest=None, highest=None,
        )  # fmt: skip
    return PageMetric(
        name=make_safe(name),
        title=make_safe(known.title),
        meaning=make_safe(known.meaning),
        unit=known.unit,
        better=known.better,
        lowest=known.lowest,
        highest=known.highest,
    )


def _finding(found: Finding) -> PageFinding:
    return PageFinding(
        heading=make_safe(found.heading),
        lines=[
            (make_safe(line.text), [*line.cells[:MOST_LINES]]) for line in found.lines[:MOST_LINES]
        ],
        more=max(0, len(found.lines) - MOST_LINES),
    )


def _figure(estimate: Estimate | None) -> Figure | None:
    if estimate is None:
        return None
    return (
        rounded(estimate.value),
        rounded(estimate.low),
        rounded(estimate.high),
        estimate.count,
        make_safe(estimate.reason),
        make_safe(estimate.note),
    )


def _value(value: JsonValue) -> JsonValue:
    """A setting as the page has it: a number, or text."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        return value
    return make_safe(value_text(value))
