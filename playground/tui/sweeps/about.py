"""What is said over and beside a sweep: its metric, what is held, its keys, what it shows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from textual.content import Content

from playground.cells import cut
from playground.metrics import METRICS
from playground.sanitize import make_safe
from playground.sweep.definition import GridSearch
from playground.sweep.findings import Finding
from playground.sweep.labels import apart
from playground.tui.labels import one_line
from playground.tui.sweeps.live import LiveSweep
from playground.tui.sweeps.plane import Dimension, Plane
from playground.tui.widgets.fitted_text import Passage, heading, table

__all__ = ["findings_text", "held_text", "keys_text", "metric_text"]

Parts = list[Content | str | tuple[str, str]]

_HEAD: Final = "$text-primary bold"
_MUTED: Final = "$foreground 50%"

_LABEL: Final = 32
"""Cells that a place may take among those that are held."""

_LOOKED_AT: Final = 200
"""Places of a dimension that are looked at, to tell their names apart."""

_ALL_KEYS: Final = (
    ("The picture", (
        ("arrows, Home End", "another cell; PgUp PgDn pages, ^Home ^End first and last"),
        ("M  Shift+M", "the next metric, or the one before; a click in the table chooses one"),
        ("X", "to the cell with the greatest figure, then to the least"),
        ("Z", "figures in the cells, or colours only"),
        ("R  C", "another dimension as rows, as columns"),
        (",  .", "turn a dimension that is neither; H chooses which"),
        ("F", "every dimension as rows, and back"),
        ("V", "where there is little room: answers, figures, curve"),
    )),
    ("Cells", (
        ("N  P", "the next answer of the cell, the one before"),
        ("Space", "mark the cell"),
        ("D", "compare the marked cell with this one"),
        ("I", "what the whole sweep shows: knobs that did nothing, where answers flip"),
    )),
    ("The sweep", (
        ("Esc", "stop it (it is asked), or leave"),
        ("G", "go on: what is missing, or what failed"),
        ("B", "leave it at work; Alt+W comes back"),
        ("Alt+K", "other sweeps"),
    )),
)  # fmt: skip


def metric_text(live: LiveSweep) -> Content:
    """Which metric is in view, and what it means."""
    known = METRICS.get(live.metric)
    at = live.metrics.index(live.metric) + 1 if live.metric in live.metrics else 0
    parts: Parts = [
        (one_line(live.metric), _HEAD),
        (f" {at} of {len(live.metrics)}", _MUTED),
    ]
    if known is not None:
        unit = f" in {known.unit}" if known.unit else ""
        better = f" · {known.better} is better" if known.better else ""
        parts.append((f"  {known.meaning}{unit}{better}", "$foreground 80%"))
    return Content.assemble(*parts)


def held_text(plane: Plane, turning: int) -> Content:
    """The dimensions that are neither rows nor columns, each with the place that is shown."""
    further = plane.further
    parts: Parts = []
    for at, dimension in enumerate(further):
        place = plane.held.get(dimension.name, 0)
        label = _label(dimension, place)
        parts += [
            (f"{dimension.name} ", "$foreground 60%"),
            (label, "bold $text-accent" if at == turning % len(further) else "bold"),
            (f" {place + 1}/{dimension.size}   ", _MUTED),
        ]
    choose = "H chooses · " if len(further) > 1 else ""
    return Content.assemble(*parts, (f"{choose}, and . turn it", _MUTED))


def _label(dimension: Dimension, place: int) -> str:
    """The name of a place, told apart from the others where they are not too many to look at."""
    if dimension.size > _LOOKED_AT:
        return cut(dimension.label(place), _LABEL)
    return apart([dimension.label(at) for at in range(dimension.size)], _LABEL)[place]


def keys_text() -> list[Passage]:
    """Every key of the screen, with what it does, and what its signs mean."""
    tables = [passage for title, rows in _ALL_KEYS for passage in table(title, rows)]
    signs = (
        "· has not ended, ✗ failed, – has no value, / is left out: its setting lagged behind in a "
        "search. ◇ in the curve: the other models at the same"
    )
    return [*tables, Content(f"{signs} settings.")]


def findings_text(live: LiveSweep, found: Sequence[Finding]) -> list[Passage]:
    """What a whole sweep shows, or why nothing can be said."""
    passages: list[Passage] = []
    for finding in found:
        lines = [Content(make_safe(line.text)) for line in finding.lines]
        passages += [heading(one_line(finding.heading)), *lines, Content("")]
    return passages or [Content(f"Nothing can be said of it: {_why_nothing(live)}.")]


def _why_nothing(live: LiveSweep) -> str:
    """Why there is no finding."""
    if not live.values:
        return "none of its cells has ended yet"
    if not live.sweep.axes:
        return "it has one setting only, and there is none to compare it with"
    if isinstance(live.sweep.search, GridSearch):
        return "no two cells of a model have ended yet"
    return (
        "its settings are no grid, so that none are compared that differ in one knob alone, and no "
        "tokens are known of which a stage of the sampler chain could be told"
    )
