"""What a whole sweep shows, in sentences: which knobs did nothing, where the top answer flips."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from playground.history.sweeping import DONE
from playground.metrics import (
    CellSamples,
    FlipPoint,
    KnobReport,
    Sample,
    dead_knobs,
    flip_point,
    knob_effects,
    told_effects,
)
from playground.sweep.axis import value_text
from playground.sweep.definition import BayesianSearch, GridSearch, short
from playground.sweep.looking import looked_at
from playground.sweep.result import Cell, SweepResult

MOST_ANSWERS: Final = 20_000
"""Answers that are read to find out."""

MOST_LOOKED_AT: Final = 400
"""Answers whose tokens are read, to see what each stage of the sampler chain did."""


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, and the numbers of the cells that it is about."""

    text: str
    cells: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Finding:
    """Sentences under a heading."""

    heading: str
    lines: tuple[Line, ...]


def findings(result: SweepResult) -> Iterator[Finding]:
    """What was found out, what matters most first; blocks while it reads the answers.

    First which answers came from which file, where a model's has changed between two starts. Of a
    search its best points, and what the stages of the sampler chain did; of a grid what each
    knob did, and where the top answer flips.
    """
    yield from _files(result)
    yield from _best(result)
    if not result.axes:
        return
    if not isinstance(result.sweep.search, GridSearch):
        yield from _stages(result)
        return
    there = sum(cell.figures.samples for cell in result.cells)
    if there > MOST_ANSWERS:
        said = f"not looked into: of {there:,} answers too many ({MOST_ANSWERS:,} are the most)"
        yield Finding("What each knob did", (Line(said),))
        return
    samples = {cell.number: _samples(result, cell) for cell in result.cells}
    yield from _knobs(result, samples)
    yield from _flips(result, samples)


def _files(result: SweepResult) -> Iterator[Finding]:
    """Which answers came from which file of a model that has had several."""
    made: dict[str, dict[str, Counter[int]]] = {}
    for (cell, _), sha in result.made_with.items():
        ref = result.sweep.models[result.sweep.place(cell).model]
        made.setdefault(ref, {}).setdefault(sha, Counter())[cell] += 1
    for ref, by_file in made.items():
        if len(by_file) < 2:
            continue
        lines = []
        for sha in filter(by_file.__contains__, result.files[ref]):
            cells = by_file[sha]
            line = f"answers from the file with SHA-256 {sha}: {cells.total():,}"
            lines.append(Line(f"{line}, in {_cells(len(cells))}", tuple(cells)))
        often = Counter(cell for cells in by_file.values() for cell in cells)
        if mixed := tuple(sorted(cell for cell, files in often.items() if files > 1)):
            line = f"answers from several files stand together in {_cells(len(mixed))}"
            lines.append(Line(f"{line}: figures there are of all of them", mixed))
        yield Finding(f"The file of {ref} changed between two starts", tuple(lines))


def _cells(number: int) -> str:
    return f"{number:,} cell{'s' * (number != 1)}"


def _best(result: SweepResult) -> Iterator[Finding]:
    """The best points of a Bayesian search, and how many it left before their last prompt."""
    search = result.sweep.search
    if not isinstance(search, BayesianSearch):
        return
    for model in result.sweep.models:
        lines = []
        for best in result.best(model):
            point = ", ".join(f"{knob} {value_text(value)}" for knob, value in best.values.items())
            reached = ", ".join(
                f"{aim.metric} {value:.4g}"
                for aim, value in zip(search.objectives, best.objectives, strict=True)
            )
            cells = tuple(cell.number for cell in best.cells)
            lines.append(Line(f"{point}: {reached}", cells))
        if len(search.objectives) == 1 and (more := len(result.front(model)) - 1) > 0:
            lines.append(Line(f"as good: {more:,} more {'setting' if more == 1 else 'settings'}"))
        lines += _not_weighed(result, model)
        if left := _left_early(result, model):
            lines.append(Line(left))
        if lines:
            heading = f"Best for {model}"
            if len(search.objectives) > 1:
                heading = f"Pareto front of {model}: settings that no other one beats in everything"
            yield Finding(heading, tuple(lines))


