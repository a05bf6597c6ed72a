"""The sampler chain at one token, stage by stage: how many candidates and how much mass remain."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import zip_longest
from textwrap import wrap
from typing import ClassVar, Final, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from playground.cells import cut, fit
from playground.spelling import in_place
from playground.tui.widgets.candidate_bars import bar_text, share_text
from playground.tui.widgets.drawn_lines import DrawnLines

__all__ = ["ChainTable", "Link"]

_NARROW: Final = 60
"""Columns for which it is laid out before it is known how many there are."""


class Link(NamedTuple):
    """One stage: what switches it on, what it left, and whom it cut.

    `mass` is the share of what came into it that the survivors had (None: not known). `cut` are
    the likeliest of those that it cut, spelled; `chosen_cut` whether the chosen token is one.
    `computed` is false of one that takes more than a distribution: behind it nothing is known.
    """

    name: str
    setting: str
    survivors: int | None
    mass: float | None
    cut: Sequence[str] = ()
    cut_count: int | None = 0
    chosen_cut: bool = False
    computed: bool = True


class ChainTable(DrawnLines):
    """A row for each stage, from the raw distribution to what was drawn from."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "chain--head",
        "chain--name",
        "chain--bar",
        "chain--cut",
        "chain--chosen",
    }

    def __init__(self) -> None:
        super().__init__()
        self._links: Sequence[Link] = ()
        self._why = ""
        self._high = 1

    @property
    def links(self) -> Sequence[Link]:
        """What is drawn."""
        return self._links

    @property
    def why(self) -> str:
        """Why nothing is drawn, or what a stage cannot show."""
        return self._why

    def show(self, links: Sequence[Link], why: str = "") -> None:
        """Show these stages, or say why there are none."""
        before, columns = self._lines(), self._columns(self.size.width)
        self._links, self._why = links, why
        # A stage that a knob switches off leaves its line empty: laying out anew costs more.
        if len(self._lines()) > self._high:
            self._high = len(self._lines())
            self.refresh(layout=True)
        elif columns != self._columns(self.size.width):
            self.refresh()
        else:
            pairs = enumerate(zip_longest(before, self._lines()), start=1)
            changed = [y for y, (old, new) in pairs if old != new]
            if changed:
                self.refresh(*(Region(0, y, self.size.width, 1) for y in changed))
                self._bring_into_view(changed[0])

    def _bring_into_view(self, line: int) -> None:
        """Scroll to what a knob has changed, where there is no room for all stages."""
        room = self.parent
        if isinstance(room, Widget) and room.max_scroll_y:
            room.scroll_to(y=line - 1, animate=False)

    def _lines(self) -> Sequence[object]:
        """What stands in the lines below the head."""
        return self._links or wrap(self._why, self.size.width or _NARROW)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:
        """A line for each stage, and the head."""
        return 1 + self._high

    def render_line(self, y: int) -> Strip:
        """The head, a stage, or why there is none."""
        width, style = self.size.width, self.style_of
        if y == 0:
            name, bar = self._columns(width)
            text = f"{fit('stage', name)} {'left':>9} {fit('mass left', bar + 7)}  "
            who = "who was cut" if cell_len(text) + 11 <= width else "cut"
            segments = [Segment(f"{text}{who}", style("chain--head"))]
        elif y <= len(self._links):
            segments = self._row(self._links[y - 1], width)
        else:
            why = [] if self._links else wrap(self._why, width)
            segments = [Segment(why[y - 1], style("chain--cut"))] if y <= len(why) else []
        return self.drawn(segments, width)

    def _columns(self, width: int) -> tuple[int, int]:
        """Cells of the names and of the bar."""
        longest = max((cell_len(_title(link)) for link in self._links), default=8)
        name = min(longest, max(width // 3, 8))
        return name, max(min(12, (width - name - 34)), 3)

    def _row(self, link: Link, width: int) -> list[Segment]:
        style = self.style_of
        name, bar = self._columns(width)
        left = "?" if link.survivors is None else f"{link.survivors:,}"
        segments = [
            Segment(f"{fit(_title(link), name)} ", style("chain--name")),
            Segment(f"{left:>9} "),
        ]
        if link.mass is None:
            segments.append(Segment(fit("not known" if link.computed else "uncomputed", bar + 7)))
        else:
            segments += [
                Segment(bar_text(link.mass, bar), style("chain--bar")),
                Segment(f"{share_text(link.mass):>7}"),
            ]
        room = width - name - bar - 20
        if link.chosen_cut:
            segments.append(Segment("  ▶ itself", style("chain--chosen")))
            room -= 10
        if room > 3 and (link.cut_count or link.cut):
            segments.append(Segment("  " + cut(_cut_words(link), room), style("chain--cut")))
        return segments


def _title(link: Link) -> str:
    return link.setting or link.name


def _cut_words(link: Link) -> str:
    names = " ".join(map(in_place, link.cut))
    if link.cut_count is None:
        return names
    more = link.cut_count - len(link.cut)
    if not names:
        return f"{more:,}"
    return f"{names} +{more:,}" if more > 0 else names
