"""The chunks of an answer to our events: texts and tokens of its choices, and how each ended."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from playground.errors import BadResponse, ServerFailed, StreamTruncated
from playground.providers.openai.faults import Source, fault_in_stream
from playground.providers.openai.fields import string
from playground.providers.openai.tokens import read_tokens
from playground.sanitize import HALF, encodable
from playground.types import (
    Completed,
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    Usage,
)

__all__ = ["AnswerReader"]

MAX_CHOICES = 128
"""More choices than anyone may ask for; an index beyond it is an error, not an allocation."""

_REASONS: dict[str, FinishReason] = {
    "stop": "stop",
    "eos": "stop",
    "eos_token": "stop",
    "end_turn": "stop",
    "stop_sequence": "stop",
    "length": "length",
    "max_tokens": "length",
    "model_length": "context",
    "context_length": "context",
    "tool_calls": "tool_calls",
    "tool_use": "tool_calls",
    "function_call": "tool_calls",
    "content_filter": "content_filter",
    "refusal": "content_filter",
    "safety": "content_filter",
}
"""What endpoints say at the end of a choice, in our words; anything else is `unknown`."""

_FAILURES = {"error", "network_error", "insufficient_system_resource"}
"""Ends that are no ends: the endpoint gave up on the choice."""


@dataclass
class _ChoiceReader:
    """One choice while it is read: half a surrogate pair waits for the other half."""

    half: str = ""
    finished: bool = False


@dataclass
class AnswerReader:
    """Turns the chunks of one answer into events and keeps count of what has ended.

    `wanted` is how many choices were asked for (`passed_on`: in words that are sent on as they
    are), `likeliest` how many alternatives of a token (None: as many as come); `begun` becomes true
    when the endpoint begins to answer, `said` with the first text.
    """

    source: Source
    wanted: int = 1
    passed_on: int = 1
    likeliest: int | None = None
    begun: bool = False
    said: bool = False
    usage: Mapping[str, Any] = field(default_factory=dict)
    _choices: dict[int, _ChoiceReader] = field(default_factory=dict)

    def take(self, chunk: Mapping[str, Any]) -> Iterator[Event]:
        """The events in one chunk; raises where the chunk is an error."""
        if (error := _error_in(chunk)) is not None:
            raise fault_in_stream(self.source, error)
        if isinstance(usage := chunk.get("usage"), dict):
            self.usage = usage
        choices = chunk.get("choices") or ()
        if not isinstance(choices, list | tuple):
            raise self._malformed("choices", choices)
        for choice in choices:
            yield from self._take_choice(choice)

    @property
    def complete(self) -> bool:
        """Whether every choice that was asked for has ended."""
        return len(self._choices) >= self.wanted and all(
            choice.finished for choice in self._choices.values()
        )

    def end(self, usage: Usage) -> Iterator[Event]:
        """The last event; raises where the stream ended before the answer did."""
        if not self._choices or not all(choice.finished for choice in self._choices.values()):
            raise StreamTruncated(
                f"The stream of {self.source.name} ended before the answer did.",
                hint="What came is kept; try again.",
            )
        if not self.complete:
            raise BadResponse(
                f"{self.source.name} sent {len(self._choices)} of the {self.wanted} answers asked "
                "for.",
                hint="It seems not to know n: ask for one at a time.",
            )
        yield Completed(usage)

    def _take_choice(self, choice: Any) -> Iterator[Event]:
        if not isinstance(choice, dict):
            raise self._malformed("choices", choice)
        index = choice.get("index") or 0
        # One that nobody asked for would come with empty answers before it.
        most = min(MAX_CHOICES, max(self.wanted, self.passed_on))
        if not isinstance(index, int) or isinstance(index, bool) or not 0 <= index < most:
            raise self._malformed("index", index)
        reader = self._choices.setdefault(index, _ChoiceReader())
        # A server that does not stream sends the whole as a message.
        delta = choice.get("delta") or choice.get("message") or {}
        if not isinstance(delta, dict):
            raise self._malformed("delta", delta)
        content = delta.get("content")
        if not isinstance(content, str | list | None):
            raise self._malformed("content", content)
        text, thought = _text_of(content)
        thought += string(delta.get("reasoning_content") or delta.get("reasoning"))
        text += string(delta.get("refusal"))
        said = choice.get("finish_reason")
        reason = string(said) or ("unknown" if said else "")
        if thought:
            self.said = True
            yield ReasoningDelta(encodable(thought), index)
        tokens = tuple(read_tokens(choice.get("logprobs"), self.likeliest))
        if text or tokens or (reason and reader.half):
            self.said = True
            yield TextDelta(_whole(reader, text, final=bool(reason)), index, tokens)
        if reason in _FAILURES:
            raise ServerFailed(
                f"{self.source.name} gave up before the answer was whole ({reason}).",
                hint="What came is kept; try again.",
            )
        if reason and not reader.finished:
            reader.finished = True
            yield Finished(_REASONS.get(reason.lower(), "unknown"), index)

    def _malformed(self, place: str, value: object) -> BadResponse:
        shown = self.source.quote(json.dumps(value))
        return BadResponse(
            f"{self.source.name} sent a chunk whose {place!r} is {shown}.",
            hint="It does not speak the chat-completions protocol: check the base URL.",
        )


def _error_in(chunk: Mapping[str, Any]) -> object:
    """The error that a chunk is, None if it is none: not every server puts it under `error`."""
    if error := chunk.get("error"):
        return error
    if "choices" in chunk:
        return None
    named = isinstance(chunk.get("message"), str) and chunk["message"]
    return chunk if chunk.get("object") == "error" or named or chunk.get("detail") else None


def _whole(reader: _ChoiceReader, text: str, *, final: bool) -> str:
    """The text without half characters: some servers cut an emoji into two JSON escapes."""
    text, reader.half = reader.half + text, ""
    if HALF.search(text) is None:
        return text
    if not final and "\ud800" <= text[-1] <= "\udbff":
        text, reader.half = text[:-1], text[-1]
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _text_of(content: object) -> tuple[str, str]:
    """Text and reasoning of a content field: a string, or (Mistral's) a list of typed parts."""
    if not isinstance(content, list):
        return string(content), ""
    text = thought = ""
    for part in content:
        if not isinstance(part, dict):
            continue
        text += string(part.get("text"))
        thought += _texts_in(part.get("thinking"))
    return text, thought


def _texts_in(parts: object) -> str:
    """The texts of parts that are nothing but texts; however deep others lie, they are left."""
    if not isinstance(parts, list):
        return string(parts)
    return "".join(string(part.get("text")) for part in parts if isinstance(part, dict))
