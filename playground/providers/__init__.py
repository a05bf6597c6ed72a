"""One interface to every model: `open_model("demo:small")`, `open_model("openai:gpt-4.1")` ...

Importing this imports no SDK and no llama.cpp; each is imported when a model of its kind is used.
"""

from playground.providers.base import ChatModel, Provider
from playground.providers.registry import find_provider, list_models, open_model, provider_names

__all__ = [
    "ChatModel",
    "Provider",
    "find_provider",
    "list_models",
    "open_model",
    "provider_names",
]
