"""What is said of a cell and of one of its answers."""

from __future__ import annotations

from textual.content import Content

from playground.history.sweeping import KeptSample
from playground.sanitize import make_safe
from playground.sweep.axis import value_text
from playground.sweep.definition import Sweep
from playground.sweep.space import Values
from playground.tui.labels import one_line

__all__ = ["cell_title", "sample_head", "sample_text"]


def cell_title(sweep: Sweep, cell: int, values: Values | None) -> str:
    """A cell for people: its number, knobs, and what else there are several of."""
    place = sweep.place(cell)
    parts = [f"cell {cell}"]
    parts += [f"{knob} {value_text(value)}" for knob, value in (values or {}).items()]
    parts += [sweep.models[place.model]] if len(sweep.models) > 1 else []
    parts += [sweep.prompts[place.prompt].label] if len(sweep.prompts) > 1 else []
    return one_line(" · ".join(parts))


def sample_head(sweep: Sweep, sample: KeptSample, at: int, count: int) -> Content:
    """Which answer it is by its number, which of how many, of what seed, and how it ended."""
    seed = sweep.seed_of(sample.cell, sample.sample)
    tried = f" · tried {sample.tries} times" if sample.tries > 1 else ""
    ended = sample.finish_reason or sample.state
    parts: list[tuple[str, str]] = [
        (f"answer {sample.sample}", "$text-primary"),
        (f" · {at + 1} of {count} · seed {seed} · {one_line(ended)}{tried}", "$foreground 60%"),
    ]
    if expected := sweep.prompts[sweep.place(sample.cell).prompt].expected_text:
        parts.append((f" · expected {one_line(expected)}", "$foreground 60%"))
    return Content.assemble(*parts)


def sample_text(sample: KeptSample) -> Content:
    """What it says; what went wrong where it failed."""
    parts: list[tuple[str, str]] = []
    if sample.error:
        parts.append((f"✗ {make_safe(sample.error)}", "$text-error"))
    if sample.text or not sample.error:
        gap = "\n\n" if parts else ""
        parts.append((f"{gap}{make_safe(sample.text) or '(no text)'}", "$foreground"))
    return Content.assemble(*parts)
