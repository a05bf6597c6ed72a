"""The prompt library: search it, look into a prompt, choose one; write and delete your own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.types import CSSPathType
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option
from textual.worker import Worker, WorkerState

from playground import prompts
from playground.background import off_loop
from playground.errors import PlaygroundError
from playground.prompts import Prompt, Shelf
from playground.sanitize import make_safe
from playground.tui.labels import brief, fit, one_line
from playground.tui.latest import run_latest
from playground.tui.screens.dialog import PROMPT_STYLES, Dialog
from playground.tui.screens.prompt_editor import Draft, PromptEditor
from playground.tui.screens.prompt_filling import FilledPrompt, PromptFilling
from playground.tui.widgets.fitted_text import KeyLine
from playground.tui.widgets.safe_text import SafeInput

__all__ = ["PromptLibrary"]

_PAUSE = 0.08
"""Seconds after the last letter before the library is searched."""
_NAME_WIDTH, _TITLE_WIDTH = 26, 50
_MUTED, _HEAD = "$foreground 60%", "$text-primary"
_KEYS = "Enter fills in · ^E edits · ^N new · ^D deletes · ^Z undoes · Esc leaves"


class PromptLibrary(Dialog[FilledPrompt | None]):
    """Gives back a prompt with its gaps filled in, or None if it was left with Escape.

    `fresh` is the text that a prompt of one's own begins with (^N), `whom` says to whom prompts go.
    """

    CSS_PATH: ClassVar[CSSPathType | None] = PROMPT_STYLES
    # Textual declares it as an attribute of instances.
    VERTICAL_BREAKPOINTS = [(0, "-short"), (30, "-tall")]  # noqa: RUF012
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel"),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("pagedown", "move(8)", "Page down", show=False),
        Binding("pageup", "move(-8)", "Page up", show=False),
        Binding("ctrl+e", "edit", "Edit", priority=True),
        Binding("ctrl+n", "begin", "New", priority=True),
        Binding("ctrl+d", "delete", "Delete", priority=True),
        Binding("ctrl+z", "undo", "Undo", priority=True),
    ]

    def __init__(
        self,
        *,
        whom: str = "all panes",
        sends: bool = True,
        fresh: Callable[[], str] | None = None,
    ) -> None:
        super().__init__()
        self._whom = whom
        self._sends = sends
        self._fresh = fresh
        self._shelf = Shelf((), {})
        self._found: tuple[Prompt, ...] = ()
        self._above = 0
        """Rows over those of the prompts: files that cannot be used."""
        self._deleted: list[Draft] = []

    def compose(self) -> ComposeResult:
        """A field over a list over the highlighted prompt."""
        with Vertical(id="library", classes="dialog"):
            yield Static(Content("Prompt library"), classes="dialog-title")
            yield SafeInput(placeholder="Search …", id="library-field", classes="field")
            yield OptionList(
                Option("looking …", disabled=True),
                id="library-list",
                classes="listing",
                markup=False,
            )
            yield Static(id="library-preview")
            yield KeyLine(_KEYS, classes="dialog-note")

    def on_mount(self) -> None:
        """Read the library."""
        self.query_one(OptionList).can_focus = False
        self._look()

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """What went wrong with a file is told, and the list stays usable."""
        error = event.worker.error
        if event.state is WorkerState.ERROR and error is not None:
            self._tell(error)

    def _tell(self, problem: BaseException | str) -> None:
        ours = isinstance(problem, PlaygroundError)
        self.notify(
            one_line(str(problem)),
            title=problem.title if isinstance(problem, PlaygroundError) else "",
            severity="error" if ours or isinstance(problem, BaseException) else "information",
            markup=False,
        )

    # The list

    @on(Input.Changed)
    def _typed(self) -> None:
        self._look()

    def _look(self, at: str = "") -> None:
        run_latest(self, partial(self._search, at), "search")

    async def _search(self, at: str) -> None:
        """Find what matches; the worker of an earlier letter is cancelled by a later one."""
        import asyncio

        await asyncio.sleep(_PAUSE if self._found else 0)
        words = self.query_one(Input).value
        self._shelf, self._found = await off_loop(lambda: _looked_up(words))
        listing = self.query_one(OptionList)
        listing.clear_options()
        broken = [_broken_row(*item) for item in self._shelf.problems.items() if not words]
        self._above = len(broken)
        listing.add_options([Option(row, disabled=True) for row in broken])
        listing.add_options([Option(_row(prompt)) for prompt in self._found])
        names = [prompt.name for prompt in self._found]
        if names:
            self._highlight(names.index(at) if at in names else 0)
            if not at:
                listing.scroll_home(animate=False)
        else:
            listing.add_option(Option(Content("nothing matches"), disabled=True))
            self.query_one("#library-preview", Static).update("")

    @property
    def _chosen(self) -> Prompt | None:
        place = self._place
        return self._found[place] if 0 <= place < len(self._found) else None

    @property
    def _place(self) -> int:
        """Which of the prompts that were found is highlighted, from 0; -1 for none."""
        place = self.query_one(OptionList).highlighted
        return place - self._above if place is not None else -1

    def _highlight(self, place: int) -> None:
        self.query_one(OptionList).highlighted = place + self._above

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        chosen = self._chosen
        self.query_one("#library-preview", Static).update(_preview(chosen) if chosen else "")

    def action_move(self, by: int) -> None:
        """Move in the list while the field keeps the keyboard."""
        if self._found:
            self._highlight(min(max(self._place + by, 0), len(self._found) - 1))

    def action_leave(self) -> None:
        """Empty the field, then leave."""
        field = self.query_one(Input)
        if field.value:
            field.value = ""
        else:
            self.dismiss(None)

    # Using one

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _opened(self) -> None:
        if (chosen := self._chosen) is not None:
            self._do(self._fill_in(chosen))

    def _do(self, work: Any) -> None:
        self.run_worker(work, exit_on_error=False)

    async def _fill_in(self, prompt: Prompt) -> None:
        filled = await self.app.push_screen_wait(
            PromptFilling(prompt, whom=self._whom, sends=self._sends)
        )
        if filled is not None:
            self.dismiss(filled)

    # Writing

    def action_edit(self) -> None:
        """Edit the highlighted prompt; of a shipped one, a copy that takes its place."""
        if (chosen := self._chosen) is not None:
            self._do(self._edit(chosen.name))

    async def _edit(self, name: str) -> None:
        text, category = await off_loop(lambda: prompts.text_of(name))
        await self._write(Draft(name, category, text))

    def action_begin(self) -> None:
        """Begin a prompt of one's own, with what is in the prompt box."""
        text = self._fresh() if self._fresh is not None else ""
        self._do(self._write(Draft("", prompts.OWN_CATEGORY, text or prompts.skeleton("my-own"))))

    async def _write(self, draft: Draft) -> None:
        saved = await self.app.push_screen_wait(PromptEditor(draft))
        if saved is not None:
            self.query_one(Input).value = ""
            self._look(saved.name)

    def action_delete(self) -> None:
        """Delete the highlighted one, if it is the user's own."""
        chosen = self._chosen
        if chosen is None:
            return
        if not chosen.own:
            self._tell(f"{chosen.reference} ships with the playground and stays.")
        else:
            self._do(self._delete(chosen))

    async def _delete(self, prompt: Prompt) -> None:
        text = await off_loop(lambda: prompts.delete_prompt(prompt.name))
        self._deleted.append(Draft(prompt.name, prompt.category, text))
        self._tell(f"Deleted {prompt.reference}. ^Z brings it back.")
        self._look(prompt.name)

    def action_undo(self) -> None:
        """Bring back what was deleted last."""
        if self._deleted:
            self._do(self._put_back(self._deleted.pop()))

    async def _put_back(self, draft: Draft) -> None:
        await off_loop(lambda: prompts.save_prompt(draft.text, draft.name, draft.category))
        self._look(draft.name)


