"""Our side of the process that speaks to Ray: starts it, asks it, and notices when it ends."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import sys
from collections import deque
from collections.abc import Callable
from pathlib import Path
from typing import Final

from playground.errors import ClusterFailed
from playground.sanitize import make_safe
from playground.sweep.cluster.protocol import (
    Cancel,
    Changed,
    Command,
    Done,
    Failed,
    Join,
    Request,
    packed,
    read,
)

LOG_LINES: Final = 40
"""How much of what Ray printed is kept for errors."""

JOINING_SECONDS: Final = 120.0
"""How long it may take to join the cluster, or to start one here on a busy machine."""

LEAVING_SECONDS: Final = 20.0
"""How long it may take to leave the cluster."""

_LOG_HEAD: Final = re.compile(r"^\[[^\]]*\]\s+\S+:\d+:\s*")
"""Time, process and place in Ray's source, before what a line of its log says."""


class DriverProcess:
    """A running driver that has joined a cluster."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self._process = process
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[bytes]] = {}
        self._lanes: dict[int, Callable[[Changed], None]] = {}
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        self._over = False
        self._tasks = [asyncio.create_task(work) for work in (self._listen(), self._keep_log())]

    @classmethod
    async def start(cls, address: str) -> DriverProcess:
        """Start a driver and let it join the cluster; raises `ClusterFailed` where it cannot."""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-P", "-m", "playground.sweep.cluster.driver"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={"RAY_USAGE_STATS_ENABLED": "0", **os.environ},
            # Ray lets workers import from the folder where its driver stands.
            cwd=Path.home().anchor,
            # Ctrl-C is for the terminal's owner, who decides what to stop.
            start_new_session=True,
        )
        driver = cls(process)
        try:
            joining = driver.ask(lambda number: Join(number, address))
            await asyncio.wait_for(joining, JOINING_SECONDS)
        except TimeoutError as error:
            process.kill()
            await driver.stop()
            raise ClusterFailed(
                f"The Ray cluster has not let us join within {JOINING_SECONDS:.0f} s.",
                hint="`ray status` on its head node says how it stands.",
            ) from error
        except BaseException:
            process.kill()
            await driver.stop()
            raise
        return driver

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return not self._over

    async def ask(self, make: Callable[[int], Request]) -> bytes:
        """Ask for something and wait for it; cancelling stops it there too.

        Raises `ClusterFailed` where it cannot be done, or where the process ends over it.
        """
        number = next(self._numbers)
        if self._over:
            raise self._ending()
        answer: asyncio.Future[bytes] = asyncio.get_running_loop().create_future()
        self._waiting[number] = answer
        self._send(make(number))
        try:
            return await answer
        except asyncio.CancelledError:
            self._send(Cancel(number))
            raise
        finally:
            del self._waiting[number]

    def listen(self, lane: int, heard: Callable[[Changed], None]) -> None:
        """Have a lane told what changes."""
        self._lanes[lane] = heard

    def forget(self, lane: int) -> None:
        """Tell a lane nothing any more."""
        self._lanes.pop(lane, None)

    async def stop(self) -> None:
        """Let it leave the cluster and end; it is killed if that takes too long."""
        if (stdin := self._process.stdin) is not None:
            stdin.close()
        try:
            await asyncio.wait_for(self._process.wait(), LEAVING_SECONDS)
        except TimeoutError:
            # What it started on this machine ends with it.
            self._process.kill()
        await asyncio.gather(*self._tasks)

    def _send(self, command: Command) -> None:
        stdin = self._process.stdin
        # A pipe that broke is noticed where the process ends.
        if stdin is not None and not stdin.is_closing():
            stdin.write(packed(command))

    async def _listen(self) -> None:
        try:
            await self._hear()
        except Exception as error:  # noqa: BLE001 - said with the end of the process
            self._log.append(f"What it said cannot be read: {error}")
            self._process.kill()
        self._over = True
        await self._process.wait()
        # Its last words may still be on the way.
        await self._tasks[1]
        for answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(self._ending())

    async def _hear(self) -> None:
        assert self._process.stdout is not None  # noqa: S101 - asked for as a pipe
        while (report := await read(self._process.stdout)) is not None:
            match report:
                case Done():
                    if (answer := self._waiting.get(report.number)) and not answer.done():
                        answer.set_result(report.value)
                case Failed():
                    if (answer := self._waiting.get(report.number)) and not answer.done():
                        answer.set_exception(report.error)
                case Changed():
                    if (heard := self._lanes.get(report.lane)) is not None:
                        heard(report)

    async def _keep_log(self) -> None:
        assert self._process.stderr is not None  # noqa: S101 - asked for as a pipe
        while True:
            with contextlib.suppress(ValueError):  # A line too long for the reader is left out.
                line = await self._process.stderr.readline()
                if not line:
                    return
                if text := make_safe(line.decode("utf-8", "replace")).strip():
                    self._log.append(text)

    def _ending(self) -> ClusterFailed:
        line = next((line for line in reversed(self._log) if "GCS" in line or "Error" in line), "")
        said = _LOG_HEAD.sub("", line).partition(". ")[0][:300].rstrip(".")
        return ClusterFailed(
            f"The connection to the Ray cluster is lost{f': {said}' if said else ''}.",
            hint="Is its head node up? What has ended is kept.",
        )
