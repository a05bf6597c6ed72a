"""An error as a pane shows it: what happened, what to do, and what llama.cpp said last."""

from __future__ import annotations

from playground.errors import LocalError, PlaygroundError
from playground.sanitize import make_safe

__all__ = ["problem_text"]

_LOG_LINES = 4


def problem_text(error: BaseException) -> str:
    """The text for people; safe to show. Errors that are not ours are defects and say so."""
    if not isinstance(error, PlaygroundError):
        return make_safe(
            f"✗ Unexpected {type(error).__name__}: {error}\n"
            "This is a defect in the playground or in a plug-in; the other panes go on."
        )
    lines = [f"✗ {error.title}. {error.message}", error.hint]
    if isinstance(error, LocalError):
        lines += [f"│ {line}" for line in error.log[-_LOG_LINES:]]
    return make_safe("\n".join(filter(None, lines)))
