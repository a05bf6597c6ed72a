"""A lesson while it is played: which step, and whether what it waits for has happened."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

from playground.lessons import Figures, Lesson, Step, Witness, said
from playground.tui.labels import number
from playground.tui.lesson_words import words_in

if TYPE_CHECKING:
    from playground.tui.widgets.pane import Pane

__all__ = ["SETTLE_SECONDS", "LessonGuide"]

SETTLE_SECONDS: Final = 0.8
"""How long a knob must rest at its value: who is still turning it is not interrupted."""


_SCREENS: Final[Mapping[str, str]] = {"details": "details", "lens": "lens-screen"}
"""The ids of the screens that a lesson can send a learner to."""


class LessonGuide:
    """Where a learner is. It looks at the panes and touches nothing."""

    def __init__(self, lesson: Lesson, at: int = 0) -> None:
        self.lesson = lesson
        self.words = words_in(lesson.language)
        self.at = lesson.scene_of(min(at, len(lesson.steps) - 1))
        self._witness = Witness()
        self.figures: Figures = {}
        """What had been seen when the step began."""
        self._known: set[str] = set()
        self._screen_opened = False
        self._systems: Mapping[str, str] = {}
        self._rests: tuple[object, float] = (None, 0.0)

    @property
    def step(self) -> Step:
        """The step that is being played."""
        return self.lesson.steps[self.at]

    @property
    def last(self) -> bool:
        """Whether it is the last one."""
        return self.at == len(self.lesson.steps) - 1

    @property
    def heading(self) -> str:
        """Title and place, in the learner's language."""
        place = self.words.step.format(step=self.at + 1, steps=len(self.lesson.steps))
        return f"{self.lesson.title} · {place}"

    @property
    def words_said(self) -> str:
        """What is said in this step, with the figures of what has been seen."""
        return said(self.step.text, self.step.seen, self.figures)

    def begin_step(self, panes: Sequence[Pane]) -> None:
        """Remember how things are, so that what changes from now on is noticed."""
        self.figures = self._witness.figures
        if self.step.panes:
            self._witness = Witness()
        self._known = {pane.run.id for pane in panes if pane.run is not None}
        self._systems = {pane.letter.lower(): pane.conversation.system for pane in panes}
        self._screen_opened = False
        self._rests = (None, 0.0)

    def look(self, panes: Sequence[Pane], screen: str) -> bool:
        """See what has happened since the last look; whether the step is through.

        `screen` is the id of the screen on top.
        """
        for pane in panes:
            run = pane.run
            if run is not None and not pane.busy and pane.conversation.last_run is run:
                self._witness.saw(pane.letter.lower(), run)
        match self.step.wait.kind:
            case "answer":
                return self._answered(panes)
            case "knob":
                return self._turned(panes)
            case "system":
                return self._instructed(panes)
            case "screen":
                return self._looked(screen)
            case _:
                return False

    def hint(self, panes: Sequence[Pane]) -> str:
        """What to do now."""
        wait, words = self.step.wait, self.words
        match wait.kind:
            case "answer":
                if any(pane.busy for pane in panes):
                    return words.waiting
                return words.send if self.step.prompt else words.again
            case "knob":
                low, high = number(wait.at_least), number(wait.at_most)
                form = words.between
                if wait.at_least is None or wait.at_most is None:
                    form = words.at_most if wait.at_least is None else words.at_least
                elif wait.at_least == wait.at_most:
                    form = "{low}"
                value = self._value(panes)
                now = words.unset if value is None else words.now.format(value=number(value))
                return words.knob.format(
                    knob=wait.knob, pane=wait.pane.upper(), now=now,
                    value=form.format(low=low, high=high),
                )  # fmt: skip
            case "system":
                return words.system.format(pane=wait.pane.upper())
            case "screen":
                return words.screens[wait.screen]
            case _:
                return words.last if self.last else words.go_on

    def pane_of(self, panes: Sequence[Pane]) -> Pane | None:
        """The pane that the step's wait is about; None where it was closed."""
        place = ord(self.step.wait.pane) - ord("a")
        return panes[place] if place < len(panes) else None

    def _value(self, panes: Sequence[Pane]) -> object:
        pane = self.pane_of(panes)
        return getattr(pane.conversation.params, self.step.wait.knob) if pane is not None else None

    def _answered(self, panes: Sequence[Pane]) -> bool:
        if any(pane.busy for pane in panes):
            return False
        fresh = [pane.run for pane in panes if pane.run and pane.run.id not in self._known]
        return any(run.state == "done" for run in fresh)

    def _turned(self, panes: Sequence[Pane]) -> bool:
        value, now = self._value(panes), time.monotonic()
        if value != self._rests[0]:
            self._rests = (value, now)
        return self.step.wait.meets(value) and now - self._rests[1] >= SETTLE_SECONDS

    def _instructed(self, panes: Sequence[Pane]) -> bool:
        pane = self.pane_of(panes)
        if pane is None:
            return False
        system = pane.conversation.system
        return bool(system) and system != self._systems.get(self.step.wait.pane, "")

    def _looked(self, screen: str) -> bool:
        if screen == _SCREENS[self.step.wait.screen]:
            self._screen_opened = True
            return False
        return self._screen_opened
