"""Panes come and go, and whatever happens meanwhile finds none that cannot be talked to."""

from __future__ import annotations

import asyncio

import pytest
from textual.geometry import Offset

from playground.params import GenerationParams
from playground.tui.conversation import Conversation
from playground.tui.shelf import ModelShelf
from playground.tui.widgets.pane import Pane
from tests.tui.stage import answers_of, ask, playground_of, playing, saying, screen_of, until


async def test_panes_come_and_go_between_one_and_four() -> None:
    app = playground_of({"a:x": saying("hi")}, ["a:x", "a:x"])
    async with playing(app, size=(160, 40)) as pilot:
        await pilot.press("f8", "f8", "f8")
        await pilot.pause()
        assert len(app.panes) == 4
        assert "4 panes are the most" in screen_of(app)
        await ask(pilot, "hello")
        assert answers_of(app) == [["hi"]] * 4
        await pilot.press("f9", "f9", "f9", "f9")
        await pilot.pause()
        assert [pane.letter for pane in app.panes] == ["A"]


async def test_however_many_are_asked_for_at_once_there_are_four() -> None:
    app = playground_of({"a:x": saying("hi")}, ["a:x", "a:x"])
    async with playing(app) as pilot:
        await asyncio.gather(*(app.action_add_pane() for _ in range(4)))
        await pilot.pause()
        assert [pane.letter for pane in app.panes] == ["A", "B", "C", "D"]


async def test_a_new_pane_starts_like_the_active_one() -> None:
    app = playground_of({"a:x": saying("hi")}, params=GenerationParams(top_k=7))
    async with playing(app) as pilot:
        await pilot.press("f8")
        await pilot.pause()
        added = app.panes[1].conversation
        assert (added.ref, added.params.top_k) == ("a:x", 7)


async def test_panes_with_the_same_model_share_it() -> None:
    app = playground_of({"a:x": saying("hi")}, ["a:x", "a:x"])
    async with playing(app) as pilot:
        await until(pilot, lambda: all(pane.model is not None for pane in app.panes))
        assert app.panes[0].model is app.panes[1].model


async def test_a_pane_that_is_on_its_way_is_none_of_the_panes_yet(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    coming, come = asyncio.Event(), asyncio.Event()
    attach = Pane.attach

    async def slowly(pane: Pane, conversation: Conversation, shelf: ModelShelf) -> None:
        coming.set()
        await come.wait()
        await attach(pane, conversation, shelf)

    app = playground_of({"a:x": saying("hi")}, ["a:x"])
    async with playing(app) as pilot:
        await pilot.press("f2")
        monkeypatch.setattr(Pane, "attach", slowly)
        adding = asyncio.create_task(app.action_add_pane())
        await coming.wait()
        # A knob for all panes, and a prompt to all of them.
        await pilot.press("right", "right", "escape")
        await ask(pilot, "hello")
        assert answers_of(app) == [["hi"]]
        come.set()
        await adding
        assert len(app.panes) == 2
        assert app.panes[1].attached


async def test_while_the_last_pane_leaves_another_one_is_active(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leaving, left = asyncio.Event(), asyncio.Event()
    remove = Pane.remove

    async def slowly(pane: Pane) -> None:
        leaving.set()
        await left.wait()
        await remove(pane)

    app = playground_of({"a:x": saying("hi")}, ["a:x", "a:x"])
    async with playing(app) as pilot:
        await pilot.press("f6")
        monkeypatch.setattr(Pane, "remove", slowly)
        closing = asyncio.create_task(app.action_close_pane())
        await leaving.wait()
        assert app.active_pane is app.panes[0]
        await pilot.press("f2")
        left.set()
        await closing
        assert [pane.letter for pane in app.panes] == ["A"]


async def test_a_click_on_what_has_just_gone_is_a_click_on_nothing() -> None:
    app = playground_of({"a:x": saying("hi")}, ["a:x", "a:x"])
    async with playing(app) as pilot:
        await ask(pilot, "hello")
        transcript = app.panes[1].transcript
        at = transcript.region.offset + Offset(2, 1)
        with app.batch_update():
            # Nothing is drawn meanwhile: on the screen it is still there.
            await transcript.remove()
            await pilot.hover(offset=at)
            await pilot.click(offset=at)
        await pilot.pause()
        assert answers_of(app)[0] == ["hi"]
