"""A hub on loopback: repositories with files, and the bad days of a server.

It speaks what a pull uses: a repository's description with its files, and a file's bytes, whole or
from a place on, here or behind a redirect to another server.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import unquote, urlsplit

COMMIT = "a1b2c3d4" * 5
PIECE = 16_384


@dataclass
class Seen:
    """One request as it arrived; header names in lower case."""

    method: str
    path: str
    headers: dict[str, str]

    @property
    def start(self) -> int:
        """Where the bytes were asked to begin."""
        return int(self.headers.get("range", "bytes=0-").removeprefix("bytes=").removesuffix("-"))


@dataclass
class Repo:
    """A repository: its files, and what is to go wrong with it."""

    files: dict[str, bytes]
    describes: dict[str, Any] = field(default_factory=dict)
    """Instead of the truth, this is said of a file: `size`, `sha256` (None: not in LFS)."""
    sends: dict[str, bytes] = field(default_factory=dict)
    """Instead of a file's bytes, these are sent."""
    answer: bytes | None = None
    """Instead of the description, this is sent."""
    packed: str = ""
    """How the description is said to be packed."""
    refuses: dict[str, tuple[int, dict[str, str]]] = field(default_factory=dict)
    """A status and headers for `list`, `get`."""
    breaks_after: list[int] = field(default_factory=list)
    """The next downloads break off after so many bytes each."""
    heeds_range: bool = True
    range_lie: int = 0
    """Added to the place where a resumed download is said to begin."""
    chunked: bool = False
    """Send without saying how much will come."""
    pause: float = 0.0
    """Seconds between pieces of 16 kB."""
    commit: str = COMMIT

    def listing(self) -> bytes:
        if self.answer is not None:
            return self.answer
        siblings = []
        for name, content in self.files.items():
            size, sha256 = len(content), hashlib.sha256(content).hexdigest()
            said = {"size": size, "sha256": sha256, **self.describes.get(name, {})}
            one: dict[str, Any] = {"rfilename": name, "size": said["size"], "blobId": "0" * 40}
            if said["sha256"]:
                one["lfs"] = {"size": said["size"], "sha256": said["sha256"], "pointerSize": 130}
            siblings.append(one)
        return json.dumps({"id": "x/y", "sha": self.commit, "siblings": siblings}).encode()


class LoopbackHub:
    """Runs in a thread; `storage` is another server, where files lie that it redirects to."""

    def __init__(self, storage: LoopbackHub | None = None) -> None:
        self.repos: dict[str, Repo] = {}
        self.seen: list[Seen] = []
        self.storage = storage
        self.redirect = ""
        """Where to redirect downloads to, if not to the storage."""
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}"

    def has(self, name: str, files: dict[str, bytes], **more: Any) -> Repo:
        """Put up a repository."""
        self.repos[name] = Repo(files, **more)
        if self.storage:
            self.storage.repos = self.repos
        return self.repos[name]

    @property
    def downloads(self) -> list[Seen]:
        return [one for one in self.seen if "/resolve/" in one.path]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _handler(hub: LoopbackHub) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            """Nobody reads it."""

        def do_GET(self) -> None:
            headers = {name.lower(): value for name, value in self.headers.items()}
            seen = Seen("GET", self.path, headers)
            hub.seen.append(seen)
            path = unquote(urlsplit(self.path).path).lstrip("/")
            with contextlib.suppress(ConnectionError):
                if path.startswith("api/models/"):
                    self._list(path.removeprefix("api/models/"))
                else:
                    name, _, rest = path.partition("/resolve/")
                    self._get(name, rest.partition("/")[2], seen)

        def _list(self, name: str) -> None:
            repo = hub.repos.get(name)
            if repo is None:
                self._answer(404, b"{}", {"X-Error-Code": "RepoNotFound"})
            elif "list" in repo.refuses:
                status, headers = repo.refuses["list"]
                self._answer(status, b"{}", headers)
            else:
                more = {"Content-Encoding": repo.packed} if repo.packed else {}
                self._answer(200, repo.listing(), {"Content-Type": "application/json", **more})

        def _get(self, name: str, file: str, seen: Seen) -> None:
            repo = hub.repos[name]
            if "get" in repo.refuses:
                status, headers = repo.refuses["get"]
                self._answer(status, b"", headers)
            elif hub.storage or hub.redirect:
                target = hub.redirect or f"{hub.storage.url}{self.path}"  # type: ignore[union-attr]
                self._answer(302, b"", {"Location": target})
            elif file not in repo.files:
                self._answer(404, b"", {"X-Error-Code": "EntryNotFound"})
            else:
                self._send(repo, repo.sends.get(file, repo.files[file]), seen)

        def _send(self, repo: Repo, content: bytes, seen: Seen) -> None:
            start = seen.start if repo.heeds_range else 0
            body = content[start:]
            self.send_response(206 if start else 200)
            if start:
                said = start + repo.range_lie
                self.send_header("Content-Range", f"bytes {said}-{len(content) - 1}/{len(content)}")
            if not repo.chunked:
                self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if repo.breaks_after:
                body = body[: repo.breaks_after.pop(0)]
            for place in range(0, len(body), PIECE):
                self.wfile.write(body[place : place + PIECE])
                time.sleep(repo.pause)

        def _answer(self, status: int, body: bytes, headers: dict[str, str]) -> None:
            self.send_response(status)
            for name, value in headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

    return Handler
