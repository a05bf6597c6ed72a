"""What comes over the wire: bytes to server-sent events, and events or whole bodies to JSON.

The JSON is read as plain data, not through the SDK's models: servers in the wild add fields
(reasoning), leave out required ones, and each model object costs more than its whole text.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from playground.errors import BadResponse
from playground.providers.openai.faults import Source

__all__ = [
    "MAX_BODY_BYTES",
    "MAX_TEXT_BYTES",
    "EventSplitter",
    "comes_at_once",
    "parse",
    "too_long",
]

MAX_EVENT_BYTES = 4_000_000
"""No single server-sent event is read past this."""

MAX_BODY_BYTES = 16_000_000
"""No answer that is not streamed is read past this: 8,000 tokens with twenty alternatives each."""

MAX_TEXT_BYTES = 512_000_000
"""No stream is read past this, unpacked: an answer of a million tokens stays below it."""


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
