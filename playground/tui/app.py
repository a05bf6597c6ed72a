"""The terminal application: panes, one prompt, and what the keys do."""

from __future__ import annotations

import asyncio
import traceback
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from rich.text import Text
from textual import events, on
from textual.app import ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.containers import Horizontal
from textual.reactive import Reactive
from textual.screen import Screen
from textual.worker import Worker, WorkerState

from playground.background import off_loop
from playground.ids import new_id
from playground.sanitize import make_safe
from playground.tui import dialogs, run_app
from playground.tui.acts import ACTS, NEEDS_MODELS, bindings
from playground.tui.answer_actions import AnswerActions
from playground.tui.archive_actions import ArchiveActions
from playground.tui.arrangement import DRAWER_WIDTH, arrange_panes, drawer_covers
from playground.tui.judging_actions import JudgingActions
from playground.tui.lens_actions import LensActions
from playground.tui.lesson_actions import LessonActions, LessonRequest
from playground.tui.pane_actions import PaneActions
from playground.tui.preset_actions import PresetActions
from playground.tui.prompt_actions import PromptActions
from playground.tui.shelf import ModelShelf
from playground.tui.steady import SteadyScreen
from playground.tui.sweep_actions import SweepActions
from playground.tui.themes import DARK, THEMES
from playground.tui.widgets.key_hints import KeyHints
from playground.tui.widgets.pane import Pane
from playground.tui.widgets.pane_grid import PaneGrid
from playground.tui.widgets.pane_header import PaneHeader
from playground.tui.widgets.pane_tabs import PaneTabs
from playground.tui.widgets.prompt_box import PromptBox

if TYPE_CHECKING:
    # Importing these takes as long as the first paint itself, so `_furnish` does it after that.
    from playground.errors import PlaygroundError
    from playground.params import GenerationParams
    from playground.presets import Preset
    from playground.providers.base import ChatModel
    from playground.run import Run
    from playground.tui.archive import Archive
    from playground.tui.start import Opening
    from playground.types import Timing

__all__ = ["FLUSHES_A_SECOND", "PlaygroundApp", "run_app"]

FLUSHES_A_SECOND = 15
"""How often text that has come is drawn, for all panes together. More gains nothing to the eye."""

_AROUND_PANES = 5
"""Lines that the prompt and the keys take from the panes."""


def _timing(run: Run) -> Timing:
    return run.timing


def _open(ref: str) -> ChatModel:
    from playground.providers import open_model

    return open_model(ref)


