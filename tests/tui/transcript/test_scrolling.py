"""The end is followed until the reader scrolls up; sizes and themes keep the place."""

from __future__ import annotations

import pytest

from tests.tui.transcript.transcripts import (
    SAMPLE,
    TranscriptApp,
    answer,
    rows_of,
    settle,
    strips_of,
    visible,
)


async def test_the_end_is_followed_until_the_reader_scrolls_up() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(40, 10)) as pilot:
        transcript = app.transcript
        transcript.focus()
        handle = transcript.begin_answer()
        for number in range(50):
            transcript.append(handle, f"line {number}\n\n")
            transcript.flush()
            assert transcript.scroll_y == transcript.max_scroll_y
        await settle(pilot, transcript)
        transcript.scroll_relative(y=-15, animate=False)
        await pilot.pause()
        assert not transcript.following
        seen = visible(transcript)
        for number in range(50, 80):
            transcript.append(handle, f"line {number}\n\n")
            transcript.flush()
        await settle(pilot, transcript)
        assert visible(transcript) == seen
        await pilot.press("end")
        await pilot.pause(0.4)
        assert transcript.following
        transcript.append(handle, "the end")
        transcript.finish(handle)
        assert visible(transcript)[-1] == "the end"


@pytest.mark.parametrize(("key", "follows"), [("pageup", False), ("home", False), ("end", True)])
async def test_a_stream_does_not_swallow_a_key_that_scrolls(key: str, follows: bool) -> None:
    app = TranscriptApp()
    async with app.run_test(size=(40, 10)) as pilot:
        transcript = app.transcript
        transcript.focus()
        handle = transcript.begin_answer()
        transcript.append(handle, "line\n\n" * 50)
        transcript.flush()
        await settle(pilot, transcript)
        if follows:
            transcript.scroll_home(animate=False)
            await pilot.pause()
        await pilot.press(key)
        for _ in range(40):
            transcript.append(handle, "line\n\n")
            transcript.flush()
            await pilot.pause(0.01)
        await pilot.pause(0.5)
        assert transcript.following is follows
        assert (transcript.scroll_y == transcript.max_scroll_y) is follows


async def test_a_new_prompt_can_bring_the_end_back() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(40, 10)) as pilot:
        transcript = app.transcript
        answer(transcript, "line\n\n" * 50)
        transcript.scroll_home(animate=False)
        await pilot.pause()
        transcript.add_message("user", "next")
        transcript.follow()
        assert transcript.following
        assert visible(transcript)[-1] == "next"


@pytest.mark.parametrize("width", [30, 50, 79])
async def test_another_width_keeps_the_reading_position(width: int) -> None:
    app = TranscriptApp()
    async with app.run_test(size=(60, 16)) as pilot:
        transcript = app.transcript
        for number in range(120):
            words = " ".join(f"word-{number}-{n}" for n in range(number % 40))
            transcript.add_message("user", f"Prompt {number} {words}")
            transcript.add_message("assistant", f"Answer {number}\n\n{words}\n\n" + SAMPLE)
        transcript.flush()
        await settle(pilot, transcript)
        row = rows_of(transcript).index("Answer 60")
        transcript.scroll_to(y=row, animate=False)
        await pilot.pause()
        assert visible(transcript)[0] == "Answer 60"
        await pilot.resize_terminal(width + 1, 16)
        await pilot.pause()
        assert visible(transcript)[0] == "Answer 60"
        await settle(pilot, transcript)
        assert visible(transcript)[0] == "Answer 60"
        assert not transcript.following
        assert len(rows_of(transcript)) == transcript.virtual_size.height


async def test_another_size_keeps_the_end_in_view() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(60, 16)) as pilot:
        transcript = app.transcript
        for _ in range(20):
            transcript.add_message("assistant", SAMPLE)
        transcript.flush()
        for size in ((40, 10), (100, 30), (20, 40), (60, 3)):
            await pilot.resize_terminal(*size)
            await settle(pilot, transcript)
            assert transcript.following
            assert visible(transcript)[-1] == "Done."


async def test_another_theme_changes_colours_without_laying_out_again() -> None:
    app = TranscriptApp()
    async with app.run_test() as pilot:
        transcript = app.transcript
        answer(transcript, SAMPLE)
        await settle(pilot, transcript)
        before, counts = strips_of(transcript), transcript.layout_counts
        app.theme = "textual-light"
        await pilot.pause()
        after = strips_of(transcript)
        assert [strip.text for strip in before] == [strip.text for strip in after]
        assert all(a != b for a, b in zip(before, after, strict=True))
        assert transcript.layout_counts == counts


async def test_messages_can_be_taken_out() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(40, 10)) as pilot:
        transcript = app.transcript
        first = transcript.add_message("user", "one", title="You")
        second = answer(transcript, "two")
        running = transcript.begin_answer(title="m")
        transcript.append(running, "three")
        assert transcript.answers == [second, running]
        transcript.remove_message(first)
        assert rows_of(transcript) == ["", "two", "", "m"]
        transcript.flush()
        transcript.remove_message(running)
        await settle(pilot, transcript)
        assert rows_of(transcript) == ["", "two"]
        assert transcript.messages == [second]
        transcript.clear()
        await pilot.pause()
        assert rows_of(transcript) == []
        answer(transcript, "four")
        assert rows_of(transcript) == ["", "four"]
