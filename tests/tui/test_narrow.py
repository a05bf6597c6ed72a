"""Every size of terminal shows something that can be used."""

from __future__ import annotations

import pytest

from tests.tui.stage import answered, ask, playground_of, playing, saying, screen_of


@pytest.mark.parametrize("size", [(40, 20), (80, 24), (120, 40), (200, 50)], ids=str)
async def test_prompt_figures_and_keys_are_on_the_screen_at_every_size(
    size: tuple[int, int],
) -> None:
    app = playground_of({"a:x": saying("left " * 30), "b:y": saying("right " * 30)})
    async with playing(app, size=size) as pilot:
        await ask(pilot, "hello")
        for covered in (False, True):
            screen = screen_of(app)
            lines = screen.split("\n")
            assert len(lines) == size[1]
            assert "^Q Quit" in lines[-1]
            assert "Prompt to all panes" in screen
            if covered:
                assert "Parameters" in screen
            else:
                assert "done" in screen
            await pilot.press("f2")
            await pilot.pause()


async def test_at_40_columns_panes_become_tabs() -> None:
    app = playground_of({"a:x": saying("left"), "b:y": saying("right")})
    async with playing(app, size=(40, 20)) as pilot:
        await ask(pilot, "hello")
        assert "left" in screen_of(app)
        assert "right" not in screen_of(app)
        await pilot.press("f6")
        await answered(pilot)
        assert "right" in screen_of(app)
        await pilot.click("#pane-tabs", offset=(3, 0))
        await answered(pilot)
        assert "left" in screen_of(app)


async def test_tabs_keep_the_end_of_a_name_which_tells_models_apart() -> None:
    folder = "local:~/models/llama-3.1-8b-instruct"
    refs = [f"{folder}.Q4_K_M.gguf", f"{folder}.Q8_0.gguf", "demo:small"]
    app = playground_of({ref: saying("hi") for ref in refs})
    async with playing(app, size=(45, 20)) as pilot:
        await pilot.pause()
        tabs = screen_of(app).split("\n")[0]
        assert tabs.split() == ["A", "…uct.Q4_K_M", "B", "…truct.Q8_0", "C", "demo:small"]
        await pilot.resize_terminal(24, 20)
        await pilot.pause()
        assert screen_of(app).split("\n")[0].split() == ["A", "…K_M", "B", "…8_0", "C", "…all"]


async def test_escape_puts_the_covering_drawer_away() -> None:
    app = playground_of({"a:x": saying("left")})
    async with playing(app, size=(40, 20)) as pilot:
        await pilot.press("f2")
        await pilot.pause()
        assert "Parameters" in screen_of(app)
        await pilot.press("escape")
        await pilot.pause()
        assert "Parameters" not in screen_of(app)
        assert app.focused is app._prompt


async def test_a_terminal_can_be_resized_at_any_moment() -> None:
    app = playground_of({"a:x": saying("left " * 50), "b:y": saying("right " * 50)})
    async with playing(app) as pilot:
        await ask(pilot, "hello")
        await pilot.press("f2")
        for size in ((40, 12), (200, 50), (12, 5), (81, 24), (1, 1), (120, 40)):
            await pilot.resize_terminal(*size)
            await pilot.pause()
        assert "left" in screen_of(app)
        assert "right" in screen_of(app)


async def test_four_panes_make_two_rows_where_one_is_too_narrow() -> None:
    app = playground_of({"a:x": saying("hi")}, ["a:x"] * 4)
    async with playing(app, size=(100, 44)) as pilot:
        await pilot.pause()
        tops = [pane.region.y for pane in app.panes]
        assert tops[0] == tops[1] < tops[2] == tops[3]
