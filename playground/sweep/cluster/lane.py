"""A lane whose runs are made on a Ray cluster."""

from __future__ import annotations

import asyncio
import itertools
import os
import pickle
import re
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from playground.background import off_loop
from playground.errors import ClusterFailed, UsageError
from playground.providers.registry import open_hurried
from playground.sweep.cluster.process import DriverProcess
from playground.sweep.cluster.protocol import Changed, Close, Make, Open, Opened
from playground.sweep.lane import Executor, Lane, Outcome, Work

_ADDRESS: Final = re.compile(r"([\w.-]+|\[[0-9a-fA-F:.%]+\]):\d{1,5}")
"""A host and a port. Not `ray://`: through Ray's client every answer would take the long way."""


def ray_executor(address: str = "") -> Executor:
    """Makes lanes on the Ray cluster at an address.

    Without one it is what `RAY_ADDRESS` names, or the cluster that `ray start` has started on this
    machine, or one that is started here and ends with the sweep. Raises `UsageError` where Ray is
    not installed, or that is no address.
    """
    if find_spec("ray") is None:
        raise UsageError(
            "Sweeps on a cluster need Ray, which is not installed.",
            hint="pip install 'chat-playground[ray]'",
        )
    address = address or os.environ.get("RAY_ADDRESS", "")
    if address and not _ADDRESS.fullmatch(address):
        raise UsageError(
            f"{address!r} is not the address of a Ray cluster.",
            hint="Write host:port of its head node, as `ray start` there has printed it.",
        )
    cluster = _Cluster(address)
    return lambda ref: RayLane(ref, cluster)


class _Cluster:
    """The connection that all lanes of a sweep share; the last to leave ends it."""

    def __init__(self, address: str) -> None:
        self._address = address
        self._driver: DriverProcess | None = None
        self._users = 0
        self._starting = asyncio.Lock()
        self.numbers = itertools.count(1)

    async def join(self) -> DriverProcess:
        """The connection; raises `ClusterFailed` where it cannot be made."""
        self._users += 1
        async with self._starting:
            if self._driver is None:
                self._driver = await DriverProcess.start(self._address)
            return self._driver

    async def leave(self) -> None:
        """Do without it; once for every `join`."""
        self._users -= 1
        async with self._starting:
            if self._users == 0 and self._driver is not None:
                driver, self._driver = self._driver, None
                await driver.stop()


class RayLane(Lane):
    """Runs made by engines on the nodes of a cluster; see `Crew` for how losses are made good."""

    def __init__(self, ref: str, cluster: _Cluster) -> None:
        self.ref = ref
        self._cluster = cluster
        self._number = next(cluster.numbers)
        self._driver: DriverProcess | None = None
        self._joined = False
        self._telling: set[asyncio.Task[None]] = set()

    async def start(self) -> None:
        """Open the model on every worker node.

        Raises `ClusterFailed` where one lacks it, or has another file than this machine.
        """
        sha256 = await self._sum_here()
        self._joined = True
        driver = self._driver = await self._cluster.join()
        driver.listen(self._number, self._hear)
        folder = str(Path.cwd())
        reply = await driver.ask(
            lambda number: Open(number, self._number, self.ref, folder, sha256)
        )
        opened: Opened = pickle.loads(reply)  # noqa: S301 - from our own driver
        self.parallel = opened.parallel
        self.capabilities = opened.capabilities
        self.provenance = opened.provenance

    async def make(self, work: Work) -> Outcome:
        """Make one run, on whichever node is least busy."""
        if self._driver is None:
            raise ClusterFailed(f"{self.ref} has not been opened.")
        asked = pickle.dumps(work)
        reply = await self._driver.ask(lambda number: Make(number, self._number, asked))
        outcome: Outcome = pickle.loads(reply)  # noqa: S301 - from our own driver
        return outcome

    async def aclose(self) -> None:
        """Let the model go on all nodes, and the cluster with the last one."""
        if not self._joined:
            return
        self._joined = False
        driver, self._driver = self._driver, None
        try:
            if driver is not None:
                driver.forget(self._number)
                if driver.alive:
                    await driver.ask(lambda number: Close(number, self._number))
        except ClusterFailed:
            pass  # It is gone, and all engines with it.
        finally:
            await self._cluster.leave()

    async def _sum_here(self) -> str:
        """The sum of the model's file on this machine; empty for models that have none."""
        model = await off_loop(lambda: open_hurried(self.ref))
        async with model:
            file = (await model.provenance()).file
        return file.sha256 if file is not None else ""

    def _hear(self, change: Changed) -> None:
        self.parallel = change.parallel
        if self.changed is not None:
            task = asyncio.ensure_future(self.changed(change.parallel, change.note))
            self._telling.add(task)
            task.add_done_callback(self._telling.discard)
