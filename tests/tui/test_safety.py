"""Whatever a model, a server or a file says is shown, and never obeyed."""

from __future__ import annotations

import pytest

from playground.errors import BackendCrashed, RequestRefused
from playground.tui.figures import end_words, settled_figures
from playground.tui.labels import count, duration, money, number, one_line, rate
from playground.tui.problems import problem_text
from playground.types import Timing
from tests.tui.stage import ask, playground_of, playing, saying, screen_of, until, write

HOSTILE = "\x1b[2J\x1b]0;owned\x07[red]no[/red] [@click=app.quit]x[/] \x9b31m\u202egnp.exe\r\nrest"
OBEYED = ("\x1b", "\x07", "\x9b", "\u202e", "\r")


def assert_harmless(text: str) -> None:
    assert not [character for character in OBEYED if character in text]


async def test_an_answer_is_data() -> None:
    app = playground_of({"a:x": saying(HOSTILE, " end")})
    async with playing(app) as pilot:
        await ask(pilot, "attack")
        screen = screen_of(app)
        assert_harmless(screen)
        assert "[red]no[/red]" in screen
        assert "end" in screen


async def test_an_error_is_data() -> None:
    error = BackendCrashed(HOSTILE, hint=HOSTILE, log=[HOSTILE])
    app = playground_of({"a:x": saying("x", fail_after=0, error=error)})
    async with playing(app) as pilot:
        await ask(pilot, "attack")
        screen = screen_of(app)
        assert_harmless(screen)
        assert "[red]no[/red]" in screen
        assert app.panes[0].status.tooltip is not None
        assert_harmless(str(app.panes[0].status.tooltip))
        await pilot.press("f7")
        await pilot.pause()
        assert_harmless(screen_of(app))


async def test_a_prompt_is_data() -> None:
    app = playground_of({"a:x": saying("ok")})
    async with playing(app) as pilot:
        app._prompt.load_text(HOSTILE)
        await pilot.pause()
        assert_harmless(screen_of(app))
        await pilot.press("enter")
        await until(pilot, lambda: "ok" in screen_of(app))
        assert_harmless(screen_of(app))


async def test_a_models_name_is_data() -> None:
    name = "evil:" + HOSTILE
    app = playground_of({name: saying("ok")})
    async with playing(app) as pilot:
        await ask(pilot, "hello")
        assert_harmless(screen_of(app))
        await pilot.press("f2")
        await pilot.pause()
        assert_harmless(screen_of(app))
        await pilot.press("f3")
        await until(pilot, lambda: "demo:small" in screen_of(app))
        assert_harmless(screen_of(app))


async def test_a_models_name_that_cannot_be_opened_is_data_in_narrow_tabs_too() -> None:
    name = "evil:" + HOSTILE
    app = playground_of({name: RequestRefused(HOSTILE), "b:y": saying("ok")})
    async with playing(app, size=(40, 20)) as pilot:
        await ask(pilot, "hello")
        assert_harmless(screen_of(app))


async def test_what_is_typed_into_the_picker_is_not_markup() -> None:
    app = playground_of({"a:x": saying("ok")})
    async with playing(app) as pilot:
        await pilot.press("f3")
        await until(pilot, lambda: "demo:small" in screen_of(app))
        await write(pilot, "[b]:x")
        await until(pilot, lambda: "Use [b]:x" in screen_of(app))


async def test_what_is_typed_into_a_knob_is_not_markup() -> None:
    app = playground_of({"a:x": saying("ok")})
    async with playing(app) as pilot:
        await pilot.press("f2")
        await pilot.pause()
        app.query_one("#knob-temperature .knob-field").focus()
        await write(pilot, "[b]")
        await until(pilot, lambda: "'[b]' is not a number" in screen_of(app))


async def test_the_figures_of_a_failure_are_one_safe_line() -> None:
    app = playground_of({"a:x": saying("x", fail_after=0, error=RequestRefused(HOSTILE))})
    async with playing(app) as pilot:
        await ask(pilot, "hello")
        run = app.panes[0].run
        assert run is not None
        for text in (end_words(run)[1], *(f.long for f in settled_figures(run, Timing(), 10))):
            assert_harmless(text)
            assert "\n" not in text


def test_an_error_of_ours_says_what_to_do_and_a_defect_says_that_it_is_one() -> None:
    assert (
        problem_text(RequestRefused("No.", hint="Ask less.")) == "✗ Request refused. No.\nAsk less."
    )
    assert "defect" in problem_text(KeyError("x"))


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (one_line("a\nb\tc\x1b"), "a b c␛"),
        (number(0.30000000000000004), "0.3"),
        (number(["top_k", "top_p"]), "top_k, top_p"),
        (count(4096), "4,096"),
        (count(131_072), "131k"),
        (count(1_048_576), "1.0M"),
        (duration(0.0384), "38 ms"),
        (duration(0.9999), "1.00 s"),
        (duration(12.34), "12.3 s"),
        (duration(125), "2 min 05 s"),
        (duration(7500), "2 h 05 min"),
        (rate(8.44), "8.4 tok/s"),
        (rate(412.3), "412 tok/s"),
        (money(0), "free"),
        (money(0.00123), "$0.0012"),
        (money(0.5), "$0.500"),
        (money(12.3), "$12.30"),
    ],
)
def test_figures_are_written_as_people_read_them(made: str, text: str) -> None:
    assert made == text
