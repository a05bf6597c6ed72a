"""Welcomes a newcomer once, and makes way for whatever is done next."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from textual import on
from textual.widgets import TextArea

from playground.background import off_loop
from playground.tui.foundation import Foundation
from playground.tui.widgets.prompt_box import PromptBox

if TYPE_CHECKING:
    from playground.tui.widgets.welcome_card import WelcomeCard

__all__ = ["WelcomeActions"]

_TITLE: Final = "Welcome to the playground"
_NOTE: Final = "It goes when you type · Esc closes it"


class WelcomeActions(Foundation):
    """The first-run card: not a screen, so that what is typed over it goes where it belongs."""

    def __init__(self) -> None:
        super().__init__()
        self._card: WelcomeCard | None = None

    async def _welcome(self) -> None:
        """Say what a newcomer needs, once, unless they are writing already."""
        from playground.tui.screens.texts import first_run_text
        from playground.tui.widgets.welcome_card import WelcomeCard

        if self._prompt.text:
            return
        self._do(off_loop(_remember))
        self._card = WelcomeCard(_TITLE, first_run_text(), _NOTE)
        await self.query_one("#workspace").mount(self._card)

    def put_welcome_away(self) -> bool:
        """Take the card from the panes; false if there is none."""
        card, self._card = self._card, None
        if card is None or not card.is_attached:
            return False
        card.remove()
        return True

    @on(TextArea.Changed, "#prompt")
    @on(PromptBox.Blank)
    def _begun(self) -> None:
        self.put_welcome_away()


def _remember() -> None:
    from playground.tui.start import remember_welcome

    remember_welcome()
