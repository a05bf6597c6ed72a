"""One worker a file, however many panes use it: leases on shared worker processes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple
from weakref import WeakKeyDictionary

from playground.providers.llama.files import still_there
from playground.providers.llama.process import WorkerProcess
from playground.providers.llama.protocol import EngineSettings


class FileIdentity(NamedTuple):
    """A file as it is now: another content under the same name is another model."""

    path: Path
    size: int
    modified: int

    @classmethod
    def of(cls, path: Path) -> FileIdentity:
        """The identity of a file; raises `OSError` if it has gone."""
        path = path.resolve()
        found = path.stat()
        return cls(path, found.st_size, found.st_mtime_ns)


_Key = tuple[FileIdentity, EngineSettings]


class SharedWorker:
    """A worker that is started when first needed, and again after it died."""

    def __init__(self, path: Path, settings: EngineSettings) -> None:
        self.users = 0
        self._path = path
        self._settings = settings
        self._starting = asyncio.Lock()
        self._worker: WorkerProcess | None = None

    async def worker(self) -> WorkerProcess:
        """The living worker; everybody who asks meanwhile waits for the same start.

        Raises `ModelFileError` where one has to be started and the file has gone.
        """
        async with self._starting:
            if self._worker is not None and not self._worker.alive:
                await self._worker.stop()
                self._worker = None
            if self._worker is None:
                still_there(self._path)
                self._worker = await WorkerProcess.start(self._path, self._settings)
            return self._worker

    async def stop(self) -> None:
        """End the process, if there is one."""
        async with self._starting:
            worker, self._worker = self._worker, None
        if worker is not None:
            await worker.stop()


# Pipes belong to the event loop that opened them, so that each loop has workers of its own.
_pools: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[_Key, SharedWorker]] = WeakKeyDictionary()


class Lease:
    """One model's share in a worker. The last to leave ends the process.

    Making one raises `ModelFileError` where the file has gone.
    """

    def __init__(self, path: Path, settings: EngineSettings) -> None:
        still_there(path)
        self.loop = asyncio.get_running_loop()
        self._pool = _pools.setdefault(self.loop, {})
        self._key: _Key = (FileIdentity.of(path), settings)
        self._shared = self._pool.setdefault(self._key, SharedWorker(path, settings))
        self._shared.users += 1
        self._given_back = False

    async def worker(self) -> WorkerProcess:
        """The living worker behind this lease."""
        return await self._shared.worker()

    async def give_back(self) -> None:
        """Leave; doing it twice is harmless."""
        if self._given_back:
            return
        self._given_back = True
        self._shared.users -= 1
        if self._shared.users == 0:
            self._pool.pop(self._key, None)
            await self._shared.stop()
