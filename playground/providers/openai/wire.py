"""What comes over the wire: bytes to server-sent events, their JSON to our events.

The chunks are read as plain data, not through the SDK's models: servers in the wild add fields
(reasoning), leave out required ones, and each model object costs more than its whole text.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from playground.errors import BadResponse, ServerFailed, StreamTruncated
from playground.providers.openai.faults import Source, fault_in_stream
from playground.types import (
    MOST_TOKENS,
    Completed,
    Event,
    Finished,
    FinishReason,
    ReasoningDelta,
    TextDelta,
    Token,
    TokenAlternative,
    Usage,
)

MAX_EVENT_BYTES = 4_000_000
"""No single server-sent event is read past this."""

MAX_BODY_BYTES = 16_000_000
"""No answer that is not streamed is read past this: 8,000 tokens with twenty alternatives each."""

MAX_TEXT_BYTES = 512_000_000
"""No stream is read past this, unpacked: an answer of a million tokens stays below it."""

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

MOST_TOGETHER = 1.05
"""The probabilities of alternatives add up to no more, however coarsely they are rounded."""

_SURROGATE = re.compile("[\ud800-\udfff]")

_UNLIKELY = -9999.0
"""What OpenAI says instead of the log-probability of a token outside the likeliest."""


class EventSplitter:
    """Cuts a byte stream into the data of its server-sent events."""

    def __init__(self, source: Source) -> None:
        self.seen = 0
        """How many events came, the closing `[DONE]` among them."""
        self._source = source
        self._rest = bytearray()
        self._data: list[bytes] = []
        self._size = 0
        self._total = 0

    def feed(self, piece: bytes) -> Iterator[str]:
        """The data of every event that is complete with this piece."""
        self._total += len(piece)
        if self._total > MAX_TEXT_BYTES:
            raise BadResponse(
                f"{self._source.name} sent more than {MAX_TEXT_BYTES:,} bytes for one request.",
                hint="What came is kept; ask for less.",
            )
        ended = self._rest.endswith(b"\r")
        self._rest += piece
        lines: list[bytearray] = []
        # A line that comes byte by byte is not looked through again at each of them.
        if ended or b"\n" in piece or b"\r" in piece:
            lines = self._rest.splitlines(keepends=True)
            # A line that ends in CR may go on with the LF that belongs to it.
            self._rest = bytearray() if lines[-1].endswith(b"\n") else lines.pop()
        if len(self._rest) > MAX_EVENT_BYTES:
            raise self._too_long()
        for line in lines:
            yield from self._take(bytes(line.rstrip(b"\r\n")))

    def finish(self) -> Iterator[str]:
        """The event that the end of the stream completes, if there is one.

        One that was cut off within is none.
        """
        yield from self._take(bytes(self._rest.rstrip(b"\r\n")))
        self._rest = bytearray()
        if not _is_cut(b"\n".join(self._data)):
            yield from self._take(b"")

    def _take(self, line: bytes) -> Iterator[str]:
        if line.startswith(b"\xef\xbb\xbf") and not self.seen:
            line = line[3:]
        if line:
            name, _, value = line.partition(b":")
            if name == b"error":  # llama-server's word for an event that is one
                name, value = b"data", b'{"error":%b}' % _as_json(value.strip())
            if name == b"data":
                self._data.append(value.removeprefix(b" "))
                self._size += len(value)
                if self._size > MAX_EVENT_BYTES:
                    raise self._too_long()
            return
        if not self._data:
            return
        whole = b"\n".join(self._data)
        self._data, self._size = [], 0
        self.seen += 1
        try:
            yield whole.decode("utf-8")
        except UnicodeDecodeError as error:
            raise BadResponse(
                f"{self._source.name} sent bytes that are not UTF-8 text ({error.reason}).",
                hint="Try again.",
            ) from error

    def _too_long(self) -> BadResponse:
        """The error for an event that does not end."""
        return BadResponse(
            f"{self._source.name} sent an event of more than {MAX_EVENT_BYTES:,} bytes.",
            hint="This is no answer of a chat model: check the base URL.",
        )


def _as_json(value: bytes) -> bytes:
    if value.startswith(b"{"):
        return value
    return json.dumps(value.decode("utf-8", "replace")).encode()


def _is_cut(data: bytes) -> bool:
    """Whether data is the beginning of a JSON object, but not the whole of it."""
    if not data.lstrip().startswith(b"{"):
        return not data.strip()
    try:
        json.loads(data.decode("utf-8"))
    except UnicodeDecodeError as error:
        return error.reason == "unexpected end of data"
    except json.JSONDecodeError as error:
        return error.pos >= len(error.doc.rstrip()) or not error.doc.rstrip().endswith("}")
    except (ValueError, RecursionError):
        return False
    return False


def comes_at_once(piece: bytes, kind: str) -> bool | None:
    """Whether a body that begins so is JSON, not events; None while that cannot be told.

    Its content type `kind` is not to be relied on: servers in the wild leave theirs as it is.
    """
    start = piece.lstrip()[:1]
    if not start:
        return None
    # Events begin with data, event, id, retry, error, a colon, or a byte order mark.
    return start in b'{["' or (kind == "application/json" and start not in b"deir:\xef")


def too_long(source: Source) -> BadResponse:
    """The error for an answer in one piece that does not end."""
    return BadResponse(
        f"{source.name} sent an answer of more than {MAX_BODY_BYTES:,} bytes in one piece.",
        hint="Ask for less; if it stays so, check the base URL.",
    )


def parse(source: Source, text: str) -> dict[str, Any]:
    """The JSON object in an event or a body; raises `BadResponse` where it is none."""
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise BadResponse(
            f"{source.name} sent what is not JSON: {source.quote(text)}.",
            hint="Try again; if it stays so, check the base URL.",
        ) from error
    if not isinstance(found, dict):
        raise BadResponse(
            f"{source.name} sent JSON that is not an object: {source.quote(text)}.",
            hint="Check the base URL.",
        )
    return found


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
        thought += _string(delta.get("reasoning_content") or delta.get("reasoning"))
        text += _string(delta.get("refusal"))
        said = choice.get("finish_reason")
        reason = _string(said) or ("unknown" if said else "")
        if thought:
            self.said = True
            yield ReasoningDelta(_SURROGATE.sub("\N{REPLACEMENT CHARACTER}", thought), index)
        tokens = tuple(_tokens(choice.get("logprobs"), self.likeliest))
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
    if _SURROGATE.search(text) is None:
        return text
    if not final and "\ud800" <= text[-1] <= "\udbff":
        text, reader.half = text[:-1], text[-1]
    return text.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "replace")


def _text_of(content: object) -> tuple[str, str]:
    """Text and reasoning of a content field: a string, or (Mistral's) a list of typed parts."""
    if not isinstance(content, list):
        return _string(content), ""
    text = thought = ""
    for part in content:
        if not isinstance(part, dict):
            continue
        text += _string(part.get("text"))
        thought += _texts_in(part.get("thinking"))
    return text, thought


def _texts_in(parts: object) -> str:
    """The texts of parts that are nothing but texts; however deep others lie, they are left."""
    if not isinstance(parts, list):
        return _string(parts)
    return "".join(_string(part.get("text")) for part in parts if isinstance(part, dict))


def _string(value: object) -> str:
    return value if isinstance(value, str) else ""


def _tokens(logprobs: object, most: int | None) -> Iterator[Token]:
    """The tokens of a `logprobs` field; other shapes than OpenAI's are left alone.

    Some servers put the token itself after the `most` likeliest that were asked for, or before
    them: there it would pass for the next likeliest, or the first.
    """
    found = logprobs.get("content") if isinstance(logprobs, dict) else None
    for entry in found if isinstance(found, list) else ():
        if not isinstance(entry, dict):
            continue
        others = entry.get("top_logprobs")
        others = others[:most] if isinstance(others, list) else ()
        text = _readable(entry.get("token"))
        yield Token(
            text=text,
            logprob=_logprob(entry.get("logprob")),
            data=_bytes(entry),
            alternatives=tuple(_ranked(_listed(others), text)),
        )


def _listed(others: Sequence[object]) -> list[TokenAlternative]:
    """The entries of a list of the likeliest tokens, up to where one of those may be missing.

    llama-cpp-python's server lists them by their texts, from which halves of characters are left
    out: tokens that only those tell apart are one entry, with the place of the first and the
    probability of the last. What stands behind such a one is not the next likeliest.
    """
    found: list[TokenAlternative] = []
    for other in others:
        if not isinstance(other, dict) or (value := _logprob(other.get("logprob"))) is None:
            continue
        item = TokenAlternative(_readable(other.get("token")), value, data=_partial(other))
        if not item.text and not item.data:
            break
        unsaid = not isinstance(other.get("bytes"), list)
        if unsaid and found and value > found[-1].logprob + _SAME:
            return found[:-1]
        found.append(item)
    return found


def _ranked(alternatives: list[TokenAlternative], text: str) -> Sequence[TokenAlternative]:
    """The likeliest first; without the token itself (`text`) where it was put before them.

    None of those that can be of no distribution: all together would be more than certain.
    """
    if sum(math.exp(one.logprob) for one in alternatives) > MOST_TOGETHER:
        return ()
    ranked = sorted(alternatives, key=lambda one: -one.logprob)
    if (
        len(ranked) > 1
        and alternatives[0].text == text
        and alternatives[1:] == [one for one in ranked if one is not alternatives[0]]
    ):
        if ranked[0] is not alternatives[0] and alternatives[0] in alternatives[1:]:
            return alternatives[1:]
        # Among those that came it has its rank; less likely than all of them it has none.
        return ranked if ranked[-1] is not alternatives[0] else alternatives[1:]
    return ranked


_SAME = 1e-6
"""Log-probabilities no further apart count as equal: they come rounded."""


def _readable(token: object) -> str:
    return _SURROGATE.sub("\N{REPLACEMENT CHARACTER}", _string(token))


_ROUNDED = 1e-3
"""What rounding may add to the log-probability of what is certain; a larger one is none."""


def _logprob(value: object) -> float | None:
    found = _number(value)
    if found is None or not _UNLIKELY < found < _ROUNDED:
        return None
    return min(found, 0.0)


def read_cost(found: Mapping[str, Any]) -> float | None:
    """What an answer cost in US dollars, as its `usage` field says; None where it does not."""
    cost = _number(found.get("cost"))
    return cost if cost is not None and cost >= 0 else None


def _number(value: object) -> float | None:
    """A finite number: JSON from Python's reader may also be NaN, or have any number of digits."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None


def _partial(entry: Mapping[str, Any]) -> bytes:
    """The token's bytes where they are part of a character, which its text cannot say."""
    data = _bytes(entry)
    try:
        data.decode()
    except UnicodeDecodeError:
        return data
    return b""


def _bytes(entry: Mapping[str, Any]) -> bytes:
    """The token's bytes as the server gives them, else those of its text."""
    given: Sequence[object] = entry.get("bytes") or ()
    if isinstance(given, list) and all(isinstance(byte, int) and 0 <= byte < 256 for byte in given):
        return bytes(given)
    return _readable(entry.get("token")).encode()


def read_usage(found: Mapping[str, Any]) -> Usage:
    """The token counts of a `usage` field, without a cost.

    Most count reasoning as output; where it is left out and only the total has it, it is added,
    because it is billed as output.
    """
    into = _section(found, "prompt_tokens_details")
    out = _section(found, "completion_tokens_details")
    asked, answered = _count(found, "prompt_tokens"), _count(found, "completion_tokens")
    total, reasoning = _count(found, "total_tokens"), _count(out, "reasoning_tokens")
    if reasoning and None not in (asked, answered, total):
        assert asked is not None and answered is not None  # noqa: S101, PT018 - for the checker
        answered += reasoning if asked + answered + reasoning == total else 0
    cached = _count(into, "cached_tokens")
    return Usage(
        input_tokens=asked,
        output_tokens=answered,
        cached_tokens=_count(found, "prompt_cache_hit_tokens") if cached is None else cached,
        reasoning_tokens=reasoning,
    )


def _section(found: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = found.get(name)
    return section if isinstance(section, dict) else {}


def _count(found: Mapping[str, Any], name: str) -> int | None:
    value = found.get(name)
    if not isinstance(value, int) or isinstance(value, bool):
        return None
    return value if 0 <= value <= MOST_TOKENS else None
