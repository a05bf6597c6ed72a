"""The two lines over a sweep: what it is and how it stands; a bar with its figures."""

from __future__ import annotations

from rich.cells import cell_len
from textual.content import Content
from textual.widget import Widget

from playground.cells import cut
from playground.sweep.progress import Progress
from playground.tui.labels import count, duration, money, one_line, rate
from playground.tui.sweeps.live import LiveSweep

__all__ = ["SweepHead", "progress_words"]

_BAR = 24
"""Cells of the bar, where there is room for it."""

_SHARE = 5
"""Cells of the share before it, and a blank."""

_TONES = {
    "running": "$text-primary",
    "done": "$text-success",
    "stopped": "$text-warning",
    "interrupted": "$text-warning",
}


class SweepHead(Widget):
    """Drawn again when it is told to."""

    def __init__(self, *, id: str) -> None:  # noqa: A002 - Textual's word
        super().__init__(id=id)
        self._live: LiveSweep | None = None

    def show(self, live: LiveSweep) -> None:
        """Show this sweep as it is now."""
        self._live = live
        self.refresh()

    def render(self) -> Content:
        """Heading and state, then the bar."""
        live = self._live
        if live is None:
            return Content("")
        width = self.size.width
        state = "running in another program" if live.elsewhere else live.state
        reason = f": {one_line(live.reason).rstrip('.')}" if live.reason else ""
        told = f"{live.id}  {state}{reason}"
        room = max(width - cell_len(told) - 2, width // 2)
        heading = cut(one_line(live.sweep.heading), room)
        gap = max(width - cell_len(heading) - cell_len(told), 2)
        first = Content.assemble(
            (heading, "bold $text-primary"),
            " " * gap,
            (f"{live.id}  ", "$foreground 50%"),
            (f"{state}{reason}", _TONES.get(live.state, "$foreground")),
        )
        return Content("\n").join([first, self._bar(live, width)])

    @staticmethod
    def _bar(live: LiveSweep, width: int) -> Content:
        words = progress_words(live)
        if cell_len(words) + _SHARE > width:
            words = progress_words(live, answers=False)
        share = share_of(live)
        bar = min(_BAR, max(width - cell_len(words) - _SHARE - 2, 0))
        full = round(share * bar)
        parts: list[Content | str | tuple[str, str]] = [(f"{share:4.0%} ", "bold")]
        if bar > 4:
            parts += [("━" * full, "$success"), ("─" * (bar - full), "$foreground 30%"), "  "]
        return Content.assemble(*parts, (words, "$foreground 80%"))


def share_of(live: LiveSweep) -> float:
    """The share of its answers that are there, 0 to 1."""
    if live.progress is not None:
        return live.progress.share
    wanted = _answers_wanted(live)
    return min(live.samples / wanted, 1.0) if wanted else 1.0


def _answers_wanted(live: LiveSweep) -> int:
    return live.sweep.runs - len(live.left_out) * live.sweep.samples


def progress_words(live: LiveSweep, *, answers: bool = True) -> str:
    """How far it is: `5 of 9 cells · 36 of 72 answers · 412 tok/s · $0.013 · 2 min 05 s left`.

    Without the `answers` where there is little room.
    """
    progress = live.progress
    samples, failed = live.samples, live.failed
    if progress is not None:
        samples, failed = progress.samples, progress.failed
    parts = [f"{len(live.values):,} of {live.sweep.cells:,} cells"]
    parts += [f"{len(live.left_out):,} left out"] if live.left_out else []
    parts += [f"{count(samples)} of {count(_answers_wanted(live))} answers"] if answers else []
    parts += [f"{failed:,} failed"] if failed else []
    parts += _at_work(progress) if progress is not None else []
    return " · ".join(parts)


def _at_work(progress: Progress) -> list[str]:
    parts = []
    if speed := progress.tokens_per_second:
        parts.append(rate(speed))
    if progress.priced:
        parts.append(money(progress.cost))
    if progress.guessed:
        parts.append(f"up to {money(progress.guessed)} more")
    if (left := progress.seconds_left) is not None:
        parts.append(f"{duration(left)} left")
    return parts
