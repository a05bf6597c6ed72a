"""llama.cpp's own programs as peers, where they are found: `llama-batched-bench`, `llama-server`.

They are not part of llama-cpp-python; its source distribution holds their source. To compare like
with like, build them from that version, for the same processor features.
"""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

CONTEXT = 2048
"""Tokens that each sequence has room for, as ours."""

# Never through a proxy: the server is on loopback.
_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}))


def find(name: str, folder: Path | None) -> str | None:
    """The program of this name in `folder`, or on the PATH."""
    return shutil.which(name, path=str(folder) if folder else None)


def batched_bench(
    program: str,
    model: Path,
    prompt: int,
    length: int,
    count: int,
    *,
    unified: bool,
    flash: bool,
    gpu: bool = False,
    context: int = CONTEXT,
) -> float:
    """Decode tokens a second of so many sequences that share a prompt; nothing is sampled.

    Their KV cells lie in one pool (`unified`), or each has its own. `flash`: with flash attention.
    `gpu`: all layers there, instead of one thread. `context`: what each sequence has room for.
    """
    done = subprocess.run(
        [
            *(program, "-m", str(model), "-t", "1", "-tb", "1", "-pps"),
            *("-ngl", "999" if gpu else "0"),
            *("-fa", "on" if flash else "off"),
            *("-c", str(context * count), "-b", "512", "-ub", "512", "--output-format", "jsonl"),
            *("-npp", str(prompt), "-ntg", str(length), "-npl", str(count)),
            *(["-kvu"] if unified else []),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    line = next(line for line in done.stdout.splitlines() if line.startswith("{"))
    return float(json.loads(line)["speed_tg"])


def server_job(
    program: str,
    model: Path,
    prompt: str,
    length: int,
    temperatures: Sequence[float],
    *,
    slots: int | None = None,
) -> float:
    """Seconds for all answers to one prompt, asked at once of a server that has just started.

    It has a slot for each, or so many.
    """

    def ask(setting: tuple[int, float]) -> int:
        number, temperature = setting
        body = {
            "prompt": prompt,
            "n_predict": length,
            "temperature": temperature,
            "seed": number + 1,
            "samplers": ["top_k", "top_p", "min_p", "temperature"],
        }
        with _OPENER.open(_request(url + "/completion", body), timeout=600) as answer:
            return int(json.load(answer)["tokens_predicted"])

    with _served(program, model, slots or len(temperatures)) as url:
        began = time.perf_counter()
        with ThreadPoolExecutor(len(temperatures)) as pool:
            counts = list(pool.map(ask, enumerate(temperatures)))
        took = time.perf_counter() - began
    if min(counts) < length:
        raise RuntimeError(f"llama-server ended early: {counts}")
    return took


def _request(url: str, body: dict[str, object]) -> urllib.request.Request:
    return urllib.request.Request(
        url, json.dumps(body).encode(), {"Content-Type": "application/json"}
    )


@contextmanager
def _served(program: str, model: Path, slots: int) -> Iterator[str]:
    """A server with so many slots on a free port of loopback."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        *(program, "-m", str(model), "-t", "1", "-tb", "1", "-ngl", "0", "-np", str(slots)),
        *("-c", str(CONTEXT * slots), "--host", "127.0.0.1", "--port", str(port)),
    ]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        url = f"http://127.0.0.1:{port}"
        try:
            _wait_until_ready(url, process)
            yield url
        finally:
            process.kill()


def _wait_until_ready(url: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        try:
            with _OPENER.open(url + "/health", timeout=5):
                return
        except (urllib.error.URLError, ConnectionError):
            time.sleep(0.05)
    raise RuntimeError("llama-server did not become ready")
