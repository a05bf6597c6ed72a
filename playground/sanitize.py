"""Make untrusted text safe to write to a terminal.

Whatever a model, a server or a file says is data. A terminal obeys control characters (an escape
sequence can rename the window, write to the clipboard or redraw what is above it), and the
bidirectional controls of Unicode make a line read differently from what it is. None of them is
thrown away, because hiding what a model said would be a lie too: each is replaced by something
that can be seen.

The replacement looks at one character at a time, so it does not matter where a stream was cut:
`make_safe(a) + make_safe(b) == make_safe(a + b)`. The one exception is a line ending of two
characters (CR LF) cut in the middle; `split_pending` is for readers of streams, who must hold
the CR back.
"""

from __future__ import annotations

import json
import re
from typing import Final

__all__ = ["HALF", "encodable", "escape_unprintable", "make_safe", "split_pending"]

_UNSAFE: Final = re.compile(
    "\r\n"
    "|[\x00-\x08\x0b-\x1f\x7f-\x9f"  # C0 without \t and \n, DEL, C1
    "\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069"  # marks, embeddings, overrides and isolates
    "\u2028\u2029"  # line ends that only some programs take for line ends
    "\u206a-\u206f\ufff9-\ufffb"  # deprecated format characters, interlinear annotation
    "\U000e0000-\U000e007f"  # tags: whole sentences can hide in them
    "\ud800-\udfff]"  # half a surrogate pair cannot be encoded, so it would end the program
)

HALF: Final = re.compile("[\ud800-\udfff]")
"""Half a surrogate pair, which JSON may hold and UTF-8 may not."""

_DELETE: Final = 0x7F


def encodable(text: str) -> str:
    """Text that can be written as UTF-8: half a character stands as `make_safe` shows it."""
    return text if text.isascii() else HALF.sub("\N{REPLACEMENT CHARACTER}", text)


def _visible(match: re.Match[str]) -> str:
    found = match.group()
    if found == "\r\n":
        return "\n"
    code = ord(found)
    if code < 0x20:
        return chr(0x2400 + code)  # the Control Pictures block mirrors C0: ␀ ␁ ... ␛
    if code == _DELETE:
        return "␡"
    if 0xD800 <= code <= 0xDFFF:
        return "\N{REPLACEMENT CHARACTER}"
    return f"‹U+{code:04X}›"


def make_safe(text: str) -> str:
    r"""Return `text` with every character that a terminal would obey made visible.

    Keeps `\n` and `\t`, turns CR LF into `\n`. Text without such characters, which is nearly
    all of it, costs one pass of a compiled expression and is returned as it is.
    """
    if _UNSAFE.search(text) is None:
        return text
    return _UNSAFE.sub(_visible, text)


def split_pending(text: str) -> tuple[str, str]:
    r"""Split what came from a stream into what can be made safe now and what has to wait.

    Only a CR at the very end waits: the next piece may start with the LF that belongs to it.
    """
    if text.endswith("\r"):
        return text[:-1], "\r"
    return text, ""


def escape_unprintable(text: str) -> str:
    """JSON with what cannot be printed escaped, which it allows in any string.

    It is the same JSON, safe to look at in a terminal, and Japanese stays readable.
    """
    if text.isprintable():
        return text
    return "".join(
        character if character.isprintable() else json.dumps(character)[1:-1] for character in text
    )
