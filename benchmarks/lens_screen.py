"""The lens in the terminal: how long a key takes to be seen, and what the lens costs an answer.

Every line is an app in a process of its own on a pseudo-terminal, whose output is read as a
terminal would read it.

The first table is what a key takes: a step of the cursor, and a step of a knob with bars, counts,
stages and colours, at two sizes of vocabulary, on an answer of 400 tokens with 50 candidates each;
and, to judge them by, a key that changes one line in an app of one widget. "Key to frame" is from
the key's event in the app to the end of writing the last frame that it changes: handlers, the
arithmetic, drawing, and waiting for Textual's frames. "Terminal to terminal" is from the byte that
the terminal sends to the last one that it gets back. To reach, at p99: 16 ms for a step of the
cursor; for a knob 30 ms at 128,256 tokens, 8 ms at 2,048.

The second table is tokens/s of one answer on the model of random weights: without log-probabilities
and watched in its pane, with them, and with the lens open on it, in turns; in the first and in the
second half of what comes after the lens has drawn its first tokens. To reach: at most 15% slower,
in both halves.

    python -m benchmarks.lens_screen
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import json
import math
import os
import pty
import select
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncGenerator, Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

import numpy as np

from benchmarks.random_gguf import random_gguf
from benchmarks.streaming import COLUMNS, ROWS
from playground.distribution import Distribution
from playground.params import GenerationParams
from playground.providers.base import ChatModel, Given
from playground.types import (
    Capabilities,
    Draw,
    Event,
    KnobSupport,
    Message,
    ModelRef,
    Plan,
    Token,
    TokenAlternative,
)

TOKENS, CANDIDATES, STEPS = 400, 50, 150

QUIET = 0.12
"""Seconds without output after which a key has had its effect."""


class Thinker(ChatModel):
    """Has a distribution for every place, and no weights."""

    def __init__(self, size: int) -> None:
        self.ref = ModelRef(provider="bench", model=str(size))
        self.capabilities = Capabilities(knobs={"temperature": KnobSupport()})
        self._size = size
        self._words = [f" word{number}".encode() for number in range(size)]

    def logits(self, place: int) -> Any:
        """What it thinks at a place: as uneven as a language model."""
        dice = np.random.default_rng(place)
        return (dice.standard_normal(self._size) * 2.5).astype(np.float32)

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        """Say nothing: its answer is there already."""
        raise NotImplementedError
        yield

    async def next_token(self, messages: Sequence[Message], prefix: Given = "") -> Distribution:
        """What it thinks after so many tokens; it thinks elsewhere, as a model does."""
        return Distribution.of(await asyncio.to_thread(self.logits, len(prefix)))

    async def vocabulary(self) -> Sequence[bytes]:
        """Its words."""
        return self._words

    def token(self, place: int) -> Token:
        """The third likeliest at a place, with the likeliest beside it."""
        logits = self.logits(place).astype(np.float64)
        logprobs = logits - (logits.max() + math.log(np.exp(logits - logits.max()).sum()))
        ranked = np.argsort(-logprobs)[:CANDIDATES]
        others = tuple(
            TokenAlternative(self._words[at].decode(), float(logprobs[at]), int(at))
            for at in ranked
        )
        chosen = others[2]
        return Token(
            chosen.text,
            chosen.logprob,
            others,
            chosen.token_id,
            chosen.text.encode(),
            3,
            float(-(np.exp(logprobs) * logprobs).sum()),
            Draw(chosen.logprob, 5.0, CANDIDATES, 0.4, others),
        )


def timed(app: type[Any]) -> type[Any]:
    """An app that notes when keys come and when frames are written; Q ends it and reports both."""
    from textual import events

    import playground.tui  # noqa: F401 - sets Textual's frames a second, as for the whole app

    class Timed(app):  # type: ignore[misc]
        came: ClassVar[list[float]] = []
        drawn: ClassVar[list[float]] = []
        report: Callable[[object], None]

        async def on_event(self, event: events.Event) -> None:
            if isinstance(event, events.Key):
                if event.key == "Q":
                    self.report([self.came, self.drawn])
                    self.exit()
                    return
                if event.time not in self.came[-1:]:  # It comes again from the focused widget.
                    self.came.append(event.time)
            await super().on_event(event)

        def post_display_hook(self) -> None:
            self.drawn.append(time.perf_counter())

        def ready(self) -> None:
            """What lives until the end is no garbage: the playground's own app does the same."""
            gc.collect()
            gc.freeze()
            self.report("ready")

    return Timed


