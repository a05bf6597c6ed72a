"""What is read as Markdown, and how deep."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from playground.tui.transcript.blocks import CodeBlock, RuleBlock, TableBlock, TextBlock
from playground.tui.transcript.part import Part
from playground.tui.transcript.scanner import MarkdownScanner
from tests.tui.transcript.transcripts import TranscriptApp, answer, rows_of, settle, visible

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
