"""The conversation of a pane: a widget that stays fast however much a model writes."""

from __future__ import annotations

from .widget import MessageHandle, Transcript

__all__ = ["MessageHandle", "Transcript"]
