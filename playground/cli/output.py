"""Where the command line writes: standard output for answers, standard error for the rest.

What goes to a terminal has every character that the terminal would obey made visible; what goes
to a pipe or a file is left as it is.
"""

from __future__ import annotations

import io
import json
import os
import shutil
import sys
from collections.abc import Iterable
from typing import Any, TextIO

from playground.sanitize import escape_unprintable, make_safe


class ReaderGone(Exception):
    """Whoever read our standard output has closed it, as `| head` does."""


def prepare_streams() -> None:
    """Make every stream usable: one that was closed for us, and one whose encoding is narrow."""
    for name, mode in (("stdin", "r"), ("stdout", "w"), ("stderr", "w")):
        if getattr(sys, name) is None:
            setattr(sys, name, open(os.devnull, mode, encoding="utf-8"))  # noqa: SIM115, PTH123
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")


def emit(text: str) -> None:
    """Write to standard output exactly this, now: our own words and escape sequences."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGone from None


def emit_bytes(pieces: Iterable[bytes]) -> None:
    """Write data that is no text to standard output."""
    try:
        for piece in pieces:
            sys.stdout.buffer.write(piece)
        sys.stdout.flush()
    except BrokenPipeError:
        raise ReaderGone from None


def say(text: str = "", *, end: str = "\n") -> None:
    """Write text, ours or a model's, to standard output."""
    emit(_fit(sys.stdout, text) + end)


def note(text: str) -> None:
    """Write a line about an answer to standard error."""
    try:
        print(_fit(sys.stderr, text), file=sys.stderr, flush=True)
    except BrokenPipeError:
        # Nobody reads our remarks; the answer on standard output may still be wanted.
        sys.stderr = open(os.devnull, "w", encoding="utf-8")  # noqa: SIM115, PTH123


def complain(message: str) -> None:
    """Write an error to standard error."""
    note(f"Error: {message}")


def say_json(value: Any) -> None:
    """Write one line of JSON to standard output.

    What cannot be printed is escaped, which JSON allows in any string: a line is safe to look at
    in a terminal, and still readable Japanese.
    """
    emit(f"{escape_unprintable(json.dumps(value, ensure_ascii=False))}\n")


def abandon_stdout() -> None:
    """Let the interpreter flush into nothing at exit: the pipe's other end is closed."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)


def is_terminal(stream: TextIO) -> bool:
    """Whether somebody may be looking at the stream."""
    return not stream.closed and stream.isatty()


def can_open_terminal() -> bool:
    """Whether there is somebody to type, and a screen: Textual draws on standard error."""
    return all(is_terminal(stream) for stream in (sys.stdin, sys.stdout, sys.stderr))


def terminal_size() -> os.terminal_size:
    """The size of the terminal behind standard output, whatever COLUMNS and LINES claim."""
    try:
        return os.get_terminal_size(sys.stdout.fileno())
    except (OSError, ValueError):
        return shutil.get_terminal_size()


def _fit(stream: TextIO, text: str) -> str:
    return make_safe(text) if is_terminal(stream) else text