class PlaygroundApp(
    LensActions,
    AnswerActions,
    LessonActions,
    SweepActions,
    ArchiveActions,
    JudgingActions,
    PresetActions,
    PromptActions,
    PaneActions,
):
    """Paints empty panes first, then finds out what to put into them.

    `opener` makes a model from a reference and `timing_of` reads a run's clock: doors for tests
    and for programs that bring models of their own.
    """

    TITLE = "chat-playground"
    # Absolute, so that a subclass may live anywhere.
    CSS_PATH = Path(__file__).parent / "styles" / "app.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [*bindings()]
    AUTO_FOCUS = "#prompt"

    # The default of Textual's own attribute: setting it later would style everything twice.
    theme = Reactive(DARK.name)

    def __init__(
        self,
        models: Sequence[str] = (),
        params: GenerationParams | None = None,
        system: str = "",
        *,
        preset: Preset | None = None,
        lesson: LessonRequest | None = None,
        opener: Callable[[str], ChatModel] = _open,
        timing_of: Callable[[Run], Timing] = _timing,
    ) -> None:
        super().__init__()
        self._asked = (tuple(models), params, system, preset)
        self._lesson_asked = lesson
        self._timing_of = timing_of
        self._shelf = ModelShelf(opener)
        self._grid = PaneGrid(len(models) or 2, timing_of=timing_of)
        self._tabs = PaneTabs(id="pane-tabs")
        self._tabs.display = False
        self._prompt = PromptBox(id="prompt")
        self._to_all = True
        self._space = self.size
        self.lost_writes = 0
        """Writes to the history that could not be made, known once the models are closed."""
        self.furnished = asyncio.Event()
        for theme in THEMES:
            self.register_theme(theme)
        # Textual took the colours of a theme of its own, because it did not know ours yet.
        self.stylesheet.set_variables(self.get_css_variables())
        self._label_prompt()

    # The screen

    def get_default_screen(self) -> Screen[None]:
        """The screen that the panes are on."""
        return SteadyScreen(id="_default")

    def compose(self) -> ComposeResult:
        """Empty panes, the prompt and the keys: what can be painted without asking anybody."""
        yield self._tabs
        with Horizontal(id="workspace"):
            yield self._grid
        yield self._prompt
        yield KeyHints(id="key-hints")

    def on_mount(self) -> None:
        """Paint, and only then load what is slow to import."""
        self.set_interval(1 / FLUSHES_A_SECOND, self._tick)
        self.call_after_refresh(self._do, self._furnish)

    # Coming alive

    async def _furnish(self) -> None:
        """Read the settings, fit the panes to them, and let each load its model."""
        opening, archive, unkept = await off_loop(self._prepare)
        from playground.tui.conversation import Conversation

        if opening.theme in self.available_themes:
            self.theme = opening.theme
        elif opening.theme:
            self.say(f"There is no theme {opening.theme!r}; Ctrl+P, Theme lists them.", "warning")
        self._archive = archive
        await self._show_conversations(
            [Conversation(start.ref, start.params, opening.system) for start in opening.panes]
        )
        self.furnished.set()
        self._grid.activate(0)
        await self._lay_out_as(opening.layout)
        for problem in (*opening.problems, *unkept):
            self.say(str(problem), "error", title=problem.title)
        if self._lesson_asked is not None:
            await self.open_lessons(self._lesson_asked)
            return
        self._do(self._offer_interrupted())
        if opening.welcome:
            self._do(self._welcome())

    def _prepare(self) -> tuple[Opening, Archive, list[PlaygroundError]]:
        """The slow imports and the reading of files, off the event loop."""
        from playground.tui import conversation, figures, problems, start, transcript  # noqa: F401
        from playground.tui.archive import open_archive

        opening = start.prepare_somehow(*self._asked)
        opened = open_archive(keep=opening.history, on_problem=self._history_problem)
        return opening, *opened

    def _history_problem(self, problem: str) -> None:
        """Called in the history's own thread, when keeping begins to fail or works again."""
        with suppress(RuntimeError):  # The app may be gone by then.
            if problem:
                self.call_from_thread(self.say, f"{problem} The chat goes on.", "error")
            else:
                self.call_from_thread(self.say, "The history is written again.")

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """A defect of ours in the background is told and never closes the app."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            error = event.worker.error
            self.say(f"{type(error).__name__}: {error}", "error", title="Unexpected error")

    def _fatal_error(self) -> None:
        """Leave after a crash with a plain traceback.

        Textual's own shows the values of variables, and those may hold keys and prompts.
        """
        self.bell()
        self.panic(Text(make_safe(traceback.format_exc())))

    async def close_models(self) -> None:
        """Stop what is at work and close every model, within a time limit."""
        await self.end_sweeps()
        await self._shelf.aclose()
        if self._archive is not None:
            archive, self._archive = self._archive, None
            self.lost_writes = await archive.aclose()

    # Space

    def _arrange(self) -> None:
        """Fit panes and drawer to the size of the terminal."""
        width, panes, drawer = self._space.width, len(self.panes), self._drawer
        if drawer is not None and drawer.display:
            covering = drawer_covers(width, panes)
            drawer.set_class(covering, "-covering")
            width -= 0 if covering else DRAWER_WIDTH
        around = _AROUND_PANES + self.sign_lines
        arrangement = arrange_panes(width, self._space.height - around, panes)
        self._grid.lay_out(arrangement)
        self._tabs.display = arrangement.tabbed
        self._show_tabs()

    def on_sweep_sign_toggled(self) -> None:
        """A sweep at work takes a line, or gives it back."""
        self._arrange()

    def _show_tabs(self) -> None:
        if self._tabs.display:
            self._tabs.show(self._grid.tabs, self.active_pane.place)

    def on_resize(self, event: events.Resize) -> None:
        """A terminal may be resized at any moment."""
        # The event's size: the app's own is still the old one while this runs.
        self._space = event.size
        self._arrange()

    def _tick(self) -> None:
        if len(self.screen_stack) > 1 and self.screen.styles.background.a == 1:
            return  # A screen covers the panes. What comes meanwhile waits, and is drawn at once.
        for pane in self.panes:
            pane.tick()
        self._show_tabs()

    @on(PaneGrid.ActiveChanged)
    def _active_changed(self) -> None:
        self._arrange()
        self._label_prompt()
        self._show_drawer()

    @on(PaneTabs.Chosen)
    def _tab_chosen(self, message: PaneTabs.Chosen) -> None:
        self._grid.activate(message.place)

    @on(PaneHeader.Clicked)
    def _header_clicked(self) -> None:
        # After the click has made its pane the active one.
        self.call_later(self.action_pick_model)

    @on(Pane.Asked)
    def _asked_model(self, message: Pane.Asked) -> None:
        if self._archive is not None:
            pane = message.pane
            self._archive.record(pane.conversation, message.turn, message.run, pane.place)

    @on(Pane.ModelOpened)
    def _model_opened(self) -> None:
        self._show_drawer()

    # Talking

    def _label_prompt(self) -> None:
        several = self._to_all and len(self.panes) > 1
        whom = "all panes" if several else f"pane {self.active_pane.letter}"
        self._prompt.border_title = f"Prompt to {whom}"
        self._prompt.border_subtitle = "Enter sends · ^J new line"

    @on(PromptBox.Sent)
    def _prompt_sent(self, message: PromptBox.Sent) -> None:
        self._do(self._send(message.text))

    async def _send(self, text: str) -> None:
        await self.furnished.wait()
        targets = self._targets
        if not self._all_free(targets):
            self._prompt.give_back(text)
            return
        round_ = new_id()
        for pane in targets:
            pane.ask(text, round_)

    def check_action(self, action: str, parameters: tuple[object, ...]) -> bool | None:
        """Before the panes have their models, what needs one does nothing."""
        return self.furnished.is_set() or action not in NEEDS_MODELS

    def action_stop(self) -> None:
        """Leave a lesson; stop the pane that has the keyboard, or all; go back to the prompt."""
        if self.put_welcome_away() or self.leave_lesson():
            return
        focused = self.focused
        inside = [pane for pane in self.panes if focused and pane in focused.ancestors_with_self]
        if [pane for pane in inside or self.panes if pane.stop()]:
            return
        self.uncover_panes()
        self._prompt.focus()

    def action_stop_all(self) -> None:
        """Stop every pane that is answering."""
        for pane in self.panes:
            pane.stop()

    def action_retry(self) -> None:
        """Ask the last prompt again with the params as they are now."""
        if self._all_free(self._targets) and not [p for p in self._targets if p.retry()]:
            self.say("There is no prompt to ask again yet.")

    def action_clear(self) -> None:
        """Begin anew in the panes that the prompt is for; what was said stays in the history."""
        self._clear(self._targets)

    def action_clear_pane(self) -> None:
        """Forget the active pane's conversation."""
        self._clear([self.active_pane])

    def _clear(self, panes: Sequence[Pane]) -> None:
        self._do(self._clear_all(panes))

    async def _clear_all(self, panes: Sequence[Pane]) -> None:
        await asyncio.gather(*(pane.clear() for pane in panes))
        if not any(pane.conversation.turns for pane in self.panes):
            self.archive.begin_anew()

    def action_target(self) -> None:
        """Switch between all panes and the active one."""
        self._to_all = not self._to_all
        self._label_prompt()

    # Reading

    def action_help(self) -> None:
        """Keys and words."""
        dialogs.show_help(self)

    def action_details(self) -> None:
        """What was really sent and used in the active pane's last run."""
        pane, run = self.active_pane, self.active_pane.run
        if run is None:
            self.say(f"Pane {pane.letter} has not answered yet.")
        else:
            copy = partial(self.copy_run, run.id)
            dialogs.show_details(self, pane, run, self._timing_of, copy)

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Everything the user can do, by name."""
        for act in ACTS:
            if act.action != "command_palette":
                yield SystemCommand(act.title, act.help, self._doing(act.action))
        yield SystemCommand("Theme", "Change the colours", self.action_change_theme)
        yield SystemCommand(
            "Screenshot",
            "Save the screen as an SVG picture",
            lambda: self.set_timer(0.1, self.deliver_screenshot),
        )

    def deliver_screenshot(
        self, filename: str | None = None, path: str | None = None, time_format: str | None = None
    ) -> str | None:
        """Save the screen among the downloads; where there are none, in the current folder."""
        from platformdirs import user_downloads_path

        downloads = user_downloads_path()
        folder = downloads if downloads.is_dir() else Path.cwd()
        return super().deliver_screenshot(filename, path or str(folder), time_format)

    def _doing(self, action: str) -> Callable[[], None]:
        def do() -> None:
            # Later: an action may open a screen, and the palette has to be gone by then.
            self.call_later(self.run_action, action)

        return do
