"""`playground ask` on a terminal: columns, wide characters, and nothing that the terminal obeys."""

from __future__ import annotations

import itertools
import re
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pexpect
import psutil
import pyte
import pytest

from tests.cli.conftest import COMMAND

ROWS, COLUMNS = 12, 60


@dataclass
class Seen:
    """What a terminal shows at the end, what has scrolled away above it, and what it was sent."""

    lines: list[str]
    raw: str
    exit_code: int | None


def _text(row: Any, columns: int) -> str:
    return "".join(row[place].data for place in range(columns)).rstrip()


def _open(*arguments: str, size: tuple[int, int] = (ROWS, COLUMNS), **more: Any) -> Any:
    return pexpect.spawn(
        COMMAND[0],
        [*COMMAND[1:], *arguments],
        dimensions=size,
        encoding="utf-8",
        timeout=30,
        **more,
    )


def _seen(child: Any, size: tuple[int, int]) -> Seen:
    child.expect(pexpect.EOF)
    raw = child.before
    child.close()
    screen = pyte.HistoryScreen(size[1], size[0], history=100_000)
    pyte.Stream(screen).feed(raw)
    lines = [_text(row, size[1]) for row in screen.history.top]
    lines += [_text(screen.buffer[row], size[1]) for row in range(size[0])]
    while lines and not lines[-1]:
        lines.pop()
    return Seen(lines, raw, child.exitstatus)


@pytest.fixture
def terminal() -> Iterator[Callable[..., Seen]]:
    children: list[Any] = []

    def run(*arguments: str, size: tuple[int, int] = (ROWS, COLUMNS)) -> Seen:
        children.append(_open(*arguments, size=size))
        return _seen(children[-1], size)

    yield run
    for child in children:
        child.close(force=True)


def _columns(lines: list[str]) -> list[list[str]]:
    """The texts of each column, without the ends of lines."""
    rows = [[part.strip() for part in line.split("│")] for line in lines if "│" in line]
    return [list(column) for column in zip(*rows, strict=True)]


def test_two_answers_stand_side_by_side(terminal: Callable[..., Seen]) -> None:
    prompt = "日本語のテキストは幅が二倍です。 and plain words after it to wrap the line"
    seen = terminal(
        "ask", "-m", "scripted:echo", "-m", "scripted:lorem", "--max-length", "90", prompt
    )
    left, right = _columns(seen.lines)
    assert (left[0], right[0]) == ("scripted:echo", "scripted:lorem")
    text = "".join(left[2:])
    assert text.replace(" ", "").startswith(prompt.replace(" ", "") + "[stop,")
    words = " ".join(" ".join(right[2:]).split())
    assert words.startswith("The quick brown fox")
    assert words.count("quick") == 5
    assert "[length, 90 tokens" in words
    assert seen.exit_code == 0
    places = {line.index("│") for line in seen.lines if "│" in line and line.isascii()}
    assert len(places) <= 1


def test_columns_stay_in_place_beside_wide_characters(terminal: Callable[..., Seen]) -> None:
    seen = terminal("ask", "-m", "scripted:echo", "-m", "scripted:echo", "漢字" * 40)
    screen = pyte.Screen(COLUMNS, 40)
    pyte.Stream(screen).feed(seen.raw)
    separators = {
        place
        for row in range(screen.lines)
        for place in range(COLUMNS)
        if screen.buffer[row][place].data == "│"
    }
    assert len(separators) == 1


def test_a_long_answer_beside_a_short_one_loses_nothing(terminal: Callable[..., Seen]) -> None:
    """Far more rows than the screen has, at very different lengths."""
    seen = terminal(
        "ask", "-m", "scripted:lorem", "-m", "scripted:echo", "--max-length", "2000", "short"
    )
    left, right = _columns(seen.lines)
    words = " ".join(left[2:]).split("[length")[0].split()
    assert words == list(itertools.islice(itertools.cycle(words[:19]), 2000))
    assert right[2] == "short"


def test_one_answer_streams_plainly(terminal: Callable[..., Seen]) -> None:
    seen = terminal("ask", "-m", "scripted:echo", "hello there")
    assert seen.lines[0].endswith("max_length = 512 (not set by you)")
    assert seen.lines[1] == "hello there"
    assert seen.lines[2].startswith("scripted:echo: stop, 2 tokens")
    assert "\x1b" not in seen.raw


@pytest.mark.parametrize("count", [1, 2])
def test_a_model_cannot_command_the_terminal(terminal: Callable[..., Seen], count: int) -> None:
    attack = "\x1b]0;owned\x07 \x9b31m \x1b[2J red\rover \u202egnp"
    seen = terminal("ask", *["-m", "scripted:echo"] * count, attack)
    assert not re.search(
        "\x1b\\]|\x9b|\x1b\\[2J|\x07|\u202e|\r(?!\n)", seen.raw.replace("\r\r\n", "\n")
    )
    assert "␛]0;owned␇" in "".join(seen.lines)
    assert "␍over" in seen.raw


def test_too_narrow_for_columns_answers_come_one_after_the_other(
    terminal: Callable[..., Seen],
) -> None:
    seen = terminal(*["ask", "-m", "scripted:echo", "-m", "scripted:echo", "hi"], size=(ROWS, 30))
    assert seen.lines.count("=== scripted:echo ===") == 2


def test_forty_columns_are_enough_for_two(terminal: Callable[..., Seen]) -> None:
    seen = terminal("ask", "-m", "scripted:echo", "-m", "scripted:echo", "hi", size=(ROWS, 40))
    assert _columns(seen.lines)[0][2] == "hi"
    assert max(map(len, seen.lines)) <= 40


def test_ctrl_c_keeps_what_came_and_leaves_the_terminal_clean() -> None:
    size = (ROWS, 120)
    child = _open(
        *["ask", "-m", "demo:small", "-m", "scripted:echo", "-t", "1.5", "--max-length", "1500"],
        "Tell me a story",
        size=size,
    )
    try:
        child.expect("Tell me a story")
        workers = psutil.Process(child.pid).children(recursive=True)
        child.sendintr()
        seen = _seen(child, size)
    finally:
        child.close(force=True)
    assert seen.exit_code in (130, 0)  # It may have been the quicker.
    assert "Traceback" not in seen.raw
    assert not any(line.endswith("running]") for line in seen.lines)
    _, alive = psutil.wait_procs(workers, timeout=10)
    assert not alive


def test_a_key_is_typed_unseen() -> None:
    child = _open("key", "openai")
    try:
        child.expect("API key")
        child.sendline("sk-planted-0123456789")
        child.expect("Kept in")
        child.expect(pexpect.EOF)
        assert "planted" not in child.before
    finally:
        child.close(force=True)
    assert child.exitstatus == 0


@pytest.mark.parametrize("arguments", [(), ("-m", "demo:tiny")])
def test_a_screen_whose_standard_error_goes_elsewhere_is_not_opened_into_that(
    tmp_path: Path, arguments: tuple[str, ...]
) -> None:
    file = tmp_path / "errors.txt"
    command = shlex.join([*COMMAND, *arguments])
    child = pexpect.spawn("/bin/sh", ["-c", f"{command} 2>{file}"], timeout=30)
    child.expect(pexpect.EOF)
    child.close()
    assert child.exitstatus == 2
    assert file.read_text() == (
        "Error: The screen is drawn on standard error, and that is not a terminal. "
        "Leave out the 2> of the command.\n"
    )
