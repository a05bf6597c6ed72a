"""Writing prompts: lines, history, paste, and scripts other than Latin."""

from __future__ import annotations

import pytest
from textual import events

from playground.tui.widgets.safe_text import SafeInput
from tests.tui.stage import answered, ask, playground_of, playing, saying, screen_of, until, write


async def test_ctrl_j_makes_a_new_line_and_enter_sends() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        await write(pilot, "one\ntwo")
        await pilot.press("enter")
        await pilot.pause()
        assert app.panes[0].conversation.last_prompt == "one\ntwo"


async def test_keys_that_come_all_at_once_are_not_lost() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        for character in "hello":
            app.post_message(events.Key(character, character))
        app.post_message(events.Key("enter", "\r"))
        for character in "next":
            app.post_message(events.Key(character, character))
        await pilot.pause()
        await answered(pilot)
        assert app.panes[0].conversation.last_prompt == "hello"
        assert app._prompt.text == "next"


async def test_the_space_of_a_japanese_keyboard_is_typed() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        for character in "長い　その２":
            app.post_message(events.Key(character, character))
        await until(pilot, lambda: app._prompt.text == "長い　その２")
        await pilot.press("enter")
        await answered(pilot)
        assert app.panes[0].conversation.last_prompt == "長い　その２"
        await pilot.press("f12")
        await until(pilot, lambda: isinstance(app.focused, SafeInput))
        field = app.focused
        assert isinstance(field, SafeInput)
        for character in "長い　その":
            app.post_message(events.Key(character, character))
        await until(pilot, lambda: field.value == "長い　その")


async def test_a_blank_prompt_is_not_sent() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        await ask(pilot, "  \n ")
        assert app.panes[0].conversation.turns == []


async def test_up_brings_earlier_prompts_back_and_down_returns_to_the_draft() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        await ask(pilot, "first")
        await ask(pilot, "second")
        box = app._prompt
        await write(pilot, "draft")
        await pilot.press("up")
        assert box.text == "second"
        await pilot.press("up", "up")
        assert box.text == "first"
        await pilot.press("down", "down")
        assert box.text == "draft"


async def test_up_inside_a_long_prompt_only_moves() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        await ask(pilot, "first")
        await write(pilot, "one\ntwo")
        await pilot.press("up")
        assert app._prompt.text == "one\ntwo"
        await pilot.press("up")
        assert app._prompt.text == "first"


async def test_the_box_grows_with_its_text_to_six_lines() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        heights = []
        for _ in range(9):
            await pilot.press("x", "ctrl+j")
            await pilot.pause()
            heights.append(app._prompt.content_size.height)
        assert heights[0] == 2
        assert max(heights) == heights[-1] == 6


async def test_pasted_lines_are_kept() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        app.post_message(events.Paste("def f():\n    return 1\n"))
        await pilot.pause()
        await pilot.press("enter")
        await pilot.pause()
        assert app.panes[0].conversation.last_prompt == "def f():\n    return 1\n"


@pytest.mark.parametrize("pasted", ["one\rtwo\r\rfour", "one\r\ntwo\r\n\r\nfour"])
async def test_lines_are_pasted_as_lines_however_the_terminal_breaks_them(pasted: str) -> None:
    app = playground_of({"a:x": saying("ok")})
    async with playing(app) as pilot:
        app.post_message(events.Paste(pasted))
        await pilot.pause()
        assert app._prompt.text == "one\ntwo\n\nfour"


async def test_control_characters_in_a_paste_do_not_reach_the_screen() -> None:
    app = playground_of({"a:x": saying("hi")})
    async with playing(app) as pilot:
        app.post_message(events.Paste("a\x1b[31mb\x07c\x9b2J"))
        await pilot.pause()
        screen = screen_of(app)
        assert "\x1b" not in screen
        assert "\x07" not in screen
        assert "\x9b" not in screen


async def test_japanese_is_written_sent_and_shown() -> None:
    app = playground_of({"a:x": saying("こんにちは。", "お元気ですか")})
    async with playing(app) as pilot:
        await ask(pilot, "吾輩は猫である。名前はまだ無い。")
        screen = screen_of(app)
        assert "吾輩は猫である。名前はまだ無い。" in screen
        assert "こんにちは。お元気ですか" in screen
