"""What a flush costs hangs on what is visible, and not on what was said before."""

from __future__ import annotations

import pytest

from tests.tui.transcript.transcripts import SAMPLE, TranscriptApp, rows_of, settle, visible

LONG = {
    "code": ("```python\n", "x = compute(1)  # step {}\n"),
    "code in an item": ("1. Do:\n\n   ```python\n", "   x = compute(1)  # step {}\n"),
    "list": ("", "- item {} with *some* text\n"),
    "nested list": ("- a\n", "  - item {} with text\n"),
    "table": ("| a | b |\n|---|---|\n", "| {:05} | cell |\n"),
    "quote": ("", "> line {} of a quote\n"),
    "lines": ("", "line {} of a paragraph\n"),
    "one line": ("", "sentence {} of a line that never ends. "),
    "one word": ("", "{:x}abcdefgh"),
    "no space": ("", "日本語の文章には空白がない{}"),
    "blank lines": ("", "\n \n"),
    "stars": ("", "**"),
    "dashes": ("", "-----"),
}


@pytest.mark.parametrize("kind", LONG)
async def test_a_flush_costs_the_same_for_any_length(kind: str) -> None:
    begin, line = LONG[kind]
    app = TranscriptApp()
    async with app.run_test(size=(60, 20)) as pilot:
        transcript = app.transcript
        handle = transcript.begin_answer()
        transcript.append(handle, begin)

        def most_rows(first: int) -> int:
            """Rows laid out by the most expensive of a hundred and fifty flushes."""
            transcript.append(handle, "".join(line.format(n) for n in range(first - 1000, first)))
            transcript.flush()
            most = 0
            for number in range(first, first + 150):
                before = transcript.layout_counts[1]
                transcript.append(handle, line.format(number))
                transcript.flush()
                most = max(most, transcript.layout_counts[1] - before)
            return most

        early = most_rows(1000)
        transcript.append(handle, "".join(line.format(n) for n in range(1150, 9000)))
        transcript.flush()
        await settle(pilot, transcript)
        assert most_rows(10_000) <= max(early * 1.2, 40)


async def test_a_thousand_earlier_messages_cost_what_is_visible() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(60, 20)) as pilot:
        transcript = app.transcript
        for number in range(500):
            transcript.add_message("user", f"prompt {number}", title="You")
            transcript.add_message("assistant", SAMPLE, title="model")
        transcript.flush()
        assert transcript.layout_counts[0] < 40
        assert visible(transcript)[-1] == "Done."
        await settle(pilot, transcript)
        transcript.scroll_home(animate=False)
        await pilot.pause()
        assert visible(transcript)[:5] == ["", "You", "prompt 0", "", "model"]
        assert len(rows_of(transcript)) == transcript.virtual_size.height