def bare_child(report: Callable[[object], None]) -> None:
    """The least that Textual can do with a key: an app of one widget, which draws one line anew."""
    from rich.segment import Segment
    from textual.app import App, ComposeResult
    from textual.strip import Strip
    from textual.widget import Widget

    class Line(Widget, can_focus=True):
        steps = 0

        def key_right(self) -> None:
            self.steps += 1
            self.refresh()

        def render_line(self, y: int) -> Strip:
            return Strip([Segment(f"{self.steps}" if y == 0 else "")])

    class Bare(timed(App)):  # type: ignore[misc]
        def compose(self) -> ComposeResult:
            yield Line()

        async def on_mount(self) -> None:
            self.set_timer(1.0, self.ready)

    app = Bare()
    app.report = report
    app.run()


def keys_child(size: int, report: Callable[[object], None]) -> None:
    """Show the lens on such a model's answer, in the view of the chain."""
    from textual.app import App

    from playground.run import Run
    from playground.tui.conversation import Turn, Version
    from playground.tui.lens.subject import Subject
    from playground.tui.screens.lens import LensScreen
    from playground.tui.themes import DARK, THEMES

    model = Thinker(size)
    used: dict[str, Any] = {
        "temperature": 0.8,
        "top_k": 40,
        "top_p": 0.95,
        "min_p": 0.05,
        "repeat_penalty": 1.1,
        "penalty_window": 64,
    }
    run = Run(model, (Message(role="user", content="go"),), GenerationParams.of(**used))
    run.state, run.plan = "done", Plan(ref=model.ref, params=run.params, effective=used, wire={})
    run.choices[0].tokens.extend(model.token(place) for place in range(TOKENS))
    turn = Turn("go", runs=[run])

    class Desk:
        def local_models(self) -> Sequence[str]:
            return ()

    class LensApp(timed(App)):  # type: ignore[misc]
        def on_mount(self) -> None:
            for theme in THEMES:
                self.register_theme(theme)
            self.theme = DARK.name
            self.run_worker(self.prepare())

        async def prepare(self) -> None:
            desk: Any = Desk()
            screen = LensScreen(Subject("A", turn, Version(run), model), desk)
            await self.push_screen(screen)
            screen.action_view("chain")
            await asyncio.sleep(2.0)
            self.ready()

    app = LensApp()
    app.report = report
    app.run()


def speed_child(way: str, length: int, report: Callable[[object], None]) -> None:
    """One answer in the terminal, watched in its pane or through the lens."""
    from playground.tui.app import PlaygroundApp
    from playground.tui.screens.lens import LensScreen
    from playground.tui.widgets.token_text import TokenText

    def shown(screen: LensScreen) -> bool:
        return any(text.count and text.region for text in screen.query(TokenText))

    params = GenerationParams.of(
        temperature=1.0, seed=1, max_length=length, logprobs=None if way == "off" else 20
    )

    class Watched(PlaygroundApp):
        def on_mount(self) -> None:
            super().on_mount()
            self.run_worker(self.measure())

        async def measure(self) -> None:
            await self.furnished.wait()
            pane = self.panes[0]
            model = await pane.shelf.open(pane.conversation.ref)
            await model.warm_up()
            pane.ask("the quick brown fox jumps over the lazy dog")
            while pane.run is None or not pane.run.text:
                await asyncio.sleep(0.005)
            if way == "lens":
                self.action_lens()
                while not isinstance(self.screen, LensScreen) or not shown(self.screen):
                    await asyncio.sleep(0.01)
            run, began, half = pane.run, time.perf_counter(), 0.0
            first = self.written()
            middle = 0
            while run.state == "running":
                await asyncio.sleep(0.02)
                if not half and self.written() >= (first + length) // 2:
                    half, middle = time.perf_counter(), self.written()
            ended = time.perf_counter()
            report([(middle - first) / (half - began), (self.written() - middle) / (ended - half)])
            self.exit()

        def written(self) -> int:
            return self.panes[0]._pieces

    Watched([f"local:{random_gguf()}"], params).run()


@contextmanager
def on_a_terminal(*arguments: str) -> Iterator[tuple[int, int]]:
    """Run a child on a pseudo-terminal; give that, and the pipe through which it reports."""
    import fcntl
    import struct
    import termios

    master, slave = pty.openpty()
    fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
    reports, report_fd = os.pipe()
    with tempfile.TemporaryDirectory() as folder:
        process = subprocess.Popen(
            [sys.executable, "-m", "benchmarks.lens_screen", "--child", str(report_fd), *arguments],
            stdin=slave,
            stdout=slave,
            stderr=slave,
            pass_fds=[report_fd],
            start_new_session=True,
            env=os.environ
            | {"TERM": "xterm-256color", "COLORTERM": "truecolor"}
            | {"PLAYGROUND_CONFIG_DIR": folder, "PLAYGROUND_DATA_DIR": folder},
        )
        os.close(slave)
        os.close(report_fd)
        try:
            yield master, reports
        finally:
            process.kill()
            process.wait()
            os.close(master)
            os.close(reports)


