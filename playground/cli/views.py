"""How answers are shown while they come: one after the other, or as JSON Lines.

A view is told of every event of every run, and closed once, however the command ends. The third
one, side by side, is in `playground.cli.columns`.
"""

from __future__ import annotations

import sys
from abc import ABC, abstractmethod
from collections.abc import Sequence
from itertools import groupby

from playground.cli.output import complain, is_terminal, note, say, say_json
from playground.errors import LocalError
from playground.run import Run, problem_of
from playground.sanitize import split_pending
from playground.types import Adjustment, Event

CUT_OFF = {
    "context": "The answer is not whole: the model's context is full.",
    "content_filter": "The answer is not whole: the endpoint's content filter ended it.",
}
"""Finish reasons that nobody asked for, with what to say of them."""

Strand = tuple[int, int]
"""One text that is shown by itself: which run, and which of its `n` choices."""


class View(ABC):
    """Shows some runs. Their errors and adjustments go to standard error, see `report`."""

    def __init__(self, runs: Sequence[Run]) -> None:
        self.runs = runs

    @abstractmethod
    def take(self, run: Run, event: Event) -> None:
        """Show an event of a run."""

    async def ready(self) -> None:
        """Wait for what it wants to show of the runs that have ended; by default for nothing."""

    @abstractmethod
    def close(self) -> None:
        """Every run has ended: show what has not been shown yet."""


class JsonLines(View):
    """One JSON object an answer, in the order in which the models were named."""

    def __init__(self, runs: Sequence[Run]) -> None:
        super().__init__(runs)
        self._printed = 0
        self._proven = 0

    async def ready(self) -> None:
        """Let the receipts of those whose turn it is say which file and settings they had."""
        while self._proven < len(self.runs) and self.runs[self._proven].state != "running":
            await self.runs[self._proven].prove()
            self._proven += 1

    def take(self, run: Run, event: Event) -> None:
        """Print the answers that are whole and whose turn it is."""
        self._print_ended()

    def close(self) -> None:
        """Print the rest."""
        self._print_ended()

    def _print_ended(self) -> None:
        while self._printed < len(self.runs) and self.runs[self._printed].state != "running":
            run = self.runs[self._printed]
            self._printed += 1
            say_json(run.answer().model_dump(mode="json"))
            _complain_of(run)


class OneAfterAnother(View):
    """The texts in order: the first streams as it comes, the others wait for their turn.

    Text is read from the runs, which are always ahead of the events that tell of them.
    """

    def __init__(self, runs: Sequence[Run]) -> None:
        super().__init__(runs)
        self._turns = iter(strands_of(runs))
        self._current: Strand | None = None
        self._several = len(strands_of(runs)) > 1
        self._printed = 0
        self._held = ""
        self._at_line_start = True
        self._noted: set[int] = set()
        self._begin_next()

    def take(self, run: Run, event: Event) -> None:
        """Print what came of the text whose turn it is."""
        self._advance()

    def close(self) -> None:
        """Print what still waits, then how each run ended."""
        self._advance()
        report(self.runs)

    def _advance(self) -> None:
        while self._current is not None:
            place, choice = self._current
            run = self.runs[place]
            # Asked before the text is read: what has ended gets no more.
            ended = run.state != "running" or _finished(run, choice)
            self._note_adjustments(place)
            text = run.choices[choice].text if choice < len(run.choices) else ""
            self._print(text[self._printed :], last=ended)
            self._printed = len(text)
            if not ended:
                return
            if not self._at_line_start:
                say()
            self._begin_next()

    def _begin_next(self) -> None:
        first = self._current is None
        self._current = next(self._turns, None)
        self._printed = 0
        self._at_line_start = True
        if self._current is not None and self._several:
            say(f"{'' if first else chr(10)}=== {title_of(self.runs, self._current)} ===")

    def _note_adjustments(self, place: int) -> None:
        """Say what becomes of a run's request, once, as soon as that is known."""
        run = self.runs[place]
        if place not in self._noted and (run.timing.queued is not None or run.state != "running"):
            self._noted.add(place)
            for line in adjustments_of(run):
                note(line)

    def _print(self, text: str, *, last: bool) -> None:
        text = self._held + text
        text, self._held = (text, "") if last else split_pending(text)
        if text:
            say(text, end="")
            self._at_line_start = text.endswith("\n")


def _finished(run: Run, choice: int) -> bool:
    return choice < len(run.choices) and run.choices[choice].finish_reason is not None


def choices_of(run: Run) -> int:
    """How many texts the run will give, by its plan."""
    planned = (run.plan or run.model.plan(run.params)).effective.get("n")
    return planned if isinstance(planned, int) and planned > 0 else 1


def strands_of(runs: Sequence[Run]) -> list[Strand]:
    """Every text that these runs will give."""
    return [(place, n) for place, run in enumerate(runs) for n in range(choices_of(run))]


def title_of(runs: Sequence[Run], strand: Strand) -> str:
    """The model's name, with the number of the choice where there are several."""
    place, choice = strand
    several = choices_of(runs[place]) > 1 or choice > 0
    return f"{runs[place].model.ref}{f' #{choice + 1}' if several else ''}"


def adjustments_of(run: Run) -> list[str]:
    """What becomes of the request, as lines; what was only filled in shares one line."""
    if run.plan is None:
        return []
    lines: list[str] = []
    for filled, group in groupby(run.plan.adjustments, key=_filled_in):
        if filled:
            items = list(group)
            values = ", ".join(f"{item.knob} = {item.used}" for item in items)
            lines.append(f"{run.model.ref}: {values} ({items[0].reason})")
        else:
            lines += [f"{run.model.ref}: {item}" for item in group]
    return lines


def _filled_in(item: Adjustment) -> str:
    return item.reason if item.kind == "defaulted" else ""


def ending_of(run: Run) -> str:
    """How a run ended and what it took, in one line; parts that are not known are left out."""
    usage, timing = run.usage, run.timing
    parts = [run.answer().finish_reason.replace("_", " ")]
    if usage.output_tokens is not None:
        parts.append(f"{usage.output_tokens:,} tokens")
    if run.tokens_per_second is not None:
        parts.append(f"{run.tokens_per_second:,.0f} tokens/s")
    if timing.first_token is not None:
        parts.append(f"first after {timing.first_token:.2f} s")
    if usage.cost is not None:
        parts.append(f"${usage.cost:.6f}")
    return ", ".join(parts)


def report(runs: Sequence[Run], *, figures: bool = True) -> None:
    """How each run ended: what is wrong always, figures for somebody who looks on."""
    for run in runs:
        if figures and is_terminal(sys.stderr):
            note(f"{run.model.ref}: {ending_of(run)}")
        _complain_of(run)


LOG_LINES = 6
"""How much of llama.cpp's log an error is followed by: its reason is among the last."""


def wrong_with(run: Run) -> str:
    """Why a run's answer failed or is not whole, as a sentence; empty if nothing is wrong."""
    if run.error is not None:
        return problem_of(run.error).message
    reasons = (CUT_OFF.get(choice.finish_reason or "", "") for choice in run.choices)
    return next(filter(None, reasons), "")


def _complain_of(run: Run) -> None:
    if wrong := wrong_with(run):
        complain(f"{run.model.ref}: {wrong}")
    if isinstance(run.error, LocalError):
        for line in run.error.log[-LOG_LINES:]:
            note(f"  | {line}")
