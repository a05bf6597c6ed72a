"""The figures under a pane: of a model that opens, of a run that comes, and of how it ended."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from playground.background import off_loop
from playground.tui.labels import one_line
from playground.tui.widgets.status_line import StatusLine

if TYPE_CHECKING:
    from playground.run import Run
    from playground.spread import Spread
    from playground.tui.figures import Tone
    from playground.types import Timing

__all__ = ["PaneFigures"]


class PaneFigures(StatusLine):
    """Says in figures where a pane's answer stands; `timing_of` reads a run's clock."""

    def __init__(self, *, timing_of: Callable[[Run], Timing], classes: str) -> None:
        super().__init__(classes=classes)
        self._timing_of = timing_of
        self._spreads: WeakKeyDictionary[Run, Spread] = WeakKeyDictionary()

    def spread_of(self, run: Run) -> Spread | None:
        """How much the answers of a run differ, where there are several and it is known."""
        return self._spreads.get(run)

    # Before a run

    def show_loading(self, ref: str) -> None:
        """The pane's model is being loaded."""
        self._say("loading …", f"opening {one_line(ref)}", "strong")

    def show_opening(self) -> None:
        """The model is being opened for a prompt that has been sent."""
        self._say("opening …", "opening the model", "strong")

    def show_not_ready(self, error: Exception) -> None:
        """The model cannot be opened."""
        self._say("not ready", one_line(str(error)), "bad")

    def show_ready(self, ref: str, context_length: int | None) -> None:
        """The model is open, and nothing has been asked yet."""
        from playground.tui.figures import Figure

        figures = [Figure("ready", f"{one_line(ref)} is loaded", "good")]
        if context_length:
            said = f"{context_length:,} context"
            figures.append(Figure(said, "tokens that the model can hold"))
        self.show(figures)

    # Of a run

    def show_live(self, run: Run, pieces: int) -> None:
        """The run is coming in, in so many pieces of text so far."""
        from playground.tui.figures import live_figures

        self.show(live_figures(run, run.timing, run.elapsed, pieces))

    def show_unasked(self, error: Exception | None) -> None:
        """It failed, or was stopped, before there was a run."""
        from playground.tui.figures import Figure

        ended = "failed" if error else "stopped"
        detail = one_line(str(error)) if error else "stopped before it was asked"
        self.show([Figure(ended, detail, "bad" if error else "warn")], detail)

    def show_settled(self, run: Run, context_length: int | None) -> None:
        """The run has ended."""
        from playground.tui.figures import explain, settled_figures

        spread = self._spreads.get(run)
        figures = settled_figures(run, self._timing_of(run), context_length, spread)
        self.show(figures, explain(run, figures))

    def lacks_spread(self, run: Run) -> bool:
        """Whether it is still to be measured how much the answers of a run differ."""
        return len(run.choices) > 1 and run not in self._spreads

    async def measure_spread(self, run: Run) -> None:
        """How much the answers of a run differ: of many long ones it takes half a second."""
        from playground.spread import spread_of

        texts = [choice.text for choice in run.choices]
        self._spreads[run] = await off_loop(lambda: spread_of(texts))

    def _say(self, short: str, detail: str, tone: Tone) -> None:
        from playground.tui.figures import Figure

        self.show([Figure(short, detail, tone)])
