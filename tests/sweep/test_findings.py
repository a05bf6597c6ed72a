"""What a sweep shows in sentences, of real models and of what is known to be so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import playground.sweep.findings as found_out
from playground.history import History
from playground.sweep.definition import BayesianSearch, Objective, RandomSearch, axes_of
from playground.sweep.findings import Finding, findings
from playground.sweep.report.content import Content
from playground.sweep.result import SweepResult
from tests.sweep.kept import make


@pytest.fixture(scope="module")
def history() -> Iterator[History]:
    with History.in_memory() as opened:
        yield opened


@pytest.fixture(scope="module")
def story(history: History) -> SweepResult:
    """top_k 1000 of a thousand likeliest tokens cuts nothing that top_p 0.3 leaves."""
    axes = axes_of({"temperature": "0,1.5", "top_k": "1000,2000"})
    params = {"max_length": 16, "top_p": 0.3, "logprobs": 20}
    return make(history, models=("demo:small",), axes=axes, params=params, samples=6)


def named(found: list[Finding], word: str) -> Finding:
    (one,) = [item for item in found if word in item.heading]
    return one


def test_a_knob_that_changed_nothing_is_named(story: SweepResult) -> None:
    knobs = named([*findings(story)], "What each knob did")
    texts = {line.text.split()[0]: line.text for line in knobs.lines}
    assert texts["top_k"].startswith(
        "top_k changed nothing: with the same dice all 24 answers stay the same"
    )
    assert not texts["temperature"].startswith("temperature changed nothing")
    assert "temperature 1.5" in texts["temperature"]


def test_the_setting_where_the_top_answer_flips_is_named(story: SweepResult) -> None:
    flips = named([*findings(story)], "flips along temperature")
    assert len(flips.lines) == 2
    for line, ends in zip(flips.lines, ((0, 2), (1, 3)), strict=True):
        assert "loses its majority at temperature 0." in line.text
        assert line.text.endswith("it has it at 0 and not at 1.5")
        assert line.cells == ends


def test_findings_are_on_the_page(story: SweepResult) -> None:
    shown = Content.of(story).head["findings"]
    assert [item["heading"] for item in shown] == [item.heading for item in findings(story)]


def test_many_sentences_are_counted_on_the_page(
    story: SweepResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("playground.sweep.report.content.MOST_LINES", 1)
    shown = Content.of(story).head["findings"]
    assert [(len(item["lines"]), item["more"]) for item in shown] == [(1, 1), (1, 1)]


def test_of_settings_by_dice_nothing_of_the_kind_is_said(history: History) -> None:
    result = make(
        history, axes=axes_of({"temperature": "0:2"}), search=RandomSearch(count=4),
        params={"max_length": 4},
    )  # fmt: skip
    assert [*findings(result)] == []


def test_a_search_names_its_best_point_with_its_cells(history: History) -> None:
    search = BayesianSearch(
        objectives=(Objective(metric="distinct-1", direction="maximise"),), trials=4
    )
    result = make(
        history, axes=axes_of({"temperature": "0:2"}), search=search, params={"max_length": 8}
    )
    (best,) = findings(result)
    assert best.heading == "Best for demo:tiny"
    (line,) = best.lines
    (cell,) = (cell for cell in result.cells if cell.number in line.cells)
    most = max(c.figures.value("distinct-1") or 0 for c in result.cells)
    assert cell.figures.value("distinct-1") == most
    assert line.text.endswith(f"distinct-1 {most:.4g}")


def test_what_is_too_large_to_be_compared_is_left_alone(
    story: SweepResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found_out, "MOST_COMPARED", 23)
    assert [item.heading for item in findings(story)] == [
        "Where the top answer flips along temperature"
    ]
    monkeypatch.setattr(found_out, "MOST_ANSWERS", 23)
    assert [*findings(story)] == []
