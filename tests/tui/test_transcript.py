"""What a reader of a transcript can rely on."""

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
import unicodedata
from typing import TYPE_CHECKING

import pyte
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from rich.cells import cell_len, split_graphemes
from textual.app import App, ComposeResult
from textual.geometry import Offset
from textual.selection import Selection

from playground.tui.transcript import MessageHandle, Transcript
from playground.tui.transcript.blocks import CodeBlock, RuleBlock, TableBlock, TextBlock
from playground.tui.transcript.part import Part
from playground.tui.transcript.scanner import MarkdownScanner
from playground.tui.transcript.wrap import cells, wrap

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from textual.pilot import Pilot
    from textual.strip import Strip

HOSTILE = (
    "\x1b[2J\x1b]0;title\x07 \x9b31m \x00\x7f \u202egnp.exe [red]no[/red] [@click=app.quit]x[/] "
    "&#27;[31m &#x202E; `\x1b[1m` [text](http://a.b/\x1b]8;;x) **\x1bP** <script>\n"
    "```\x1b[1mpython\nprint('\x1b[31m')\n```\n| \x1b[0m |\n|---|\n| \x1b[1m |\n"
)

SAMPLE = """\
# Title

A paragraph with **bold**, *em*, `code` and a [link](http://example.com/x).
Second line.

1. First
2. Second
   - nested

   ```python
   def f(x):
       return x
   ```

> quoted
> - item

| Name | Value |
|:-----|------:|
| a    | 1     |
| 日本 | 22    |

---
Done.
"""


class TranscriptApp(App[None]):
    def compose(self) -> ComposeResult:
        yield Transcript()

    @property
    def transcript(self) -> Transcript:
        return self.query_one(Transcript)


def strips_of(transcript: Transcript) -> list[Strip]:
    top = transcript.scroll_offset.y
    return [transcript.render_line(y - top) for y in range(transcript.virtual_size.height)]


def rows_of(transcript: Transcript) -> list[str]:
    return [strip.text.rstrip() for strip in strips_of(transcript)]


def visible(transcript: Transcript) -> list[str]:
    height = transcript.scrollable_content_region.height
    return [transcript.render_line(y).text.rstrip() for y in range(height)]


def answer(transcript: Transcript, text: str) -> MessageHandle:
    handle = transcript.begin_answer()
    transcript.append(handle, text)
    transcript.finish(handle)
    return handle


async def settle(pilot: Pilot[None], transcript: Transcript) -> None:
    for _ in range(400):
        if transcript.settled:
            break
        await pilot.pause(0.03)
    assert transcript.settled
    await pilot.pause()


# Streaming


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
from tests.tui.test_transcript import SAMPLE, TranscriptApp, visible

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


# Markdown

REFERENCE = (
    MarkdownIt("commonmark", {"html": False}).enable("table").disable(["reference", "html_block"])
)
LINES = st.sampled_from(
    [
        *(
            "word",
            "two words",
            "- a",
            "- b",
            "* c",
            "1. x",
            "2. y",
            "10. z",
            "2) p",
            " 1. s",
            "- - x",
        ),
        *("# H", "## H2 ##", "> q", ">", "> - i", "- > q", "   - n", "  - m", "    - k", "-", "1."),
        *(
            "   cont",
            "  cont",
            "    deep",
            "      deeper",
            "     code",
            "\ttab",
            "---",
            "***",
            "===",
        ),
        *("```", "```py", "  ```", "~~~", "- ```", "| a | b |", "|---|---|", "| c |", "a|b|c"),
        *("---|---", "", "", "", ""),
    ]
)


