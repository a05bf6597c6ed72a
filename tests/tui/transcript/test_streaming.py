"""An answer that comes in pieces looks as if it had come at once, on a real terminal too."""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import json
import os
import pty
import re
import select
import struct
import subprocess
import sys
import termios
from typing import TYPE_CHECKING

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from playground.tui.transcript.part import Part
from playground.tui.transcript.scanner import MarkdownScanner
from tests.tui.transcript.transcripts import SAMPLE, TranscriptApp, answer, rows_of

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path


async def test_the_tail_is_drawn_when_an_answer_ends() -> None:
    app = TranscriptApp()
    async with app.run_test() as pilot:
        transcript = app.transcript
        handle = transcript.begin_answer(title="demo:small")
        transcript.append(handle, "first **wor")
        assert transcript.flush()
        transcript.append(handle, "d** and the la")
        transcript.append(handle, "st\r")
        transcript.finish(handle, note="stopped", error="the server\nwent away")
        await pilot.pause()
        assert rows_of(transcript) == [
            "",
            "demo:small",
            "first word and the last␍",
            "stopped",
            "the server",
            "went away",
        ]
        assert not transcript.flush()
        assert handle.finished
        with pytest.raises(ValueError, match="finished"):
            transcript.append(handle, "more")
        with pytest.raises(ValueError, match="finished"):
            transcript.append(transcript.add_message("assistant", "complete"), "more")


async def test_what_is_finished_before_the_first_layout_is_drawn_too() -> None:
    class Early(TranscriptApp):
        def on_mount(self) -> None:
            answer(self.transcript, "early")
            self.transcript.add_message("user", "prompt", title="You")

    app = Early()
    async with app.run_test() as pilot:
        await pilot.pause()
        assert rows_of(app.transcript) == ["", "early", "", "You", "prompt"]


LIVE = """
import asyncio, json, pathlib, sys
from tests.tui.transcript.transcripts import SAMPLE, TranscriptApp, visible

class Live(TranscriptApp):
    def on_mount(self):
        self.run_worker(self.stream())

    async def stream(self):
        transcript = self.transcript
        transcript.add_message("user", "prompt", title="You")
        handle = transcript.begin_answer(title="model")
        text = SAMPLE * 3
        for at in range(0, len(text), 7):
            transcript.append(handle, text[at:at + 7])
            transcript.flush()
            await asyncio.sleep(0.004)
            if at % 490 == 0:
                transcript.scroll_relative(y=-4, animate=False)
        transcript.finish(handle, note="done")
        await asyncio.sleep(0.4)
        self.exit(visible(transcript))

rows = Live().run()
pathlib.Path(sys.argv[1]).write_text(json.dumps(rows))
"""


