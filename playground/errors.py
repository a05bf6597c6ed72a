"""Every error that the playground raises, as one tree.

::

    PlaygroundError
    ├── UsageError                 what was asked for cannot be meant
    │   ├── InvalidReference       not a `provider:model`
    │   ├── UnknownProvider        no such provider
    │   ├── UnknownModel           the provider has no such model
    │   ├── UnknownRecord          the history has no such conversation or run
    │   ├── UnknownPreset          no preset of this name
    │   ├── UnknownPrompt          the prompt library has no prompt of this name
    │   ├── UnknownLesson          no lesson of this name
    │   ├── WrongVariables         a prompt's variables: missing, misspelt, or of another kind
    │   ├── UnknownMetric          there is no metric of this name
    │   ├── MetricFailed           a metric of the user's own that cannot be computed
    │   ├── InvalidParameter       a knob that does not exist, or a value out of its range
    │   ├── UnsupportedParameter   a knob that this model does not take
    │   └── UnsupportedAbility     something that this backend cannot do
    ├── ConfigurationError         something on this machine must be set first
    │   ├── MissingKey             the endpoint wants an API key and none is configured
    │   ├── BrokenFile             a settings, catalogue or prompt file that cannot be read
    │   ├── NoSpace                the disk has no room for a file that is to be written
    │   ├── HistoryUnavailable     the history cannot be opened or written
    │   └── HistoryTooNew          the history was written by a newer playground
    ├── ContextOverflow            the prompt does not fit the model's context
    ├── ModelClosed                the model was closed while (or before) it was used
    ├── ClusterFailed              the Ray cluster of a sweep, or one of its nodes, failed
    ├── HostedError                the endpoint, or the way to it, failed
    │   ├── Unreachable            no connection
    │   ├── TimedOut               no answer, or the stream stalled
    │   ├── AuthenticationFailed   401: the key is wrong
    │   ├── PermissionDenied       403: the key may not do this
    │   ├── RequestRefused         400, 413, 422 ...: the request itself is not accepted
    │   ├── RateLimited            429: too much, too fast, or no credit
    │   │   └── OutOfCredit        402, or a 429 that says so: nothing is left to pay with
    │   ├── ServerFailed           5xx: the endpoint's own fault
    │   ├── BadResponse            what came back is not what the protocol says
    │   └── StreamTruncated        the stream ended before the answer did
    └── LocalError                 a GGUF, or the process that runs it, failed
        ├── ModelFileError         the file is missing, empty or not a GGUF
        ├── ModelLoadFailed        llama.cpp could not load it
        ├── ChatTemplateError      the chat template in the file cannot be used
        └── BackendCrashed         the process that runs the model died

Each error says what happened, to what, and what to do next: `str(error)` is the whole sentence,
`error.title` a short one for a heading, `error.hint` the way out alone. Errors of other libraries
are kept as `__cause__`.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import ClassVar


class PlaygroundError(Exception):
    """The root of the tree; catch this to catch everything of ours.

    `message` says what happened and to what, `hint` what to do next (a sentence, or empty).
    """

    title: ClassVar[str] = "Something went wrong"

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class UsageError(PlaygroundError):
    """What was asked for cannot be meant."""

    title = "That cannot be asked for"


class InvalidReference(UsageError):
    """A model reference that is not `provider:model`."""

    title = "Not a model reference"


class UnknownProvider(UsageError):
    """A provider that is neither in the catalogue nor installed."""

    title = "Unknown provider"


class UnknownModel(UsageError):
    """A model that its provider does not have."""

    title = "Unknown model"


class UnknownRecord(UsageError):
    """The history has no conversation or run of this name."""

    title = "Not in the history"


class UnknownPreset(UsageError):
    """There is no preset of this name."""

    title = "Unknown preset"


class UnknownPrompt(UsageError):
    """The prompt library has no prompt of this name."""

    title = "Unknown prompt"


class UnknownLesson(UsageError):
    """There is no lesson of this name."""

    title = "Unknown lesson"


class WrongVariables(UsageError):
    """The variables of a prompt: one is missing, misspelt, or has a value of another kind."""

    title = "Variables of a prompt"


class UnknownMetric(UsageError):
    """There is no metric of this name."""

    title = "Unknown metric"


class MetricFailed(UsageError):
    """A metric of the user's own (a function, a pattern, a question) that cannot be computed."""

    title = "Metric failed"