def reference_blocks(text: str) -> list[tuple[str, str, str]]:
    """(kind, containers, text) of each leaf, as markdown-it sees it."""
    blocks: list[tuple[str, str, str]] = []
    containers: list[str] = []
    cells_of_row: list[str] = []
    tokens = REFERENCE.parse(text)
    for before, token in itertools.pairwise([tokens[0], *tokens] if tokens else []):
        where = "".join(containers)
        if token.type in ("blockquote_open", "list_item_open"):
            containers.append(">" if token.type == "blockquote_open" else "*")
        elif token.type in ("blockquote_close", "list_item_close"):
            containers.pop()
        elif token.type == "inline" and before.type == "paragraph_open":
            lines = [line.strip() for line in token.content.split("\n")]
            blocks.append(("text", where, "\n".join(lines)))
        elif token.type == "inline" and before.type == "heading_open":
            level = min(3, int(before.tag[1]))
            lines = [line.strip() for line in token.content.split("\n")]
            blocks.append((f"heading-{level}", where, " ".join(lines)))
        elif token.type == "inline":
            cells_of_row.append(token.content)
        elif token.type == "tr_close":
            blocks.append(("row", where, "|".join(cells_of_row)))
            cells_of_row.clear()
        elif token.type == "hr":
            blocks.append(("rule", where, ""))
        elif token.type in ("fence", "code_block"):
            blocks.append(("code", where, token.content.rstrip("\n").expandtabs(4)))
    return blocks


def our_blocks(text: str) -> list[tuple[str, str, str]]:
    part = Part("answer", MarkdownScanner())
    part.append(text)
    part.close()
    part.absorb(80)
    blocks: list[tuple[str, str, str]] = []
    for block in part.blocks:
        where = "".join(">" if run[0].startswith("▌") else "*" for run in block.prefix.rest)
        match block:
            case TextBlock(text="", styles=()):
                pass  # an item that is only a bullet
            case TextBlock():
                blocks.append((block.styles[0] if block.styles else "text", where, block.text))
            case CodeBlock():
                code = "\n".join(block.lines).rstrip("\n").expandtabs(4)
                blocks.append(("code", where, code))
            case TableBlock():
                blocks += [("row", where, "|".join(record)) for record in block.records]
            case RuleBlock():
                blocks.append(("rule", where, ""))
    return blocks


@settings(deadline=None, max_examples=500)
@given(st.lists(LINES, max_size=10).map("\n".join))
def test_blocks_are_those_that_markdown_it_finds(text: str) -> None:
    assert our_blocks(text) == reference_blocks(text)


@pytest.mark.parametrize("mark", ["> ", "- ", "1. ", ">"])
def test_nobody_can_nest_deeper_than_a_screen(mark: str) -> None:
    part = Part("answer", MarkdownScanner())
    part.append((mark * 700 + "text\n") * 5)
    part.close()
    part.absorb(80)
    assert max(len(block.prefix.rest) for block in part.blocks) <= 20
    assert all(block.lay_out(40) for block in part.blocks)


async def test_numbers_go_on_through_a_list_of_any_length() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(40, 20)):
        transcript = app.transcript
        answer(transcript, "".join("1. item\n" for _ in range(2000)))
        assert visible(transcript)[-1] == "2000. item"


async def test_a_later_row_does_not_move_the_columns_of_a_table() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(60, 20)) as pilot:
        transcript = app.transcript
        handle = transcript.begin_answer()
        transcript.append(handle, "| a | b |\n|---|---|\n" + "| 1 | 2 |\n" * 100)
        transcript.flush()
        await settle(pilot, transcript)
        before = rows_of(transcript)
        transcript.append(handle, "| a much longer cell | 2 |\n")
        transcript.finish(handle)
        await settle(pilot, transcript)
        assert rows_of(transcript)[: len(before)] == before


# Text is data


async def test_nothing_that_a_terminal_obeys_reaches_the_screen() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(70, 40)) as pilot:
        transcript = app.transcript
        transcript.add_message("user", HOSTILE, title=HOSTILE)
        handle = transcript.begin_answer(title=HOSTILE)
        for character in HOSTILE:
            transcript.append_reasoning(handle, character)
            transcript.append(handle, character)
            transcript.flush()
            for strip in strips_of(transcript):
                assert not unsafe_in(strip), strip
        transcript.finish(handle, note=HOSTILE, error=HOSTILE)
        await settle(pilot, transcript)
        for strip in strips_of(transcript):
            assert not unsafe_in(strip), strip


