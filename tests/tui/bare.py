"""A screen on an app that has nothing else, and what it gave back."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from textual.app import App
from textual.pilot import Pilot
from textual.screen import Screen

from playground.tui.themes import DARK, THEMES
from tests.tui.stage import screen_of, until


class BareApp(App[None]):
    """An app in our colours that shows one screen."""

    def __init__(self, screen: Screen[Any], theme: str = DARK.name) -> None:
        super().__init__()
        self._shown = screen
        self._wanted = theme
        self.given: list[Any] = []

    def on_mount(self) -> None:
        """Bring the screen up."""
        for theme in THEMES:
            self.register_theme(theme)
        self.theme = self._wanted
        self.push_screen(self._shown, self.given.append)


@dataclass
class Shown:
    """A screen that is up: its keys, its text, and what it gave back (nothing yet: empty)."""

    pilot: Pilot[None]
    app: BareApp

    @property
    def text(self) -> str:
        """What a person reads."""
        return screen_of(self.app)

    @property
    def notices(self) -> str:
        """What was said in passing."""
        return "\n".join(notice.message for notice in self.app._notifications)

    async def press(self, *keys: str) -> None:
        """Press keys and let what follows happen."""
        await self.pilot.press(*keys)
        await self.pilot.app.workers.wait_for_complete()
        await self.pilot.pause()

    async def sees(self, text: str) -> None:
        """Wait until the text is on the screen."""
        await until(self.pilot, lambda: text in self.text)


@asynccontextmanager
async def shown(
    screen: Screen[Any], size: tuple[int, int] = (110, 30), theme: str = DARK.name
) -> AsyncIterator[Shown]:
    """The screen, up and drawn."""
    app = BareApp(screen, theme)
    async with app.run_test(size=size) as pilot:
        await until(pilot, lambda: app.screen is screen)
        await pilot.pause()
        yield Shown(pilot, app)
