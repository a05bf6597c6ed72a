"""chat-playground: language models side by side, with every knob of generation in the open.

The public names, imported when they are first used, so that `import playground` costs nothing::

    import playground

    with playground.Session() as session:
        for text in session.stream("demo:small", "Once upon a time", temperature=0.2):
            print(text, end="", flush=True)
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from playground import prompts
    from playground.comparison import Comparison, compare
    from playground.distribution import Distribution
    from playground.errors import PlaygroundError
    from playground.params import GenerationParams
    from playground.providers.base import ChatModel, Provider
    from playground.providers.registry import list_models, open_model
    from playground.run import Run, generate, text_of
    from playground.session import Session
    from playground.types import Answer, Message, ModelRef

_HOMES = {
    "Answer": "types",
    "ChatModel": "providers.base",
    "Comparison": "comparison",
    "Distribution": "distribution",
    "GenerationParams": "params",
    "Message": "types",
    "ModelRef": "types",
    "PlaygroundError": "errors",
    "Provider": "providers.base",
    "Run": "run",
    "Session": "session",
    "compare": "comparison",
    "generate": "run",
    "list_models": "providers.registry",
    "open_model": "providers.registry",
    "prompts": "prompts",
    "text_of": "run",
}

__all__ = [
    "Answer",
    "ChatModel",
    "Comparison",
    "Distribution",
    "GenerationParams",
    "Message",
    "ModelRef",
    "PlaygroundError",
    "Provider",
    "Run",
    "Session",
    "compare",
    "generate",
    "list_models",
    "open_model",
    "prompts",
    "text_of",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'playground' has no attribute {name!r}")
    home = import_module(f"playground.{_HOMES[name]}")
    # A module that is its own home is a public name itself: `playground.prompts.get(…)`.
    value = home if _HOMES[name] == name else getattr(home, name)
    globals()[name] = value
    return value
