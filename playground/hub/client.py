"""The Hub as we use it: a repository's list of files, and the bytes of one of them.

The library's own downloads start again from nothing when they were interrupted, so the bytes are
asked for here, through its session. The token goes to the endpoint and, as the HTTP client sees to
it, to nobody that the endpoint redirects to.
"""

from __future__ import annotations

import json
import logging
import os
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, ValidationError

from playground.errors import BadResponse, ConfigurationError, UnknownModel
from playground.hub.faults import as_ours, refusal
from playground.hub.offers import HubFile, Offer, choose, offers_of
from playground.hub.reference import HubRef

if TYPE_CHECKING:
    from httpx2 import Response
    from huggingface_hub.hf_api import RepoSibling

LIST_SECONDS = 30.0
"""How long the list of files may take."""
MAX_LIST_BYTES = 16_000_000
"""The longest list that is read: of a repository with a thousand files it is a third of a MB."""
CONNECT_SECONDS = 15.0
STALL_SECONDS = 30.0
"""How long a download may stand still before it is taken up again."""
MAJOR = 2
"""The version of `huggingface_hub` whose session this is written for."""


class Repository(BaseModel):
    """What a repository holds at one commit. `refused` are files left out, each with its reason."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    repo: str
    commit: str
    offers: tuple[Offer, ...]
    refused: dict[str, str] = {}

    def choose(self, wish: str = "") -> Offer:
        """The offer meant by a quantisation's or a file's name: see `offers.choose`."""
        return choose(self.offers, wish, source=str(HubRef(repo=self.repo)))


class Hub:
    """One endpoint, with the token that belongs to it.

    Both come from the places that every tool of the Hub knows: `HF_ENDPOINT`, `HF_TOKEN`, and the
    token kept in `HF_HOME`. Raises `ConfigurationError` if `huggingface_hub` is missing.
    """

    def __init__(self) -> None:
        _need_library()
        import huggingface_hub

        given = os.environ.get("HF_ENDPOINT", "").rstrip("/")
        if given and not _usable(given):
            raise ConfigurationError(
                "HF_ENDPOINT is not the address of a server.",
                hint="It starts with http:// or https:// and holds no password.",
            )
        token = huggingface_hub.get_token()
        # False, not None: a token that is not ours to find is not to be found by the library.
        self._token: str | bool = token or False
        self._api = huggingface_hub.HfApi(
            endpoint=given or None, token=self._token, library_name=_NAME
        )
        self.host = urlsplit(self._api.endpoint).netloc

    def repository(self, repo: str) -> Repository:
        """The GGUF files of a repository as they are now.

        Raises `UnknownModel` if there is none (or none for us), and `HostedError`s.
        """
        from huggingface_hub import ModelInfo

        with as_ours(self.host, repo, self._token):
            # A reply that is not what the library expects fails anywhere in its reading.
            try:
                info = ModelInfo(**json.loads(self._described(repo)))  # type: ignore[no-untyped-call]
                commit, siblings = info.sha, info.siblings
            except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
                raise BadResponse(
                    f"What {self.host} says of {repo} is not what a Hub says.", hint=_ENDPOINT
                ) from error
        if not re.fullmatch("[0-9a-f]{40,64}", commit or ""):
            raise BadResponse(f"{self.host} names no commit of {repo}.", hint=_ENDPOINT)
        files, refused = _sort_out(siblings or [])
        offers = offers_of(files)
        if not offers:
            reason = "; ".join(f"{name!r} was left out: {why}" for name, why in refused.items())
            raise UnknownModel(
                f"{repo} has no GGUF files{f' that can be used ({reason})' if reason else ''}.",
                hint="Look for a repository with GGUF in its name: llama.cpp reads nothing else.",
            )
        return Repository(repo=repo, commit=commit or "", offers=offers, refused=refused)

    def _described(self, repo: str) -> bytes:
        """What the endpoint says of a repository and its files, within bounds of size and time.

        The library reads, and unpacks, whatever comes.
        """
        import httpx2
        from huggingface_hub import get_session

        url = f"{self._api.endpoint}/api/models/{repo}"
        timeout = httpx2.Timeout(LIST_SECONDS, connect=CONNECT_SECONDS)
        until = time.monotonic() + LIST_SECONDS
        said = bytearray()
        with get_session().stream(
            "GET", url, params={"blobs": True}, headers=self._headers(), timeout=timeout
        ) as response:
            response.raise_for_status()
            if response.headers.get("Content-Encoding", "").lower() not in ("", "identity"):
                raise BadResponse(
                    f"{self.host} sent what is packed, though it was asked not to pack.",
                    hint=_ENDPOINT,
                )
            for piece in response.iter_raw():
                said += piece
                if len(said) > MAX_LIST_BYTES:
                    raise BadResponse(
                        f"{self.host} says more than {MAX_LIST_BYTES:,} bytes of {repo}.",
                        hint=_ENDPOINT,
                    )
                if time.monotonic() > until:
                    raise httpx2.ReadTimeout("It takes too long.")
        return bytes(said)

    def _headers(self) -> dict[str, str]:
        # Compressed on the way, the bytes could not be counted.
        headers = {"Accept-Encoding": "identity", "User-Agent": _NAME}
        if self._token:
            headers["Authorization"] = f"Bearer {self._token}"
        return headers

    @contextmanager
    def content(self, repo: str, commit: str, file: HubFile, *, start: int) -> Iterator[Response]:
        """The bytes of a file from `start` on, as a response with status 200 (from 0) or 206.

        Raises `HostedError`s, here and while the response is read.
        """
        import httpx2
        from huggingface_hub import get_session, hf_hub_url

        url = hf_hub_url(repo, file.name, revision=commit, endpoint=self._api.endpoint)
        headers = self._headers()
        if start:
            headers["Range"] = f"bytes={start}-"
        timeout = httpx2.Timeout(STALL_SECONDS, connect=CONNECT_SECONDS)
        with (
            as_ours(self.host, repo, self._token),
            get_session().stream("GET", url, headers=headers, timeout=timeout) as response,
        ):
            if response.status_code not in (200, 206):
                raise refusal(response, self.host, repo, self._token)
            yield response

    def cached(self, repo: str, commit: str, file: HubFile) -> Path | None:
        """The file in the Hub's own cache (in `HF_HOME`), if another tool has fetched it."""
        from huggingface_hub import try_to_load_from_cache

        found = try_to_load_from_cache(repo, file.name, revision=commit)
        return Path(found).resolve() if isinstance(found, str) else None