def _not_weighed(result: SweepResult, model: str) -> Iterator[Line]:
    """Of each objective the settings that have no value of it, so that no search learns of them."""
    search = result.sweep.search
    if not isinstance(search, BayesianSearch):
        return
    mine = [cell for cell in result.cells if cell.model == model]
    points = len({cell.place.point for cell in mine})
    for aim in search.objectives:
        found = [(cell, cell.figures.estimates.get(aim.metric)) for cell in mine]
        lost = [(cell, one) for cell, one in found if one is None or one.value is None]
        if not lost:
            continue
        without = len({cell.place.point for cell, _ in lost})
        why = next((one.reason for _, one in lost if one is not None), "every answer failed")
        line = (
            f"without a value of {aim.metric}, and not weighed: {without:,} of {points:,} settings"
        )
        yield Line(f"{line} ({why})", tuple(cell.number for cell, _ in lost))


def _left_early(result: SweepResult, model: str) -> str:
    """How many points a search that pruned has left; empty where none."""
    search, prompts = result.sweep.search, len(result.sweep.prompts)
    if not isinstance(search, BayesianSearch) or not search.prune or result.state != DONE:
        return ""
    ended = Counter(cell.place.point for cell in result.cells if cell.model == model)
    left = [number for number in ended.values() if number < prompts]
    if not left:
        return ""
    after = f"{min(left)} to {max(left)}" if min(left) < max(left) else f"{left[0]}"
    settings = f"{len(left):,} of {len(ended):,} settings"
    was = "was" if len(left) == 1 else "were"
    return f"{settings} {was} left early: after {after} of {prompts} prompts they lagged behind"


def _samples(result: SweepResult, cell: Cell) -> list[Sample]:
    rows = result.answers(cell.number)
    return [Sample(text=row.text, number=row.sample) for row in rows if not row.error]


def _flips(result: SweepResult, samples: dict[int, list[Sample]]) -> Iterator[Finding]:
    """Where along each numeric axis the top answer loses its majority, all else the same."""
    for axis in result.axes:
        if not axis.numeric:
            continue
        lines = []
        for cells in _along(result, axis.knob):
            settings = [float(str(cell.values[axis.knob])) for cell in cells]
            found = flip_point(settings, [samples[cell.number] for cell in cells])
            if found.value is not None:
                ends = [c.number for c in cells if c.values[axis.knob] in (found.held, found.lost)]
                lines.append(Line(_flip_text(result, axis.knob, cells[0], found), tuple(ends)))
        if lines:
            yield Finding(f"Where the top answer flips along {axis.knob}", tuple(lines))


def _along(result: SweepResult, knob: str) -> list[list[Cell]]:
    """Cells that differ in a knob alone, in its order."""
    groups: dict[str, list[Cell]] = {}
    for cell in result.cells:
        rest = sorted((k, repr(v)) for k, v in cell.values.items() if k != knob)
        key = f"{cell.place.model} {cell.place.prompt} {rest}"
        groups.setdefault(key, []).append(cell)
    for cells in groups.values():
        cells.sort(key=lambda cell: float(str(cell.values[knob])))
    return [cells for cells in groups.values() if len(cells) > 1]


def _flip_text(result: SweepResult, knob: str, cell: Cell, found: FlipPoint) -> str:
    parts = [cell.model] if len(result.sweep.models) > 1 else []
    parts += [f"“{cell.prompt.label}”"] if len(result.sweep.prompts) > 1 else []
    parts += [f"{k} {value_text(v)}" for k, v in cell.values.items() if k != knob]
    low = "the lowest" if found.low is None else f"{found.low:.3g}"
    high = "beyond the highest" if found.high is None else f"{found.high:.3g}"
    where = f"{', '.join(parts)}: " if parts else ""
    answer = short(found.answer, 60)
    return (
        f"{where}“{answer}” loses its majority at {knob} {found.value:.3g} ({low} to {high}): it "
        f"has it at {found.held:g} and not at {found.lost:g}"
    )


