"""Background work of which only the latest counts: a search for each letter that is typed, say."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

from textual.dom import DOMNode

__all__ = ["run_latest"]


def run_latest(
    node: DOMNode, work: Callable[[], Coroutine[Any, Any, None]], group: str = "default"
) -> None:
    """Run this, and cancel what was begun before in the same group of a node.

    A function and not a coroutine, because one that is cancelled before its first step would be
    complained of as never awaited. What goes wrong in it does not close the application.
    """
    anything: Any = work
    node.run_worker(anything, group=group, exclusive=True, exit_on_error=False)
