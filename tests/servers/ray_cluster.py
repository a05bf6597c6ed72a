"""A Ray cluster of real processes on loopback, whose nodes can be killed."""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Self

import psutil

STORE = 80 * 2**20
"""Bytes of a node's object store; Ray takes no less than 75 MiB."""

_ALONE = (
    "--object-store-memory",
    str(STORE),
    "--disable-usage-stats",
    "--include-log-monitor=false",
)


class RayNode:
    """`ray start` and all that it started, up once this has been made."""

    def __init__(self, folder: Path, environment: Mapping[str, str], *words: str) -> None:
        ray = Path(sys.executable).with_name("ray")
        self._process = subprocess.Popen(
            [ray, "start", "--block", "--node-ip-address", "127.0.0.1", *_ALONE, *words],
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**environment, "RAY_AUTH_MODE": "disabled", "RAY_TMPDIR": str(folder)},
            text=True,
        )
        said: list[str] = []
        assert self._process.stdout is not None
        for line in self._process.stdout:
            said.append(line)
            if "runtime started" in line:
                return
        raise AssertionError(f"no node came up: {''.join(said)}")

    def kill(self) -> None:
        """End every process of the node at once, as a machine ends whose power goes."""
        with contextlib.suppress(psutil.NoSuchProcess):
            ours = psutil.Process(self._process.pid)
            for process in [ours, *ours.children(recursive=True)]:
                with contextlib.suppress(psutil.NoSuchProcess):
                    process.kill()
        with self._process:  # Waits for it, and closes the pipe.
            pass


class RayCluster:
    """A head that takes no work, and the worker nodes that are added to it."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        # Its sockets are files, whose paths may have 107 characters.
        self.folder = Path(tempfile.mkdtemp(prefix="ray-"))
        with socket.create_server(("127.0.0.1", 0)) as probe:
            port = probe.getsockname()[1]
        self.address = f"127.0.0.1:{port}"
        head = ("--head", "--port", str(port), "--num-cpus", "0", "--include-dashboard", "false")
        self._nodes: list[RayNode] = []
        self._start(environment, *head, "--temp-dir", str(self.folder))

    def add(self, environment: Mapping[str, str]) -> RayNode:
        """A worker node with one CPU."""
        return self._start(environment, "--address", self.address, "--num-cpus", "1")

    def _start(self, environment: Mapping[str, str], *words: str) -> RayNode:
        node = RayNode(self.folder, environment, *words)
        self._nodes.append(node)
        return node

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        for node in reversed(self._nodes):
            node.kill()
        shutil.rmtree(self.folder, ignore_errors=True)
