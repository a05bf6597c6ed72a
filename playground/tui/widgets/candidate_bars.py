"""The candidates of one token as bars: how likely the model found each, and what was left of it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from itertools import zip_longest
from typing import ClassVar, Final, NamedTuple

from rich.cells import cell_len
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region
from textual.message import Message
from textual.strip import Strip

from playground.cells import cut, fit
from playground.spelling import in_place
from playground.tui.widgets.drawn_lines import DrawnScroll

__all__ = ["Bar", "CandidateBars", "bar_text", "share_text"]

_EIGHTHS: Final = " ▏▎▍▌▋▊▉"
_FULL: Final = "█"
_WIDEST_NAME: Final = 18


class Bar(NamedTuple):
    """One candidate. `drawn` is its probability after the chain; None where that is not known.

    `cut` names the stage that cut it. `rank` is None where the backend does not tell.
    """

    name: str
    token_id: int | None
    rank: int | None
    raw: float
    drawn: float | None
    chosen: bool
    cut: str = ""


class CandidateBars(DrawnScroll, can_focus=True):
    """Two bars a row: raw, and what was drawn from. Enter takes the candidate under the cursor."""

    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "bars--head",
        "bars--raw",
        "bars--drawn",
        "bars--cut",
        "bars--chosen",
        "bars--here",
    }
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up", "move(-1)", "Likelier", show=False),
        Binding("down", "move(1)", "Less likely", show=False),
        Binding("pageup", "move(-10)", "Page up", show=False),
        Binding("pagedown", "move(10)", "Page down", show=False),
        Binding("home", "move(-1000)", "Likeliest", show=False),
        Binding("end", "move(1000)", "Least likely", show=False),
        Binding("enter", "take", "Go on with it", show=False),
    ]

    class Taken(Message):
        """The user wants to go on with this candidate."""

        def __init__(self, bar: Bar) -> None:
            super().__init__()
            self.bar = bar

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._bars: Sequence[Bar] = ()
        self._here = 0
        self._longest = 6
        self._token: object = None
        self._drawn_name = "drawn from"
        self._name_name = "token"

    @property
    def bars(self) -> Sequence[Bar]:
        """What is drawn."""
        return self._bars

    @property
    def here(self) -> Bar | None:
        """The candidate under the cursor."""
        return self._bars[self._here] if self._here < len(self._bars) else None

    def show(
        self,
        bars: Sequence[Bar],
        token: object,
        *,
        drawn: str = "drawn from",
        name: str = "token",
    ) -> None:
        """Show these candidates of a token; the cursor stays only on the same token.

        `drawn` and `name` stand over the second bars and over the candidates.
        """
        before = self._look()
        self._bars, self._drawn_name, self._name_name = bars, drawn, name
        self._longest = max((cell_len(bar.name) for bar in bars), default=6)
        anew = token != self._token
        if anew:
            chosen = next((at for at, bar in enumerate(bars) if bar.chosen), 0)
            self._token, self._here = token, chosen
        self._here = min(self._here, max(len(bars) - 1, 0))
        self.hold(len(bars) + 1)
        self._into_view(anew=anew)
        self._repaint(before)

    def _look(self) -> Sequence[object]:
        """What each line in view shows, and before them what all of them depend on."""
        top, height = self.scroll_offset.y, self.view_size.height
        bars = self._bars[top : top + height - 1]
        head = (self._columns(self.view_size.width), self._drawn_name)
        rows = ((bar, at == self._here) for at, bar in enumerate(bars, start=top))
        return [(*head, self._name_name), *rows]

    def _repaint(self, before: Sequence[object]) -> None:
        """Paint the lines that look different: each costs as much as all else of a key together."""
        now = self._look()
        if now[0] != before[0]:
            self.refresh()
            return
        width = self.view_size.width
        pairs = enumerate(zip_longest(before, now))
        changed = [Region(0, y, width, 1) for y, (old, new) in pairs if old != new]
        if changed:
            self.refresh(*changed)

    def on_resize(self, _event: events.Resize) -> None:
        """Bars of another length."""
        self.hold(len(self._bars) + 1)
        self._into_view(anew=True)

    def _into_view(self, *, anew: bool = False) -> None:
        """Scroll to the cursor; `anew` from the likeliest on, wherever it was scrolled to."""
        high = max(self.view_size.height - 1, 1)
        least = max(self._here + 1 - high, 0)
        y = least if anew else min(self._here, max(self.scroll_offset.y, least))
        if y != self.scroll_offset.y:
            self.scroll_to(y=y, animate=False, immediate=True, force=True)

    def action_move(self, by: int) -> None:
        """To another candidate."""
        to = min(max(self._here + by, 0), max(len(self._bars) - 1, 0))
        if to != self._here:
            before, self._here = self._look(), to
            self._into_view()
            self._repaint(before)

    def action_take(self) -> None:
        """Go on with the candidate under the cursor."""
        if self.here is not None:
            self.post_message(self.Taken(self.here))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor there; a second click goes on with it."""
        row = event.y - 1 + self.scroll_offset.y
        if event.y >= 1 and 0 <= row < len(self._bars):
            if event.chain > 1:
                self.action_take()
            else:
                self.action_move(row - self._here)

    # Drawing

    def render_line(self, y: int) -> Strip:
        """The names of the columns, or a candidate."""
        width = self.view_size.width
        row = y - 1 + self.scroll_offset.y
        if y == 0:
            segments = self._head(width)
        elif row < len(self._bars):
            segments = self._row(self._bars[row], width, here=row == self._here)
        else:
            segments = []
        return self.drawn(segments, width)

    def _columns(self, width: int) -> tuple[int, int]:
        """Cells of the names, and of each of the two bars."""
        fixed = 2 + 4 + 1 + 1 + 7 + 1 + 7
        name = min(max(self._longest, 6), _WIDEST_NAME, max((width - fixed) // 3, 6))
        return name, max((width - fixed - name) // 2, 2)

    def _head(self, width: int) -> list[Segment]:
        name, bar = self._columns(width)
        style = self.style_of("bars--head")
        raw = fit("model", bar + 7)
        return [
            Segment(f"  {'rank':>4} {fit(self._name_name, name)} {raw} ", style),
            Segment(fit(self._drawn_name, bar + 7), style),
        ]

    def _row(self, bar: Bar, width: int, *, here: bool) -> list[Segment]:
        name, room = self._columns(width)
        style_of = self.style_of
        words = Style.null()
        if bar.chosen:
            words = style_of("bars--chosen")
        elif bar.cut or bar.drawn == 0:
            words = style_of("bars--cut")
        here_style = style_of("bars--here") if here and self.has_focus else Style.null()
        sign = "▶" if bar.chosen else "›" if here and self.has_focus else " "
        rank = "?" if bar.rank is None else f"{bar.rank}" if bar.rank < 10_000 else "9k+"
        segments = [
            Segment(f"{sign} {rank:>4} {_label(bar.name, name)} ", words + here_style),
            Segment(bar_text(bar.raw, room), style_of("bars--raw")),
            Segment(f"{share_text(bar.raw):>7} ", words),
        ]
        if bar.cut:
            segments.append(Segment(fit(f"cut by {bar.cut}", room + 7), style_of("bars--cut")))
        elif bar.drawn is None:
            segments.append(Segment(fit("not known", room + 7), style_of("bars--cut")))
        else:
            segments += [
                Segment(bar_text(bar.drawn, room), style_of("bars--drawn")),
                Segment(f"{share_text(bar.drawn):>7}", words),
            ]
        return segments


@lru_cache(maxsize=1024)
def _label(name: str, width: int) -> str:
    return fit(in_place(cut(name, width)), width)


def bar_text(share: float, width: int) -> str:
    """A bar of so many cells, in eighths of a cell; what is not nothing is seen."""
    eighths = round(min(max(share, 0.0), 1.0) * width * 8)
    if share > 0:
        eighths = max(eighths, 1)
    full, rest = divmod(eighths, 8)
    return (_FULL * full + (_EIGHTHS[rest] if rest else "")).ljust(width)


def share_text(share: float) -> str:
    """A probability in seven cells at most: `45.2%`, `0.031%`, `<1e-9%`."""
    percent = share * 100 if share > 1e-12 else 0.0
    if percent >= 99.995 or percent == 0:
        return f"{percent:.0f}%"
    if percent >= 1:
        return f"{percent:.1f}%" if percent < 99.95 else f"{percent:.2f}%"
    if percent >= 0.001:
        return f"{percent:.2g}%" if percent >= 0.01 else f"{percent:.3f}%"
    return f"{percent:.0e}%".replace("e-0", "e-") if percent >= 1e-9 else "<1e-9%"
