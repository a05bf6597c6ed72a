"""The parent's side of one worker: starts it, talks to it, and notices when it dies."""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import os
import re
import signal
import sys
from collections import deque
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import playground.errors as errors
from playground.errors import (
    BackendCrashed,
    ChatTemplateError,
    LocalError,
    ModelClosed,
    ModelLoadFailed,
)
from playground.providers.llama.bounds import OVERRUN, SECONDS, TEMPLATE_HINT
from playground.providers.llama.protocol import (
    MAX_LINE_BYTES,
    Cancel,
    Command,
    EngineSettings,
    Failed,
    Frame,
    Last,
    Load,
    Loading,
    ModelFacts,
    Question,
    Ready,
    Report,
    RequestReport,
)
from playground.providers.llama.shortage import OutOfMemoryKills
from playground.sanitize import make_safe

LOG_LINES = 40
"""How much of llama.cpp's log is kept for errors."""

MAX_LOG_LINE = 1 << 20
"""Bytes of a line of the log without an end; then what there is of it is forgotten."""

SPIN_COUNT = "1000"
"""How long OpenMP's threads spin for each other before they sleep. Its default is milliseconds,
many times in each token: beside another busy process that made two threads far slower than one. A
fifth of this let them sleep between any two operations, and made two no faster than one."""

_OUT_OF_MEMORY = ("MemoryError", "bad_alloc", "insufficient memory")
"""What Python, C++ and ggml say when an allocation fails."""

_ASSERTION = "GGML_ASSERT"
"""What ggml says before it ends the process over something that it does not expect."""

_SIGKILL = 9
"""By number: there is none of that name on Windows, and no status that would mean it."""

_LESS_MEMORY = "With a smaller context_length, fewer sequences or a smaller file it needs less."

_SECRET = re.compile(r"(KEY|TOKEN|SECRET|PASSWORD)", re.IGNORECASE)


class Reply:
    """What the worker says about one request. Leaving it early cancels the request."""

    def __init__(self, process: WorkerProcess, number: int) -> None:
        self._process = process
        self._number = number
        self._arrived: asyncio.Queue[RequestReport | errors.PlaygroundError] = asyncio.Queue()
        self._over = False

    def put(self, item: RequestReport | errors.PlaygroundError) -> None:
        """Take what the worker said, or the error that ends it."""
        self._arrived.put_nowait(item)

    async def last(self) -> Last:
        """The whole answer to a question that has one report only."""
        try:
            async for report in self:
                if isinstance(report, Last):
                    return report
        finally:
            self.close()
        raise AssertionError("a reply ends with its last report or an error")

    async def __aiter__(self) -> AsyncIterator[RequestReport]:
        while not self._over:
            item = await self._arrived.get()
            if isinstance(item, errors.PlaygroundError):
                self._over = True
                raise item
            self._over = isinstance(item, Last)
            yield item

    def close(self) -> None:
        """Forget the request, and stop it if it runs."""
        self._process.forget(self._number, stop=not self._over)
        self._over = True


