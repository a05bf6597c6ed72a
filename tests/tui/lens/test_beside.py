"""Two answers beside each other: where they part on the same dice, and how two models rate both."""

from __future__ import annotations

import math
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.content import Content
from textual.pilot import Pilot
from textual.widgets import OptionList, Static

from playground.lens.chain import params_of_plan
from playground.lens.divergence import (
    align,
    align_beginnings,
    parted_most,
    rate,
    whole_divergences,
)
from playground.lens.meanings import meanings
from playground.lens.parting import parting
from playground.lens.reading import Reading
from playground.lens.spelling import spell
from playground.params import GenerationParams
from playground.providers import open_model
from playground.providers.base import ChatModel
from playground.providers.scripted import ScriptedModel
from playground.run import Run, as_messages
from playground.tui.app import PlaygroundApp
from playground.tui.screens.lens import LensScreen
from playground.tui.widgets.beside_view import BesideView
from playground.tui.widgets.candidate_bars import CandidateBars
from playground.tui.widgets.token_text import PARTED, TokenText
from tests.tui.lens.looking import Hosted, Slowed, looking, open_lens
from tests.tui.stage import answered, ask, paste, playground_of, playing, screen_of, until

DICE = GenerationParams(temperature=0.8, seed=3, logprobs=40, max_length=30)


def runs_of(app: PlaygroundApp) -> list[Run]:
    runs = [pane.run for pane in app.panes]
    found = [run for run in runs if run is not None]
    assert len(found) == len(runs)
    return found


def said(screen: LensScreen, name: str) -> str:
    content = screen.query_one(f"#beside-{name}", Static).content
    assert isinstance(content, Content)
    return content.plain


@asynccontextmanager
async def two_settings() -> AsyncIterator[tuple[Pilot[None], PlaygroundApp, LensScreen]]:
    """One model in two panes, at two temperatures, on the same dice; the lens on the first."""
    async with open_model("demo:small") as model:
        app = playground_of({"demo:small": model}, ["demo:small"] * 2, params=DICE)
        async with playing(app) as pilot:
            app.panes[1].conversation.params = DICE.updated(temperature=1.1)
            await ask(pilot, "Tell me a story about a cat")
            screen = await open_lens(pilot)
            await pilot.press("6")
            await until(pilot, lambda: "parted at token" in said(screen, "said"))
            yield pilot, app, screen


@asynccontextmanager
async def two_models(
    **models: ChatModel,
) -> AsyncIterator[tuple[Pilot[None], PlaygroundApp, LensScreen]]:
    """Two models in two panes, the lens on the first, the other beside it."""
    app = playground_of(
        {name.replace("_", ":"): model for name, model in models.items()}, params=DICE
    )
    async with playing(app) as pilot:
        await ask(pilot, "Tell me a story about a cat")
        screen = await open_lens(pilot)
        await pilot.press("6")
        beside = screen.query_one(BesideView)
        await until(pilot, lambda: beside._beside is not None and beside._beside.rated)
        await pilot.pause()
        yield pilot, app, screen


async def test_the_first_token_that_differs_is_marked_in_both_with_the_throw_that_decided() -> None:
    async with two_settings() as (_, app, screen):
        one, other = runs_of(app)
        found = parting(one.tokens, other.tokens)
        assert found is not None
        assert found.uniform is not None
        for name in ("#lens-text", "#beside-text"):
            text = screen.query_one(name, TokenText)
            marked = [place for place in range(text.count) if text.marked(place) == PARTED]
            assert marked == [found.place]
            assert text.cursor == found.place
        assert str(found) in said(screen, "said")
        assert f"{found.uniform:.6f}" in screen_of(app)


async def test_what_stands_beside_it_is_not_turned_with_the_knobs_and_both_say_so() -> None:
    async with two_settings() as (pilot, _, screen):
        await pilot.press("k", "right", "6")
        await until(pilot, lambda: "parted at token" in said(screen, "said"))
        await pilot.pause()
        heads = [
            screen.query_one(name, CandidateBars).render_line(0).text
            for name in ("#beside-here", "#beside-there")
        ]
        assert ["turned" in head for head in heads] == [True, False]
        assert ["drawn from" in head for head in heads] == [False, True]


