"""Every failure on the way to an endpoint and back, as one of `playground.errors`.

What an endpoint says is quoted, because it knows best; it is cut to a sane length, made safe to
print, and never holds the key, even where the endpoint repeats it.
"""

from __future__ import annotations

import email.utils
import json
import math
import os
import socket
import ssl
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pydantic import SecretStr

from playground.errors import (
    AuthenticationFailed,
    BadResponse,
    ContextOverflow,
    HostedError,
    OutOfCredit,
    PermissionDenied,
    PlaygroundError,
    RateLimited,
    RequestRefused,
    ServerFailed,
    StreamTruncated,
    TimedOut,
    Unreachable,
)
from playground.sanitize import make_safe

if TYPE_CHECKING:
    from playground.providers.openai.endpoint import Endpoint

KEY_TAKEN_OUT = "[key]"
"""What stands where an endpoint repeated the key."""

MAX_QUOTE = 500
"""Characters of an endpoint's own words that an error repeats."""

DAY = 86_400.0
"""Up to so many seconds, it is said how long to wait."""

MOST_WAIT = 365 * DAY
"""Whoever asks to wait longer, or for ever, means never."""

_CONTEXT_CODES = {
    "context_length_exceeded",
    "context_window_exceeded",
    "exceed_context_size_error",
    "model_context_window_exceeded",
}
"""The machine-readable codes (and types) for a prompt that does not fit."""

_REDIRECTS = frozenset((301, 302, 303, 307, 308))

_STATUS_OF_TYPE = {
    "authentication_error": 401,
    "billing_error": 402,
    "insufficient_quota": 429,
    "permission_error": 403,
    "not_found_error": 404,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "requests": 429,
    "tokens": 429,
    "overloaded_error": 503,
    "api_error": 500,
    "server_error": 500,
    "internal_server_error": 500,
    "invalid_request_error": 400,
    "badrequesterror": 400,
}
"""The HTTP status that an error inside a stream would have had, by its type or code."""


def transport_errors() -> tuple[type[Exception], ...]:
    """What the SDK and the layers below it raise; importable once a request was made."""
    import anyio
    import httpx2
    import openai

    return (
        openai.OpenAIError,
        httpx2.HTTPError,
        httpx2.StreamError,
        httpx2.InvalidURL,
        anyio.EndOfStream,
        anyio.ClosedResourceError,
        anyio.BrokenResourceError,
        OSError,  # ssl.SSLError and TimeoutError are among them
    )


def fault_of(
    error: Exception, endpoint: Endpoint, *, begun: bool = False, said: bool = False
) -> PlaygroundError:
    """The error of ours for one of the transport's, which is left without the key: it is the cause.

    `begun` where the endpoint had begun to answer, `said` where some of its text came.
    """
    import httpx2
    import openai

    scrub_error(error, endpoint.key)
    if isinstance(error, openai.APIStatusError):
        return fault_of_status(
            endpoint, error.status_code, error.body, headers=error.response.headers
        )
    timeouts = (TimeoutError, httpx2.TimeoutException, openai.APITimeoutError)
    connecting = (httpx2.ConnectTimeout, httpx2.ConnectError, httpx2.PoolTimeout)
    if isinstance(error, timeouts) and not isinstance(error.__cause__, connecting):
        silence = endpoint.stall_timeout if said else endpoint.timeout
        what = "The stream stalled: nothing came" if said else "No answer came"
        return TimedOut(
            f"{what} from {endpoint.name} for {silence:g} s.",
            hint="What came is kept; try again." if said else "Try again, or raise the timeout.",
        )
    reason = _root(error, endpoint.key)
    if begun:
        return StreamTruncated(
            f"The connection to {endpoint.name} broke before the answer was whole ({reason}).",
            hint="What came is kept; try again.",
        )
    if isinstance(error, openai.APIError | openai.OpenAIError) and not isinstance(
        error, openai.APIConnectionError
    ):
        return BadResponse(f"{endpoint.name} could not be used: {reason}.", hint="Try again.")
    if isinstance(error.__cause__, httpx2.ConnectTimeout | httpx2.PoolTimeout):
        reason = f"no connection within {endpoint.connect_timeout:g} s"
    elif isinstance(error.__cause__, httpx2.ProxyError):
        return Unreachable(
            f"The proxy did not let us through to {endpoint.name} ({reason}).",
            hint="Check HTTPS_PROXY and ALL_PROXY, or name the host in NO_PROXY.",
        )
    elif isinstance(error.__cause__, httpx2.RemoteProtocolError) and not _hung_up(error.__cause__):
        return BadResponse(
            f"What {endpoint.name} sent cannot be read as HTTP ({reason}).",
            hint=f"Check the base URL: it is {endpoint.address}.",
        )
    elif not isinstance(error.__cause__, connecting):
        return Unreachable(
            f"{endpoint.name} closed the connection before it answered ({reason}).",
            hint="Try again; if it stays so, look into the server's log.",
        )
    hint = (
        "Start that server first, or set another base_url."
        if endpoint.is_local
        else "Check the network, the proxy settings and the base URL."
    )
    return Unreachable(
        f"{endpoint.name} cannot be reached at {endpoint.address} ({reason}).", hint=hint
    )


