"""Pictures are compared by what they show, and not by how their styles happen to be numbered."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import pytest_textual_snapshot  # type: ignore[import-untyped]

_USED = re.compile(r'<text class="terminal-(r\d+)"')
_RULE = re.compile(r"^ *\.terminal-(r\d+) \{ (.*) \}\n?", re.MULTILINE)
_END_OF_STYLES = re.compile(r"\s*</style>")

_without_id = pytest_textual_snapshot.normalize_svg


def canonical(svg: str) -> str:
    """The same picture with its styles numbered in the order in which text wears them.

    rich numbers the styles of blank cells too, which it does not draw; and now and then Textual
    gives those another colour of text, so that two equal pictures had other numbers.
    """
    svg = _without_id(svg)
    numbers = {name: f"r{at}" for at, name in enumerate(dict.fromkeys(_USED.findall(svg)), 1)}
    rules = {name: css for name, css in _RULE.findall(svg) if name in numbers}
    written = "\n".join(f".terminal-{numbers[name]} {{ {rules[name]} }}" for name in numbers)
    svg = _RULE.sub("", svg)
    svg = _USED.sub(lambda found: f'<text class="terminal-{numbers[found[1]]}"', svg)
    # A stored picture is numbered again when it is read: the second time must change nothing.
    return _END_OF_STYLES.sub(lambda _found: f"\n{written}\n</style>", svg, count=1)


@pytest.fixture(autouse=True, scope="session")
def _canonical_pictures() -> Iterator[None]:
    pytest_textual_snapshot.normalize_svg = canonical
    yield
    pytest_textual_snapshot.normalize_svg = _without_id
