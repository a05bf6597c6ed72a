"""The views of a screen in one line, each with its key."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.message import Message
from textual.widget import Widget

from playground.cells import cut

__all__ = ["ViewTabs"]


class ViewTabs(Widget):
    """Names with a digit each; a click says `Chosen`, as the digit's key does."""

    class Chosen(Message):
        """A view was clicked."""

        def __init__(self, view: str) -> None:
            super().__init__()
            self.view = view

    def __init__(self, views: Sequence[tuple[str, str]], *, id: str) -> None:  # noqa: A002
        super().__init__(id=id)
        self._views = views
        self._here = views[0][0]

    def show(self, view: str) -> None:
        """Mark a view as the one that is shown."""
        self._here = view
        self.refresh()

    def render(self) -> Content:
        """The line."""
        parts: list[tuple[str, str]] = []
        for number, (view, title) in enumerate(self._fitted(), start=1):
            here = view == self._here
            parts += [
                (f"{number} ", "$text-accent"),
                (title, "bold $text-primary reverse" if here else "$foreground 70%"),
                (" ", ""),
            ]
        return Content.assemble(*parts)

    def _fitted(self) -> Sequence[tuple[str, str]]:
        """The views with titles that all have room; where there is little the longest are cut."""
        room = self.size.width - 3 * len(self._views) + 1
        longest = max(cell_len(title) for _, title in self._views)
        for most in range(longest, 2, -1):
            titles = [cut(title, most) for _, title in self._views]
            if sum(map(cell_len, titles)) <= room:
                return [(view, title) for (view, _), title in zip(self._views, titles, strict=True)]
        return self._views

    def on_click(self, event: events.Click) -> None:
        """To the view that was clicked."""
        end = 0
        for view, title in self._fitted():
            end += 3 + cell_len(title)
            if event.x < end:
                self.post_message(self.Chosen(view))
                return
