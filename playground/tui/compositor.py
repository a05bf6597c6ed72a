"""Draws of a frame only what changed in it.

Textual finds out which spans of which rows changed, and then has every widget drawn that touches
the rectangle around all of them, whether or not a changed span is under it or another widget lies
over it. Where a key changes a knob on the left and a figure on the right, that is the whole screen:
28 widgets for the five that changed, and two thirds of what a key takes.

It stands on parts of Textual that are not its public interface; the version of Textual is fixed in
`pyproject.toml`, and the tests hold each frame against the one that Textual itself makes.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

# The same names as Textual has for them: chops are the parts of a row between two cuts.
from textual._compositor import ChopsUpdate, Compositor
from textual.geometry import Region
from textual.strip import Strip

__all__ = ["SpanCompositor"]


class SpanCompositor(Compositor):
    """Asks those widgets alone that are seen in a changed span, for the rows of those spans."""

    def render_partial_update(self) -> ChopsUpdate | None:
        """The changed spans as they look now, or `None` where nothing changed."""
        screen = self.size.region
        changed = [region.intersection(screen) for region in self._dirty_regions]
        self._dirty_regions.clear()
        spans = list(self._regions_to_spans(region for region in changed if region))
        if not spans:
            return None
        cuts = self.cuts
        chops: list[dict[int, Strip | None]] = [dict.fromkeys(row[:-1]) for row in cuts]
        self._fill(chops, self._wanted(spans))
        return ChopsUpdate(chops, spans, [row[1:] for row in cuts])

    def _wanted(self, spans: Iterable[tuple[int, int, int]]) -> dict[int, set[int]]:
        """By row, where the chops begin that a span meets."""
        wanted: dict[int, set[int]] = {}
        for y, start, end in spans:
            wanted.setdefault(y, set()).update(
                left for left, right in pairwise(self.cuts[y]) if left < end and right > start
            )
        return wanted

    def _fill(self, chops: list[dict[int, Strip | None]], wanted: dict[int, set[int]]) -> None:
        """Draw the wanted chops, each by the foremost widget there: they come front to back."""
        for widget, (region, clip) in self.visible_widgets.items():
            shown = region.intersection(clip)
            left, right = shown.column_span
            rows = [
                y
                for y in shown.line_range
                if y in wanted and any(left <= start < right for start in wanted[y])
            ]
            if not rows:
                continue
            # Rows between those come along: they are kept drawn, and one more call costs more.
            top = rows[0]
            strips = widget.render_lines(
                Region(left - region.x, top - region.y, shown.width, rows[-1] + 1 - top)
            )
            for y in rows:
                inside = [cut for cut in self.cuts[y] if left <= cut <= right]
                parts = strips[y - top].divide([cut - left for cut in inside[1:]])
                for start, part in zip(inside, parts, strict=False):
                    if start in wanted[y]:
                        chops[y][start] = part
                        wanted[y].discard(start)
                if not wanted[y]:
                    del wanted[y]
            if not wanted:
                return