def _need_library() -> None:
    try:
        import huggingface_hub
        from huggingface_hub import constants
        from huggingface_hub.utils import logging as hub_logging
    except ImportError as error:
        raise ConfigurationError(
            "Pulling needs huggingface_hub, which is not installed.",
            hint=f"Run: pip install 'huggingface_hub>={MAJOR}'",
        ) from error
    if int(huggingface_hub.__version__.split(".")[0]) < MAJOR:
        raise ConfigurationError(
            f"huggingface_hub {huggingface_hub.__version__} is too old.",
            hint=f"Run: pip install --upgrade 'huggingface_hub>={MAJOR}'",
        )
    # What runs beside us is nobody's business, and asking would be a request of its own.
    constants.HF_HUB_DISABLE_TELEMETRY = True
    # Its warnings quote the server to the terminal as it is; what matters becomes an error of ours.
    hub_logging.get_logger(huggingface_hub.__name__).setLevel(logging.ERROR)


def _usable(endpoint: str) -> bool:
    try:
        parts = urlsplit(endpoint)
        return bool(parts.scheme in ("http", "https") and parts.hostname and "@" not in endpoint)
    except ValueError:
        return False


def _sort_out(siblings: list[RepoSibling]) -> tuple[list[HubFile], dict[str, str]]:
    """The GGUF files that can be used, and why the others cannot."""
    files: list[HubFile] = []
    refused: dict[str, str] = {}
    for one in siblings:
        name = one.rfilename
        if not isinstance(name, str) or not name.lower().endswith(".gguf"):
            continue
        try:
            sha256 = one.lfs.sha256 if one.lfs else None
            files.append(HubFile.model_validate({"name": name, "size": one.size, "sha256": sha256}))
        except ValidationError as error:
            finding = error.errors()[0]
            why = finding["msg"].removeprefix("Value error, ")
            refused[name] = why if finding["loc"] == ("name",) else f"{finding['loc'][0]}: {why}"
    return files, refused


_NAME = "chat-playground"
_ENDPOINT = "If HF_ENDPOINT is set, check that a Hub answers there."
