"""The prompt library: search it, look into a prompt, choose one; write and delete your own."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from rich.cells import cell_len
from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.types import CSSPathType
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

import playground.prompts as prompts
from playground.background import off_loop
from playground.cells import fit
from playground.errors import PlaygroundError
from playground.prompts import Prompt, Shelf
from playground.sanitize import make_safe
from playground.tui.labels import brief, one_line
from playground.tui.latest import run_latest
from playground.tui.screens.dialog import PROMPT_STYLES
from playground.tui.screens.prompt_editor import Draft, PromptEditor
from playground.tui.screens.prompt_filling import FilledPrompt, PromptFilling
from playground.tui.screens.search import SEARCH, SearchScreen

__all__ = ["PromptLibrary"]

_PAUSE = 0.08
"""Seconds after the last letter before the library is searched."""
_NAME_WIDTH = 26
_BEFORE_TITLE = 2 + _NAME_WIDTH + 4
"""Cells of mark, name and language."""
_LEAST_TITLE = 36
"""Cells that most titles take: with less the category stands in the preview only."""
_GAP = "  "
_MUTED, _HEAD = "$foreground 60%", "$text-primary"
_KEYS = "Enter fills in · ^E edits · ^N new · ^D deletes · ^Z undoes · Esc leaves"


class PromptLibrary(SearchScreen[FilledPrompt | None, Prompt]):
    """Gives back a prompt with its gaps filled in, or None if it was left with Escape.

    `fresh` is the text that a prompt of one's own begins with (^N), `whom` says to whom prompts go.
    """

    CSS_PATH: ClassVar[CSSPathType | None] = PROMPT_STYLES
    ROOT: ClassVar[str] = "library"
    HEADING: ClassVar[str] = "Prompt library"
    KEYS: ClassVar[str] = _KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
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
        self._deleted: list[Draft] = []

    # The list

    def look(self, at: str = "") -> None:
        """Search the library for what stands in the field; highlight the prompt of this name."""
        run_latest(self, partial(self._search, at), SEARCH)

    async def _search(self, at: str) -> None:
        """Find what matches; the worker of an earlier letter is cancelled by a later one."""
        import asyncio

        await asyncio.sleep(_PAUSE if self._found else 0)
        words = self.query_one(Input).value
        self._shelf, self._found = await off_loop(lambda: _looked_up(words))
        self._show(at)
        if not at:
            self.query_one(OptionList).scroll_home(animate=False)

    def _show(self, at: str) -> None:
        """Files that cannot be used, over the prompts that were found."""
        listing = self.query_one(OptionList)
        listing.clear_options()
        problems = {} if self.query_one(Input).value else self._shelf.problems
        self._above = len(problems)
        listing.add_options(
            [Option(_broken_row(*item), disabled=True) for item in problems.items()]
        )
        width = self.row_width
        categories = max((cell_len(prompt.category) for prompt in self._shelf.found), default=0)
        listing.add_options([Option(_row(prompt, width, categories)) for prompt in self._found])
        names = [prompt.name for prompt in self._found]
        if names:
            self.highlight(names.index(at) if at in names else 0)
        else:
            listing.add_option(Option(Content("nothing matches"), disabled=True))
            self.preview.update("")

    def fit_columns(self) -> None:
        """Show what was found in the width that there is now."""
        self._show(self.chosen.name if self.chosen is not None else "")

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        self.preview.update(_preview(self.chosen) if self.chosen is not None else "")

    def action_leave(self) -> None:
        """Empty the field, then leave."""
        field = self.query_one(Input)
        if field.value:
            field.value = ""
        else:
            self.dismiss(None)

    # Using one

    def opened(self, item: Prompt) -> None:
        """Have it filled in."""
        self._do(self._fill_in(item))

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
        if (chosen := self.chosen) is not None:
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
            with self.prevent(Input.Changed):
                # It would look anew, and for none in particular.
                self.query_one(Input).value = ""
            self.look(saved.name)

    def action_delete(self) -> None:
        """Delete the highlighted one, if it is the user's own."""
        chosen = self.chosen
        if chosen is None:
            return
        if not chosen.own:
            self.tell(f"{chosen.reference} ships with the playground and stays.")
        else:
            self._do(self._delete(chosen))

    async def _delete(self, prompt: Prompt) -> None:
        text = await off_loop(lambda: prompts.delete_prompt(prompt.name))
        self._deleted.append(Draft(prompt.name, prompt.category, text))
        self.tell(f"Deleted {prompt.reference}. ^Z brings it back.")
        self.look(prompt.name)

    def action_undo(self) -> None:
        """Bring back what was deleted last."""
        if self._deleted:
            self._do(self._put_back(self._deleted[-1]))

    async def _put_back(self, draft: Draft) -> None:
        await off_loop(lambda: prompts.save_prompt(draft.text, draft.name, draft.category))
        self._deleted.remove(draft)
        self.look(draft.name)


def _looked_up(words: str) -> tuple[Shelf, tuple[Prompt, ...]]:
    """The shelf, and what has the words: the user's own first, where all are shown."""
    shelf = prompts.list_prompts()
    among = sorted(shelf.found, key=lambda prompt: not prompt.own)
    return shelf, prompts.search(words, among)


def _row(prompt: Prompt, width: int, categories: int) -> Content:
    """A row: name, language, title, and where there is room the category, which is never cut.

    `categories` is the width of the widest category.
    """
    title = width - _BEFORE_TITLE
    with_category = title - categories - len(_GAP)
    beside = with_category >= _LEAST_TITLE
    return Content.assemble(
        ("● " if prompt.own else "  ", "$text-accent"),
        (fit(prompt.reference, _NAME_WIDTH), "bold"),
        (f" {fit(prompt.language, 3)}", _MUTED),
        fit(one_line(prompt.title), max(with_category if beside else title, 0)),
        (f"{_GAP}{prompt.category}" if beside else "", _MUTED),
    )


def _broken_row(name: str, problem: PlaygroundError) -> Content:
    # The folder in front of it would leave no room for what is wrong.
    what = str(problem).partition(".toml")[2].lstrip(",: ") or str(problem)
    return Content.styled(f"  {one_line(name)}: {one_line(what)}", "$text-error")


def _preview(prompt: Prompt) -> Content:
    """What a prompt is for, what to watch for, what it suggests, and its beginning."""
    parts: list[Content | str | tuple[str, str]] = [
        (one_line(prompt.title), "bold"),
        (f"  {prompt.category}", _MUTED),
    ]
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
    try:
        for message in prompt.preview():
            role = {"system": "System", "user": "You", "assistant": "Model"}[message.role]
            said = one_line(message.content)[:400]
            parts += [(f"\n{role:<11}", _HEAD), (said, "$foreground 80%")]
    except PlaygroundError as error:
        # A text of the user's own may fail on its examples: the library stays open.
        parts.append((f"\n{make_safe(str(error))}", "$text-error"))
    return Content.assemble(*parts)