@pytest.mark.parametrize("columns", [30, 72])
def test_a_real_terminal_shows_what_was_drawn(columns: int, tmp_path: Path) -> None:
    """Only what has changed is sent to the terminal, so something could be left out."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    result = tmp_path / "rows.json"
    process = subprocess.Popen(
        [sys.executable, "-c", LIVE, str(result)],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        env=os.environ | {"COLUMNS": str(columns), "LINES": "24", "TERM": "xterm-256color"},
    )
    os.close(slave)
    screen = pyte.Screen(columns, 24)
    stream = pyte.ByteStream(screen)
    shown: list[str] = []
    left = b""
    while process.poll() is None:
        with contextlib.suppress(OSError):  # a terminal whose other end is closed
            if select.select([master], [], [], 0.05)[0]:
                # Textual leaves the alternate screen, which pyte does not know, when it exits.
                output = os.read(master, 1 << 16)
                if not left:
                    output, left, _ = output.partition(b"\x1b[?1049l")
                    stream.feed(re.sub(rb"\x1b\[[<>=?][\d;]*u", b"", output))
                    shown = [line[:-1].rstrip() for line in screen.display]
    os.close(master)
    assert shown == json.loads(result.read_text())


async def test_appending_draws_nothing_until_the_flush() -> None:
    app = TranscriptApp()
    async with app.run_test() as pilot:
        transcript = app.transcript
        handle = transcript.begin_answer()
        await pilot.pause()
        for _ in range(1000):
            transcript.append(handle, "token ")
        assert transcript.layout_counts == (0, 0)
        assert transcript.text_of(handle) == "token " * 1000


async def test_reasoning_stands_above_the_answer_however_late_it_comes() -> None:
    app = TranscriptApp()
    async with app.run_test() as pilot:
        transcript = app.transcript
        handle = transcript.begin_answer(title="model")
        transcript.append(handle, "# Answer")
        transcript.flush()
        transcript.append_reasoning(handle, "# h")
        transcript.flush()
        assert rows_of(transcript) == ["", "model", "# h", "", "Answer"]
        transcript.append_reasoning(handle, "mm\nso")
        transcript.finish(handle)
        await pilot.pause()
        assert rows_of(transcript) == ["", "model", "# hmm", "so", "", "Answer"]
        assert transcript.text_of(handle) == "# Answer"
        assert transcript.reasoning_of(handle) == "# hmm\nso"


FRAGMENTS = st.sampled_from(
    [
        *("word ", "two words. ", "**", "*", "`", "```", "~~~", "\n", "\n\n", "- ", "* ", "1. "),
        *("2) ", "# ", "## ", "> ", "    ", "  ", "---", "===", "\t", "日本語。", "「括弧」", "_"),
        *("👨‍👩‍👧‍👦", "e\u0301", "[x](http://a.b)", "<b>", "&#x202e;", "\x1b[31m", "\r\n", "\r"),
        *("\\", "|", "!", "```python\n", "| a | b |\n|---|:-:|\n", "| c | d |\n", "~~"),
        *("long" * 40, "長" * 90, "so it goes. " * 200, "line\n" * 130, '\n\nx = """\n' * 30),
    ]
)
MARKDOWN = st.lists(FRAGMENTS, max_size=40).map("".join)


def drawn(pieces: Iterable[str], width: int) -> list[object]:
    part = Part("answer", MarkdownScanner())
    for piece in pieces:
        part.append(piece)
        part.absorb(width)
        assert all(block.lay_out(width) for block in part.blocks[part.done :])
    part.close()
    part.absorb(width)
    rows = itertools.chain.from_iterable(block.lay_out(width) for block in part.blocks)
    return [(row.runs, row.lead, row.joint, row.fill) for row in rows]


@settings(deadline=None, max_examples=150)
@given(MARKDOWN, st.data(), st.integers(1, 100))
def test_the_look_of_an_answer_does_not_depend_on_how_it_arrived(
    text: str, data: st.DataObject, width: int
) -> None:
    at_once = drawn([text], width)
    cuts = sorted(data.draw(st.lists(st.integers(0, len(text)), max_size=40)))
    pieces = [text[a:b] for a, b in itertools.pairwise([0, *cuts, len(text)])]
    assert drawn(pieces, width) == at_once
    if len(text) < 300:
        assert drawn(text, width) == at_once


@pytest.mark.parametrize("size", [1, 7, 10_000])
async def test_the_screen_does_not_depend_on_how_an_answer_arrived(size: int) -> None:
    app = TranscriptApp()
    async with app.run_test(size=(60, 30)) as pilot:
        transcript = app.transcript
        handle = transcript.begin_answer()
        for at in range(0, len(SAMPLE), size):
            transcript.append(handle, SAMPLE[at : at + size])
            transcript.flush()
        transcript.finish(handle)
        await pilot.pause()
        assert rows_of(transcript) == [
            "",
            "Title",
            "",
            "A paragraph with bold, em, code and a link",
            "(http://example.com/x).",
            "Second line.",
            "",
            "1. First",
            "2. Second",
            "   • nested",
            "",
            "    python",
            "    def f(x):",
            "        return x",
            "",
            "▌ quoted",
            "▌ • item",
            "",
            "Name   │   Value",
            "───────┼────────",
            "a      │       1",
            "日本   │      22",
            "",
            "─" * 59,
            "",
            "Done.",
        ]
