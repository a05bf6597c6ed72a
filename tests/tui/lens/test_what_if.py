"""Knobs turned over a finished answer: what it would have lost, and how likely it becomes."""

from __future__ import annotations

import math

import pytest
from textual.pilot import Pilot

from playground.lens.chain import params_of_plan
from playground.lens.shading import MEASURES, step_of
from playground.lens.sketch import Sketch
from playground.lens.what_if import bound_at, score_at, score_curve
from playground.params import GenerationParams
from playground.providers import open_model
from playground.run import Run
from playground.tui.app import PlaygroundApp
from playground.tui.screens.lens import LensScreen
from playground.tui.widgets.candidate_bars import CandidateBars
from playground.tui.widgets.lens_knobs import KnobLine, LensKnobs
from playground.tui.widgets.temperature_curve import TemperatureCurve
from playground.tui.widgets.token_legend import TokenLegend
from playground.tui.widgets.token_text import CUT, TokenText
from tests.tui.lens.looking import Hosted, looking, open_lens
from tests.tui.stage import ask, playground_of, playing, screen_of, until

WARM = GenerationParams.of(
    temperature=1.4, top_k=0, top_p=1, min_p=0, seed=4, logprobs=20, max_length=40
)


def run_of(app: PlaygroundApp) -> Run:
    run = app.panes[0].run
    assert run is not None
    return run


def used_by(run: Run) -> GenerationParams:
    assert run.plan is not None
    return params_of_plan(run.plan)


async def read_again(pilot: Pilot[None], screen: LensScreen) -> None:
    """Wait until the answer has been read again at the setting as it stands."""
    await until(pilot, lambda: screen._certain is not None)
    await pilot.pause()


@pytest.mark.parametrize(
    "others",
    [
        {},
        {"xtc_probability": 0.5, "xtc_threshold": 0.02},
        {"dry_multiplier": 2.0, "dry_base": 4.0, "dry_allowed_length": 1},
    ],
    ids=["usual", "xtc", "dry"],
)
async def test_the_original_settings_give_back_the_log_probability_that_was_recorded(
    others: dict[str, float],
) -> None:
    async with looking(WARM.updated(**others)) as (pilot, app, screen):
        await pilot.press("3")
        await read_again(pilot, screen)
        run = run_of(app)
        recorded = [token.draw.logprob for token in run.tokens if token.draw is not None]
        assert f"log-probability {math.fsum(recorded):.2f}" in screen_of(app)
        certain = screen._certain
        assert certain is not None
        assert certain.found.exact
        # In one pass, and not token by token: rounding differs by that much.
        found = [outcome.high for outcome in certain.found.outcomes]
        assert found == pytest.approx(recorded, abs=0.1)
        assert f"{certain.found}" in screen_of(app)


async def test_a_turned_setting_is_what_the_model_says_of_it_and_cut_tokens_are_marked() -> None:
    async with looking(WARM) as (pilot, app, screen):
        await pilot.press("3", "k", "left", "left", "tab", "right", "right", "right")
        turned = screen.query_one(LensKnobs).params
        run, model = run_of(app), app.panes[0].model
        assert model is not None
        assert turned == used_by(run).updated(temperature=1.3, top_k=3)
        await read_again(pilot, screen)
        (found,) = await score_at(model, run.messages, run.tokens, [turned])
        assert found.cut
        assert f"cannot come: {len(found.cut)} of {len(run.tokens)} tokens are cut" in screen_of(
            app
        )
        assert "exact but for rounding, read again" in " ".join(screen_of(app).split())
        text = screen.query_one("#lens-text", TokenText)
        marked = [place for place in range(text.count) if text.marked(place) == CUT]
        assert marked == [*found.cut]
        steps = [text.step(place) for place in range(text.count)]
        assert steps == [
            step_of("probability", math.exp(outcome.high)) for outcome in found.outcomes
        ]
        assert screen.query_one(TokenLegend).text.endswith("as turned")
        await pilot.press("r")
        assert not [place for place in range(text.count) if text.marked(place)]


async def test_colours_move_with_the_knob_before_anybody_reads_again() -> None:
    async with looking(WARM) as (pilot, app, screen):
        await pilot.press("2", "k", "tab", "right")
        sketch = Sketch(run_of(app).tokens).at(screen.query_one(LensKnobs).params)
        text = screen.query_one("#lens-text", TokenText)
        steps = [text.step(place) for place in range(text.count)]
        assert steps == [None if p is None else step_of("probability", p) for p in sketch]
        # One candidate is left of each token: what was not the likeliest is cut.
        ranks = [token.rank for token in run_of(app).tokens]
        assert [place for place in range(text.count) if text.marked(place)] == [
            place for place, rank in enumerate(ranks) if rank != 1
        ]


async def test_entropies_move_with_the_knob_and_ranks_stay_the_models() -> None:
    async with looking(WARM) as (pilot, app, screen):
        text, legend = screen.query_one("#lens-text", TokenText), screen.query_one(TokenLegend)
        await pilot.press("c")
        ranks = [text.step(place) for place in range(text.count)]
        await pilot.press("2", "k", "tab", "right")
        assert [text.step(place) for place in range(text.count)] == ranks
        assert any(text.marked(place) == CUT for place in range(text.count))
        assert legend.text.endswith("the model's; cut ones are marked")
        await pilot.press("c")
        entropies = Sketch(run_of(app).tokens).entropies(screen.query_one(LensKnobs).params)
        assert [text.step(place) for place in range(text.count)] == [
            None if value is None else step_of("entropy", value) for value in entropies
        ]
        assert legend.text.endswith("as turned, a sketch")


