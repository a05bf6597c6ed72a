"""A page of its own with all that came of a sweep: one file, nothing fetched, nothing sent.

Its script and style are ours (`browser/`) and stand in it; the data stand beside them as JSON that
is no script. Texts of models and people reach the document as text nodes only. A policy in the page
(Content-Security-Policy) allows exactly this script and this style, by their sums, and nothing
else: no picture, no connection, no form, no other script, even if one got in.
"""

from __future__ import annotations

import base64
import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from functools import cache
from html import escape
from importlib.resources import files
from typing import Any, Final

from playground.sweep.report.content import Content
from playground.sweep.result import SweepResult

_SCRIPTS: Final = (
    "elements.js", "data.js", "state.js", "scales.js", "curves.js", "front.js", "map.js",
    "table.js", "answers.js", "comparison.js", "receipts.js", "main.js",
)  # fmt: skip
"""The parts of the script, in the order in which they use each other."""

# What could end the element that the data stand in, or is no text in some encoding.
_UNSAFE: Final = re.compile("[<>&\u2028\u2029\ud800-\udfff]")


def pieces(result: SweepResult, content: Content | None = None) -> Iterator[str]:
    """The page of a sweep, a piece at a time; blocks. `content` is made where it is not given."""
    content = content or Content.of(result)
    script, style = _script(), _part("page.css")
    policy = (
        f"default-src 'none'; script-src '{_sum(script)}'; style-src '{_sum(style)}'; "
        "base-uri 'none'; form-action 'none'"
    )
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="referrer" content="no-referrer">\n'
        '<meta name="generator" content="chat-playground">\n'
        f"<title>{escape(content.head['title'])} · sweep {escape(result.id)}</title>\n"
        f"<style>{style}</style>\n</head>\n<body>\n"
        "<noscript><p>This page draws itself: it needs JavaScript, and nothing from anywhere else."
        "</p></noscript>\n"
    )
    yield '<script type="application/json" id="data-head">'
    yield _json(content.head)
    yield '</script>\n<script type="application/json" id="data-cells">'
    yield from _list(content.cells())
    yield '</script>\n<script type="application/json" id="data-answers">'
    yield from _list(content.answers())
    yield f"</script>\n<script>{script}</script>\n</body>\n</html>\n"


def _list(items: Iterable[Any]) -> Iterator[str]:
    """A JSON list, an item at a time."""
    before = "[\n"
    for item in items:
        yield f"{before}{_json(item)}"
        before = ",\n"
    yield "[]" if before == "[\n" else "\n]"


def _json(value: Any) -> str:
    """JSON that stays inside of a script element, whatever its texts say."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    return _UNSAFE.sub(lambda found: f"\\u{ord(found.group()):04x}", text)


@cache
def _script() -> str:
    """The whole script: its parts share one scope of their own."""
    return '"use strict";\n(() => {\n' + "\n".join(map(_part, _SCRIPTS)) + "\n})();\n"


@cache
def _part(name: str) -> str:
    return files("playground.sweep.report").joinpath("browser", name).read_text(encoding="utf-8")


def _sum(text: str) -> str:
    digest = hashlib.sha256(text.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"
