"""The figures under a pane. They stay after the answer, until the next one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from rich.cells import cell_len
from textual.content import Content
from textual.geometry import Size
from textual.reactive import reactive
from textual.widget import Widget

if TYPE_CHECKING:
    from playground.tui.figures import Figure

__all__ = ["StatusLine"]

_TONES = {
    "": "$foreground 65%",
    "strong": "$foreground",
    "good": "$text-success",
    "warn": "$text-warning",
    "bad": "$text-error",
}
_BETWEEN = " · "


class StatusLine(Widget):
    """Figures in a row, flowing into as many lines as the pane's width makes of them."""

    figures: reactive[tuple[Figure, ...]] = reactive[tuple["Figure", ...]](())

    def show(self, figures: Sequence[Figure], tooltip: str = "") -> None:
        """Replace the figures; `tooltip` is what hovering explains."""
        lines = len(self._flow(self.size.width))
        self.figures = tuple(figures)
        if len(self._flow(self.size.width)) != lines:
            # Laying the screen out again is dear; figures change several times a second.
            self.refresh(layout=True)
        # Content, because a plain string would be read as markup.
        self.tooltip = Content(tooltip) if tooltip else None

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """As many lines as the figures need, and one while there are none."""
        return max(1, len(self._flow(width)))

    def render(self) -> Content:
        """The figures, each in its tone."""
        lines = [
            Content.assemble(
                *_joined((figure.short, _TONES[figure.tone]) for figure in line),
            )
            for line in self._flow(self.size.width)
        ]
        return Content("\n").join(lines)

    def _flow(self, width: int) -> list[list[Figure]]:
        lines: list[list[Figure]] = []
        used = 0
        for figure in self.figures:
            size = cell_len(figure.short)
            if lines and used + len(_BETWEEN) + size <= width:
                lines[-1].append(figure)
                used += len(_BETWEEN) + size
            else:
                lines.append([figure])
                used = size
        return lines


def _joined(parts: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    joined: list[tuple[str, str]] = []
    for part in parts:
        if joined:
            joined.append((_BETWEEN, "$foreground 35%"))
        joined.append(part)
    return joined