async def test_the_curve_is_the_models_and_stands_at_the_knobs_temperature() -> None:
    async with looking(WARM) as (pilot, app, screen):
        await pilot.press("3", "k", "left")
        curve = screen.query_one(TemperatureCurve)
        await until(pilot, lambda: bool(curve.points))
        run, model = run_of(app), app.panes[0].model
        assert model is not None
        wanted = await score_curve(model, run.messages, run.tokens, used_by(run))
        assert [(p.temperature, p.high) for p in curve.points] == [
            (p.temperature, pytest.approx(p.high, abs=0.1)) for p in wanted
        ]
        assert curve.here == 1.35
        await until(pilot, lambda: "log-probability over temperature" in screen_of(app))


async def test_an_answer_with_a_bias_by_words_has_a_curve_too() -> None:
    biased = WARM.updated(logit_bias={"Once": 1.0}, max_length=8)
    async with looking(biased) as (pilot, _app, screen):
        await pilot.press("3", "k", "left")
        curve = screen.query_one(TemperatureCurve)
        await until(pilot, lambda: bool(curve.points))


async def test_where_every_temperature_cuts_a_token_it_says_so() -> None:
    async with looking(WARM) as (pilot, app, _screen):
        await pilot.press("3", "k", "tab", "right")
        await until(pilot, lambda: "a token is cut: the answer cannot" in screen_of(app))


async def test_of_a_hosted_answer_it_says_bounds_and_what_cannot_be_known() -> None:
    async with open_model("demo:small") as model:
        app = playground_of({"a:x": Hosted(model)}, params=WARM.updated(max_length=24))
        async with playing(app) as pilot:
            await ask(pilot, "Tell me a story about a cat")
            screen = await open_lens(pilot)
            run = run_of(app)
            bars = screen.query_one("#lens-bars", CandidateBars).bars
            assert [bar.drawn for bar in bars] == [None] * len(bars)
            assert "at least" in screen_of(app)
            legend = screen.query_one(TokenLegend)
            assert legend.text.startswith("probability ")
            await pilot.press("c", "c")
            assert legend.text.startswith("least entropy "), "the rest is not told"
            await pilot.press("c")
            await pilot.press("2")
            await until(pilot, lambda: "tells only the likeliest tokens" in screen_of(app))
            await pilot.press("3", "k", "left")
            await read_again(pilot, screen)
            certain = screen._certain
            assert certain is not None
            assert certain.found == bound_at(run.tokens, screen.query_one(LensKnobs).params)
            assert not certain.reader
            assert "(bound, from the candidates that" in screen_of(app)
            await pilot.press("r")
            await read_again(pilot, screen)
            assert "at its settings" in screen_of(app)
            assert "read again" not in screen_of(app), "nobody read it"


async def test_of_a_hosted_answer_with_a_penalty_it_says_that_the_penalty_cannot_be_known() -> None:
    punished = WARM.updated(max_length=24, repeat_penalty=1.2)
    async with open_model("demo:small") as model:
        app = playground_of({"a:x": Hosted(model)}, params=punished)
        async with playing(app) as pilot:
            await ask(pilot, "Tell me a story about a cat")
            screen = await open_lens(pilot)
            await pilot.press("3")
            curve = screen.query_one(TemperatureCurve)
            await until(pilot, lambda: bool(curve.all_points))
            await pilot.pause()
            said = " ".join(screen_of(app).split())
            assert "the candidates do not tell what repeat_penalty does" in said
            assert "S lets a local model read the text" in said
            assert not curve.points
            assert "at no temperature is anything known" in said


async def test_a_branch_takes_the_turned_knobs_along() -> None:
    async with looking(WARM) as (pilot, app, screen):
        await pilot.press("3", "k", "left", "tab", "right", "right", "1", "right", "tab", "enter")
        await until(pilot, lambda: len(app.panes[0].conversation.turns[0].versions) == 2)
        params = app.panes[0].conversation.turns[0].runs[1].params
        assert (params.temperature, params.top_k) == (1.35, 2)
        assert params.seed == WARM.seed
        await until(pilot, lambda: not screen.subject.live)


async def test_a_letter_is_its_key_with_shift_or_caps_lock_too() -> None:
    async with looking() as (pilot, _, screen):
        await pilot.press("K")
        assert isinstance(screen.focused, KnobLine)
        await pilot.press("right")
        assert screen.query_one(LensKnobs).turned
        await pilot.press("R", "escape", "C")
        assert not screen.query_one(LensKnobs).turned
        assert screen._measure == MEASURES[1]


async def test_on_a_knob_the_last_line_says_how_it_is_turned_and_how_the_next_is_reached() -> None:
    async with looking() as (pilot, app, screen):
        await pilot.press("2")
        assert "K knobs" in screen_of(app)
        await pilot.press("k", "tab")
        await until(pilot, lambda: "Tab the next knob" in screen_of(app))
        assert screen.focused is screen.query_one("#lens-top_k")
        await pilot.press("escape")
        await until(pilot, lambda: "arrows walk" in screen_of(app))


async def test_a_knob_keeps_the_keyboard_while_the_first_token_is_waited_for() -> None:
    async with looking() as (pilot, app, screen):
        await pilot.press("k", "right", "a")
        await until(pilot, lambda: len(app.panes[0].conversation.turns[0].versions) == 2)
        await until(pilot, lambda: not screen.subject.live)
        assert isinstance(screen.focused, KnobLine)
