"""The real OpenAI-style server of llama-cpp-python on a free loopback port."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

START_TIMEOUT = 60.0
"""Seconds that the server may take to import llama.cpp and load a demo model."""


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port: int = probe.getsockname()[1]
        return port


def _ready(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/models", timeout=2) as response:
            return bool(response.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@contextlib.contextmanager
def llama_server(model: Path, log: Path) -> Iterator[str]:
    """The base URL of a running server; it is ended on the way out, however that is."""
    port = _free_port()
    url = f"http://127.0.0.1:{port}/v1"
    arguments = ["--model", str(model), "--host", "127.0.0.1", "--port", str(port)]
    # Interrupting a request for the next one is off: two panes may talk to it at once.
    arguments += ["--n_ctx", "512", "--logits_all", "true", "--interrupt_requests", "false"]
    arguments += ["--n_threads", "1", "--n_threads_batch", "1", "--model_alias", "small"]
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "llama_cpp.server", *arguments],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        end = time.monotonic() + START_TIMEOUT
        while not _ready(url):
            if process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"the server did not start:\n{log.read_text()[-3000:]}")
            time.sleep(0.1)
        yield url
    finally:
        process.kill()
        process.wait()
