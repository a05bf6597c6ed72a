"""What is selected and copied is the text, without the breaks of its rows."""

from __future__ import annotations

from textual.geometry import Offset
from textual.selection import Selection

from tests.tui.transcript.transcripts import (
    SAMPLE,
    TranscriptApp,
    answer,
    rows_of,
    settle,
    strips_of,
)


async def test_a_selection_gives_back_the_text_without_our_line_breaks() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(31, 30)) as pilot:
        transcript = app.transcript
        prose = "Words that wrap in a narrow pane, then 日本語の文章も折り返します。"
        code = "    value = function(argument, another)"
        answer(transcript, f"{prose}\n\n- **item** one\n- two\n\n```\n{code}\n```\n")
        await settle(pilot, transcript)
        everything = Selection(Offset(0, 0), Offset(99, transcript.virtual_size.height))
        assert transcript.get_selection(everything) == (
            f"\n{prose}\n\nitem one\ntwo\n\n{code}",
            "\n",
        )


async def test_the_mouse_selects_and_copies() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(40, 10)) as pilot:
        transcript = app.transcript
        answer(transcript, "one two three\n\nfour 日本語 six")
        await settle(pilot, transcript)
        await pilot.mouse_down(transcript, offset=(4, 1))
        await pilot.hover(transcript, offset=(7, 3))
        await pilot.mouse_up(transcript, offset=(7, 3))
        await pilot.pause()
        assert app.screen.get_selected_text() == "two three\n\nfour 日本"
        selected = app.screen.get_component_rich_style("screen--selection").bgcolor
        shown = [
            "".join(s.text for s in strip if s.style is not None and s.style.bgcolor == selected)
            for strip in strips_of(transcript)
        ]
        assert shown == ["", "two three", "", "four 日本"]


async def test_a_selection_does_not_outlive_its_rows() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(40, 10)) as pilot:
        transcript = app.transcript
        answer(transcript, "one two three")
        transcript.text_select_all()
        await pilot.pause()
        assert app.screen.get_selected_text() == "one two three"
        await pilot.resize_terminal(30, 10)
        await pilot.pause()
        assert app.screen.get_selected_text() is None


async def test_padding_moves_neither_the_text_nor_the_selection() -> None:
    class Padded(TranscriptApp):
        CSS = "Transcript { padding: 0 2 0 3; }"

    app = Padded()
    async with app.run_test(size=(40, 10)) as pilot:
        transcript = app.transcript
        answer(transcript, "one two three")
        await settle(pilot, transcript)
        shown = [strip.text for strip in app.screen._compositor.render_strips()]
        assert shown[1].rstrip() == "   one two three"
        assert rows_of(transcript) == ["", "one two three"]
        await pilot.mouse_down(transcript, offset=(7, 1))
        await pilot.hover(transcript, offset=(9, 1))
        await pilot.mouse_up(transcript, offset=(9, 1))
        await pilot.pause()
        assert app.screen.get_selected_text() == "two"
        transcript.styles.border = ("solid", "red")
        await settle(pilot, transcript)
        shown = [strip.text for strip in app.screen._compositor.render_strips()]
        assert shown[2].startswith("│   one two three  ")


async def test_the_source_of_the_last_answer_can_be_copied() -> None:
    app = TranscriptApp()
    async with app.run_test():
        transcript = app.transcript
        assert transcript.last_answer_text() == ""
        answer(transcript, "old")
        handle = transcript.begin_answer()
        transcript.append(handle, SAMPLE + "\x1b[0m")
        transcript.add_message("user", "next")
        assert transcript.last_answer_text() == SAMPLE + "\x1b[0m"
