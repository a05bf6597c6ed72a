"""What goes wrong on the way to the Hub, in our words.

The Hub's own words are kept as the cause, unless a server has put the token into them.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from playground.errors import (
    AuthenticationFailed,
    BadResponse,
    HostedError,
    PermissionDenied,
    PlaygroundError,
    RateLimited,
    ServerFailed,
    TimedOut,
    UnknownModel,
    Unreachable,
)

if TYPE_CHECKING:
    from httpx2 import Response


@contextmanager
def as_ours(host: str, repo: str, token: str | bool) -> Iterator[None]:
    """Turn what the library and its HTTP client raise into errors of ours."""
    import httpx2
    from huggingface_hub.errors import HfHubHTTPError, OfflineModeIsEnabled

    try:
        yield
    except (httpx2.HTTPError, httpx2.InvalidURL, OfflineModeIsEnabled) as error:
        ours: PlaygroundError
        match error:
            case HfHubHTTPError() | httpx2.HTTPStatusError():
                ours = refusal(error.response, host, repo, token)
            case OfflineModeIsEnabled():
                ours = Unreachable(
                    "HF_HUB_OFFLINE is set, so the Hub is not asked.", hint="Unset it to pull."
                )
            case httpx2.TimeoutException():
                ours = TimedOut(f"{host} does not answer.", hint="Try again later.")
            case httpx2.TransportError():
                ours = Unreachable(
                    f"There is no connection to {host}.",
                    hint="Check the network, the proxy settings and HF_ENDPOINT.",
                )
            case _:
                ours = BadResponse(f"{host} redirects to where {repo} cannot be fetched from.")
        raise ours from (None if token and str(token) in f"{error!r} {error}" else error)


def refusal(response: Response, host: str, repo: str, token: str | bool) -> PlaygroundError:
    """The error for a status that is not a success."""
    status = response.status_code
    code = response.headers.get("X-Error-Code", "")
    if code == "GatedRepo":
        return PermissionDenied(
            f"{repo} is gated: its authors let in only who has accepted their terms.",
            hint="Accept them on the repository's page"
            + (
                "; then the token in use may fetch it."
                if token
                else ", then set HF_TOKEN to a token of yours that may read."
            ),
            status=status,
        )
    if code == "EntryNotFound":
        return BadResponse(
            f"{host} lists a file in {repo} that it does not have.", hint="Try again later."
        )
    if status == 401 and token and code != "RepoNotFound":
        return AuthenticationFailed(
            f"{host} does not accept the token.",
            hint="Set HF_TOKEN to one that is valid, or unset it for public repositories.",
            status=status,
        )
    if status in (401, 404):
        private = (
            "If it is private, the token in use may not read it."
            if token
            else "If it is private, set HF_TOKEN."
        )
        return UnknownModel(
            f"{host} shows no repository {repo}.", hint=f"Check its spelling. {private}"
        )
    return _by_status(status, f"{host} answered {status} for {repo}", response)


def _by_status(status: int, said: str, response: Response) -> HostedError:
    if status == 403:
        return PermissionDenied(
            f"{said}: not allowed.", hint="Check what the token in HF_TOKEN may do.", status=status
        )
    if status == 429:
        wait = response.headers.get("Retry-After", "")
        hint = f"Try again in {wait} seconds." if wait.isdecimal() else "Try again later."
        return RateLimited(f"{said}: too many requests.", hint=hint, status=status)
    if status >= 500:
        return ServerFailed(f"{said}: its own fault.", hint="Try again later.", status=status)
    return BadResponse(f"{said}.", hint="If HF_ENDPOINT is set, check it.", status=status)
