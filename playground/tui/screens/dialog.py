"""What all screens over the panes have in common."""

from __future__ import annotations

from pathlib import Path, PurePath
from typing import ClassVar, Generic, TypeVar

from textual import events
from textual.await_complete import AwaitComplete
from textual.screen import ModalScreen
from textual.types import CSSPathType

from playground.tui.steady import SteadyScreen

__all__ = ["LENS_STYLES", "PROMPT_STYLES", "STYLES", "SWEEP_STYLES", "Dialog"]

_Result = TypeVar("_Result")

_FOLDER = Path(__file__).parent.parent / "styles"
STYLES: list[str | PurePath] = [_FOLDER / "dialogs.tcss", _FOLDER / "comparing.tcss"]
"""The style sheets of the screens that compare and choose settings."""

SWEEP_STYLES: list[str | PurePath] = [*STYLES, _FOLDER / "sweeps.tcss"]
"""Those of the screens of sweeps."""

PROMPT_STYLES: list[str | PurePath] = [_FOLDER / "dialogs.tcss", _FOLDER / "prompts.tcss"]
"""Those of the screens of the prompt library."""

LENS_STYLES: list[str | PurePath] = [*STYLES, _FOLDER / "lens.tcss"]
"""Those of the lens."""


class Dialog(SteadyScreen[_Result], ModalScreen[_Result], Generic[_Result]):
    """A screen over the panes. Its style sheet is read when the first one opens."""

    AUTO_FOCUS = "*"
    CSS_PATH: ClassVar[CSSPathType | None] = _FOLDER / "dialogs.tcss"

    def on_key(self, event: events.Key) -> None:
        """A letter that nothing below took is its key with Shift or Caps Lock too."""
        letter, app = event.key, self.app
        if len(letter) == 1 and letter.isupper():
            meant = self.active_bindings.get(letter.lower())
            if meant is not None:
                event.stop()
                # As the application does it with keys: not in the screen's own time.
                app.call_later(app.run_action, meant.binding.action, meant.node)

    def dismiss(self, result: _Result | None = None) -> AwaitComplete:
        """Leave with a result, once.

        Textual takes away whichever screen is on top: at a key that was pressed twice the one
        below, and at the end of something in the background the one that was opened meanwhile.
        """
        if self not in self.app.screen_stack:
            return AwaitComplete()
        if not self.is_mounted:
            # Its widgets are still being put in: what begins it would look for them in vain.
            self.call_later(self._leave, result)
            return AwaitComplete()
        while not self.is_active:
            self.app.pop_screen()
        return super().dismiss(result)

    def _leave(self, result: _Result | None) -> None:
        # Without a word of it: whoever calls back would wait for what `dismiss` gives.
        self.dismiss(result)
