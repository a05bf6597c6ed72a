"""The processes of models below a test, and a run that keeps one busy."""

from __future__ import annotations

import psutil

from playground.providers import ChatModel
from playground.run import Run, generate


def workers() -> list[psutil.Process]:
    """The worker processes below this one; other tests may have left a server beside them."""
    return [child for child in psutil.Process().children(recursive=True) if _works(child)]


def _works(child: psutil.Process) -> bool:
    try:
        return "playground.providers.llama.worker" in " ".join(child.cmdline())
    except psutil.NoSuchProcess:
        return False  # It has just ended, or waits for somebody to ask how.


def long_run(model: ChatModel) -> Run:
    """A run that goes on until it is stopped: the token that ends a turn is forbidden."""
    return generate(model, "Once upon a time", max_length=900, logit_bias={"<|end|>": -1000})
