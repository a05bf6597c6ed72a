"""A sweep that is left at work is seen on the main screen, leads back, and its end is told."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from textual.pilot import Pilot

from playground.history import History
from playground.tui.app import PlaygroundApp
from playground.tui.screens.sweep import SweepScreen
from playground.tui.screens.sweep_form import SweepForm
from playground.tui.screens.sweep_list import SweepList
from playground.types import Problem
from tests.tui.stage import paste, playground_of, playing, saying, screen_of, until
from tests.tui.sweeps.made import figures_by, keep, sweep_of

SHORT = "playground sweep 'Once upon a time' -m demo:tiny --temperature 0:2:0.25 --samples 8 "
LONG = "playground sweep 'Once upon a time' -m demo:tiny --temperature 0:2:0.001 --samples 8 "
LENGTH = "--max-length 30 --seed 1 --metric length"


@asynccontextmanager
async def at_the_panes(size: tuple[int, int] = (120, 40)) -> AsyncIterator[Pilot[None]]:
    app = playground_of({"a:x": saying("ok"), "b:y": saying("ok")})
    async with playing(app, size) as pilot:
        yield pilot


def notices(pilot: Pilot[None]) -> str:
    return "\n".join(notice.message for notice in pilot.app._notifications)


def last_lines(pilot: Pilot[None]) -> list[str]:
    return screen_of(pilot.app).splitlines()[-2:]


async def begin(pilot: Pilot[None], command: str) -> SweepScreen:
    """Define a sweep in the form and begin it, by keys."""
    await pilot.press("alt+w")
    await until(pilot, lambda: isinstance(pilot.app.screen, SweepForm))
    form = pilot.app.screen
    assert isinstance(form, SweepForm)
    await pilot.pause()
    await paste(pilot, command)
    await until(pilot, lambda: "filled in" in notices(pilot))
    await pilot.press("ctrl+s")
    await until(pilot, lambda: isinstance(pilot.app.screen, SweepScreen))
    screen = pilot.app.screen
    assert isinstance(screen, SweepScreen)
    return screen


async def leave(pilot: Pilot[None]) -> None:
    await pilot.press("b")
    await until(pilot, lambda: len(pilot.app.screen_stack) == 1)


async def test_a_sweep_left_at_work_is_seen_on_the_main_screen_and_leads_back() -> None:
    async with at_the_panes() as pilot:
        live = (await begin(pilot, LONG + LENGTH)).live
        await until(pilot, lambda: bool(live.values))
        await leave(pilot)
        await until(pilot, lambda: " left · Alt+W shows it" in last_lines(pilot)[0])
        sign, keys = last_lines(pilot)
        assert "Sweep Once upon a time" in sign
        assert "of 2,001 cells" in sign
        assert "tok/s" in sign
        assert "F1 Help" in keys
        await pilot.press("alt+w")
        await until(pilot, lambda: isinstance(pilot.app.screen, SweepScreen))
        assert pilot.app.screen.live is live  # type: ignore[attr-defined]
        await leave(pilot)
        await pilot.click("#sweep-sign")
        await until(pilot, lambda: isinstance(pilot.app.screen, SweepScreen))
        assert pilot.app.screen.live is live  # type: ignore[attr-defined]


async def test_the_end_of_a_sweep_that_was_left_is_told_and_its_line_goes() -> None:
    async with at_the_panes() as pilot:
        live = (await begin(pilot, SHORT + LENGTH)).live
        await leave(pilot)
        await until(pilot, lambda: live.state == "done", 60)
        told = "The sweep “Once upon a time” is done: 9 of 9 cells. Alt+K opens it."
        await until(pilot, lambda: told in notices(pilot))
        await until(pilot, lambda: "Alt+W shows it" not in screen_of(pilot.app))


async def test_the_end_of_a_sweep_that_is_looked_at_is_not_told_besides() -> None:
    async with at_the_panes() as pilot:
        live = (await begin(pilot, SHORT + LENGTH)).live
        await until(pilot, lambda: live.state == "done", 60)
        await pilot.pause(0.2)
        assert "Alt+K opens it" not in notices(pilot)


async def test_a_narrow_terminal_still_says_the_way_back() -> None:
    async with at_the_panes((44, 20)) as pilot:
        live = (await begin(pilot, LONG + LENGTH)).live
        await until(pilot, lambda: bool(live.values))
        await leave(pilot)
        await until(pilot, lambda: "Alt+W shows it" in last_lines(pilot)[0])
        assert "%" in last_lines(pilot)[0]


async def test_a_sweep_that_is_gone_on_with_is_told_of_too() -> None:
    async with at_the_panes() as pilot:
        live = (await begin(pilot, SHORT.replace("--samples 8", "--samples 40") + LENGTH)).live
        await pilot.press("escape", "y")
        await until(pilot, lambda: not live.running)
        await until(pilot, lambda: live.state == "stopped")
        await pilot.press("g")
        await until(pilot, lambda: live.running)
        await leave(pilot)
        await until(pilot, lambda: "is done: 9 of 9 cells" in notices(pilot), 60)


# The list


async def kept_in(app: PlaygroundApp, *names: str) -> None:
    def made(history: History) -> None:
        for name in names:
            keep(history, sweep_of(prompt=(f"about {name}",)), name, figures=figures_by(float))

    await app.archive.read(made)


async def test_kept_sweeps_are_deleted_and_brought_back_by_the_keys_of_the_history() -> None:
    async with at_the_panes() as pilot:
        app = pilot.app
        assert isinstance(app, PlaygroundApp)
        await kept_in(app, "one0000000", "two0000000")
        await pilot.press("alt+k")
        await until(pilot, lambda: "about one" in screen_of(app))
        assert isinstance(app.screen, SweepList)
        assert "^D deletes · ^Z undoes" in screen_of(app)
        await pilot.press("d", "u")
        assert "about two" in screen_of(app)
        await pilot.press("ctrl+d")
        await until(pilot, lambda: "^Z brings it back" in notices(pilot))
        listed = await app.archive.read(lambda history: history.sweeps.list(9))
        assert len(listed) == 1
        await pilot.press("ctrl+z")
        await until(
            pilot, lambda: all(f"about {name}" in screen_of(app) for name in ("one", "two"))
        )
        await pilot.press("enter")
        await until(pilot, lambda: isinstance(app.screen, SweepScreen))


@pytest.mark.parametrize("size", [(120, 30), (80, 24)])
async def test_the_list_says_everything_of_a_sweep_at_any_width(size: tuple[int, int]) -> None:
    async with at_the_panes(size) as pilot:
        app = pilot.app
        assert isinstance(app, PlaygroundApp)
        long = sweep_of(prompt=("昔々あるところに " * 9,))
        await app.archive.read(lambda history: keep(history, long, figures=figures_by(float)))
        await pilot.press("alt+k")
        await until(pilot, lambda: "昔々" in screen_of(app))
        (row,) = [line for line in screen_of(app).splitlines() if "昔々" in line]
        for told in ("kept00000a", "done", "1 cells", "2 answers"):
            assert told in row


async def test_what_failed_in_one_sweep_moves_no_column_of_the_list() -> None:
    async with at_the_panes() as pilot:
        app = pilot.app
        assert isinstance(app, PlaygroundApp)
        await kept_in(app, "one0000000")
        broken = Problem(kind="TimedOut", message="Too late.")
        await app.archive.read(
            lambda history: keep(
                history,
                sweep_of(prompt=("about two",)),
                "two0000000",
                figures=figures_by(float),
                error=lambda _cell, _sample: broken,
            )
        )
        await pilot.press("alt+k")
        await until(pilot, lambda: "failed" in screen_of(app))
        rows = [line for line in screen_of(app).splitlines() if "about" in line]
        assert len(rows) == 2
        assert len({row.index(" cells") for row in rows}) == 1


async def test_what_a_judge_could_not_do_is_told_where_the_sweep_was_begun() -> None:
    async with at_the_panes() as pilot:
        asked = "--max-length 6 --seed 1 --metric length --metric judge --judge demo:tiny"
        await begin(
            pilot, f"playground sweep 'Once upon a time' -m demo:tiny --temperature 1 {asked}"
        )
        await until(pilot, lambda: "came to no score" in notices(pilot))
        assert "1 of 1 replies of the judge demo:tiny came to no score" in notices(pilot)
