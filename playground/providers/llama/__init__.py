"""Local models: GGUF files run by llama.cpp in a process of their own.

`provider` and `model` are what the rest of the playground sees; `process` and `pool` look after
worker processes. On the other side of the pipe, `worker` serves, `engine` decodes all sequences
together, and `native`, `sampling`, `stages` and `sizing` are the only modules that touch llama.cpp.
"""

from playground.providers.llama.provider import LlamaProvider

__all__ = ["LlamaProvider"]
