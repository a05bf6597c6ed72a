"""How the terminal keeps up: two panes that stream, whatever they already hold.

Run from the root of the repository: `python -m benchmarks.streaming` (about eight minutes), or with
`--quick` (one minute). Each line of the table is an app in a process of its own on a
pseudo-terminal, whose output is read as a terminal would read it. While two panes stream for some
seconds:

* lag: a coroutine sleeps for 10 ms again and again; how late it wakes up is how long a key, a
  timer or a token has to wait for the event loop (median, 99th percentile, worst);
* key: the time from a byte of keyboard input to the changed characters on the screen;
* CPU: of one core; RSS: resident memory of the whole process, megabytes.

`idle` is the same app without a stream: the noise of the machine, below which nothing can be
measured. `peer` is Textual's own way, a `Markdown` widget for each message that is fed through
`Markdown.get_stream`, measured in the same run.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import fcntl
import gc
import itertools
import json
import os
import pty
import re
import select
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from functools import partial

COLUMNS, ROWS = 160, 48
FLUSHES_PER_SECOND = 12
TICK = 0.005  # seconds between two arrivals of tokens
HEARTBEAT = 0.01
KEY_EVERY = 0.17
SETTLE_SECONDS = 120

Feed = Callable[[str], None]
"""What takes the tokens of one pane."""


@dataclass(frozen=True)
class Case:
    """One line of the table."""

    way: str  # "transcript", "peer" or "idle"
    shape: str = "mixed"
    rate: int = 200  # tokens a second in each pane
    held: int = 500  # tokens that each answer already holds
    earlier: int = 0  # messages above it in each pane
    seconds: float = 8.0


@dataclass(frozen=True)
class Result:
    """What was measured: milliseconds, percent of a core, megabytes."""

    lag_p50: float
    lag_p99: float
    lag_max: float
    cpu: float
    memory: float
    key_p50: float = 0.0
    key_max: float = 0.0


# What is streamed


def document(shape: str, tokens: int) -> list[str]:
    """Markdown of about so many tokens of four or five characters, cut into tokens."""
    text: list[str] = []
    count = 0.0
    for number in itertools.count():
        section = _SECTIONS[shape](number)
        text.append(section)
        count += len(section) / 4.4
        if count >= tokens:
            break
    return re.findall(r"\s*\S{1,5}", "".join(text))[:tokens]


def _mixed(number: int) -> str:
    prose = (
        f"Paragraph {number} explains how *temperature* reshapes a **distribution**: a low one "
        "makes the likely token certain, a high one lets `unlikely` tokens through. "
        "日本語の文章も同じように流れます。 See [the notes](https://example.com/notes) for more.\n"
    )
    items = "".join(
        f"{n}. item {n} with *some* words\n   - and a nested one\n" for n in range(1, 9)
    )
    table = _TABLE_TOP + "".join(f"| p{n} | {n} |\n" for n in range(8))
    code = "".join(_code(n) for n in range(12))
    parts = (f"## Section {number}\n", prose * 3, items, table, f"> {prose}")
    return "\n".join(parts) + f"\n```python\n{code}```\n\n"


def _code(number: int) -> str:
    return (
        f"def step_{number}(logits: list[float], temperature: float = {number}.5) -> list[float]:\n"
        f'    """Scale the logits of step {number}."""\n'
        "    return [value / temperature for value in logits]  # one division each\n\n"
    )


_TABLE_TOP = "| a | b |\n|:--|--:|\n"
_SECTIONS: dict[str, Callable[[int], str]] = {
    "mixed": _mixed,
    "open code": lambda n: "```python\n" * (n == 0) + _code(n),
    "list": lambda n: f"- item {n} of a list with *emphasis*, `code` and enough words to wrap\n",
    "table": lambda n: _TABLE_TOP * (n == 0) + f"| row {n:05} | **value** {n:05} |\n",
    "one line": lambda n: f"Sentence {n} of a paragraph with **no** line break at all follows. ",
}


# The app, in a process of its own


def child(case: Case, report_fd: int) -> None:
    """Run the app on the terminal that this process was given; writes what it saw to a pipe."""
    from textual.app import App, ComposeResult
    from textual.containers import Horizontal, VerticalScroll
    from textual.events import Key
    from textual.widgets import Markdown, Static
    from textual.widgets.markdown import MarkdownStream

    from playground.tui.transcript import Transcript

    def report(message: dict[str, float]) -> None:
        os.write(report_fd, json.dumps(message).encode() + b"\n")

    tokens = document(case.shape, case.held + int(case.rate * (case.seconds + 30)))
    held, coming = "".join(tokens[: case.held]), tokens[case.held :]
    earlier_answer = _mixed(0)[:700]

    class StreamApp(App[None]):
        CSS = """
            #keys { height: 1; }
            #panes { height: 1fr; }
            Transcript, VerticalScroll { width: 1fr; }
        """
        ENABLE_COMMAND_PALETTE = False

        def compose(self) -> ComposeResult:
            yield Static("seen 0000", id="keys")
            with Horizontal(id="panes"):
                for _ in range(2):
                    yield VerticalScroll() if case.way == "peer" else Transcript()

        def on_mount(self) -> None:
            self.keys = 0
            self.run_worker(self.measure())

        def on_key(self, event: Key) -> None:
            if event.key == "x":
                self.keys += 1
                self.query_one("#keys", Static).update(f"seen {self.keys:04}")

        async def measure(self) -> None:
            feeds = await (self.fill_peer() if case.way == "peer" else self.fill())
            gc.collect()
            gc.freeze()  # what has been loaded is not garbage: the collector need not look at it
            producer = asyncio.create_task(self.produce([] if case.way == "idle" else feeds))
            await asyncio.sleep(1.0)
            report({"ready": 1})
            lags: list[float] = []
            cpu, start = time.process_time(), time.perf_counter()
            while (now := time.perf_counter()) < start + case.seconds:
                await asyncio.sleep(HEARTBEAT)
                lags.append((time.perf_counter() - now - HEARTBEAT) * 1000)
            cpu = (time.process_time() - cpu) / (time.perf_counter() - start) * 100
            producer.cancel()
            lags.sort()
            p99 = lags[int(len(lags) * 0.99)]
            report(asdict(Result(statistics.median(lags), p99, lags[-1], cpu, resident())))
            self.exit()

        async def fill(self) -> list[Feed]:
            """Put the conversation in; returns what takes tokens."""
            panes = list(self.query(Transcript))
            feeds: list[Feed] = []
            for pane in panes:
                for number in range(case.earlier // 2):
                    pane.add_message("user", f"Prompt {number}: what does it do?", title="You")
                    pane.add_message("assistant", earlier_answer, title="model")
                handle = pane.begin_answer(title="model")
                pane.append(handle, held)
                feeds.append(partial(pane.append, handle))

            def flush() -> None:
                for pane in panes:
                    pane.flush()

            self.set_interval(1 / FLUSHES_PER_SECOND, flush)
            for _ in range(int(SETTLE_SECONDS / 0.05)):
                await asyncio.sleep(0.05)
                if all(pane.settled for pane in panes):
                    break
            return feeds

        async def fill_peer(self) -> list[Feed]:
            """Put the same into widgets of Textual's own."""
            feeds: list[Feed] = []
            for pane in self.query(VerticalScroll):
                pane.anchor()
                for number in range(case.earlier // 2):
                    await pane.mount(Static(f"Prompt {number}"), Markdown(earlier_answer))
                answer = Markdown(held)
                await pane.mount(answer)
                queue: asyncio.Queue[str] = asyncio.Queue()
                self.run_worker(self.pump(Markdown.get_stream(answer), queue))
                feeds.append(queue.put_nowait)
            await asyncio.sleep(3.0)
            return feeds

        async def pump(self, stream: MarkdownStream, queue: asyncio.Queue[str]) -> None:
            while True:
                await stream.write(await queue.get())

        async def produce(self, feeds: list[Feed]) -> None:
            """Hand out tokens at the rate of the case, a few at a time as from a socket."""
            sent, start = 0, time.perf_counter()
            while feeds:
                await asyncio.sleep(TICK)
                due = int((time.perf_counter() - start) * case.rate)
                if due > sent:
                    text = "".join(coming[at % len(coming)] for at in range(sent, due))
                    sent = due
                    for feed in feeds:
                        feed(text)

    StreamApp().run()


def resident() -> float:
    """Resident memory of this process in megabytes."""
    import psutil  # type: ignore[import-untyped,unused-ignore]

    return float(psutil.Process().memory_info().rss) / 1e6


# The terminal around it


def measure(case: Case) -> Result:
    """Run a case on a pseudo-terminal, read what it draws, and press a key now and then."""
    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    reports, report_fd = os.pipe()
    process = subprocess.Popen(
        [
            *(sys.executable, "-m", "benchmarks.streaming"),
            *("--child", json.dumps(asdict(case)), "--report-fd", str(report_fd)),
        ],
        stdin=slave,
        stdout=slave,
        stderr=slave,
        pass_fds=[report_fd],
        start_new_session=True,
        env=os.environ
        | {"TEXTUAL_FPS": "30", "TERM": "xterm-256color", "COLORTERM": "truecolor"}
        | {"COLUMNS": str(COLUMNS), "LINES": str(ROWS)},
    )
    os.close(slave)
    os.close(report_fd)
    keys = Keys(master)
    received, screen = b"", b""
    try:
        while process.poll() is None:
            readable, _, _ = select.select([master, reports], [], [], keys.wait())
            if master in readable:
                with contextlib.suppress(OSError):  # Linux reports the end of a terminal as EIO
                    screen = keys.look((screen + os.read(master, 1 << 16))[-(1 << 17) :])
            if reports in readable and (piece := os.read(reports, 1 << 16)):
                received += piece
                keys.running = b"ready" in received and b"lag_p50" not in received
            keys.press()
    finally:
        process.kill()
        process.wait()
        os.close(master)
        os.close(reports)
    lines = [json.loads(line) for line in received.splitlines()]
    if not lines or "lag_p50" not in lines[-1]:
        raise RuntimeError(f"{case} ended early:\n{screen[-2000:].decode(errors='replace')}")
    delays = sorted(keys.delays) or [0.0]
    return replace(Result(**lines[-1]), key_p50=statistics.median(delays), key_max=delays[-1])


class Keys:
    """Presses a key, waits until the screen shows that it was seen, and presses the next one."""

    def __init__(self, terminal: int) -> None:
        self.delays: list[float] = []
        self.running = False
        self._terminal = terminal
        self._pressed_at = 0.0
        self._next = 0.0
        self._count = 0
        self._waiting = False

    def wait(self) -> float:
        """Seconds until there is something to do."""
        if not self.running or self._waiting:
            return 0.05
        return max(0.0, self._next - time.perf_counter())

    def press(self) -> None:
        """Press the key if it is time to."""
        now = time.perf_counter()
        if self.running and not self._waiting and now >= self._next:
            os.write(self._terminal, b"x")
            self._waiting, self._pressed_at, self._count = True, now, self._count + 1
            # Not in step with the flushes.
            self._next = now + KEY_EVERY + 0.013 * (self._count % 7)

    def look(self, screen: bytes) -> bytes:
        """Look for the answer to the last key; returns what is to be looked at again."""
        if self._waiting and b"seen %04d" % self._count in screen:
            self.delays.append((time.perf_counter() - self._pressed_at) * 1000)
            self._waiting = False
            return b""
        return screen


# The table


def cases(*, quick: bool) -> list[Case]:
    """All lines of the table."""
    if quick:
        base = Case("transcript", seconds=4.0)
        return [
            replace(base, way="idle"),
            *(replace(base, held=held) for held in (500, 50_000)),
            replace(base, held=10_000, earlier=1000),
            *(replace(base, shape=shape, held=50_000) for shape in ("open code", "one line")),
            replace(base, way="peer"),
        ]
    sizes = (500, 2_000, 10_000, 50_000)
    shapes = ("open code", "list", "table", "one line")
    base = Case("transcript")
    return [
        replace(base, way="idle"),
        *(replace(base, rate=rate, held=held) for rate in (50, 200, 1000) for held in sizes),
        *(replace(base, held=held, earlier=1000) for held in sizes),
        *(replace(base, shape=shape, held=held) for shape in shapes for held in (500, 50_000)),
        *(replace(base, way="peer", held=held) for held in (500, 2_000, 10_000)),
        replace(base, way="idle", held=50_000, earlier=1000),
    ]


HEAD = (
    "way         text       tok/s  holds   above |"
    "  lag p50    p99    max |  key p50   max |  CPU   RSS"
)


def row(case: Case, result: Result) -> str:
    """One line of the table."""
    rate = 0 if case.way == "idle" else case.rate
    return (
        f"{case.way:<11} {case.shape:<10} {rate:>5} {case.held:>6}  {case.earlier:>6} |"
        f" {result.lag_p50:>8.1f} {result.lag_p99:>6.0f} {result.lag_max:>6.0f} |"
        f" {result.key_p50:>8.0f} {result.key_max:>5.0f} |"
        f" {result.cpu:>3.0f}% {result.memory:>5.0f}"
    )


def ratios(results: list[tuple[Case, Result]]) -> list[str]:
    """Compare the largest with the smallest of each series, and the peer with us."""
    lines: list[str] = []
    ours = [(case, result) for case, result in results if case.way == "transcript"]

    def series(case: Case) -> tuple[str, int, int]:
        return case.shape, case.rate, case.earlier

    for (shape, rate, earlier), group in itertools.groupby(ours, key=lambda pair: series(pair[0])):
        members = list(group)
        (small, first), (large, last) = members[0], members[-1]
        if small.held < large.held:
            lines.append(
                f"{shape} at {rate}/s, {earlier} messages above, {large.held} over {small.held}"
                f" tokens: p99 lag {last.lag_p99 / first.lag_p99:.2f}x,"
                f" CPU {last.cpu / first.cpu:.2f}x"
            )
    same = {(series(case), case.held): result for case, result in ours}
    for case, result in results:
        twin = same.get((series(case), case.held))
        if case.way == "peer" and twin is not None:
            lines.append(
                f"peer over ours at {case.held} tokens:"
                f" p99 lag {result.lag_p99 / twin.lag_p99:.1f}x, CPU {result.cpu / twin.cpu:.1f}x"
            )
    return lines


def main() -> None:
    """Print the table and the ratios."""
    parser = argparse.ArgumentParser(description="How the terminal keeps up with streams.")
    parser.add_argument("--quick", action="store_true", help="a minute instead of eight")
    parser.add_argument("--runs", type=int, default=1, help="measure each line so often: the best")
    parser.add_argument("--child", help=argparse.SUPPRESS)
    parser.add_argument("--report-fd", type=int, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.child:
        child(Case(**json.loads(arguments.child)), arguments.report_fd)
        return
    print(HEAD)
    results: list[tuple[Case, Result]] = []
    for case in cases(quick=arguments.quick):
        # Whatever else the machine does can only add to the lag.
        runs = [measure(case) for _ in range(arguments.runs)]
        results.append((case, min(runs, key=lambda result: result.lag_p99)))
        print(row(*results[-1]), flush=True)
    print()
    print("\n".join(ratios(results)))


if __name__ == "__main__":
    main()
