"""The history: search it, look into it, open, pin and delete conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len, set_cell_size
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.widgets import Input, OptionList, Static
from textual.widgets.option_list import Option

from playground.errors import PlaygroundError
from playground.history import Filters, Hit, Summary
from playground.sanitize import make_safe
from playground.tui.labels import one_line
from playground.tui.latest import run_latest
from playground.tui.screens.dialog import Dialog
from playground.tui.widgets.safe_text import SafeInput

if TYPE_CHECKING:
    from playground.tui.archive import Archive

__all__ = ["HistoryScreen"]

SHOWN = 100
_PAUSE = 0.15
"""Seconds after the last letter before the history is searched."""
_TITLE_WIDTH, _MODELS_WIDTH = 52, 32
_KEYS = (
    "Enter opens · ^T pins · ^D deletes · ^Z undoes · words search prompts and answers, "
    "model:… and tag:… narrow it"
)


class HistoryScreen(Dialog[str]):
    """Gives back the conversation to open, or an empty string if it was left with Escape."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", "Cancel"),
        Binding("down", "move(1)", "Down", show=False),
        Binding("up", "move(-1)", "Up", show=False),
        Binding("pagedown", "move(8)", "Page down", show=False),
        Binding("pageup", "move(-8)", "Page up", show=False),
        Binding("ctrl+t", "pin", "Pin", priority=True),
        Binding("ctrl+d", "delete", "Delete", priority=True),
        Binding("ctrl+z", "undo", "Undo", priority=True),
    ]

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self._archive = archive
        self._found: Sequence[Summary] = ()
        self._deleted: list[str] = []

    def compose(self) -> ComposeResult:
        """A field over a list over the place where the words were found."""
        with Vertical(id="history", classes="dialog"):
            yield Static(Content("History"), classes="dialog-title")
            yield SafeInput(placeholder="Search …", id="history-field", classes="field")
            yield OptionList(
                Option("looking …", disabled=True),
                id="history-list",
                classes="listing",
                markup=False,
            )
            yield Static(id="history-preview")
            yield Static(Content(_KEYS), classes="dialog-note")

    def on_mount(self) -> None:
        """Show the latest conversations."""
        self.query_one(OptionList).can_focus = False
        self._look()

    @on(Input.Changed)
    def _typed(self) -> None:
        self._look()

    def _look(self) -> None:
        run_latest(self, self._search, "search")

    async def _search(self) -> None:
        """Find what matches; the worker of an earlier letter is cancelled by a later one."""
        import asyncio

        await asyncio.sleep(_PAUSE if self._found else 0)
        filters = _filters(self.query_one(Input).value)
        try:
            self._found = await self._archive.find(filters, SHOWN)
        except PlaygroundError as error:
            self.notify(one_line(str(error)), title=error.title, severity="error", markup=False)
            return
        listing = self.query_one(OptionList)
        at = listing.highlighted or 0
        listing.clear_options()
        listing.add_options([Option(_line(item)) for item in self._found])
        if self._found:
            listing.highlighted = min(at, len(self._found) - 1)
        else:
            words = "nothing matches" if self.query_one(Input).value else "nothing is kept yet"
            listing.add_option(Option(Content(words), disabled=True))
            self.query_one("#history-preview", Static).update("")

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        run_latest(self, self._preview, "preview")

    async def _preview(self) -> None:
        chosen = self._chosen
        if chosen is None:
            return
        query = _filters(self.query_one(Input).value).query
        inside = Filters(conversation=chosen.id)
        found = inside.model_copy(update={"query": query})
        hits = await self._archive.read(
            # Where only the title has the words, how it went on is shown.
            lambda history: history.search(found, limit=4) or history.search(inside, limit=4)
        )
        self.query_one("#history-preview", Static).update(_excerpt(chosen, hits))

    @property
    def _chosen(self) -> Summary | None:
        place = self.query_one(OptionList).highlighted
        return self._found[place] if place is not None and place < len(self._found) else None

    def action_move(self, by: int) -> None:
        """Move in the list while the field keeps the keyboard."""
        listing = self.query_one(OptionList)
        if self._found:
            now = listing.highlighted or 0
            listing.highlighted = min(max(now + by, 0), len(self._found) - 1)

    def action_pin(self) -> None:
        """Keep the conversation at the top, or no longer."""
        if (chosen := self._chosen) is not None:
            self._archive.pin(chosen.id, pinned=not chosen.pinned)
            self._look()

    def action_delete(self) -> None:
        """Take the conversation out of sight; it can be brought back."""
        if (chosen := self._chosen) is not None:
            self._archive.delete(chosen.id)
            self._deleted.append(chosen.id)
            self.notify(f"Deleted {one_line(chosen.title)!r}. ^Z brings it back.", markup=False)
            self._look()

    def action_undo(self) -> None:
        """Bring back what was deleted last."""
        if self._deleted:
            self._archive.restore(self._deleted.pop())
            self._look()

    def action_leave(self) -> None:
        """Leave everything as it is."""
        self.dismiss("")

    @on(Input.Submitted)
    @on(OptionList.OptionSelected)
    def _opened(self) -> None:
        if (chosen := self._chosen) is not None:
            self.dismiss(chosen.id)


def _filters(text: str) -> Filters:
    """What was typed: words, and `model:` and `tag:` among them."""
    words, found = [], {"model": "", "tag": ""}
    for word in text.split():
        name, colon, value = word.partition(":")
        if colon and name in found:
            found[name] = value
        else:
            words.append(word)
    return Filters(query=" ".join(words), **found)


def _line(item: Summary) -> Content:
    title = set_cell_size(one_line(item.title) or "(no title)", _TITLE_WIDTH)
    models = ", ".join(map(one_line, item.models))
    if cell_len(models) > _MODELS_WIDTH:
        models = f"{set_cell_size(models, _MODELS_WIDTH - 1)}…"
    tags = "".join(f" #{one_line(tag)}" for tag in item.tags)
    mark = "★ " if item.pinned else "  "
    state = " interrupted" if item.interrupted else ""
    return Content.assemble(
        (mark, "$text-warning"),
        (title, "$foreground"),
        (f"  {item.updated:%Y-%m-%d %H:%M}  ", "$foreground 50%"),
        (models, "$foreground 60%"),
        (tags, "$text-accent"),
        (state, "$text-warning"),
    )


def _excerpt(item: Summary, hits: Sequence[Hit]) -> Content:
    parts: list[tuple[str, str]] = [
        (f"{item.id}  {item.runs} runs  {one_line(item.origin)}\n", "$foreground 50%")
    ]
    for hit in hits:
        parts.append((f"{one_line(hit.prompt)[:80]}\n", "$text-primary"))
        parts.append((f"  {one_line(hit.model)}: {make_safe(hit.snippet)}\n", "$foreground 80%"))
    return Content.assemble(*parts)
