"""The history: search it, look into it, open, pin and delete conversations."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, ClassVar

from rich.cells import cell_len
from textual import on
from textual.binding import Binding, BindingType
from textual.content import Content
from textual.widgets import Input, OptionList
from textual.widgets.option_list import Option

from playground.cells import cut, fit
from playground.errors import PlaygroundError
from playground.history import Filters, Hit, Summary
from playground.history.typed import typed_filters
from playground.history.words import pieces_of
from playground.tui.labels import count, one_line
from playground.tui.latest import run_latest
from playground.tui.screens.search import SEARCH, SearchScreen

if TYPE_CHECKING:
    from playground.tui.archive import Archive

__all__ = ["HistoryScreen"]

SHOWN = 100
_PAUSE = 0.15
"""Seconds after the last letter before the history is searched."""
_MARK_WIDTH = 2
_WITH_DATE, _WITH_MODELS = 44, 68
"""Cells of a row below which date and models leave the title too little."""
_MODELS_WIDTH = 34
"""Cells of the models at most, and never more than a third of a row."""
_KEYS = (
    "Enter opens · ^T pins · ^D deletes · ^Z undoes · Esc closes\n"
    "Words search prompts and answers. model:… tag:… since:7d until:2026-11-24 temperature>1 narrow"
)


class HistoryScreen(SearchScreen[str, Summary]):
    """Gives back the conversation to open, or an empty string if it was left with Escape."""

    ROOT: ClassVar[str] = "history"
    HEADING: ClassVar[str] = "History"
    KEYS: ClassVar[str] = _KEYS
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+t", "pin", "Pin", priority=True),
        Binding("ctrl+d", "delete", "Delete", priority=True),
        Binding("ctrl+z", "undo", "Undo", priority=True),
    ]

    def __init__(self, archive: Archive) -> None:
        super().__init__()
        self._archive = archive
        self._filters = Filters()
        self._deleted: list[str] = []

    def look(self) -> None:
        """Search the history for what stands in the field."""
        run_latest(self, self._search, SEARCH)

    async def _search(self) -> None:
        """Find what matches; the worker of an earlier letter is cancelled by a later one."""
        import asyncio

        await asyncio.sleep(_PAUSE if self._found else 0)
        typed = self.query_one(Input).value
        try:
            self._filters = typed_filters(typed)
            self._found = await self._archive.find(self._filters, SHOWN)
        except PlaygroundError as error:
            # What is being typed may become one that can be meant with the next letter; what
            # matched an earlier word must not stand under this one.
            self._found = ()
            self._show(str(error))
        else:
            self._show("nothing matches" if typed.strip() else "nothing is kept yet")

    def _show(self, nothing: str) -> None:
        """Show what was found, or the reason why there is nothing."""
        listing = self.query_one(OptionList)
        at = max(self.place, 0)
        listing.clear_options()
        width = self.row_width
        listing.add_options([Option(_line(item, width)) for item in self._found])
        if self._found:
            self.highlight(at)
        else:
            listing.add_option(Option(Content(nothing), disabled=True))
            self.preview.update("")

    def fit_columns(self) -> None:
        """Show what was found in the width that there is now."""
        self._show("")

    @on(OptionList.OptionHighlighted)
    def _highlighted(self) -> None:
        run_latest(self, self._preview, "preview")

    async def _preview(self) -> None:
        chosen = self.chosen
        if chosen is None:
            return
        query = self._filters.query
        inside = Filters(conversation=chosen.id)
        found = self._filters.model_copy(update={"conversation": chosen.id, "tag": ""})
        hits = await self._archive.read(
            # Where only the title has the words, how it went on is shown.
            lambda history: history.search(found, limit=4) or history.search(inside, limit=4)
        )
        self.preview.update(_excerpt(chosen, hits, query, self.preview.content_region.width))

    def action_pin(self) -> None:
        """Keep the conversation at the top, or no longer."""
        if (chosen := self.chosen) is not None:
            self._archive.pin(chosen.id, pinned=not chosen.pinned)
            self.look()

    def action_delete(self) -> None:
        """Take the conversation out of sight; it can be brought back."""
        if (chosen := self.chosen) is not None:
            self._archive.delete(chosen.id)
            self._deleted.append(chosen.id)
            self.notify(f"Deleted {one_line(chosen.title)!r}. ^Z brings it back.", markup=False)
            self.look()

    def action_undo(self) -> None:
        """Bring back what was deleted last."""
        if self._deleted:
            self._archive.restore(self._deleted.pop())
            self.look()

    def action_leave(self) -> None:
        """Leave everything as it is."""
        self.dismiss("")

    def opened(self, item: Summary) -> None:
        """Give it back, to be opened."""
        self.dismiss(item.id)


def _line(item: Summary, width: int) -> Content:
    """A row: mark, title with its tags, and as there is room the last answer's time, models."""
    models = min(_MODELS_WIDTH, width // 3) if width >= _WITH_MODELS else 0
    date = f"{item.updated.astimezone():%Y-%m-%d %H:%M}" if width >= _WITH_DATE else ""
    names = fit(", ".join(map(one_line, item.models)), models)
    after = "".join(f"  {words}" for words in (date, names) if words)
    room = width - _MARK_WIDTH - cell_len(after)
    tags = cut(" ".join(f"#{one_line(tag)}" for tag in item.tags), room // 2)
    state = "interrupted" if item.interrupted else ""
    beside = "".join(f" {words}" for words in (tags, state) if words)
    title = cut(one_line(item.title) or "(no title)", room - cell_len(beside))
    blanks = " " * (room - cell_len(title) - cell_len(beside))
    return Content.assemble(
        ("★ " if item.pinned else "  ", "$text-warning"),
        (title, "$foreground"),
        (f" {tags}" if tags else "", "$text-accent"),
        (f" {state}" if state else "", "$text-warning"),
        (f"{blanks}{after}", "$foreground 55%"),
    )


def _excerpt(item: Summary, hits: Sequence[Hit], query: str, width: int) -> Content:
    """What was asked and answered there, a row each, with the words that were looked for."""
    runs = f"{count(item.runs)} {'run' if item.runs == 1 else 'runs'}"
    facts = f"{item.id} · {runs} · {one_line(item.origin)}"
    parts: list[Content | tuple[str, str]] = [(f"{cut(facts, width)}\n", "$foreground 50%")]
    for hit in hits:
        prompt = _marked(cut(one_line(hit.prompt), width), query, "$text-primary")
        answer = cut(f"  {one_line(hit.model)}: {one_line(hit.snippet)}", width)
        parts += [prompt, ("\n", ""), _marked(answer, query, "$foreground 80%"), ("\n", "")]
    return Content.assemble(*parts)


def _marked(text: str, query: str, style: str) -> Content:
    """Text with every place of the words that were looked for underlined."""
    content = Content.styled(text, style)
    low = text.casefold()
    if len(low) != len(text):
        return content  # A place in one would not be a place in the other.
    for piece in filter(None, pieces_of(query)):
        at = low.find(piece)
        while at >= 0:
            content = content.stylize("bold underline", at, at + len(piece))
            at = low.find(piece, at + len(piece))
    return content