class _Lines:
    """Cuts what comes through a pipe into lines."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []
        self.pending = 0
        """How many bytes of a line without its end there are."""

    def push(self, data: bytes) -> list[bytes]:
        """The lines that `data` completes."""
        first, *rest = data.split(b"\n")
        self._pieces.append(first)
        self.pending += len(first)
        if not rest:
            return []
        whole = b"".join(self._pieces)
        self._pieces = [rest.pop()]
        self.pending = len(self._pieces[0])
        return [whole, *rest]


class WorkerProcess(asyncio.SubprocessProtocol):
    """A running worker with its model open.

    What it writes is read where it arrives, in the event loop's own callback: a stream reader, and
    a task that waits for it, would cost as much again for every token.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._numbers = itertools.count(1)
        self._replies: dict[int | None, Reply] = {}
        self._frames = _Lines()
        self._log_lines = _Lines()
        self._log: deque[str] = deque(maxlen=LOG_LINES)
        loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[ModelFacts] = loop.create_future()
        self._ended: asyncio.Future[None] = loop.create_future()
        self._refusal: Failed | None = None
        self._trouble: Exception | None = None
        self._stopping = False
        self._overran = False
        self._kills: OutOfMemoryKills | None = None
        self._transport: asyncio.SubprocessTransport
        self._commands: asyncio.WriteTransport

    @classmethod
    async def start(cls, path: Path, settings: EngineSettings) -> WorkerProcess:
        """Start a worker and open a file in it.

        Raises `ModelLoadFailed` with llama.cpp's reason, also if the process dies over it.
        """
        _, worker = await asyncio.get_running_loop().subprocess_exec(
            lambda: cls(path),
            # -P: a numpy.py in the folder where somebody stands must not be imported.
            *(sys.executable, "-P", "-m", "playground.providers.llama.worker"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env=_environment(),
            # Ctrl-C is for the terminal's owner, who decides what to stop.
            start_new_session=True,
        )
        try:
            worker._send(Load(path=str(path), settings=settings))
            await worker._ready
        except BaseException:
            await worker.stop()
            raise
        return worker

    @property
    def alive(self) -> bool:
        """Whether it can take requests."""
        return not self._stopping and not self._ended.done()

    @property
    def pid(self) -> int:
        """The process id."""
        return self._transport.get_pid()

    @property
    def facts(self) -> ModelFacts:
        """What it learnt of the model."""
        return self._ready.result()

    def ask(self, make: Callable[[int], Question]) -> Reply:
        """Put a question; `make` gets the number under which it is answered.

        Raises `LocalError` for what cannot be sent: it would end the worker, and everybody's runs.
        """
        number = next(self._numbers)
        line = _line(make(number))
        reply = self._replies[number] = Reply(self, number)
        if self.alive:
            self._write(line)
        else:
            reply.put(self._death())
        return reply

    def forget(self, number: int, *, stop: bool) -> None:
        """Stop listening to a request; `stop` tells the worker to leave it."""
        if self._replies.pop(number, None) is not None and stop and self.alive:
            self._send(Cancel(id=number))

    async def stop(self) -> None:
        """End the process. It holds nothing worth saving, so that it is killed."""
        self._stopping = True
        self.kill()
        await asyncio.shield(self._ended)
        self._transport.close()

    def kill(self) -> None:
        """End the process and wait for nothing."""
        if self._transport.get_returncode() is None:
            with contextlib.suppress(ProcessLookupError):  # It may die by itself just now.
                self._transport.kill()

    def _send(self, command: Command) -> None:
        self._write(_line(command))

    def _write(self, line: bytes) -> None:
        # A pipe that broke is noticed where the process ends, which knows why.
        if not self._commands.is_closing():
            self._commands.write(line)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """The process runs, its pipes are there."""
        assert isinstance(transport, asyncio.SubprocessTransport)  # noqa: S101 - for the types
        self._transport = transport
        self._kills = OutOfMemoryKills(transport.get_pid())
        commands = transport.get_pipe_transport(0)
        assert isinstance(commands, asyncio.WriteTransport)  # noqa: S101 - asked for as a pipe
        self._commands = commands

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Hand out what the worker says, and keep the end of the log."""
        if fd != 1:
            lines = self._log_lines.push(data)
            self._overran |= any(line.startswith(OVERRUN) for line in lines)
            self._log.extend(make_safe(line.decode("utf-8", "replace")) for line in lines if line)
            if self._log_lines.pending > MAX_LOG_LINE:
                self._log_lines = _Lines()
            return
        if self._trouble is not None:
            return
        try:
            for line in self._frames.push(data):
                for report in Frame.model_validate_json(line).reports:
                    self._take(report)
            if self._frames.pending > MAX_LINE_BYTES:
                raise ValueError(f"a line of more than {MAX_LINE_BYTES:,} bytes")
        except ValueError as error:
            # A line that is not a frame, or without end: something in there has gone mad.
            self._trouble = error
            self.kill()

    def connection_lost(self, _error: Exception | None) -> None:
        """The process has ended and all it wrote is read: end everything that waited for it."""
        death = self._death()
        death.__cause__ = self._trouble
        if not self._ready.done():
            self._ready.set_exception(self._failed_load())
            self._ready.exception()  # Seen: nobody may be waiting any more.
        self._ended.set_result(None)
        for reply in self._replies.values():
            reply.put(death)

    def _take(self, report: Report) -> None:
        match report:
            case Ready():
                if not self._ready.done():
                    self._ready.set_result(report.facts)
            case Loading():
                # Nobody draws it yet. By now it is in the control group that it stays in.
                self._kills = OutOfMemoryKills(self.pid)
            case Failed(id=None):
                # The process ends now; the error waits for the rest of the log.
                self._refusal = report
            case Failed():
                if report.id in self._replies:
                    self._replies[report.id].put(self._as_error(report))
            case _:
                if report.id in self._replies:
                    self._replies[report.id].put(report)

    def _as_error(self, report: Failed) -> errors.PlaygroundError:
        kind: type[errors.PlaygroundError] = getattr(errors, report.error)
        error = kind(make_safe(report.message), hint=make_safe(report.hint))
        if isinstance(error, LocalError):
            error.log = tuple(self._log)
        return error

    def _death(self) -> errors.PlaygroundError:
        if self._stopping:
            return ModelClosed(f"{self._path.name} was closed while it answered.")
        more = _LESS_MEMORY if self._killed_for_memory else ""
        more = TEMPLATE_HINT if self._ended_by_template else more
        return BackendCrashed(
            f"The process that runs {self._path.name} {self._ending()}.",
            hint=f"What came is kept; the next request starts a new process. {more}".rstrip(),
            log=self._log,
        )

    @property
    def _ended_by_template(self) -> bool:
        """Whether it ended itself because the chat template took too long."""
        return self._overran and self._transport.get_returncode() == 1

    @property
    def _killed_for_memory(self) -> bool:
        """Whether it got SIGKILL, and the kernel has counted a kill for want of memory."""
        killed = self._transport.get_returncode() == -_SIGKILL
        return killed and self._kills is not None and self._kills.happened

    def _ending(self) -> str:
        """How the process ended, as the end of a sentence."""
        if self._trouble is not None:
            return "said what cannot be read, and was ended"
        if self._killed_for_memory:
            return "was ended by the system (SIGKILL): memory ran out"
        if self._ended_by_template:
            return f"was ended: the file's chat template took longer than {SECONDS} s"
        status = self._transport.get_returncode()
        short = any(word in line for line in self._log for word in _OUT_OF_MEMORY)
        if status is None or status >= 0:
            how = f"ended with status {status}"
        else:
            try:
                name = signal.Signals(-status).name
            except ValueError:
                name = f"signal {-status}"
            how = f"was ended by {name}"
            # What a guard of the memory sends too, whom the kernel does not count.
            short = short or name == "SIGKILL"
        return f"{how} (was memory short?)" if short else how

    def _failed_load(self) -> errors.PlaygroundError:
        if self._stopping:
            return ModelClosed(f"{self._path.name} was closed while it was opened.")
        if self._refusal is not None:
            return self._as_error(self._refusal)
        if self._ended_by_template:
            return ChatTemplateError(
                f"The chat template in {self._path} took longer than {SECONDS} s to be read.",
                hint=TEMPLATE_HINT,
                log=self._log,
            )
        return ModelLoadFailed(
            f"The process that opens {self._path} {self._ending()}.",
            hint="The log says what llama.cpp did not expect: the file is damaged, or of a kind "
            "that it does not know."
            if any(_ASSERTION in line for line in self._log)
            else "The file may be damaged, or too large for the memory.",
            log=self._log,
        )


def _line(command: Command) -> bytes:
    """A command as it crosses the pipe; raises `LocalError` if it cannot."""
    try:
        line = command.model_dump_json().encode() + b"\n"
    except ValueError as error:
        if isinstance(command, Load):
            raise LocalError(
                f"The name of {command.path!r} is not UTF-8, and llama.cpp is given names in that.",
                hint="Give the file another name.",
            ) from error
        raise LocalError(
            "The text holds half of a character (a lone surrogate), which no model can be given.",
            hint="Copy it again from where it came.",
        ) from error
    if len(line) > MAX_LINE_BYTES:
        raise LocalError(
            f"The prompt has {len(line):,} bytes; {MAX_LINE_BYTES:,} are the most.",
            hint="Shorten it, or clear the conversation.",
        )
    return line


def _environment() -> dict[str, str]:
    """The worker's environment: without keys, because templates and files are other people's."""
    kept = {name: value for name, value in os.environ.items() if not _SECRET.search(name)}
    # A debugger that ggml would start at a failed assertion takes seconds, and fills the log with
    # frames until the reason is out of sight.
    return {"GOMP_SPINCOUNT": SPIN_COUNT, "GGML_NO_BACKTRACE": "1", **kept}