def unsafe_in(strip: Strip) -> list[object]:
    found: list[object] = [
        character
        for character in strip.text
        if unicodedata.category(character) in ("Cc", "Cs") or "\u202a" <= character <= "\u202e"
    ]
    for segment in strip:
        assert segment.style is not None
        found += [name for name in segment.style.meta if name != "offset"]
        found += [segment.style.link] if segment.style.link else []
    return found


async def test_markup_of_rich_and_textual_is_text() -> None:
    app = TranscriptApp()
    async with app.run_test():
        transcript = app.transcript
        text = "[b]bold[/b] [link=http://a.b]x[/link] [@click=app.quit]y[/]"
        transcript.add_message("user", text)
        answer(transcript, text)
        assert rows_of(transcript) == ["", text, "", text]


async def test_a_prompt_is_never_markdown() -> None:
    app = TranscriptApp()
    async with app.run_test():
        transcript = app.transcript
        transcript.add_message("user", "# *a*\n\n1. b\n1. c")
        transcript.flush()
        assert rows_of(transcript) == ["", "# *a*", "", "1. b", "1. c"]


async def test_a_link_shows_where_it_leads() -> None:
    app = TranscriptApp()
    async with app.run_test():
        transcript = app.transcript
        answer(transcript, "[bank](http://evil.example) ![cat](http://e.x/c.png) <http://a.b>")
        assert rows_of(transcript)[1] == (
            "bank (http://evil.example) [cat] (http://e.x/c.png) http://a.b"
        )


# Width

WIDE = "日本語の文章、ｶﾅ。👨‍👩‍👧‍👦👍🏽 e\u0301 한국어 **強調**、`コード` café ❤️ " * 3


@pytest.mark.parametrize("width", [1, 2, 3, 5, 20, 40, 79])
async def test_every_row_is_exactly_as_wide_as_the_pane(width: int) -> None:
    app = TranscriptApp()
    async with app.run_test(size=(width + 1, 30)) as pilot:
        transcript = app.transcript
        transcript.add_message("user", WIDE)
        answer(transcript, SAMPLE + WIDE + "\n\n> - 1. > " + WIDE + "\n\n```\n" + WIDE)
        await settle(pilot, transcript)
        assert {cell_len(strip.text) for strip in strips_of(transcript)} == {width}


# Whole characters: of a joiner that joins nothing, Rich gives another width alone than in a text.
PIECES = ["a", "b", " ", "日", "本", "、", "「", "」", "。", "👨‍👩‍👧‍👦", "e\u0301", "ｶ"]


@given(st.lists(st.sampled_from(PIECES)).map("".join), st.integers(1, 12))
def test_wrapping_keeps_every_character_and_fits(text: str, width: int) -> None:
    pieces = wrap(text, width)
    assert pieces[0].start == 0
    assert pieces[-1].next_start == len(text)
    for piece, following in itertools.pairwise(pieces):
        assert following.start == piece.next_start
    for piece in pieces:
        assert not text[piece.end : piece.next_start].strip(" ")
        shown = text[piece.start : piece.end].rstrip(" ")
        assert cells(shown) <= max(width, 2) or len(split_graphemes(shown)[0]) <= 1


def test_japanese_breaks_anywhere_but_before_closing_punctuation() -> None:
    text = "これは、「日本語」の文です。"
    lines = [text[piece.start : piece.end] for piece in wrap(text, 8)]
    assert lines == ["これは、", "「日本", "語」の文", "です。"]


async def test_a_narrow_pane_shows_a_wide_table_cell_by_cell() -> None:
    app = TranscriptApp()
    async with app.run_test(size=(21, 20)):
        transcript = app.transcript
        answer(transcript, "|a name|b name|c name|d name|e|\n|-|-|-|-|-|\n|1|2|3|4|5|\n")
        assert rows_of(transcript)[1:6] == [
            "a name: 1",
            "b name: 2",
            "c name: 3",
            "d name: 4",
            "e: 5",
        ]


# Cost


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


# Scrolling


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


# Selection and copy


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