async def test_both_distributions_at_the_parting_are_those_of_their_settings() -> None:
    async with two_settings() as (pilot, app, screen):
        runs = runs_of(app)
        found = parting(runs[0].tokens, runs[1].tokens)
        assert found is not None
        assert found.uniform is not None
        await until(pilot, lambda: screen._looking.whole.at(found.place) is not None)
        await pilot.pause()
        position = screen._looking.whole.at(found.place)
        assert position is not None
        for name, run in zip(("#beside-here", "#beside-there"), runs, strict=True):
            assert run.plan is not None
            chain = position.chain(params_of_plan(run.plan))
            bars = screen.query_one(name, CandidateBars).bars
            shares = [chain.probability(bar.token_id) for bar in bars if bar.token_id is not None]
            assert [bar.drawn for bar in bars] == shares
            (chosen,) = [bar for bar in bars if bar.chosen]
            token = run.tokens[found.place]
            assert chosen.token_id == token.token_id
            assert token.draw is not None
            assert chosen.drawn == pytest.approx(math.exp(token.draw.logprob), rel=1e-3)
            # The same throw falls on this token here and on the other one there.
            assert chain.draw(found.uniform) == token.token_id
            low, high = chain.interval(token.token_id or 0)
            assert f"{low:.6f} to {high:.6f}" in said(screen, "said")


async def test_asking_again_with_a_turned_knob_throws_the_same_dice_and_stands_beside() -> None:
    async with open_model("demo:small") as model:
        app = playground_of({"demo:small": model}, params=DICE)
        async with playing(app) as pilot:
            await ask(pilot, "Tell me a story about a cat")
            screen = await open_lens(pilot)
            await pilot.press("2", "k", "end", "a", "escape", "6")
            await answered(pilot)
            await until(pilot, lambda: "parted at token" in said(screen, "said"))
            first, second = app.panes[0].conversation.turns[0].runs
            assert (first.params.temperature, second.params.temperature) == (0.8, 2.0)
            assert first.params.seed == second.params.seed
            found = parting(second.tokens, first.tokens)
            assert found is not None
            assert str(found) in said(screen, "said")


