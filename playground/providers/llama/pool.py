"""One worker a file, however many panes use it: leases on shared worker processes."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import NamedTuple

from playground.errors import ModelClosed
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


_Key = tuple[FileIdentity, str]
"""A file, and how it is opened, as JSON."""


class SharedWorker:
    """A worker that is started when first needed, and again after it died."""

    def __init__(self, path: Path, settings: EngineSettings) -> None:
        self.users = 0
        self._path = path
        self._settings = settings
        self._start: asyncio.Task[WorkerProcess] | None = None
        self._waiting = 0

    async def worker(self) -> WorkerProcess:
        """The living worker; everybody who asks meanwhile waits for the same start.

        Who gives up leaves the others waiting; where nobody is left, the start is given up too.
        Raises `ModelFileError` where one has to be started and the file has gone, and `ModelClosed`
        where it was stopped meanwhile.
        """
        if not self._started_or_starting():
            self._start = asyncio.create_task(self._started(self._start))
        start = self._start
        assert start is not None  # noqa: S101 - it has just been made
        self._waiting += 1
        try:
            return await asyncio.shield(start)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if start.cancelled() and not (task is not None and task.cancelling()):
                raise ModelClosed(f"{self._path} was closed while it was read.") from None
            raise
        finally:
            self._waiting -= 1
            if not self._waiting and not start.done():
                start.cancel()

    def _started_or_starting(self) -> bool:
        start = self._start
        if start is None or start.cancelling():
            return False
        if not start.done():
            return True
        return start.exception() is None and start.result().alive

    async def _started(self, before: asyncio.Task[WorkerProcess] | None) -> WorkerProcess:
        """A new process, once the one before it has gone."""
        await _end(before)
        still_there(self._path)
        return await WorkerProcess.start(self._path, self._settings)

    async def stop(self) -> None:
        """End the process, if there is one, or its start."""
        start, self._start = self._start, None
        if start is not None:
            start.cancel()
        await _end(start)

    def kill(self) -> None:
        """End the process where the loop that started it has been closed."""
        start = self._start
        if start is not None and start.done() and not start.cancelled() and not start.exception():
            start.result().kill()


# Pipes belong to the event loop that opened them, so that each loop has workers of its own.
_pools: dict[asyncio.AbstractEventLoop, dict[_Key, SharedWorker]] = {}


def _end_those_of_closed_loops() -> None:
    """Nobody can ask them any more, and the weights of each are in memory."""
    for loop in [loop for loop in _pools if loop.is_closed()]:
        for shared in _pools.pop(loop).values():
            shared.kill()


async def _end(start: asyncio.Task[WorkerProcess] | None) -> None:
    """Wait until a start has ended, and end the process that came of it."""
    if start is None:
        return
    await asyncio.wait([start])
    if not start.cancelled() and start.exception() is None:
        await start.result().stop()


class Lease:
    """One model's share in a worker. The last to leave ends the process.

    Making one raises `ModelFileError` where the file has gone.
    """

    def __init__(self, path: Path, settings: EngineSettings) -> None:
        still_there(path)
        _end_those_of_closed_loops()
        self.loop = asyncio.get_running_loop()
        self._pool = _pools.setdefault(self.loop, {})
        self._key: _Key = (FileIdentity.of(path), settings.model_dump_json())
        self._shared = self._pool.setdefault(self._key, SharedWorker(path, settings))
        self._shared.users += 1
        self._given_back = False

    async def worker(self) -> WorkerProcess:
        """The living worker behind this lease."""
        return await self._shared.worker()

    async def give_back(self) -> None:
        """Leave; doing it twice is harmless, and in another loop too."""
        if self.loop is not asyncio.get_running_loop():
            if self.loop.is_running():
                asyncio.run_coroutine_threadsafe(self.give_back(), self.loop)
            _end_those_of_closed_loops()
            return
        if self._given_back:
            return
        self._given_back = True
        self._shared.users -= 1
        if self._shared.users == 0:
            self._pool.pop(self._key, None)
            if not self._pool:
                _pools.pop(self.loop, None)
            await self._shared.stop()
