"""Sweeps that have been made, for what reads them."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import Any

from playground.history import History
from playground.sweep.definition import Sweep, SweepPrompt, axes_of
from playground.sweep.result import SweepResult
from playground.sweep.starting import begin

HOSTILE = (
    '</script><script>document.title = "owned"</script>',
    '<img src="http://127.0.0.1:9/x" onerror="document.title = \'owned\'"><!-- <script>',
    "=HYPERLINK(\"http://127.0.0.1:9\"; 'look')",
    "\tline one\r\nline two\x1b]0;owned\x07 \u202edesrever",
    "昔々、桜の木の下に 😀 住んでいました。",
    "كان يا ما كان، في قديم الزمان، 42 قطة.",
    "$x_1$ & \\frac{1}{2} \u2028 %s {0} `code` __dunder__",
)
"""What a model may say: markup, formulas, escape sequences, every script there is."""


def make(history: History, **content: Any) -> SweepResult:
    """Make a sweep in a history, and what came of it."""
    told: dict[str, Any] = {
        "models": ("demo:tiny",),
        "prompts": (SweepPrompt.of("Once upon a time"),),
        "samples": 3,
        "seed": 1,
        **content,
    }
    runner = begin(Sweep.of(**told), history)
    asyncio.run(runner.run())
    return SweepResult.load(history, runner.id)


def make_small(history: History) -> SweepResult:
    """Two models at six settings, three answers each."""
    return make(
        history,
        models=("demo:tiny", "demo:small"),
        axes=axes_of({"temperature": "0,0.8,1.6", "top_p": "0.5,1"}),
        params={"max_length": 12},
    )


def in_characters(result: SweepResult) -> SweepResult:
    """The same, as if of the second model's answers not all tokens had been counted."""
    cells = []
    for cell in result.cells:
        estimates = dict(cell.figures.estimates)
        if cell.place.model == 1:
            note = "in characters: not all tokens were counted"
            estimates["length"] = replace(estimates["length"], note=note)
        cells.append(replace(cell, figures=replace(cell.figures, estimates=estimates)))
    result.cells = tuple(cells)
    return result


def make_hostile(history: History) -> SweepResult:
    """A model that says everything that could do harm, at two settings."""
    return make(
        history,
        models=("scripted:echo",),
        prompts=tuple(SweepPrompt.of(text, expected=text) for text in HOSTILE),
        axes=axes_of({"temperature": "0.5,1"}),
        samples=2,
    )
