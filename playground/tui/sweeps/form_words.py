"""What the form of a sweep says: what is swept, what stays, what it takes, what lines mean."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Final

from textual.content import Content

from playground.params import knobs
from playground.sweep.axis import range_text
from playground.sweep.definition import BayesianSearch, GridSearch, RandomSearch, Sweep
from playground.sweep.forecast import Forecast
from playground.sweep.words import WORDS
from playground.tui.labels import count, duration, money, one_line
from playground.tui.widgets.fitted_text import Passage, table

__all__ = ["fixed_text", "forecast_text", "remarks_text", "swept_text", "words_text"]


def swept_text(sweep: Sweep) -> str:
    """What is swept and how, for people: `temperature 0 to 2, 9 values; 8 answers each`."""
    axes = "; ".join(range_text(axis) for axis in sweep.axes) or "one setting"
    parts = [axes]
    match sweep.search:
        case GridSearch():
            pass
        case RandomSearch(count=count):
            parts.append(f"{count:,} settings at random")
        case BayesianSearch(objectives=objectives, trials=trials, sampler=sampler):
            aims = " and ".join(f"{aim.metric} {_AIMS[aim.direction]}" for aim in objectives)
            parts.append(f"{trials:,} trials by {sampler} for {aims}")
    if len(sweep.prompts) > 1:
        expected = sum(prompt.expected is not None for prompt in sweep.prompts)
        with_answers = f", {expected:,} with their right answer" if expected else ""
        parts.append(f"{len(sweep.prompts):,} prompts{with_answers}")
    each = "answer" if sweep.samples == 1 else "answers"
    parts.append(f"{sweep.samples:,} {each} each from seed {sweep.seed}")
    return "; ".join(parts)


_AIMS: Final = {"maximise": "as great as can be", "minimise": "as small as can be"}


def fixed_text(sweep: Sweep) -> str:
    """What is the same in every cell, for people; empty where that is nothing."""
    told = [
        f"{name} {json.dumps(value, ensure_ascii=False)}"
        for name, value in sweep.params.given().items()
    ]
    systems = {turn.content for p in sweep.prompts for turn in p.messages if turn.role == "system"}
    told += ["a system prompt"] if len(systems) == 1 else []
    return ", ".join(told)


def words_text() -> list[Passage]:
    """Everything that a line of the form may say, with an example each."""
    return [
        *table(
            "Beside the knobs", [(f"{word.name} {word.example}", word.meaning) for word in WORDS]
        ),
        *table("Knobs", [(knob.name, knob.meaning) for knob in knobs().values()]),
        Content("A whole command, pasted, fills in the form."),
    ]


def forecast_text(sweep: Sweep, expected: Forecast, *, remarks: int = 0) -> Content:
    """What it would take at most: `9 cells · 72 runs · 4,320 tokens · free · about 12 s`.

    Where there are `remarks` it says so: they may be out of view.
    """
    parts = [
        f"{sweep.cells:,} cell{'' if sweep.cells == 1 else 's'}",
        f"{expected.runs:,} runs",
        f"{count(expected.tokens)} tokens at most",
    ]
    unpriced = [model.ref for model in expected.all if model.cost is None]
    if expected.cost is not None:
        parts.append("free" if expected.cost == 0 else f"{money(expected.cost)} at most")
    if unpriced:
        parts.append(f"no price is known for {', '.join(map(one_line, unpriced))}")
    if expected.seconds is not None:
        parts.append(f"about {duration(expected.seconds)}")
    else:
        parts.append("how long, its first answers will tell")
    told = ""
    if remarks:
        told = f" · {remarks} remark{'' if remarks == 1 else 's'} above, PgDn shows all"
    return Content.assemble((" · ".join(parts), "$text-success"), (told, "$text-warning"))


def remarks_text(remarks: Sequence[str]) -> Content:
    """What metrics will not give and models will not take, a line each."""
    return Content.styled("\n".join(f"! {one_line(remark)}" for remark in remarks), "$text-warning")
