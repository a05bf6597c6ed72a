"""The figures on the screen are those of the library, for the same run."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from playground.lens.chain import Chain, Position, params_of_plan
from playground.lens.reading import Reading
from playground.lens.shading import MEASURES, legend, shade_of
from playground.lens.spelling import spell
from playground.params import GenerationParams
from playground.run import Run
from playground.tui.app import PlaygroundApp
from playground.tui.screens.lens import LensScreen
from playground.tui.widgets.candidate_bars import CandidateBars, share_text
from playground.tui.widgets.chain_table import ChainTable
from playground.tui.widgets.lens_knobs import KnobLine, LensKnobs
from playground.tui.widgets.token_legend import TokenLegend
from playground.tui.widgets.token_text import TokenText
from tests.tui.lens.looking import PARAMS, looking
from tests.tui.lens.widgets import lines_of
from tests.tui.stage import screen_of, until

CHAIN = PARAMS.updated(
    temperature=1.2, top_k=40, top_p=0.9, min_p=0.02, repeat_penalty=1.3, presence_penalty=0.4
)


def run_of(app: PlaygroundApp) -> Run:
    run = app.panes[0].run
    assert run is not None
    return run


async def position_at(app: PlaygroundApp, place: int) -> Position:
    """What the library says of a place, asked for anew."""
    run, model = run_of(app), app.panes[0].model
    assert model is not None
    before = [token.token_id for token in run.tokens[:place]]
    ids = [number for number in before if number is not None]
    found = await model.next_token(run.messages, ids or "")
    token = run.tokens[place]
    return Position(
        replace(found, vocabulary=await model.vocabulary()),
        seen=(*await model.prompt_tokens(run.messages), *ids),
        chosen=token.token_id,
        uniform=token.draw.uniform if token.draw else None,
    )


def assert_shows(screen: LensScreen, position: Position, chain: Chain) -> None:
    """Bars and stages are those of a chain at a place."""
    rows = position.candidates(chain, most=50).rows
    bars = screen.query_one("#lens-bars", CandidateBars).bars
    assert [(bar.name, bar.token_id, bar.rank, bar.chosen) for bar in bars] == [
        (row.spelling, row.token_id, row.rank, row.chosen) for row in rows
    ]
    assert [bar.raw for bar in bars] == pytest.approx([row.probability for row in rows], rel=1e-4)
    assert [bar.drawn for bar in bars] == pytest.approx([row.drawn for row in rows], rel=1e-4)
    assert [bar.cut for bar in bars if bar.token_id is not None] == [
        chain.cut_by(row.token_id) or "" for row in rows if row.token_id is not None
    ]
    links = screen.query_one(ChainTable).links[1:]
    stages = [stage for stage in chain.stages if stage.setting]
    assert [(link.name, link.survivors, link.cut_count) for link in links] == [
        (stage.name, stage.survivors, stage.number_cut) for stage in stages
    ]
    assert [link.mass for link in links] == pytest.approx([stage.mass for stage in stages])


async def test_the_whole_answers_figures() -> None:
    async with looking() as (_, app, _screen):
        reading = Reading.of(run_of(app).tokens)
        for name, value in reading.figures():
            assert (f"{value} {name}" if name == "tokens" else f"{name} {value}") in screen_of(app)


async def test_the_ten_most_surprising_tokens_and_the_way_to_each() -> None:
    async with looking() as (pilot, app, screen):
        tokens = run_of(app).tokens
        surprising = Reading.of(tokens).surprising()
        assert len(surprising) == 10
        for place in surprising:
            logprob = tokens[place].logprob
            assert logprob is not None
            assert f"{share_text(math.exp(logprob)):>8}" in screen_of(app)
        await pilot.press("4", "tab", "home", "down", "enter")
        text = screen.query_one("#lens-text", TokenText)
        assert text.cursor == surprising[1]
        assert app.focused is text
        seen = [text.cursor]
        await pilot.press("home")
        for _ in range(12):
            await pilot.press("n")
            seen.append(text.cursor)
        assert set(seen[1:]) >= {place for place in surprising if place}
        await pilot.press("p")
        assert text.cursor == sorted(surprising)[-2]


@pytest.mark.parametrize("measure", MEASURES)
async def test_every_token_has_the_step_of_the_measure_and_the_legend_says_what_it_means(
    measure: str,
) -> None:
    async with looking() as (pilot, app, screen):
        await pilot.press(*["c"] * MEASURES.index(measure))  # type: ignore[arg-type]
        text = screen.query_one("#lens-text", TokenText)
        tokens = run_of(app).tokens
        assert [text.spelled(place) for place in range(text.count)] == [*map(spell, tokens)]
        assert [text.step(place) for place in range(text.count)] == [
            shade_of(measure, token).step  # type: ignore[arg-type]
            for token in tokens
        ]
        shown = screen.query_one(TokenLegend).text
        assert shown.startswith(f"{measure} ")
        for step in legend(measure):  # type: ignore[arg-type]
            assert f" {step.meaning} " in shown


async def test_candidates_and_stages_at_the_settings_that_were_used() -> None:
    async with looking(CHAIN) as (pilot, app, screen):
        await pilot.press("2")
        plan = run_of(app).plan
        assert plan is not None
        for place in (0, 1, 5, 11):
            screen.query_one("#lens-text", TokenText).go(place)
            await until(pilot, lambda at=place: screen._looking.whole.at(at) is not None)
            await pilot.pause()
            position = await position_at(app, place)
            assert_shows(screen, position, position.chain(params_of_plan(plan)))


async def test_the_original_settings_give_back_the_recorded_probabilities() -> None:
    async with looking(CHAIN) as (pilot, app, screen):
        for place, token in enumerate(run_of(app).tokens):
            screen.query_one("#lens-text", TokenText).go(place)
            await until(pilot, lambda at=place: screen._looking.whole.at(at) is not None)
            await pilot.pause()
            (chosen,) = [
                bar for bar in screen.query_one("#lens-bars", CandidateBars).bars if bar.chosen
            ]
            assert token.draw is not None
            assert token.logprob is not None
            assert chosen.raw == pytest.approx(math.exp(token.logprob), rel=1e-3)
            assert chosen.drawn == pytest.approx(math.exp(token.draw.logprob), rel=1e-3)
            assert f"drawn from {token.draw.survivors:,} " in screen_of(app)


async def test_where_the_chain_is_not_computed_the_recorded_figures_stay_until_a_turn() -> None:
    ruled = PARAMS.updated(grammar="root ::= [a-e ]+", max_length=8)
    async with looking(ruled) as (pilot, app, screen):
        await pilot.press("2")
        place = screen.query_one("#lens-text", TokenText).cursor
        draw = run_of(app).tokens[place].draw
        assert draw is not None
        await until(pilot, lambda: screen._looking.whole.at(place) is not None)
        await pilot.pause()
        said = f"drawn from {draw.survivors:,}  entropy {draw.entropy:.3f} nats"
        assert said in screen_of(app)
        links = screen.query_one(ChainTable).links
        assert (links[-1].name, links[-1].survivors) == ("drawn from", draw.survivors)
        assert {link.survivors for link in links[1:-1]} == {None}
        bars = screen.query_one("#lens-bars", CandidateBars).bars
        (chosen,) = [bar.drawn for bar in bars if bar.chosen]
        assert chosen == pytest.approx(math.exp(draw.logprob))
        await pilot.press("k", "left")
        assert said not in screen_of(app)
        bars = screen.query_one("#lens-bars", CandidateBars).bars
        assert {bar.drawn for bar in bars} == {None}
        assert screen.query_one(ChainTable).links[-1].name != "drawn from"


async def test_turned_knobs_move_bars_and_stages_at_once_and_nothing_is_generated() -> None:
    async with looking(CHAIN) as (pilot, app, screen):
        await pilot.press("2", "right", "right")
        await until(pilot, lambda: screen._looking.whole.at(2) is not None)
        position = await position_at(app, 2)
        await pilot.press("k", "right", "right", "tab", "left", "left", "tab", "left")
        turned = screen.query_one(LensKnobs).params
        plan = run_of(app).plan
        assert plan is not None
        used = params_of_plan(plan)
        assert turned == used.updated(temperature=1.3, top_k=38, top_p=0.89)
        assert_shows(screen, position, position.chain(turned))
        assert f"turned {position.chain(turned).stages[-1].survivors:,} " in screen_of(app)
        assert "drawn from" not in screen_of(app)
        await pilot.press("shift+tab", "shift+tab", "home")
        zero = used.updated(temperature=0.0, top_k=38, top_p=0.89)
        assert_shows(screen, position, position.chain(zero))
        await pilot.press("r")
        assert_shows(screen, position, position.chain(used))
        assert len(app.panes[0].conversation.turns[0].runs) == 1


async def test_the_window_of_the_penalties_stands_where_they_use_it_and_turns_from_there() -> None:
    async with looking() as (pilot, _app, screen):
        await pilot.press("2", "k", *["tab"] * 6, *["right"] * 6)
        knobs, line = screen.query_one(LensKnobs), screen.query_one("#lens-penalty_window")
        assert isinstance(line, KnobLine)
        assert knobs.params.penalty_window is None
        assert line.value == 64
        assert lines_of(line)[0].split()[-1] == "64"
        line.focus()
        await pilot.press("right")
        assert knobs.params.penalty_window == 80
        await pilot.press("delete")
        assert line.value == 64


async def test_the_other_order_of_the_chain_is_one_key_away() -> None:
    async with looking(CHAIN) as (pilot, app, screen):
        await pilot.press("2", "right")
        await until(pilot, lambda: screen._looking.whole.at(1) is not None)
        screen.query_one(".lens-order").focus()
        await pilot.press("space")
        names = [link.name for link in screen.query_one(ChainTable).links]
        assert names == ["model", "penalties", "temperature", "top_k", "top_p", "min_p"]
        position = await position_at(app, 1)
        assert_shows(screen, position, position.chain(screen.query_one(LensKnobs).params))


async def test_a_token_that_a_setting_would_have_cut_says_by_which_stage() -> None:
    params = GenerationParams.of(
        temperature=2.0, top_k=0, top_p=1, min_p=0, seed=5, logprobs=5, max_length=30
    )
    async with looking(params) as (pilot, app, screen):
        tokens = run_of(app).tokens
        place = next(at for at, token in enumerate(tokens) if (token.rank or 0) > 3)
        await pilot.press("2")
        screen.query_one("#lens-text", TokenText).go(place)
        await until(pilot, lambda: screen._looking.whole.at(place) is not None)
        await pilot.press("k", "tab", "right", "right")
        await until(pilot, lambda: "▶ itself" in screen_of(app))
        (chosen,) = [
            bar for bar in screen.query_one("#lens-bars", CandidateBars).bars if bar.chosen
        ]
        assert chosen.cut == "top_k"
