"""The lessons: which there are, which are done, where one was left."""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar, NamedTuple

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import OptionList, Static
from textual.widgets.option_list import Option

from playground.cells import cut, fit
from playground.errors import PlaygroundError
from playground.lessons import Lesson, LessonShelf, Progress
from playground.tui.labels import one_line
from playground.tui.lesson_words import words_in
from playground.tui.screens.dialog import Dialog
from playground.tui.widgets.fitted_text import KeyLine

__all__ = ["LessonChoice", "LessonList"]

_MUTED = "$foreground 60%"
_TITLE, _SUMMARY = 30, 50


class LessonChoice(NamedTuple):
    """A lesson to play, and the step, from 0, to begin at."""

    lesson: Lesson
    at: int


class LessonList(Dialog[LessonChoice | None]):
    """Gives back what to play, or None if it was left with Escape.

    `shelf_in` reads the lessons of a language; `languages` are those that there are; `chosen` is
    told when another one is wanted from now on.
    """

    DEFAULT_CSS = """
    #lessons {
        width: 108;
        height: 20;
    }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", "Cancel"),
        Binding("b", "begin", "Begin anew"),
        Binding("l", "language", "Language"),
    ]

    def __init__(
        self,
        shelf: LessonShelf,
        progress: Progress,
        language: str,
        *,
        languages: tuple[str, ...],
        shelf_in: Callable[[str], LessonShelf],
        chosen: Callable[[str], None],
        at: str = "",
    ) -> None:
        super().__init__()
        self._shelf = shelf
        self._progress = progress
        self._language = language
        self._languages = languages
        self._shelf_in = shelf_in
        self._chose = chosen
        self._at = at

    def compose(self) -> ComposeResult:
        """The list, and the keys."""
        with Vertical(id="lessons", classes="dialog"):
            yield Static(id="lessons-title", classes="dialog-title")
            yield OptionList(id="lessons-list", classes="listing", markup=False)
            yield KeyLine("", classes="dialog-note")

    def on_mount(self) -> None:
        """Show the lessons, the next one highlighted."""
        self._show()

    def _show(self) -> None:
        words = words_in(self._language)
        self.query_one("#lessons-title", Static).update(Content(words.list_title))
        lessons, done = self._shelf.lessons, self._progress.done
        count = words.list_done.format(
            done=sum(lesson.name in done for lesson in lessons), all=len(lessons)
        )
        self.query_one(KeyLine).hints = f"{count}\n{words.list_keys}"
        listing = self.query_one(OptionList)
        listing.clear_options()
        listing.add_options([Option(self._row(place)) for place in range(len(lessons))])
        for name, problem in self._shelf.problems.items():
            listing.add_option(Option(_broken_row(name, problem), disabled=True))
        names = [lesson.name for lesson in lessons]
        undone = [place for place, name in enumerate(names) if name not in done]
        listing.highlighted = names.index(self._at) if self._at in names else min(undone, default=0)
        listing.focus()

    def _row(self, place: int) -> Content:
        lesson, progress = self._shelf.lessons[place], self._progress
        done = lesson.name in progress.done
        left = progress.left_at.get(lesson.name, 0)
        words = words_in(self._language)
        going_on = f"{words.left_at.format(step=left + 1)}  " if left else ""
        return Content.assemble(
            ("✓ " if done else "  ", "$text-success bold"),
            (f"{place + 1}  ", _MUTED),
            (fit(one_line(lesson.title), _TITLE), "bold" if not done else ""),
            (going_on, "$text-warning"),
            (cut(one_line(lesson.summary), _SUMMARY), _MUTED),
        )

    @property
    def _highlighted(self) -> Lesson | None:
        place, lessons = self.query_one(OptionList).highlighted, self._shelf.lessons
        return lessons[place] if place is not None and place < len(lessons) else None

    @on(OptionList.OptionSelected)
    def _opened(self) -> None:
        if (lesson := self._highlighted) is not None:
            self.dismiss(LessonChoice(lesson, self._progress.left_at.get(lesson.name, 0)))

    def action_begin(self) -> None:
        """Begin the highlighted one anew."""
        if (lesson := self._highlighted) is not None:
            self.dismiss(LessonChoice(lesson, 0))

    def action_language(self) -> None:
        """The next language."""
        now = self._languages.index(self._language) if self._language in self._languages else -1
        lesson = self._highlighted
        self._at = lesson.name if lesson is not None else ""
        self._language = self._languages[(now + 1) % len(self._languages)]
        self._shelf = self._shelf_in(self._language)
        self._chose(self._language)
        self._show()

    def action_leave(self) -> None:
        """Leave without one."""
        self.dismiss(None)


def _broken_row(name: str, problem: PlaygroundError) -> Content:
    # The folder in front of it would leave no room for what is wrong.
    what = str(problem).partition(".toml")[2].lstrip(",: ") or str(problem)
    return Content.styled(f"  {one_line(name)}: {one_line(what)}", "$text-error")
