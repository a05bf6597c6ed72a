"""The process that speaks to Ray: joins a cluster and serves lanes until its standard input ends.

Run as `python -m playground.sweep.cluster.driver`. Commands come in on standard input, reports go
out on what was standard output; whatever Ray prints goes to standard error. However the playground
ends, standard input ends then, and this process leaves the cluster and ends what it started there.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import pickle
import socket
import sys
from typing import Any, BinaryIO, Final

import ray
from ray._private.utils import read_ray_address
from ray.exceptions import RayError

from playground.errors import ClusterFailed, PlaygroundError
from playground.sweep.cluster.crew import Crew
from playground.sweep.cluster.protocol import (
    Cancel,
    Changed,
    Close,
    Done,
    Failed,
    Join,
    Make,
    Open,
    Report,
    Request,
    packed,
    read,
)

STORE_BYTES: Final = 100 * 2**20
"""Ray's object store, where it is started for us: answers in flight, and its least is 75 MiB."""

PROBE_SECONDS: Final = 10.0
"""How long a head node may take to accept a connection."""


class Driver:
    """The lanes of one playground."""

    def __init__(self, out: BinaryIO) -> None:
        self._out = out
        self._crews: dict[int, Crew] = {}
        self._tasks: dict[int, asyncio.Task[None]] = {}

    async def serve(self, commands: asyncio.StreamReader) -> None:
        """Do what is asked, side by side, until nothing is asked any more."""
        try:
            while (command := await read(commands)) is not None:
                if isinstance(command, Cancel):
                    if (task := self._tasks.get(command.number)) is not None:
                        task.cancel()
                elif isinstance(command, Join | Open | Make | Close):
                    self._begin(command)
        finally:
            tasks = [*self._tasks.values()]
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            await asyncio.gather(*(crew.aclose() for crew in self._crews.values()))
            ray.shutdown()

    def _begin(self, request: Request) -> None:
        task = asyncio.create_task(self._answer(request))
        self._tasks[request.number] = task
        task.add_done_callback(lambda _task: self._tasks.pop(request.number))

    async def _answer(self, request: Request) -> None:
        try:
            self._send(Done(request.number, await self._do(request)))
        except PlaygroundError as error:
            self._send(Failed(request.number, error))
        except Exception as error:  # noqa: BLE001 - told to whoever waits, who would wait for ever
            failed = ClusterFailed(f"Ray failed: {type(error).__name__}: {error}.")
            self._send(Failed(request.number, failed))

    async def _do(self, request: Request) -> bytes:
        match request:
            case Join():
                join(request.address)
            case Open(lane=lane):
                crew = Crew(
                    request.ref,
                    request.folder,
                    request.sha256,
                    lambda parallel, note: self._send(Changed(lane, parallel, note)),
                )
                self._crews[lane] = crew
                return pickle.dumps(await crew.open())
            case Make():
                return await self._crews[request.lane].make(request.work)
            case Close():
                if (found := self._crews.pop(request.lane, None)) is not None:
                    await found.aclose()
        return b""

    def _send(self, report: Report) -> None:
        # Whoever does not listen any more has closed our standard input too.
        with contextlib.suppress(BrokenPipeError):
            self._out.write(packed(report))
            self._out.flush()


def join(address: str) -> None:
    """Connect to a cluster: of this address, or one on this machine, or one started for us.

    Raises `ClusterFailed` where there is none at that address, or one of another version.
    """
    quiet: dict[str, Any] = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address:
            _probe(address)
            ray.init(address=address, **quiet)
        elif _runs_here():
            ray.init(address="auto", **quiet)
        else:
            ray.init(
                address="local",
                include_dashboard=False,
                object_store_memory=STORE_BYTES,
                **quiet,
            )
    except (RayError, OSError, RuntimeError, ValueError, ImportError) as error:
        said = getattr(error, "strerror", None) or str(error).strip() or type(error).__name__
        first = said.splitlines()[0]
        token = _wants_token(error)
        raise ClusterFailed(
            f"The Ray cluster{f' at {address}' if address else ''} cannot be joined: "
            + ("it wants its token." if token else f"{first.rstrip('.')}."),
            hint="Set RAY_AUTH_MODE=token, with its token in ~/.ray/auth_token."
            if token
            else "`ray status` on its head node says how it stands.",
        ) from error


def _probe(address: str) -> None:
    """Raise `OSError` where nobody listens: Ray would wait for hours."""
    host, _, port = address.rpartition(":")
    socket.create_connection((host.strip("[]"), int(port)), PROBE_SECONDS).close()


def _runs_here() -> bool:
    """Whether `ray start` has been called on this machine, and that cluster is still there.

    Not what Ray's own search finds: a cluster that another program started for itself alone.
    """
    address = read_ray_address()
    if not address:
        return False
    try:
        _probe(address)
    except (OSError, ValueError):
        return False
    return True


def _wants_token(error: BaseException | None) -> bool:
    """Whether it is for a token of Ray's that a cluster cannot be joined."""
    while error is not None:
        if "InvalidAuthToken" in str(error):
            return True
        error = error.__cause__ or error.__context__
    return False


def _own_output() -> BinaryIO:
    """Standard output for reports alone: what anybody prints goes to standard error instead."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return out


async def _main() -> None:
    out = _own_output()
    loop = asyncio.get_running_loop()
    commands = asyncio.StreamReader()
    await loop.connect_read_pipe(lambda: asyncio.StreamReaderProtocol(commands), sys.stdin)
    await Driver(out).serve(commands)


if __name__ == "__main__":
    asyncio.run(_main())