def _hung_up(error: Exception) -> bool:
    """Whether it is the one breach of HTTP that says nothing of what was sent: nothing was."""
    return "disconnected" in str(error)


def fault_of_status(
    endpoint: Endpoint, status: int, body: object, *, headers: Mapping[str, str] | None = None
) -> PlaygroundError:
    """The error for an HTTP status and the body that came with it."""
    said = scrub(_words_of(body), endpoint.key)
    name = endpoint.name
    words = f": {quoted(said)}" if said else ""
    codes = _codes_of(body)
    if codes & _CONTEXT_CODES:
        return ContextOverflow(
            f"The prompt is too long for the model at {name}{words}.",
            hint="Shorten the prompt or the conversation, or lower max_length.",
        )
    what = f"{name} answered {status}{words}."
    if status in _REDIRECTS:
        return BadResponse(
            f"{name} answered {status}, a redirect{_target(endpoint, headers)}. It is not "
            "followed, so that no key goes to another address.",
            hint="Set base_url to the address that answers itself.",
            status=status,
        )
    wait = retry_after(headers or {})
    kind, hint = _kind_of(endpoint, status, codes, wait)
    return kind(what, hint=hint, status=status, wait=wait)


def _kind_of(
    endpoint: Endpoint, status: int, codes: set[str], wait: float | None
) -> tuple[type[HostedError], str]:
    later = "Wait a little and try again."
    if wait:
        later = f"Wait {wait:g} s and try again." if wait <= DAY else "Try again another day."
    match status:
        case 401:
            return AuthenticationFailed, endpoint.key_hint or "Check the key."
        case 402:
            return OutOfCredit, "Add credit to the account."
        case 403:
            return PermissionDenied, "Use a key that may do this, or another model."
        case 404:
            return RequestRefused, f"Check the base URL: it is {endpoint.address}."
        case 407:
            return Unreachable, "The proxy wants to know who you are: check HTTP_PROXY."
        case 408:
            return TimedOut, "Try again."
        case 413:
            return RequestRefused, "Shorten the prompt or the conversation."
        case 429 if "insufficient_quota" in codes:
            return OutOfCredit, "The account has no credit left: add some, or use another key."
        case 429:
            return RateLimited, later
        case _ if status < 400:
            return BadResponse, f"Check the base URL: it is {endpoint.address}."
        case _ if status >= 500:
            return ServerFailed, f"The fault is the endpoint's. {later}"
    return RequestRefused, "Change what it complains about, or leave that parameter unset."


def fault_in_stream(source: Source, error: object) -> PlaygroundError:
    """The error for one that came inside a stream, where there is no HTTP status."""
    status = next(
        (
            status
            for code in (*_codes_of(error),)
            if (status := _STATUS_OF_TYPE.get(code.lower()) or _as_status(code))
        ),
        None,
    )
    said = _words_of(error)
    what = f"{source.name} broke the answer off{f': {source.quote(said)}' if said else ''}."
    if _codes_of(error) & _CONTEXT_CODES:
        return ContextOverflow(what, hint="Shorten the prompt or the conversation.")
    hint = "What came is kept; try again."
    kinds: dict[int, type[HostedError]] = {
        401: AuthenticationFailed,
        402: OutOfCredit,
        403: PermissionDenied,
        408: TimedOut,
        429: RateLimited,
    }
    if status is not None and status < 500:
        return kinds.get(status, RequestRefused)(what, hint=hint, status=status)
    return ServerFailed(what, hint=hint, status=status)


def _as_status(code: str) -> int | None:
    known = len(code) == 3 and code.isascii() and code.isdecimal() and code[0] in "45"
    return int(code) if known else None


def _error_of(body: object) -> object:
    """The part of a body that describes the error: endpoints nest it, or do not."""
    if isinstance(body, list) and body:
        body = body[0]
    if isinstance(body, dict) and isinstance(body.get("error"), dict | str):
        return body["error"]
    return body


