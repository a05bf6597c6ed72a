"""Plays lessons over the real panes, and gives back afterwards what was there before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from textual import on
from textual.timer import Timer

from playground.background import off_loop
from playground.errors import PlaygroundError
from playground.tui.pane_actions import PaneActions
from playground.tui.widgets.prompt_box import PromptBox

if TYPE_CHECKING:
    from playground.lessons import Lesson, Progress, Step
    from playground.tui.conversation import Conversation
    from playground.tui.lesson_guide import LessonGuide
    from playground.tui.screens.lesson_list import LessonChoice
    from playground.tui.widgets.lesson_panel import LessonPanel

__all__ = ["LessonActions", "LessonRequest"]

_LOOKS_A_SECOND: Final = 10


@dataclass(frozen=True, slots=True)
class LessonRequest:
    """What the command line wants: a lesson, or the list of them, in a language.

    An empty `language` leaves the choice to what was chosen before, and to the locale.
    """

    name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class _Aside:
    """What was in the terminal before the lessons."""

    conversations: tuple[Conversation, ...]
    active: int
    to_all: bool
    drawer: bool
    prompt: str
    filed_under: tuple[str, str, tuple[str, ...], bool]


class LessonActions(PaneActions):
    """Actions of lessons."""

    def __init__(self) -> None:
        super().__init__()
        self._guide: LessonGuide | None = None
        self._panel: LessonPanel | None = None
        self._aside: _Aside | None = None
        self._looking: Timer | None = None
        self._moving = False
        """Whether a step is being set: it must not be looked at half-way."""
        self._learnt: Progress | None = None
        self._lesson_language = ""

    # From the keys

    def action_lessons(self) -> None:
        """Choose a lesson."""
        if self._all_free(self.panes):
            self._do(self._choose_lesson())

    def action_lesson_next(self) -> None:
        """Do for the learner what the step asks for."""
        if self._guide is None:
            self.say("No lesson is going on: Alt+G lists them.")
        elif not self._moving:
            self._do(self._skip(self._guide))

    def leave_lesson(self) -> bool:
        """Leave the lesson that is going on; false if there is none."""
        if self._guide is None:
            return False
        self._do(self._leave())
        return True

    async def open_lessons(self, wanted: LessonRequest) -> None:
        """Begin as the command line wants it: with one lesson, or with the list."""
        from playground.lessons import find_lesson

        await self._recall_progress(wanted.language)
        if not wanted.name:
            await self._choose_lesson()
            return
        try:
            lesson = await off_loop(lambda: find_lesson(wanted.name, self._lesson_language))
        except PlaygroundError as error:
            self.say(str(error), "error", title=error.title)
            await self._choose_lesson()
        else:
            await self._begin(lesson, self._progress.left_at.get(lesson.name, 0))

    # Choosing

    @property
    def _progress(self) -> Progress:
        from playground.lessons import Progress

        return self._learnt if self._learnt is not None else Progress()

    async def _recall_progress(self, asked: str = "") -> None:
        """Read once how far the learner is, and settle the language."""
        from playground.lessons import Progress, kept_progress, language_of
        from playground.lessons.library import own_languages

        if self._learnt is None:
            try:
                self._learnt = await off_loop(kept_progress)
            except PlaygroundError as error:
                self.say(str(error), "warning", title=error.title)
                self._learnt = Progress()
        others = await off_loop(own_languages)
        if asked or not self._lesson_language:
            self._lesson_language = language_of(asked, self._progress.language, others=others)

    async def _choose_lesson(self, after: str = "") -> None:
        """Show the list; `after` is the lesson that was just finished."""
        await self._recall_progress()
        choice = await self._ask_for_lesson()
        if choice is not None:
            await self._begin(*choice)
        elif after:
            await self._leave()

    async def _ask_for_lesson(self) -> LessonChoice | None:
        from playground.lessons import LANGUAGES, list_lessons
        from playground.lessons.library import own_languages
        from playground.tui.screens.lesson_list import LessonList

        language = self._lesson_language
        shelf = await off_loop(lambda: list_lessons(language))
        languages = tuple(dict.fromkeys([*LANGUAGES, *await off_loop(own_languages)]))
        screen = LessonList(
            shelf,
            self._progress,
            language,
            languages=languages,
            shelf_in=list_lessons,
            chosen=self._speak,
        )
        return await self.push_screen_wait(screen)

    def _speak(self, language: str) -> None:
        self._lesson_language = language
        self._keep(self._progress.speaking(language))

    def _keep(self, progress: Progress) -> None:
        self._learnt = progress
        self._do(self._write_progress(progress), group="lesson-progress", exclusive=True)

    async def _write_progress(self, progress: Progress) -> None:
        from playground.lessons import keep_progress

        try:
            await off_loop(lambda: keep_progress(progress))
        except PlaygroundError as error:
            self.say(str(error), "warning", title=error.title)

    # Playing

    async def _begin(self, lesson: Lesson, at: int) -> None:
        """Set aside what is there, unless a lesson is there already, and play."""
        from playground.tui.lesson_guide import LessonGuide
        from playground.tui.widgets.lesson_panel import LessonPanel

        if self._aside is None:
            self._aside = self._set_aside()
        self._guide = LessonGuide(lesson, at)
        if self._panel is None:
            self._panel = LessonPanel(id="lesson")
            await self.mount(self._panel, before=self._prompt)
        self._panel.keys = self._guide.words.keys
        self._grid.study(lesson.knobs)
        await self._play(self._guide)
        if self._looking is None:
            self._looking = self.set_interval(1 / _LOOKS_A_SECOND, self._look_at_lesson)

    def _set_aside(self) -> _Aside:
        archive = self.archive
        return _Aside(
            conversations=tuple(pane.conversation for pane in self.panes),
            active=self.active_pane.place,
            to_all=self._to_all,
            drawer=self.drawer_shown,
            prompt=self._prompt.text,
            filed_under=(archive.current, archive.title, archive.tags, archive.pinned),
        )

    async def _play(self, guide: LessonGuide) -> None:
        """Set the panes as the step wants them, and say what it says."""
        self._moving = True
        try:
            step = guide.step
            await self._set_scene(guide, step)
            self._turn_knobs(step)
            await self._point(guide, step)
            guide.begin_step(self.panes)
            self._tell(guide)
        finally:
            self._moving = False
        self._keep(self._progress.left(guide.lesson.name, guide.lesson.scene_of(guide.at)))

    async def _set_scene(self, guide: LessonGuide, step: Step) -> None:
        if not step.panes:
            return
        from playground.tui.conversation import Conversation

        for pane in self.panes:
            await pane.stopped()
        await self._show_conversations(
            [Conversation(wanted.model, wanted.params, wanted.system) for wanted in step.panes]
        )
        self.archive.begin_anew()
        self.archive.title, self.archive.tags = guide.lesson.title, ("lesson",)

    def _turn_knobs(self, step: Step) -> None:
        for letter, settings in step.turn.items():
            place = ord(letter) - ord("a")
            if place < len(self.panes):
                pane = self.panes[place]
                pane.conversation.params = pane.conversation.params.updated(**settings)
                pane.params_changed()

    async def _point(self, guide: LessonGuide, step: Step) -> None:
        """Put prompt, drawer and keyboard where the step needs them."""
        self._to_all = step.to == "all"
        pane = guide.pane_of(self.panes) or self.active_pane
        if step.to != "all" and step.wait.kind == "answer":
            pane = self.panes[min(ord(step.to) - ord("a"), len(self.panes) - 1)]
        self._grid.activate(pane.place)
        self._label_prompt()
        self._prompt.load_text(step.prompt)
        self._prompt.move_cursor(self._prompt.document.end)
        wants_drawer = step.wait.kind == "knob"
        if wants_drawer != self.drawer_shown:
            await self.action_drawer()
        if wants_drawer and self._drawer is not None:
            self._drawer.point_at(step.wait.knob)
            self._show_drawer()
        elif step.wait.kind == "answer" and step.prompt:
            self._prompt.focus()
        elif self._panel is not None:
            self._panel.focus()

    def _tell(self, guide: LessonGuide) -> None:
        panel = self._panel
        if panel is None:
            return
        panel.title = guide.heading
        panel.mark = guide.words.task if guide.step.task else ""
        panel.said = guide.words_said
        panel.hint = guide.hint(self.panes)

    def _look_at_lesson(self) -> None:
        guide = self._guide
        if guide is None or self._moving or self._panel is None:
            return
        if guide.look(self.panes, self.screen.id or ""):
            self._do(self._go_on(guide))
        else:
            self._panel.hint = guide.hint(self.panes)

    def on_lesson_panel_go_on(self) -> None:
        """Enter on the panel: the next step, where the step only wants to be read."""
        guide = self._guide
        if guide is not None and not self._moving and guide.step.wait.kind == "enter":
            self._do(self._go_on(guide))

    @on(PromptBox.Blank)
    def _blank_sent(self) -> None:
        # Who has gone to the prompt box meanwhile presses Enter there.
        self.on_lesson_panel_go_on()

    async def _go_on(self, guide: LessonGuide) -> None:
        if self._moving or guide is not self._guide:
            return
        if guide.last:
            self._keep(self._progress.finished(guide.lesson.name))
            await self._choose_lesson(after=guide.lesson.name)
            return
        guide.at += 1
        await self._play(guide)

    async def _skip(self, guide: LessonGuide) -> None:
        """What the step asks for is done; the lesson then goes on by itself."""
        wait, pane = guide.step.wait, guide.pane_of(self.panes)
        match wait.kind:
            case "answer":
                if any(item.busy for item in self.panes):
                    return
                if prompt := self._prompt.take():
                    await self._send(prompt)
                else:
                    self.action_retry()
                    if not any(item.busy for item in self.panes):
                        await self._go_on(guide)
            case "knob" if pane is not None:
                changed = pane.conversation.params.updated(**{wait.knob: wait.wanted})
                pane.conversation.params = changed
                pane.params_changed()
                self._show_drawer()
            case "system" if pane is not None:
                pane.conversation.system = wait.example
                pane.params_changed()
            case _:
                await self._go_on(guide)

    # Leaving

    async def _leave(self) -> None:
        """Give back what was there before the lessons."""
        aside, panel = self._aside, self._panel
        self._guide, self._panel, self._aside = None, None, None
        if self._looking is not None:
            self._looking.stop()
            self._looking = None
        if panel is not None:
            await panel.remove()
        self._grid.study(())
        if aside is None:
            return
        for pane in self.panes:
            await pane.stopped()
        await self._show_conversations(aside.conversations)
        archive = self.archive
        archive.current, archive.title, archive.tags, archive.pinned = aside.filed_under
        self._close_unused_models()
        self._to_all = aside.to_all
        self._grid.activate(aside.active)
        self._label_prompt()
        self._prompt.load_text(aside.prompt)
        self._prompt.move_cursor(self._prompt.document.end)
        if self.drawer_shown != aside.drawer:
            await self.action_drawer()
        self._show_drawer()
        self._prompt.focus()

    # What the application brings

    def action_retry(self) -> None:
        """Ask the last prompt again."""
        raise NotImplementedError

    async def _send(self, text: str) -> None:
        raise NotImplementedError