def _looked_up(words: str) -> tuple[Shelf, tuple[Prompt, ...]]:
    """The shelf, and what has the words: the user's own first, where all are shown."""
    shelf = prompts.list_prompts()
    among = sorted(shelf.found, key=lambda prompt: not prompt.own)
    return shelf, prompts.search(words, among)


def _row(prompt: Prompt) -> Content:
    mark = "● " if prompt.own else "  "
    return Content.assemble(
        (mark, "$text-accent"),
        (fit(prompt.reference, _NAME_WIDTH), "bold"),
        (f" {fit(prompt.language, 3)}", _MUTED),
        fit(one_line(prompt.title), _TITLE_WIDTH),
        (f"  {prompt.category}", _MUTED),
    )


def _broken_row(name: str, problem: PlaygroundError) -> Content:
    # The folder in front of it would leave no room for what is wrong.
    what = str(problem).partition(".toml")[2].lstrip(",: ") or str(problem)
    return Content.styled(f"  {one_line(name)}: {one_line(what)}", "$text-error")


def _preview(prompt: Prompt) -> Content:
    """What a prompt is for, what to watch for, what it suggests, and its beginning."""
    parts: list[Content | str | tuple[str, str]] = [(one_line(prompt.title), "bold")]
    if prompt.needs:
        parts.append((f"  wants {one_line(prompt.needs)}", "$text-warning"))
    if prompt.description:
        parts.append(f"\n{make_safe(prompt.description)}")
    if prompt.watch_for:
        parts += [("\nWatch for  ", _HEAD), make_safe(prompt.watch_for)]
    settings = [f"{name} {brief(value)}" for name, value in prompt.suggestion.items()]
    if prompt.sweep:
        settings.append(f"sweep of {', '.join(name for name in prompt.sweep if name != 'samples')}")
    if settings:
        parts += [("\nSuggests   ", _HEAD), ", ".join(settings)]
    for message in prompt.preview():
        role = {"system": "System", "user": "You", "assistant": "Model"}[message.role]
        parts += [(f"\n{role:<11}", _HEAD), (one_line(message.content)[:400], "$foreground 80%")]
    return Content.assemble(*parts)
