"""Pictures are compared by what they show, and frames with those that Textual would have made.

A picture's styles happen to be numbered one way or another, and only what they show counts. Each
change that any of these tests has drawn is drawn by Textual's own compositor too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
import pytest_textual_snapshot  # type: ignore[import-untyped]
from textual._compositor import ChopsUpdate, Compositor

from playground.tui.compositor import SpanCompositor

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


@pytest.fixture(autouse=True)
def _frames_are_those_of_textual(monkeypatch: pytest.MonkeyPatch) -> None:
    ours = SpanCompositor.render_partial_update

    def held_against_textual(compositor: SpanCompositor) -> ChopsUpdate | None:
        dirty = compositor._dirty_regions.copy()
        update = ours(compositor)
        assert not compositor._dirty_regions
        compositor._dirty_regions.update(dirty)
        assert seen(update) == seen(Compositor.render_partial_update(compositor))
        return update

    monkeypatch.setattr(SpanCompositor, "render_partial_update", held_against_textual)


def seen(update: ChopsUpdate | None) -> list[object]:
    """What of a change is written to the terminal: of each span, the parts that it meets."""
    if update is None:
        return []
    return [
        (
            y,
            x1,
            x2,
            [
                (x, strip)
                for (x, strip), end in zip(
                    update.chops[y].items(), update.chop_ends[y], strict=True
                )
                if x < x2 and end > x1
            ],
        )
        for y, x1, x2 in update.spans
    ]