class InvalidParameter(UsageError, ValueError):
    """A knob that does not exist, or a value out of its range."""

    title = "Parameter out of range"


class UnsupportedParameter(UsageError):
    """A knob, or a value of it, that this model does not take."""

    title = "Parameter not supported"


class UnsupportedAbility(UsageError):
    """Something that this backend cannot do."""

    title = "This model cannot do that"


class ConfigurationError(PlaygroundError):
    """Something on this machine must be set before this can work."""

    title = "Not set up yet"


class MissingKey(ConfigurationError):
    """The endpoint wants an API key and none is configured."""

    title = "No API key"


class BrokenFile(ConfigurationError):
    """A settings, catalogue or prompt file that cannot be read; the message has path and line."""

    title = "Broken file"


class NoSpace(ConfigurationError):
    """The disk has no room for a file that is to be written."""

    title = "No room on the disk"


class HistoryUnavailable(ConfigurationError):
    """The history cannot be opened or written: a full disk, a folder that may not be written."""

    title = "History not kept"


class HistoryTooNew(ConfigurationError):
    """The history was written by a newer playground; it is left untouched."""

    title = "History from a newer version"


class ContextOverflow(PlaygroundError):
    """The prompt does not fit the model's context."""

    title = "Prompt too long"


class ModelClosed(PlaygroundError):
    """The model was closed while, or before, it was used."""

    title = "Model closed"


class ClusterFailed(PlaygroundError):
    """A Ray cluster cannot be joined or is lost, or a node of it lacks what the others have."""

    title = "The cluster failed"


class HostedError(PlaygroundError):
    """The endpoint, or the way to it, failed.

    `status` is the HTTP status, where there was one, and `wait` the seconds that the endpoint asks
    to wait before the next request, where it does (Retry-After).
    """

    title = "The endpoint failed"

    def __init__(
        self,
        message: str,
        *,
        hint: str = "",
        status: int | None = None,
        wait: float | None = None,
    ) -> None:
        super().__init__(message, hint=hint)
        self.status = status
        self.wait = wait


class Unreachable(HostedError):
    """No connection to the endpoint."""

    title = "Endpoint unreachable"


class TimedOut(HostedError):
    """No answer in time, or a stream that stalled."""

    title = "Timed out"


class AuthenticationFailed(HostedError):
    """401: the key is wrong."""

    title = "Key refused"


class PermissionDenied(HostedError):
    """403: the key is known and may not do this."""

    title = "Not allowed"


class RequestRefused(HostedError):
    """400, 413, 422 and the like: the endpoint does not accept the request."""

    title = "Request refused"


class RateLimited(HostedError):
    """429: too many requests, or no credit left."""

    title = "Rate limited"


class OutOfCredit(RateLimited):
    """402, or a 429 that says so: the account has nothing left to pay with. Waiting is no use."""

    title = "No credit left"


class ServerFailed(HostedError):
    """5xx: the endpoint's own fault."""

    title = "Server error"


class BadResponse(HostedError):
    """What came back is not what the protocol says."""

    title = "Unreadable response"


class StreamTruncated(HostedError):
    """The stream ended before the answer did: what came is kept, and it is not whole."""

    title = "Answer cut off"


class LocalError(PlaygroundError):
    """A GGUF, or the process that runs it, failed. `log` holds llama.cpp's last lines."""

    title = "The local model failed"

    def __init__(self, message: str, *, hint: str = "", log: Iterable[str] = ()) -> None:
        super().__init__(message, hint=hint)
        self.log = tuple(log)


class ModelFileError(LocalError):
    """The file is missing, empty, or not a GGUF."""

    title = "Not a usable model file"


class ModelLoadFailed(LocalError):
    """llama.cpp could not load the file."""

    title = "Model failed to load"


class ChatTemplateError(LocalError):
    """The chat template in the file cannot be used."""

    title = "Chat template failed"


class BackendCrashed(LocalError):
    """The process that runs the model died; the next request starts a new one."""

    title = "The model's process died"


def did_you_mean(word: str, candidates: Iterable[str]) -> str:
    """A hint naming the candidates closest to `word`, or an empty string if none is close."""
    near = difflib.get_close_matches(word, list(candidates), n=3, cutoff=0.5)
    if not near:
        return ""
    return f"Did you mean {' or '.join(repr(name) for name in near)}?"