async def test_where_they_part_is_looked_for_once_until_one_of_them_has_grown(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    looked: list[int] = []
    look = "playground.tui.lens.beside.parting"
    monkeypatch.setattr(look, lambda *both: looked.append(1) or parting(*both))
    async with two_settings() as (pilot, _app, screen):
        shown = screen._beside
        assert shown is not None
        found = shown.parting
        assert found is not None
        before = len(looked)
        await pilot.press("left", "left", "right", "g")
        assert len(looked) == before
        shown.other.kept = [*shown.other.tokens, shown.other.tokens[0]]
        assert shown.parting == found
        assert len(looked) == before + 1


async def test_where_a_branch_parts_the_user_chose_and_no_dice_are_told_of() -> None:
    async with looking(DICE) as (pilot, _app, screen):
        await pilot.press("right", "right", "right", "tab")
        bars = screen.query_one("#lens-bars", CandidateBars)
        kept = next(bar.name for bar in bars.bars if bar.chosen)
        wanted = next(at for at, bar in enumerate(bars.bars) if not bar.chosen)
        name, first = bars.bars[wanted].name, screen.subject
        await pilot.press("home", *["down"] * wanted, "enter")
        await until(pilot, lambda: screen.subject is not first and not screen.subject.live)
        await pilot.press("6")
        here = f"parted at token 4: you chose “{name}” here instead of “{kept}”"
        await until(pilot, lambda: here in said(screen, "said"))
        assert "dice" not in said(screen, "said")
        screen.look_at(first)
        await pilot.press("6")
        there = f"parted at token 4: you chose “{name}” there instead of “{kept}”"
        await until(pilot, lambda: there in said(screen, "said"))


async def test_a_local_answer_beside_it_without_figures_is_read_by_its_model_and_compared() -> None:
    async with open_model("demo:small") as model:
        bare = DICE.updated(logprobs=None)
        app = playground_of({"demo:small": model}, ["demo:small"] * 2, params=bare)
        async with playing(app) as pilot:
            app.panes[1].conversation.params = bare.updated(temperature=1.1)
            await ask(pilot, "Tell me a story about a cat")
            screen = await open_lens(pilot)
            await pilot.press("6")
            await until(pilot, lambda: "parted at token" in said(screen, "said"))
            found = parting(
                *[
                    [
                        item.token
                        for item in await model.score(run.messages, run.text, alternatives=20)
                    ]
                    for run in runs_of(app)
                ]
            )
            assert found is not None
            assert str(found) in said(screen, "said")
            for name in ("#lens-text", "#beside-text"):
                assert screen.query_one(name, TokenText).cursor == found.place
            # Asked again on its dice, with figures this time, it is compared with what it was.
            await pilot.press("a")
            await answered(pilot)
            await until(pilot, lambda: "are the same, token by token" in said(screen, "said"))
            await pilot.press("o")
            await until(pilot, lambda: "parted at token" in said(screen, "said"))


async def test_of_answers_that_nobody_here_reads_it_says_whose_figures_lack_and_the_way() -> None:
    async with open_model("demo:small") as model:
        app = playground_of({"a:x": Hosted(model)}, ["a:x"] * 2, params=DICE)
        async with playing(app) as pilot:
            app.panes[1].conversation.params = DICE.updated(logprobs=None)
            await ask(pilot, "Tell me a story about a cat")
            screen = await open_lens(pilot)
            await pilot.press("6")
            await until(pilot, lambda: "Without log-probabilities" in said(screen, "said"))
            assert "of pane B’s answer" in said(screen, "said")
            other = screen.query_one("#beside-text", TokenText)
            assert runs_of(app)[1].text[:20] in other.render_line(0).text
            await pilot.press("escape", "f6")
            screen = await open_lens(pilot)
            await pilot.press("6")
            await until(pilot, lambda: "Without log-probabilities" in said(screen, "said"))
            assert "of this answer" in said(screen, "said")
            await pilot.press("a")
            await answered(pilot)
            await until(pilot, lambda: "of answer 1" in said(screen, "said"))
            await pilot.press("o", "escape", "f6")
            screen = await open_lens(pilot)
            await pilot.press("6")
            await until(pilot, lambda: "same, token by token" in said(screen, "said"))


async def test_without_another_answer_it_says_how_to_get_one() -> None:
    async with open_model("demo:tiny") as model:
        app = playground_of({"demo:tiny": model}, params=DICE.updated(max_length=8))
        async with playing(app) as pilot:
            await ask(pilot, "Hello")
            screen = await open_lens(pilot)
            await pilot.press("6")
            await until(pilot, lambda: "A asks again" in said(screen, "head"))
            await pilot.pause()
            assert "drawn from" not in screen_of(app), "nothing stands below such a heading"
            await pilot.press("g")


async def test_two_models_rate_both_texts_as_the_library_does() -> None:
    async with (
        open_model("demo:small") as small,
        open_model("demo:tiny") as tiny,
        two_models(demo_small=small, demo_tiny=tiny) as (pilot, app, screen),
    ):
        one, other = runs_of(app)
        mine, theirs = Reading.of(one.tokens), Reading.of(other.tokens)
        expected = {
            "A’s text by A": mine,
            "A’s text by B": await rate(tiny, one.messages, mine.text),
            "B’s text by A": await rate(small, other.messages, theirs.text),
            "B’s text by B": theirs,
        }
        for name, reading in expected.items():
            (line,) = [x for x in said(screen, "said").split("\n") if x.startswith(name)]
            told = float(line.split("log-probability ")[1].split()[0])
            assert reading.logprob is not None
            # Read in one pass here and token by token there.
            assert told == pytest.approx(reading.logprob, abs=0.5)
        ids = [token.token_id or 0 for token in one.tokens]
        whole = await whole_divergences(small, tiny, one.messages, ids)
        mean = math.fsum(item.value for item in whole) / len(whole)
        await until(pilot, lambda: "whole distributions" in said(screen, "said"))
        line = said(screen, "said").split("\n")[-1]
        assert float(line.split("mean ")[1].split()[0]) == pytest.approx(mean, abs=0.01)
        assert "whole distributions" in line
        stretches = align(mine, expected["A’s text by B"])
        beside = screen.query_one(BesideView)
        assert [*beside.places] == [stretches[at].one[0] for at in parted_most(stretches)]


async def test_the_list_of_places_and_a_key_lead_to_where_they_part_most() -> None:
    async with (
        open_model("demo:small") as small,
        open_model("demo:tiny") as tiny,
        two_models(demo_small=small, demo_tiny=tiny) as (pilot, _, screen),
    ):
        beside, text = screen.query_one(BesideView), screen.query_one("#lens-text", TokenText)
        listing = screen.query_one("#beside-list", OptionList)
        listing.focus()
        await pilot.press("home", "enter")
        assert text.cursor == beside.places[0]
        there = screen.query_one("#beside-there", CandidateBars).bars
        assert there
        await pilot.press("g")
        assert text.cursor in beside.places


async def test_what_a_hosted_model_cannot_know_is_said_plainly() -> None:
    async with (
        open_model("demo:small") as small,
        open_model("demo:tiny") as tiny,
        two_models(a_x=Hosted(small), demo_tiny=tiny) as (_, _app, screen),
    ):
        words = said(screen, "said")
        assert "a:x rates no text but its own" in words
        assert "A’s text by B  log-probability" in words
        assert "mean at least" in words
        assert "by the texts of the likeliest tokens" in words


async def test_two_hosted_answers_are_compared_as_far_as_both_begin_alike_and_marked_there() -> (
    None
):
    async with (
        open_model("demo:small") as small,
        open_model("demo:tiny") as tiny,
        two_models(a_x=Hosted(small), b_y=Hosted(tiny)) as (pilot, app, screen),
    ):
        one, other = (Reading.of(run.tokens) for run in runs_of(app))
        found = align_beginnings(one, other)
        assert found.stretches
        assert one.text != other.text
        words = said(screen, "said")
        assert "a:x rates no text but its own" in words
        assert "by text, up to there" in words
        named = f"“{spell(one.tokens[found.one])}” ({found.one + 1}) here"
        assert f"parted at {named}" in words
        text = screen.query_one("#lens-text", TokenText)
        assert text.marked(found.one) == PARTED
        listing = screen.query_one("#beside-list", OptionList)
        assert listing.option_count == min(len(found.stretches), 10)
        await pilot.press("home", "g")
        assert text.cursor == found.one
        await pilot.pause()
        for name, reading, place in (
            ("#beside-here", one, found.one),
            ("#beside-there", other, found.other),
        ):
            token = reading.tokens[place]
            assert token.logprob is not None
            (chosen,) = [bar for bar in screen.query_one(name, CandidateBars).bars if bar.chosen]
            assert chosen.name == spell(token)
            assert chosen.raw == pytest.approx(math.exp(token.logprob), rel=1e-4)


async def test_knobs_that_two_backends_treat_differently_have_a_line_each() -> None:
    async with (
        open_model("demo:small") as small,
        two_models(demo_small=small, b_y=ScriptedModel(["A cat."])) as (_, app, screen),
    ):
        plans = [run.plan for run in runs_of(app)]
        found = meanings([plan for plan in plans if plan is not None])
        assert found
        for item in found:
            assert item.line.removeprefix(f"{item.knob}: ") in said(screen, "meanings")
        assert "Same knob, different meaning" in said(screen, "meanings")


async def test_knobs_that_have_no_room_are_scrolled_to() -> None:
    many = DICE.updated(top_p=0.9, repeat_penalty=1.2)
    async with open_model("demo:small") as small:
        app = playground_of({"demo:small": small, "b:y": ScriptedModel(["A cat."])}, params=many)
        async with playing(app, size=(160, 45)) as pilot:
            await ask(pilot, "Tell me a story about a cat")
            screen = await open_lens(pilot)
            await pilot.press("6")
            await until(pilot, lambda: "Same knob" in screen_of(app))
            last = said(screen, "meanings").split()[-1]
            assert last not in screen_of(app)
            screen.query_one("#beside-more").focus()
            await pilot.press("end")
            await until(pilot, lambda: last in screen_of(app))


async def test_what_goes_on_from_a_text_is_compared_from_where_that_text_ends() -> None:
    async with open_model("demo:small") as model:
        app = playground_of({"demo:small": model}, params=DICE.updated(max_length=8))
        async with playing(app) as pilot:
            await ask(pilot, "Tell me a story about a cat")
            app.panes[0].go_on()
            await answered(pilot)
            versions = app.panes[0].conversation.turns[0].versions
            assert [bool(version.prefix) for version in versions] == [False, True]
            screen = await open_lens(pilot)
            assert screen.subject.beginning
            await pilot.press("6")
            await until(pilot, lambda: "parted at token" in said(screen, "said"))
            first = spell(screen.subject.tokens[0])
            assert f"parted at token 1: “{first}” instead of the end" in said(screen, "said")


async def test_a_model_rates_no_more_of_an_answer_than_was_written_after_its_beginning() -> None:
    async with open_model("demo:small") as model:
        prompt = as_messages("Tell me a story.")
        whole = await rate(model, prompt, "Once upon a time, a fox sang.")
        given = await model.tokenize("Once upon a time")
        rest = await rate(model, prompt, ", a fox sang.", prefix="Once upon a time")
        assert rest.text == ", a fox sang."
        assert len(rest) == len(whole) - len(given)
        assert [token.logprob for token in rest.tokens] == [
            token.logprob for token in whole.tokens[len(given) :]
        ]


async def test_an_answer_that_is_still_coming_has_not_parted_where_it_has_come_to() -> None:
    async with open_model("demo:small") as model:
        app = playground_of({"demo:small": Slowed(model)}, ["demo:small"] * 2, params=DICE)
        async with playing(app) as pilot:
            app.panes[0].conversation.params = DICE.updated(max_length=4)
            app.panes[1].conversation.params = DICE.updated(max_length=60)
            await paste(pilot, "Tell me a story about a cat")
            await pilot.press("enter")
            await until(pilot, lambda: app.panes[0].run is not None and not app.panes[0].busy)
            screen = await open_lens(pilot)
            await pilot.press("6")
            view = screen.query_one(BesideView)
            await until(pilot, lambda: view._beside is not None)
            assert view._beside is not None
            assert view._beside.other.live
            beside = view._beside
            if len(beside.other.tokens) <= 4:
                assert "told once the other is written" in said(screen, "said")
            await until(pilot, lambda: not beside.live)
            await until(
                pilot, lambda: "parted at token 5: the end instead of" in said(screen, "said")
            )


async def test_two_models_read_each_other_once_the_answer_that_was_coming_is_written() -> None:
    async with open_model("demo:small") as small, open_model("demo:tiny") as tiny:
        models = {"demo:small": small, "demo:tiny": Slowed(tiny)}
        app = playground_of(models, params=DICE)
        async with playing(app) as pilot:
            await paste(pilot, "Tell me a story about a cat")
            await pilot.press("enter")
            await until(pilot, lambda: app.panes[0].run is not None and not app.panes[0].busy)
            screen = await open_lens(pilot)
            await pilot.press("6")
            view = screen.query_one(BesideView)
            await until(pilot, lambda: view._beside is not None)
            assert view._beside is not None
            assert view._beside.other.live
            assert "once both are written" in said(screen, "said")
            await until(pilot, lambda: "log-probability" in said(screen, "said"))
            text = screen.query_one("#beside-text", TokenText)
            assert text.count == len(view._beside.other.tokens)
