"""Runs the application from start to end, so that every way of ending leaves a usable terminal."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import os
import queue
import signal
import stat
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from playground.tui.shelf import CLOSE_SECONDS

if TYPE_CHECKING:
    from playground.tui.app import PlaygroundApp

__all__ = ["live"]

_GRACE_SECONDS = CLOSE_SECONDS + 2.0
"""After this, what still hangs (a name look-up in a thread, say) is left behind."""

_LOOK_SECONDS = 0.05

_TERMINAL = 0
"""Where keys come from."""

_WATCH_SECONDS = 1.0

_FURNISH_SECONDS = 10.0
"""By then the panes are there, or something has gone wrong that needs no spared garbage."""


def live(app: PlaygroundApp) -> int:
    """Run the application to its end and return the exit code."""
    left = threading.Event()
    with asyncio.Runner() as runner:
        runner.run(_live(app, left))
    left.set()
    return app.return_code or 0


async def _live(app: PlaygroundApp, left: threading.Event) -> None:
    with _leaving_on_signals(app, left):
        collecting = asyncio.create_task(_collect_from_now_on(app))
        try:
            await app.run_async()
        finally:
            collecting.cancel()
            # The terminal is the shell's again; only closing the models may take a moment.
            _leave_anyway(left, app.return_code or 0)
            await app.close_models()
            _say_what_was_lost(app.lost_writes)


@contextlib.contextmanager
def _leaving_on_signals(app: PlaygroundApp, left: threading.Event) -> Iterator[None]:
    """Leave as by the key when a signal asks for it; whose it was before has it again afterwards.

    Without this a signal ends the process at once and leaves the terminal in the alternate screen,
    with mouse reports on and the cursor hidden. It is not the loop's own way of handling signals,
    which waits for the loop: a terminal that takes nothing holds up whoever writes to it.
    """
    loop = asyncio.get_running_loop()

    def leave(number: int, _frame: object) -> None:
        _leave_anyway(left, 128 + number)
        if number == signal.SIGHUP:
            threading.Thread(target=_throw_away, args=(app, left), daemon=True).start()
        loop.call_soon_threadsafe(app.exit, None, 128 + number)

    asked = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
    before = {number: signal.signal(number, leave) for number in asked}
    if _is_device():
        threading.Thread(target=_watch_terminal, args=(left,), daemon=True).start()
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _is_device() -> bool:
    """Whether keys come from a terminal, be it one that has gone while we started."""
    found = os.fstat(_TERMINAL)
    return stat.S_ISCHR(found.st_mode) and found.st_rdev != Path(os.devnull).stat().st_rdev


def _watch_terminal(left: threading.Event) -> None:
    """Ask to leave when the terminal has gone.

    The system tells only the first program that was started in it, which may keep that to itself:
    `make` does.
    """
    while not left.wait(_WATCH_SECONDS):
        if not os.isatty(_TERMINAL):
            os.kill(os.getpid(), signal.SIGHUP)
            return


def _throw_away(app: PlaygroundApp, left: threading.Event) -> None:
    """Throw away what is written to a terminal that has gone.

    Textual's thread that writes ends with the first error, and then its queue fills, and the whole
    application waits for room in it for ever.
    """
    while not left.is_set():
        writer = getattr(app._driver, "_writer_thread", None)
        if writer is None:
            time.sleep(_LOOK_SECONDS)
        elif writer.is_alive():
            writer.join(_LOOK_SECONDS)
        else:
            with contextlib.suppress(queue.Empty):
                writer._queue.get(timeout=_LOOK_SECONDS)


async def _collect_from_now_on(app: PlaygroundApp) -> None:
    """Start collecting garbage once the panes are there, and spare what lives until the end.

    Looking through all of it again and again while answers stream makes the longest pauses.
    """
    with contextlib.suppress(TimeoutError):
        await asyncio.wait_for(app.furnished.wait(), _FURNISH_SECONDS)
    gc.collect()
    gc.freeze()
    gc.enable()


def _say_what_was_lost(writes: int) -> None:
    """Say in the shell that not everything was kept: no notice can tell it any more."""
    if writes:
        sys.stderr.write(
            f"Not everything was kept: {writes:,} {'write' if writes == 1 else 'writes'} to the "
            "history could not be made. `playground history check` says how the rest is.\n"
        )


def _leave_anyway(left: threading.Event, code: int) -> None:
    """End the process if closing hangs: the user has quit and wants the shell back."""

    def watch() -> None:
        if not left.wait(_GRACE_SECONDS):
            os._exit(code)

    threading.Thread(target=watch, name="playground leaving", daemon=True).start()
