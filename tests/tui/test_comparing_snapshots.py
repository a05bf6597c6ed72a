"""What the screens that compare, judge and keep look like, in pictures that somebody looked at."""

from __future__ import annotations

import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from textual.pilot import Pilot
from textual.widgets import Input

from playground.history import Filters, Hit, Summary
from playground.judging import BlindTest, Candidate, count_votes
from playground.params import GenerationParams
from playground.tui.screens.blind_test import BlindTestScreen
from playground.tui.screens.difference import DifferenceScreen
from playground.tui.screens.exporting import ExportScreen
from playground.tui.screens.history import HistoryScreen
from playground.tui.screens.preset_picker import PaneSettings, PresetPicker
from playground.tui.screens.rating import Judgement, RatingScreen
from playground.tui.themes import DARK
from tests.tui.bare import BareApp
from tests.tui.test_snapshots import Snapshot, conversation, keys, played, scene

SIZES = {"80x24": (80, 24), "120x40": (120, 40)}
LEFT = "A fox lived in the wood. 昔々、村に狐がいました。\nIt was red."
RIGHT = "An old fox lived in the wood. 昔々、町に狐がいました。\nIt was red and  sly."

sizes = pytest.mark.parametrize("size", list(SIZES))


@pytest.fixture(autouse=True)
def in_utc(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Dates are shown in the time of the place."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "UTC")
        time.tzset()
        yield
    time.tzset()


def pressed(*names: str) -> Callable[[Pilot[None]], Awaitable[None]]:
    async def press(pilot: Pilot[None]) -> None:
        await pilot.pause(0.3)
        for field in pilot.app.screen.query(Input):
            field.cursor_blink = False
        await pilot.press(*names)
        await pilot.app.workers.wait_for_complete()
        await pilot.pause(0.3)

    return press


def blind() -> BlindTestScreen:
    candidates = (
        Candidate(run="r1", model="demo:small", setting="temperature 0.2", text=LEFT),
        Candidate(run="r2", model="openai:gpt-4.1", setting="temperature 1.4", text=RIGHT),
    )
    test = BlindTest("Tell me of a fox", candidates)
    return BlindTestScreen(test, lambda vote: count_votes([test.vote("tie"), vote]))


@sizes
@pytest.mark.parametrize("vote", ["", "b"])
def test_a_blind_test(snap_compare: Snapshot, size: str, vote: str) -> None:
    steps = pressed(*vote)
    assert snap_compare(BareApp(blind()), terminal_size=SIZES[size], run_before=steps)


@sizes
@pytest.mark.parametrize("inline", ["", "v"])
def test_two_answers(snap_compare: Snapshot, size: str, inline: str) -> None:
    screen = DifferenceScreen(("A · demo:small", LEFT), ("B · openai:gpt-4.1", RIGHT))
    assert snap_compare(
        BareApp(screen), terminal_size=SIZES[size], run_before=pressed("n", *inline)
    )


@sizes
def test_the_presets(snap_compare: Snapshot, size: str) -> None:
    settings = PaneSettings(GenerationParams(temperature=0.7, top_k=9, max_length=64), "Be kind.")
    app = BareApp(PresetPicker("Presets", settings, everywhere=True))
    assert snap_compare(app, terminal_size=SIZES[size], run_before=pressed("down"))


@sizes
def test_a_rating(snap_compare: Snapshot, size: str) -> None:
    app = BareApp(RatingScreen("The answer in pane A", Judgement(2, "short and right")))
    assert snap_compare(app, terminal_size=SIZES[size], run_before=pressed("4"))


@sizes
def test_an_export(snap_compare: Snapshot, size: str) -> None:
    app = BareApp(ExportScreen())
    assert snap_compare(app, terminal_size=SIZES[size], run_before=pressed("down"))


@sizes
def test_the_turns(snap_compare: Snapshot, size: str) -> None:
    steps = played(DARK.name, conversation, keys("f10"))
    assert snap_compare(scene(), terminal_size=SIZES[size], run_before=steps)


class Kept:
    """An archive with conversations whose names and times are known."""

    def __init__(self, found: Sequence[Summary], hits: Sequence[Hit]) -> None:
        self._found, self._hits = found, hits

    async def find(self, _filters: Filters, _limit: int) -> Sequence[Summary]:
        return self._found

    async def read(self, _work: object) -> Sequence[Hit]:
        return self._hits


def summary(name: str, title: str, day: int, **more: Any) -> Summary:
    moment = datetime(2026, 11, day, 9, 30, tzinfo=UTC)
    told = {
        "id": name, "title": title, "created": moment, "updated": moment, "origin": "terminal",
        "pinned": False, "interrupted": False, "runs": 4, "tags": (),
        "models": ("demo:small", "openai:gpt-4.1"), **more,
    }  # fmt: skip
    return Summary(**told)


@sizes
def test_the_history(snap_compare: Snapshot, size: str) -> None:
    found = [
        summary("7k2mzzzzzz", "Tell me of a fox", 3, pinned=True, tags=("good", "日本")),
        summary("8k2mzzzzzz", "昔々、村に狐がいました。" * 6, 5, interrupted=True),
        *(summary(f"{n}k", f"A fox, told for the {n}th time", 20 - n) for n in range(5, 20)),
    ]
    hit = Hit(
        run="r1", conversation="7k2mzzzzzz", title="", model="demo:small", prompt="Tell me",
        created=found[0].created, snippet=LEFT,
    )  # fmt: skip
    archive: Any = Kept(found, [hit])
    app = BareApp(HistoryScreen(archive))
    steps = pressed(*"fox")
    assert snap_compare(app, terminal_size=SIZES[size], run_before=steps)
