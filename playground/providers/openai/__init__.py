"""Any endpoint that speaks OpenAI's chat completions over HTTP, on the openai SDK.

::

    provider    opens models: base URL, key, options; what `doctor` and `playground models` ask
    model       one open model: capabilities, plan, the stream of one answer
    client      the SDK's clients, and what may leave this machine in a request
    sendable    what of a request cannot be sent
    wire        bytes to server-sent events to our events
    faults      every failure on the way as one of `playground.errors`
    listing     what an endpoint says of its own models

The SDK itself is imported when the first request is made.
"""

from playground.providers.openai.model import OpenAIModel
from playground.providers.openai.provider import OpenAIProvider

__all__ = ["OpenAIModel", "OpenAIProvider"]
