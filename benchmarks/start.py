"""How fast it starts: `playground --help` and the terminal's first paint, against a bare app.

Run from the root of the repository: `python -m benchmarks.start` (about a minute).

Each line is a process on a pseudo-terminal. First paint is the time from starting the process to
the moment at which the text of the prompt box has arrived at the terminal, by which time panes,
prompt and keys are on the screen and a key would be taken. The bare app is a Textual application
that shows one line of text, and nothing else. The ways take turns, so that a busy moment of the
machine meets all of them; the figures are medians, the ratio is the median of the ratios of the
rounds.

Below the table: what has been imported at that moment, and what must not have been.
"""

from __future__ import annotations

import argparse
import fcntl
import json
import os
import pty
import select
import signal
import statistics
import struct
import subprocess
import sys
import tempfile
import termios
import time
from collections.abc import Sequence

COLUMNS, ROWS = 120, 40
MARKER = "sk something"  # the cursor stands on the first letter
LIMIT = 60.0
TARGET = 1.3

BARE = f"""
from textual.app import App
from textual.widgets import Static

class Bare(App):
    def compose(self):
        yield Static("A{MARKER}")

Bare().run()
"""

HEAVY = ("openai", "llama_cpp", "numpy", "optuna", "httpx2", "torch")
"""What may be imported when a model needs it, and not before."""

LOADED_AT_FIRST_PAINT = f"""
import asyncio, json, sys
from playground.tui.app import PlaygroundApp

async def furnish(self):
    names = [name for name in {HEAVY!r} if name in sys.modules]
    print(json.dumps(names), file=sys.__stdout__, flush=True)
    self.exit()

# What the app does first once it has painted; replaced, so that we look exactly then.
PlaygroundApp._furnish = furnish
asyncio.run(PlaygroundApp().run_async(headless=True))
"""

LOADED_BY_HELP = f"""
import contextlib, io, json, sys
from playground.cli import main
sys.argv = ["playground", "--help"]
with contextlib.redirect_stdout(io.StringIO()), contextlib.suppress(SystemExit):
    main()
print(json.dumps([name for name in {HEAVY!r} if name in sys.modules]))
"""


def seconds_to(marker: str, command: Sequence[str], environment: dict[str, str]) -> float:
    """Time from starting a process on a pseudo-terminal until it has printed `marker`.

    An empty marker waits for the end of the process.
    """
    controller, terminal = pty.openpty()
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        stdin=terminal,
        stdout=terminal,
        stderr=terminal,
        env=environment,
        start_new_session=True,
    )
    os.close(terminal)
    seen = b""
    try:
        while time.perf_counter() - began < LIMIT:
            if select.select([controller], [], [], 0.5)[0]:
                try:
                    seen += os.read(controller, 65536)
                except OSError:  # Linux says so when the other side has closed
                    break
            if marker and marker.encode() in seen:
                return time.perf_counter() - began
        took = time.perf_counter() - began
    finally:
        if process.poll() is None and marker:
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        os.close(controller)
    if marker:
        raise RuntimeError(f"{command} never painted:\n{seen.decode(errors='replace')[-2000:]}")
    return took


def loaded(code: str, environment: dict[str, str]) -> list[str]:
    """The heavy modules that a piece of code says are loaded."""
    done = subprocess.run(
        [sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True
    )
    last: list[str] = json.loads(done.stdout.strip().splitlines()[-1])
    return last


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0] if __doc__ else "")
    parser.add_argument("--rounds", type=int, default=15)
    rounds = parser.parse_args().rounds
    python = sys.executable
    ways: dict[str, tuple[str, list[str]]] = {
        "bare Textual app, first paint": (MARKER, [python, "-c", BARE]),
        "playground, first paint": (MARKER, [python, "-m", "playground"]),
        "run_app() from a script, first paint": (
            MARKER,
            [python, "-c", "from playground.tui import run_app; run_app()"],
        ),
        "playground --help, whole": ("", [python, "-m", "playground", "--help"]),
        "python -c pass, whole": ("", [python, "-c", "pass"]),
    }
    with tempfile.TemporaryDirectory() as folder:
        # A folder of its own: no settings, no keys; the first-run screen comes after first paint.
        environment = {
            **os.environ,
            "PLAYGROUND_CONFIG_DIR": folder,
            "PLAYGROUND_DATA_DIR": folder,
            "TERM": "xterm-256color",
        }
        times: dict[str, list[float]] = {name: [] for name in ways}
        for number in range(rounds + 1):
            for name, (marker, command) in ways.items():
                took = seconds_to(marker, command, environment)
                if number:  # the first round warms the file cache
                    times[name].append(took)
        at_paint = loaded(LOADED_AT_FIRST_PAINT, environment)
        by_help = loaded(LOADED_BY_HELP, environment)
    base = times["bare Textual app, first paint"]
    print(f"{rounds} rounds, {COLUMNS}x{ROWS}, {os.cpu_count()} cores; milliseconds")
    print(f"{'':40}{'median':>8}{'fastest':>9}{'of bare':>9}")
    for name, taken in times.items():
        ratio = statistics.median(mine / bare for mine, bare in zip(taken, base, strict=True))
        median, fastest = statistics.median(taken) * 1000, min(taken) * 1000
        print(f"{name:40}{median:8.0f}{fastest:9.0f}{ratio:8.2f}x")
    print(f"\nto reach: at most {TARGET}x of the bare app")
    for moment, names in (("first paint", at_paint), ("playground --help", by_help)):
        print(f"imported by {moment}, of {', '.join(HEAVY)}: {', '.join(names) or 'none'}")


if __name__ == "__main__":
    main()