def _knobs(result: SweepResult, samples: dict[int, list[Sample]]) -> Iterator[Finding]:
    """For each model, whether it mattered which value each knob has."""
    knobs = [axis.knob for axis in result.axes]
    for number, model in enumerate(result.sweep.models):
        cells = [cell for cell in result.cells if cell.place.model == number]
        if len(cells) < 2:
            continue
        most = -(-MOST_LOOKED_AT // len(cells)) if result.sweep.params.logprobs else 0
        told = [_told(result, cell, samples[cell.number], most) for cell in cells]
        reports = dead_knobs(
            told,
            knobs=knobs,
            same_dice=result.sweep.same_dice,
            cells_total=result.sweep.cells_of_model,
        )
        of = f" for {model}" if len(result.sweep.models) > 1 else ""
        yield Finding(f"What each knob did{of}", tuple(_knob_line(result, one) for one in reports))


def _stages(result: SweepResult) -> Iterator[Finding]:
    """For each model, what the swept stages of the sampler chain did at random settings.

    No two of those differ in one knob alone, so that answers cannot be compared; what a stage cut
    at a token that was looked at takes no comparison.
    """
    for number, model in enumerate(result.sweep.models):
        looked = [
            _told(result, cell, [], 0)
            for cell in result.cells
            if cell.place.model == number and looked_at(result.sweep, cell.number, 0)
        ]
        known = [cell for cell in looked if cell.likeliest]
        tokens = sum(len(cell.likeliest) for cell in known)
        lines = [
            Line("; ".join(told))
            for axis in result.axes
            if (told := told_effects(knob_effects(axis.knob, known), _values(result, axis.knob)))
        ]
        if lines:
            of = f" for {model}" if len(result.sweep.models) > 1 else ""
            where = f"at {tokens:,} tokens of {len(known):,} answers"
            yield Finding(f"What the sampler chain did{of}, {where}", tuple(lines))


def _values(result: SweepResult, knob: str) -> int:
    """How many values a knob has in the cells that have ended."""
    return len({repr(cell.values[knob]) for cell in result.cells})


def _told(result: SweepResult, cell: Cell, samples: list[Sample], most: int) -> CellSamples:
    """A cell for the comparison; with what could have come at the tokens of `most` answers.

    Also of those that were asked to report it, however many.
    """
    settings = {**cell.values, "prompt": cell.place.prompt}
    runs = [
        row.run
        for row in result.answers(cell.number)
        if not row.error and (row.sample < most or looked_at(result.sweep, cell.number, row.sample))
    ]
    receipt = result.receipt(cell.number) if runs else None
    # Which stages an endpoint's own chain has, and in which order, nobody knows.
    if receipt is None or receipt.provenance.file is None:
        return CellSamples(settings, samples)
    vocabulary = receipt.provenance.engine.get("vocabulary")
    return CellSamples(
        settings,
        samples,
        likeliest=[
            [other.logprob for other in token.alternatives]
            for run in runs
            for token in result.tokens(run)
            if token.alternatives
        ],
        effective=receipt.plan.effective,
        vocabulary=vocabulary if isinstance(vocabulary, int) else None,
    )


def _knob_line(result: SweepResult, report: KnobReport) -> Line:
    verdict = {
        "dead": "changed no answer",
        "equivalent": "made no difference that matters",
        "alive": "mattered",
        "undecided": "cannot be judged" if result.state == DONE else "cannot be judged yet",
    }[report.verdict]
    return Line(f"{report.knob} {verdict}: {report.reason}")
