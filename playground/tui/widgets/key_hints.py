"""The last line of the screen: the keys that matter, as many as there is room for."""

from __future__ import annotations

from typing import NamedTuple

from rich.cells import cell_len
from textual import events
from textual.content import Content
from textual.widget import Widget

from playground.tui.acts import ACTS, key_name

__all__ = ["KeyHints"]

_GAP = "  "


class _Hint(NamedTuple):
    key: str
    word: str
    action: str

    @property
    def width(self) -> int:
        return cell_len(self.key) + 1 + cell_len(self.word)


class KeyHints(Widget):
    """Keys with a word each. A click does what the key does.

    The last hint, how to get out, is always shown; the others give way from the right.
    """

    @property
    def _hints(self) -> list[_Hint]:
        return [
            _Hint(key_name(act.keys.split(",")[0]), act.footer, act.action)
            for act in ACTS
            if act.footer
        ]

    def _fitting(self) -> list[_Hint]:
        *hints, last = self._hints
        room = self.size.width - last.width
        shown: list[_Hint] = []
        for hint in hints:
            room -= hint.width + len(_GAP)
            if room < 0:
                break
            shown.append(hint)
        return [*shown, last]

    def render(self) -> Content:
        """The hints that fit."""
        parts: list[tuple[str, str]] = []
        for hint in self._fitting():
            if parts:
                parts.append((_GAP, ""))
            parts += [(hint.key, "$text-primary"), (f" {hint.word}", "$foreground 60%")]
        return Content.assemble(*parts)

    async def on_click(self, event: events.Click) -> None:
        """Do what was clicked."""
        start = 0
        for hint in self._fitting():
            if start <= event.x - self.gutter.left < start + hint.width:
                await self.app.run_action(hint.action)
                return
            start += hint.width + len(_GAP)
