"""What the lens is opened on: answers with figures, without, and those that are still coming."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

import pytest
from rich.cells import cell_len, split_graphemes
from textual.pilot import Pilot
from textual.widgets import OptionList

from playground.distribution import Distribution
from playground.errors import ModelLoadFailed
from playground.history.restoring import restored
from playground.lens.chain import params_of_plan
from playground.params import GenerationParams
from playground.providers import open_model
from playground.providers.base import ChatModel, Given
from playground.tui.app import PlaygroundApp
from playground.tui.lens import words
from playground.tui.lens.branches import Twig
from playground.tui.screens.difference import DifferenceScreen
from playground.tui.screens.lens import LensScreen
from playground.tui.widgets.candidate_bars import CandidateBars
from playground.tui.widgets.lens_knobs import LensKnobs
from playground.tui.widgets.token_text import CUT, TokenText
from playground.types import Message
from tests.tui.lens.looking import PARAMS, Slowed, looking, open_lens
from tests.tui.stage import (
    answered,
    ask,
    paste,
    playground_of,
    playing,
    saying,
    screen_of,
    talking,
    until,
)

UNASKED = PARAMS.updated(logprobs=None)


async def test_before_the_first_answer_the_key_has_the_next_ones_bring_their_figures() -> None:
    async with open_model("demo:tiny") as model:
        app = playground_of({"demo:tiny": model}, params=GenerationParams(max_length=8))
        async with playing(app) as pilot:
            await pilot.press("alt+l")
            await until(pilot, lambda: "Alt+L looks at them" in screen_of(app))
            assert app.panes[0].conversation.params.logprobs == 20
            await ask(pilot, "Hello")
            screen = await open_lens(pilot)
            assert screen.query_one("#lens-text", TokenText).count == len(app.panes[0].run.tokens)  # type: ignore[union-attr]


async def test_a_local_answer_without_figures_is_read_by_the_model_that_wrote_it_unasked() -> None:
    async with looking(UNASKED) as (pilot, app, screen):
        await until(pilot, lambda: screen.query_one("#lens-text", TokenText).count > 0)
        assert "read by demo:small, afterwards" in screen_of(app)
        run = app.panes[0].run
        assert run is not None
        model = app.panes[0].model
        assert model is not None
        scored = await model.score(run.messages, run.text, alternatives=20)
        assert [t.token for t in scored] == [*screen.subject.tokens]


@pytest.mark.parametrize("size", [(120, 40), (80, 24)])
async def test_of_an_answer_without_tokens_every_view_says_why_and_none_has_bare_headings(
    size: tuple[int, int],
) -> None:
    async with looking(PARAMS.updated(grammar='root ::= ""'), size=size) as (pilot, app, screen):
        for view in "123":
            await pilot.press(view)
            await pilot.pause()
            assert "This answer is empty" in screen_of(app)
            for bare in ("drawn from", "left", "reading", "being drawn", "repeat_penalty"):
                assert bare not in screen_of(app), view
        await pilot.press("k")
        assert app.focused is screen.query_one("#lens-text")
        assert ["no tokens that a knob" in toast.message for toast in app._notifications] == [True]
        await pilot.press("6")
        await until(pilot, lambda: "There is no other answer" in screen_of(app))
        assert "drawn from" not in screen_of(app)


async def test_what_no_model_here_can_read_says_which_models_can() -> None:
    app = playground_of({"a:x": saying("Once upon a time.")})
    async with playing(app) as pilot:
        await ask(pilot, "a story")
        await open_lens(pilot)
        assert "has no log-probabilities" in screen_of(app)
        assert "Once upon a time." in screen_of(app)
        assert "Every local and demo model gives them" in screen_of(app)
        assert "openai" in screen_of(app)
        assert "0 tokens" not in screen_of(app)
        assert "no log-probabilities, and so no figures" in screen_of(app)
        assert "read the text now" not in screen_of(app)
        await pilot.press("a")
        await until(pilot, lambda: "a:x was asked for them and gave none" in screen_of(app))
        # Those that it offers can all read a text.
        await pilot.press("m")
        await until(pilot, lambda: "demo:tiny" in screen_of(app))
        offered = app.screen.query_one("#picker-list", OptionList)
        assert {f"{option.id}".partition(":")[0] for option in offered.options} == {"demo"}


async def test_a_hosted_answer_is_read_by_a_local_model_and_that_is_said() -> None:
    async with open_model("demo:small") as local:
        app = playground_of(
            {"a:x": saying("Once upon a time there was a cat."), "demo:small": local},
            params=GenerationParams(max_length=12),
        )
        async with playing(app) as pilot:
            await ask(pilot, "a story")
            screen = await open_lens(pilot)
            await pilot.press("s")
            await until(pilot, lambda: screen.query_one("#lens-text", TokenText).count > 0)
            assert "read by demo:small, not the one that wrote it" in screen_of(app)


async def test_a_text_too_long_to_read_is_told_and_the_lens_stays() -> None:
    async with open_model("demo:tiny", context_length=64) as local:
        app = playground_of({"a:x": saying("word " * 200), "demo:tiny": local})
        async with playing(app) as pilot:
            await ask(pilot, "a story")
            await open_lens(pilot)
            await pilot.press("s")
            await until(pilot, lambda: "context" in screen_of(app))
            assert isinstance(app.screen, LensScreen)


async def test_it_asks_again_with_the_same_dice_and_so_gets_the_same_answer_with_figures() -> None:
    async with looking(UNASKED) as (pilot, app, screen):
        first = app.panes[0].run
        assert first is not None
        await pilot.press("a")
        await until(pilot, lambda: app.panes[0].run is not first and not app.panes[0].busy)
        second = app.panes[0].run
        assert second is not None
        assert second.text == first.text
        await until(
            pilot, lambda: screen.query_one("#lens-text", TokenText).count == len(second.tokens)
        )
        assert "answer 2/2" not in screen_of(app)
        await pilot.press("escape")
        await until(pilot, lambda: "answer 2/2" in screen_of(app))


async def test_a_model_that_has_gone_says_so_and_is_asked_again_when_it_is_back() -> None:
    models: dict[str, ChatModel | Exception] = {"a:x": saying("Once upon a time.")}
    app = playground_of(models)
    async with playing(app) as pilot:
        await ask(pilot, "a story")
        conversation = app.panes[0].conversation
        app._shelf.keep_only(())
        models["a:x"] = ModelLoadFailed("There is no file x.gguf.")
        await open_lens(pilot)
        await pilot.press("a")
        await until(pilot, lambda: "There is no file x.gguf" in screen_of(app))
        assert len(conversation.turns[0].versions) == 1
        await pilot.press("escape")
        await open_lens(pilot)
        await until(pilot, lambda: "a:x cannot be opened: There is no file" in screen_of(app))
        models["a:x"] = saying("Once upon a time.")
        await pilot.press("a")
        await until(pilot, lambda: len(conversation.turns[0].versions) == 2)
        await answered(pilot)


@asynccontextmanager
async def an_answer_that_comes(
    model: ChatModel, length: int
) -> AsyncIterator[tuple[Pilot[None], PlaygroundApp, LensScreen]]:
    """The lens, opened on an answer of so many tokens at most as soon as the first has come."""
    app = playground_of({"demo:small": model}, params=PARAMS.updated(max_length=length))
    async with playing(app) as pilot:
        await paste(pilot, "Tell me a story")
        await pilot.press("enter")
        await until(pilot, lambda: bool(app.panes[0].run and app.panes[0].run.tokens))
        screen = await open_lens(pilot)
        assert screen.subject.live
        yield pilot, app, screen


async def test_tokens_are_drawn_while_they_come() -> None:
    async with (
        open_model("demo:small") as model,
        an_answer_that_comes(Slowed(model), 60) as (pilot, app, screen),
    ):
        text = screen.query_one("#lens-text", TokenText)
        seen = text.count
        await until(pilot, lambda: text.count > seen)
        assert text.cursor == text.count - 1
        await until(pilot, lambda: not screen.subject.live)
        run = app.panes[0].run
        assert run is not None
        await until(pilot, lambda: text.count == len(run.tokens))
        await until(pilot, lambda: "still coming" not in screen_of(app))


async def test_knobs_that_are_turned_while_it_comes_stay_turned_when_it_has_ended() -> None:
    async with (
        open_model("demo:small") as model,
        an_answer_that_comes(Slowed(model), 40) as (pilot, app, screen),
    ):
        await pilot.press("2", "k", "right", "right", "tab", "right")
        assert screen.subject.live
        turned = screen.query_one(LensKnobs).params
        await until(pilot, lambda: not screen.subject.live)
        await until(pilot, lambda: "still coming" not in screen_of(app))
        knobs = screen.query_one(LensKnobs)
        assert knobs.turned
        assert (knobs.params.temperature, knobs.params.top_k) == (turned.temperature, 1)
        text = screen.query_one("#lens-text", TokenText)
        ranks = [token.rank for token in screen.subject.tokens]
        await until(pilot, lambda: text.marked(0) == (CUT if ranks[0] != 1 else None))
        marked = [place for place in range(text.count) if text.marked(place) == CUT]
        assert marked == [place for place, rank in enumerate(ranks) if rank != 1]


async def test_an_answer_asked_again_shows_what_it_is_drawn_with_as_soon_as_that_is_known() -> None:
    async with open_model("demo:small") as model:
        app = playground_of({"demo:small": Slowed(model)}, params=PARAMS)
        async with playing(app) as pilot:
            await ask(pilot, "Tell me a story")
            screen = await open_lens(pilot)
            first = screen.subject
            await pilot.press("a")
            await until(pilot, lambda: screen.subject is not first and screen.subject.live)
            await until(pilot, lambda: screen.query_one("#lens-text", TokenText).count > 2)
            assert screen.subject.live
            knobs = screen.query_one(LensKnobs)
            assert knobs.params.temperature == PARAMS.temperature
            assert not knobs.turned
            assert screen.subject.plan is not None
            assert knobs.params == params_of_plan(screen.subject.plan)


async def test_whole_distributions_are_sent_for_where_the_cursor_stops_not_on_its_way() -> None:
    asked: list[int] = []

    class Noted(Slowed):
        async def next_token(self, messages: Sequence[Message], prefix: Given = "") -> Distribution:
            asked.append(len(prefix))
            return await super().next_token(messages, prefix)

    async with (
        open_model("demo:small") as model,
        an_answer_that_comes(Noted(model), 200) as (pilot, app, screen),
    ):
        text = screen.query_one("#lens-text", TokenText)
        await until(pilot, lambda: text.count > 8)
        assert screen.subject.live
        assert asked == []
        await pilot.press("2")
        await until(pilot, lambda: "comes where the cursor stops" in screen_of(app))
        await pilot.press("left")
        await until(pilot, lambda: bool(asked))


async def test_a_model_that_gives_none_while_it_talks_is_waited_for() -> None:
    app = playground_of({"a:x": talking()})
    async with playing(app) as pilot:
        await paste(pilot, "talk")
        await pilot.press("enter")
        await until(pilot, lambda: app.panes[0].run is not None and bool(app.panes[0].run.text))
        await open_lens(pilot)
        assert "Nothing has come yet." in screen_of(app)
        await pilot.press("escape")
        await pilot.pause()
        await pilot.press("escape")


async def test_another_candidate_goes_another_way_and_both_answers_stay() -> None:
    async with looking() as (pilot, app, screen):
        conversation = app.panes[0].conversation
        first = conversation.last_version
        assert first is not None
        tokens = screen.subject.tokens
        await pilot.press("right", "right", "right", "right", "tab")
        bars = screen.query_one("#lens-bars", CandidateBars)
        assert app.focused is bars
        other = next(at for at, bar in enumerate(bars.bars) if not bar.chosen)
        await pilot.press("home", *["down"] * other)
        wanted = bars.here
        assert wanted is not None
        await pilot.press("enter")
        await until(pilot, lambda: screen.subject.version != first)
        await until(pilot, lambda: not screen.subject.live)
        second = conversation.last_version
        assert second is not None
        assert second.run.state == "done", second.run.error
        # The same beginning, then the other candidate, by the same settings and dice.
        assert [t.token_id for t in screen.subject.tokens[:5]] == [
            *[t.token_id for t in tokens[:4]],
            wanted.token_id,
        ]
        assert second.run.params == first.run.params
        # The eye stays where the other way begins.
        text = screen.query_one("#lens-text", TokenText)
        await until(pilot, lambda: text.count == len(screen.subject.tokens) > 5)
        assert text.cursor == 4
        assert text.spelled(4) == wanted.name
        beginning = b"".join(t.data for t in screen.subject.tokens[:5]).decode()
        assert second.text.startswith(beginning)
        assert [version.name for version in conversation.turns[0].versions] == [
            first.name,
            second.name,
        ]
        # A tree to walk …
        await pilot.press("5")
        await until(pilot, lambda: "└─ 2" in screen_of(app))
        await pilot.press("tab", "home", "enter")
        await until(pilot, lambda: screen.subject.version == first)
        assert conversation.last_version == first
        # … and to diff.
        await pilot.press("d")
        await until(pilot, lambda: isinstance(app.screen, DifferenceScreen))
        await until(pilot, lambda: "A · answer 2" in screen_of(app))


async def test_branches_are_kept_and_found_again() -> None:
    async with looking() as (pilot, app, screen):
        await pilot.press("right", "right", "tab", "down", "enter")
        await until(pilot, lambda: len(app.panes[0].conversation.turns[0].versions) == 2)
        await until(pilot, lambda: not screen.subject.live)
        record = await app.archive.load(app.archive.current)
        first, second = sorted(record.runs, key=lambda run: run.created)
        assert not first.prefix
        run = app.panes[0].conversation.turns[0].versions[1].run
        assert second.prefix == run.prefix
        assert second.beginning == run.prefix_text == restored(second).prefix_text != ""


async def test_the_chosen_token_is_no_branch_unless_a_knob_was_turned() -> None:
    async with looking() as (pilot, app, screen):
        await pilot.press("tab", "enter")
        await until(pilot, lambda: "That is the token" in screen_of(app))
        await pilot.press("k", "right", "escape", "1", "right", "tab", "enter")
        await until(pilot, lambda: len(app.panes[0].conversation.turns[0].versions) == 2)
        run = app.panes[0].conversation.turns[0].runs[1]
        assert run.params.temperature == 1.05
        await until(pilot, lambda: not screen.subject.live)


FAMILY = "👨\N{ZERO WIDTH JOINER}👩\N{ZERO WIDTH JOINER}👧"


@pytest.mark.parametrize("shared", range(40))
def test_a_branch_is_listed_from_a_little_before_it_and_cut_inside_no_emoji_and_no_letter(
    shared: int,
) -> None:
    text = "".join(f"{FAMILY} e\u0301{number} " for number in range(60))
    version: Any = SimpleNamespace(text=text, run=SimpleNamespace(params=GenerationParams()))
    listed = words.twig(Twig(version, 2, 1, shared), here=False).plain
    said = listed.partition("└─ 2 ")[2].removeprefix("…").removesuffix("…")
    assert cell_len(said) <= 120
    whole = {text[start:end] for start, end, _ in split_graphemes(text)[0]}
    assert {said[start:end] for start, end, _ in split_graphemes(said)[0]} <= whole
    assert text.find(said) in range(max(shared - 20, 0), max(shared - 10, 1))