def reported(master: int, reports: int) -> Any:
    """Read what the child draws until it has reported; what that was."""
    received, screen = b"", b""
    while not received.endswith(b"\n"):
        readable, _, _ = select.select([master, reports], [], [])
        try:
            if master in readable:
                screen = (screen + os.read(master, 1 << 16))[-4000:]
            if reports in readable:
                piece = os.read(reports, 1 << 16)
                if not piece:
                    raise OSError("nothing was reported")
                received += piece
        except OSError as error:  # Linux reports the end of a terminal as EIO.
            text = screen.decode(errors="replace")
            raise RuntimeError(f"the child ended early:\n{text}") from error
    return json.loads(received)


def press(master: int, keys: Sequence[bytes]) -> list[tuple[float, float]]:
    """Press keys; when each was pressed, and when the last of what it changed was on the screen."""
    pressed = []
    for key in keys:
        began = last = time.perf_counter()
        os.write(master, key)
        while select.select([master], [], [], QUIET)[0]:
            os.read(master, 1 << 16)
            last = time.perf_counter()
        pressed.append((began, last))
    return pressed


def answered(
    pressed: Sequence[tuple[float, float]], came: Sequence[float], drawn: Sequence[float]
) -> Iterator[tuple[float, float]]:
    """Of each key, in ms: from its event to the frame's end, and from the terminal to it."""
    for (began, last), at in zip(pressed, came, strict=True):
        frame = max((time for time in drawn if at <= time <= last), default=None)
        if frame is not None:
            yield (frame - at) * 1000, (last - began) * 1000


RIGHT, LEFT = b"\x1b[C", b"\x1b[D"
TURNS = [RIGHT if number % 20 < 10 else LEFT for number in range(STEPS)]


def bare_keys() -> None:
    """Print what Textual takes for a key without any of us."""
    with on_a_terminal("bare") as (master, reports):
        reported(master, reports)
        pressed = press(master, [RIGHT] * STEPS)
        os.write(master, b"Q")
        came, drawn = reported(master, reports)
    key_line("Textual", "bare", answered(pressed, came, drawn))


def lens_keys(size: int) -> None:
    """Print what a step of the cursor and a step of a knob take."""
    with on_a_terminal("keys", str(size)) as (master, reports):
        reported(master, reports)
        walked = press(master, [RIGHT] * STEPS)
        press(master, [b"k"])
        time.sleep(1.0)
        turned = press(master, TURNS)
        os.write(master, b"Q")
        came, drawn = reported(master, reports)
    key_line(f"{size:,}", "walked", answered(walked, came[:STEPS], drawn))
    key_line(f"{size:,}", "turned", answered(turned, came[-STEPS:], drawn))


def spoken(way: str, length: int) -> Any:
    """The tokens/s of both halves of an answer."""
    with on_a_terminal("speed", way, str(length)) as (master, reports):
        return reported(master, reports)


def key_line(vocabulary: str, key: str, times: Iterable[tuple[float, float]]) -> None:
    """Print median and p99 of both times."""
    figures = []
    for ranked in map(sorted, zip(*times, strict=True)):
        figures += [statistics.median(ranked), ranked[int(len(ranked) * 0.99)]]
    print(
        f"{vocabulary:>10}  {key:<8}" + "".join(f"{value:>12.1f}" for value in figures), flush=True
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--rounds", type=int, default=5, help="answers of each kind")
    parser.add_argument("--length", type=int, default=256, help="tokens of each answer")
    parser.add_argument("--keys", action="store_true", help="only the first table")
    parser.add_argument("--speed", action="store_true", help="only the second table")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    parser.add_argument("what", nargs="*", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.child is not None:

        def report(found: object) -> None:
            os.write(options.child, json.dumps(found).encode() + b"\n")

        kind, *rest = options.what
        if kind == "bare":
            bare_child(report)
        elif kind == "keys":
            keys_child(int(rest[0]), report)
        else:
            speed_child(rest[0], int(rest[1]), report)
        return
    if not options.speed:
        print(f"{'':>20}{'key to frame, ms':>24}{'terminal to terminal':>24}")
        print(f"{'vocabulary':>10}  {'key':<8}" + f"{'median':>12}{'p99':>12}" * 2)
        bare_keys()
        for size in (2_048, 128_256):
            lens_keys(size)
    if not options.keys:
        ways = ("off", "figures", "lens")
        rounds = [{way: spoken(way, options.length) for way in ways} for _ in range(options.rounds)]
        print(f"\n{'tokens/s':<10}{'first half':>12}{'second half':>13}{'slower':>9}{'':>9}")
        for way in ways:
            halves = [statistics.median(found[way][half] for found in rounds) for half in (0, 1)]
            slower = [
                statistics.median(1 - found[way][half] / found["off"][half] for found in rounds)
                for half in (0, 1)
            ]
            print(
                f"{way:<10}{halves[0]:>12.1f}{halves[1]:>13.1f}{slower[0]:>9.1%}{slower[1]:>9.1%}"
            )


if __name__ == "__main__":
    main()
