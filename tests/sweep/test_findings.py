"""What a sweep shows in sentences, of real models and of what is known to be so."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import playground.sweep.findings as found_out
from playground.history import History
from playground.sweep.axis import Axis
from playground.sweep.definition import (
    BayesianSearch,
    Objective,
    RandomSearch,
    Sweep,
    SweepPrompt,
    axes_of,
)
from playground.sweep.findings import Finding, findings
from playground.sweep.looking import MOST_CELLS, MOST_TOKENS, looked_at
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
        "top_k changed no answer: with the same dice all 24 answers stay the same"
    )
    assert not texts["temperature"].startswith("temperature changed no")
    assert "temperature 1.5" in texts["temperature"]


def test_of_a_part_of_a_sweep_it_is_said_how_many_cells_it_is(
    story: SweepResult, history: History
) -> None:
    part = SweepResult.load(history, story.id)
    # Those at temperature 0, where no cut of top_k can change an answer.
    part.state, part.cells = "stopped", part.cells[:2]
    temperature, top_k = named([*findings(part)], "What each knob did").lines
    assert temperature.text.startswith("temperature cannot be judged yet: no two cells")
    same = "with the same dice all 12 answers stay the same in 2 of 4 cells"
    assert top_k.text.startswith(f"top_k cannot be judged yet: {same}")


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


def test_of_settings_by_dice_it_is_told_what_the_chain_cut_and_nothing_else(
    history: History,
) -> None:
    result = make(
        history,
        models=("demo:small",),
        axes=axes_of({"temperature": "0.5:1.5", "top_k": "100:400", "max_length": "6,12"}),
        search=RandomSearch(count=8),
        params={"top_p": 0.8, "sampler_order": ("top_p", "top_k", "temperature")},
    )
    (found,) = findings(result)
    tokens = sum(len(result.tokens(result.answers(cell.number)[0].run)) for cell in result.cells)
    assert found.heading == f"What the sampler chain did, at {tokens} tokens of 8 answers"
    # How long an answer may be is no stage of the chain.
    acted, idle = (line.text for line in found.lines)
    assert acted.startswith("temperature 0.")
    assert "(8 values) acted on" in acted
    assert "(8 values) never cut: top_p had left at most" in idle
    assert idle.startswith("top_k 1")


def test_a_stage_that_cut_at_some_settings_by_dice_is_told_apart_by_them(history: History) -> None:
    result = make(
        history,
        models=("demo:small",),
        axes=axes_of({"top_k": "1,2,3,500,600,700,800"}),
        search=RandomSearch(count=7),
        params={"max_length": 10, "top_p": 0.8, "sampler_order": ("top_p", "top_k")},
    )
    (found,) = findings(result)
    (line,) = found.lines
    assert line.text.startswith("top_k 1 to ")
    assert " cut at " in line.text
    assert " values) never cut: top_p had left at most " in line.text


def test_a_search_says_what_the_chain_did_beside_its_best_point(history: History) -> None:
    search = BayesianSearch(
        objectives=(Objective(metric="distinct-1", direction="maximise"),), trials=3
    )
    result = make(
        history,
        axes=axes_of({"top_k": "1,2,3"}),
        search=search,
        params={"max_length": 8, "temperature": 0},
    )
    best, stages = findings(result)
    assert best.heading == "Best for demo:tiny"
    assert stages.heading.startswith("What the sampler chain did, at ")
    assert stages.lines[0].text.startswith("top_k 1 cut nothing that temperature 0 would not")


def test_a_search_names_its_best_point_with_its_cells(history: History) -> None:
    search = BayesianSearch(
        objectives=(Objective(metric="distinct-1", direction="maximise"),), trials=4
    )
    result = make(
        history, axes=axes_of({"temperature": "0:2"}), search=search, params={"max_length": 8}
    )
    best, *_ = findings(result)
    assert best.heading == "Best for demo:tiny"
    (line,) = best.lines
    (cell,) = (cell for cell in result.cells if cell.number in line.cells)
    most = max(c.figures.value("distinct-1") or 0 for c in result.cells)
    assert cell.figures.value("distinct-1") == most
    assert line.text.endswith(f"distinct-1 {most:.4g}")


def test_a_search_says_how_many_other_settings_are_as_good(history: History) -> None:
    aim = Objective(metric="unique", direction="maximise")
    result = make(
        history,
        axes=axes_of({"temperature": "0:2"}),
        search=BayesianSearch(objectives=(aim,), trials=4),
        models=("scripted:echo",),
        samples=2,
    )
    best, *_ = findings(result)
    assert len(result.best("scripted:echo")) == 1
    assert best.lines[-1].text == "as good: 3 more settings"


def test_of_several_objectives_the_settings_that_no_other_one_beats_are_named(
    history: History,
) -> None:
    aims = (
        Objective(metric="distinct-1", direction="maximise"),
        Objective(metric="length", direction="maximise"),
    )
    search = BayesianSearch(objectives=aims, trials=6)
    space = axes_of({"temperature": "0:2", "max_length": "2:24:1"})
    result = make(history, axes=space, search=search)
    front, *_ = findings(result)
    assert front.heading == (
        "Pareto front of demo:tiny: settings that no other one beats in everything"
    )
    assert len(front.lines) == len(result.best("demo:tiny"))


def test_of_too_many_answers_it_is_said_that_nobody_looked(
    story: SweepResult, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(found_out, "MOST_ANSWERS", 23)
    (only,) = findings(story)
    assert only.lines[0].text == "not looked into: of 24 answers too many (23 are the most)"


def test_why_a_knob_did_nothing_is_told_without_being_asked_for(history: History) -> None:
    axes = axes_of({"temperature": "0.5,1", "top_k": "200,400"})
    params = {"max_length": 12, "top_p": 0.8, "sampler_order": ("top_p", "top_k", "temperature")}
    result = make(history, models=("demo:small",), axes=axes, params=params, samples=4)
    (text,) = [
        line.text
        for line in named([*findings(result)], "What each knob did").lines
        if line.text.startswith("top_k")
    ]
    assert text.startswith(
        "top_k changed no answer: with the same dice all 16 answers stay the same"
    )
    assert "top_k 200 never cut: top_p had left at most" in text
    # One answer of each cell reported what it takes to say so, and the others did not.
    for cell in result.cells:
        reported = [
            any(token.alternatives for token in result.tokens(row.run))
            for row in result.answers(cell.number)
        ]
        assert reported == [True, False, False, False]


@pytest.mark.parametrize(("values", "length"), [((3, 4, 5), 10), ((20, 30, 7), 10), ((9, 3), 9000)])
def test_of_a_large_grid_cells_with_every_value_are_looked_at(
    values: tuple[int, ...], length: int
) -> None:
    knobs = ("temperature", "top_k", "top_p")
    axes = [
        Axis(knob=knob, values=tuple(n + 1 if knob == "top_k" else n / 100 for n in range(count)))
        for knob, count in zip(knobs, values, strict=False)
    ]
    sweep = Sweep.of(
        models=("demo:tiny", "demo:small"), prompts=(SweepPrompt.of("Hello"),), axes=tuple(axes),
        params={"max_length": length}, samples=2, seed=1,
    )  # fmt: skip
    cells = [n for n in range(sweep.cells) if looked_at(sweep, n, 0)]
    assert 0 < len(cells) <= 2 * min(MOST_CELLS, max(1, MOST_TOKENS // length))
    assert not any(looked_at(sweep, n, 1) for n in range(sweep.cells))
    for model in range(2):
        points = [sweep.place(n).point for n in cells if sweep.place(n).model == model]
        assert points
        for axis in axes if len(points) >= max(values) else ():
            seen = {sweep.space.at(point)[axis.knob] for point in points}
            assert seen == set(axis.values)


def test_knobs_that_no_stage_of_the_chain_is_are_not_looked_into() -> None:
    axes = axes_of({"max_length": "4,8"})
    sweep = Sweep.of(models=("demo:tiny",), prompts=(SweepPrompt.of("Hello"),), axes=axes, seed=1)
    assert not looked_at(sweep, 0, 0)


def test_how_many_cells_are_looked_at_goes_by_the_longest_answers_that_there_may_be() -> None:
    def looked(lengths: str) -> int:
        axes = axes_of({"max_length": lengths, "temperature": "0:1:0.05"})
        sweep = Sweep.of(
            models=("demo:tiny",), prompts=(SweepPrompt.of("Hello"),), axes=axes, seed=1
        )
        return sum(looked_at(sweep, cell, 0) for cell in range(sweep.cells))

    assert looked("2000,10") == looked("10,2000") < looked("10,20")


def test_a_search_says_which_settings_had_no_value_to_be_weighed_by(history: History) -> None:
    aim = Objective(metric="rep-4", direction="minimise")
    result = make(
        history,
        axes=axes_of({"max_length": "1,2,30"}),
        search=BayesianSearch(objectives=(aim,), trials=3),
    )
    best, *_ = findings(result)
    short = tuple(c.number for c in result.cells if c.figures.value("rep-4") is None)
    assert len(short) == 2
    (line,) = (line for line in best.lines if line.text.startswith("without a value of rep-4"))
    assert line.text.endswith("2 of 3 settings (no answer has four words)")
    assert line.cells == short