def _words_of(body: object) -> str:
    """What the endpoint says of its error, in its own words."""
    found = _error_of(body)
    if isinstance(found, dict):
        for name in ("message", "detail", "error", "msg"):
            if value := found.get(name):
                words = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
                return f"{words}{_passed_on(found)}"
        return json.dumps(found, ensure_ascii=False) if found else ""
    text = found if isinstance(found, str) else ""
    return "" if text.lstrip().startswith("<") else text  # a page for browsers says nothing here


def _passed_on(error: Mapping[str, Any]) -> str:
    """What another endpoint had said to a router that stands before it (OpenRouter's word)."""
    metadata = error.get("metadata")
    raw = metadata.get("raw") if isinstance(metadata, dict) else None
    return f" ({raw})" if isinstance(raw, str) and raw else ""


def _codes_of(body: object) -> set[str]:
    found = _error_of(body)
    if not isinstance(found, dict):
        return set()
    return {str(found[name]) for name in ("code", "type", "status") if found.get(name) is not None}


def mentions(body: object, word: str) -> bool:
    """Whether an error is about a word of the payload: it names it, as field or in its text."""
    return word in json.dumps(body, default=str)


def _target(endpoint: Endpoint, headers: Mapping[str, str] | None) -> str:
    place = (headers or {}).get("location", "").split("?")[0]
    return f" to {Source(endpoint.name, endpoint.key).quote(place)}" if place else ""


def _root(error: BaseException, key: SecretStr | None) -> str:
    """The innermost reason of an error, in a few words."""
    while (inner := error.__cause__ or error.__context__) is not None:
        error = inner
    text = str(error)
    if isinstance(error, OSError) and not isinstance(error, ssl.SSLError | socket.gaierror):
        # asyncio's own sentence is about addresses; the system's says what happened.
        text = os.strerror(error.errno) if error.errno else text
    return quoted(scrub(text, key)) or type(error).__name__


def retry_after(headers: Mapping[str, str]) -> float | None:
    """The seconds that a response asks to wait, given as seconds or as a date; None if it does not.

    Never below 0 or above `MOST_WAIT`; a value that is neither counts as none.
    """
    for name, unit in (("retry-after-ms", 1000.0), ("retry-after", 1.0)):
        try:
            seconds = float(headers.get(name, "")) / unit
        except ValueError:
            continue
        return None if math.isnan(seconds) else min(max(seconds, 0.0), MOST_WAIT)
    try:
        date = email.utils.parsedate_to_datetime(headers.get("retry-after", ""))
        return min(max(date.timestamp() - time.time(), 0.0), MOST_WAIT)
    except (ValueError, OverflowError, OSError):
        return None


def quoted(text: str) -> str:
    """Someone else's words on one line: safe to print, cut to a sane length."""
    line = " ".join(make_safe(text[: 2 * MAX_QUOTE]).split())
    return (line if len(line) <= MAX_QUOTE else f"{line[:MAX_QUOTE]}…").rstrip(".")


@dataclass(frozen=True)
class Source:
    """Whose words are quoted: `name` is a model's reference, `key` what must not be repeated."""

    name: str
    key: SecretStr | None = None

    def quote(self, text: str) -> str:
        """Its words, as `quoted`, without the key."""
        return quoted(scrub(text, self.key))


def scrub(text: str, key: SecretStr | None) -> str:
    """The text without the key."""
    secret = key.get_secret_value() if key is not None else ""
    return text.replace(secret, KEY_TAKEN_OUT) if secret else text


def scrub_error(error: BaseException, key: SecretStr | None) -> None:
    """Take the key out of what an error, and each that it came from, would print."""
    seen: set[int] = set()
    left: list[BaseException | None] = [error]
    while left:
        current = left.pop()
        if current is None or id(current) in seen:
            continue
        seen.add(id(current))
        current.args = _scrubbed(current.args, key)
        for name, value in vars(current).items():
            if isinstance(value, str | bytes | bytearray | dict | list | tuple):
                setattr(current, name, _scrubbed(value, key))
        left += [current.__cause__, current.__context__]


def _scrubbed(value: Any, key: SecretStr | None) -> Any:
    if isinstance(value, str):
        return scrub(value, key)
    if isinstance(value, bytes | bytearray):
        return type(value)(scrub(value.decode("latin-1"), key).encode("latin-1"))
    if isinstance(value, dict):
        return {_scrubbed(name, key): _scrubbed(item, key) for name, item in value.items()}
    if isinstance(value, list | tuple):
        return type(value)(_scrubbed(item, key) for item in value)
    return value
