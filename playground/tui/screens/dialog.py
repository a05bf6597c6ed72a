"""What all screens over the panes have in common."""

from __future__ import annotations

from pathlib import Path
from typing import Generic, TypeVar

from textual.screen import ModalScreen

__all__ = ["Dialog"]

_Result = TypeVar("_Result")


class Dialog(ModalScreen[_Result], Generic[_Result]):
    """A screen over the panes. Its style sheet is read when the first one opens."""

    AUTO_FOCUS = "*"
    CSS_PATH = Path(__file__).parent.parent / "styles" / "dialogs.tcss"
