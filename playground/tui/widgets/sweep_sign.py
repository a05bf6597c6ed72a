"""The line on the main screen that stands for a sweep at work, and leads to it."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from playground.cells import cut
from playground.tui.labels import one_line
from playground.tui.sweeps.live import LiveSweep
from playground.tui.widgets.sweep_head import progress_words, share_of

__all__ = ["SweepSign"]

_LOOKS_A_SECOND = 2
_LEAST_TITLE = 12
_WAY = "Alt+W shows it"


class SweepSign(Widget):
    """One line while a sweep is at work, none otherwise. A click does what Alt+W does."""

    class Toggled(Message):
        """It has appeared or gone."""

    def __init__(self) -> None:
        super().__init__(id="sweep-sign")
        self._sweeps: Sequence[LiveSweep] = ()
        self.display = False

    def on_mount(self) -> None:
        """Look how far they are, again and again."""
        self.set_interval(1 / _LOOKS_A_SECOND, self.look)

    def stand_for(self, sweeps: Sequence[LiveSweep]) -> None:
        """Stand for those of these that are at work; the last is the one that is told of."""
        self._sweeps = sweeps
        self.look()

    def look(self) -> None:
        """Show how far they are now."""
        running = bool(self._at_work)
        if running != self.display:
            self.display = running
            self.post_message(self.Toggled())
        if running:
            self.refresh()

    @property
    def _at_work(self) -> list[LiveSweep]:
        return [live for live in self._sweeps if live.running]

    def render(self) -> Content:
        """Its title, how far it is, and the way to it."""
        running = self._at_work
        if not running:
            return Content("")
        live = running[-1]
        words = f"{share_of(live):.0%} · {progress_words(live, answers=False)}"
        if len(running) > 1:
            words += f" · {len(running) - 1} more at work"
        width = self.content_size.width
        # The way to it stays, and of the figures as many as there is room for.
        words = cut(words, max(width - cell_len(f"Sweep  · {_WAY}"), 8))
        room = width - cell_len(f"Sweep  {words} · {_WAY}")
        title = one_line(live.sweep.heading)
        named = f"{cut(title, room)} " if room >= min(_LEAST_TITLE, cell_len(title) + 1) else ""
        return Content.assemble(
            ("Sweep ", "bold $text-primary"),
            (named and f"{named} ", "$foreground"),
            (words, "$foreground 80%"),
            (" · ", "$foreground 35%"),
            (_WAY, "$text-accent"),
        )

    async def on_click(self) -> None:
        """To the sweep."""
        await self.app.run_action("sweep")
