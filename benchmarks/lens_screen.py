"""The lens in the terminal: how long a key takes to be seen, and what the lens costs an answer.

Every line is an app in a process of its own on a pseudo-terminal, whose output is read as a
terminal would read it.

The first table is the time from a key to the frame that shows it, painted and written: a step of
the cursor, and a step of a knob with bars, counts, stages and colours, at two sizes of vocabulary,
on an answer of 400 tokens with 50 candidates each. It holds the wait for Textual's next frame. To
reach: 16 ms for a step of the cursor; for a knob 30 ms (p99) at 128,256 tokens, 8 ms at 2,048.

The second table is tokens/s of one answer on the model of random weights: without log-probabilities
and watched in its pane, with them, and with the lens open on it, in turns; in the first and in the
second half of the answer. To reach: at most 15% slower, in both halves.

    python -m benchmarks.lens_screen
"""

from __future__ import annotations

import argparse
import asyncio
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
from collections.abc import AsyncGenerator, Callable, Sequence
from typing import Any

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
        """What it thinks after so many tokens."""
        return Distribution.of(self.logits(len(prefix)))

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


def keys_child(size: int, report: Callable[[object], None]) -> None:
    """Walk and turn in an app that shows the lens on such a model's answer."""
    from textual.app import App

    from playground.run import Run
    from playground.tui.conversation import Turn, Version
    from playground.tui.lens.subject import Subject
    from playground.tui.screens.lens import LensScreen
    from playground.tui.themes import DARK, THEMES
    from playground.tui.widgets.lens_knobs import LensKnobs
    from playground.tui.widgets.slider import Slider
    from playground.tui.widgets.token_text import TokenText

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

    class LensApp(App[None]):
        def on_mount(self) -> None:
            for theme in THEMES:
                self.register_theme(theme)
            self.theme = DARK.name
            self.run_worker(self.measure())

        async def measure(self) -> None:
            desk: Any = Desk()
            screen = LensScreen(Subject("A", turn, Version(run), model), desk)
            await self.push_screen(screen)
            await asyncio.sleep(1.0)
            text, knobs = screen.query_one("#lens-text", TokenText), screen.query_one(LensKnobs)
            painted = asyncio.Event()
            real = screen._show_token

            def shown() -> None:
                real()
                screen.call_after_refresh(painted.set)

            screen._show_token = shown  # type: ignore[method-assign]

            async def step(act: Callable[[], None]) -> float:
                painted.clear()
                began = time.perf_counter()
                act()
                await painted.wait()
                return (time.perf_counter() - began) * 1000

            screen.action_view("chain")
            await asyncio.sleep(1.0)
            walked, turned = [], []
            for _ in range(STEPS):
                walked.append(await step(lambda: text.action_walk(1)))
                await asyncio.sleep(0.05)
            await asyncio.sleep(1.0)
            slider = knobs.query_one("#lens-temperature", Slider)
            for number in range(STEPS):
                by = 1 if number % 20 < 10 else -1
                turned.append(await step(lambda by=by: slider.action_move(by)))  # type: ignore[misc]
                await asyncio.sleep(0.03)
            report({"walked": walked, "turned": turned})
            self.exit()

    LensApp().run()


def speed_child(way: str, length: int, report: Callable[[object], None]) -> None:
    """One answer in the terminal, watched in its pane or through the lens."""
    from playground.tui.app import PlaygroundApp
    from playground.tui.screens.lens import LensScreen

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
                while not isinstance(self.screen, LensScreen):
                    await asyncio.sleep(0.01)
            run, began, half = pane.run, time.perf_counter(), 0.0
            first = self.written()
            middle = 0
            while run.state == "running":
                await asyncio.sleep(0.02)
                if not half and self.written() >= length // 2:
                    half, middle = time.perf_counter(), self.written()
            ended = time.perf_counter()
            report([(middle - first) / (half - began), (self.written() - middle) / (ended - half)])
            self.exit()

        def written(self) -> int:
            return self.panes[0]._pieces

    Watched([f"local:{random_gguf()}"], params).run()


def on_a_terminal(*arguments: str) -> Any:
    """Run a child on a pseudo-terminal, read what it draws, and give what it reports."""
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
        received, screen = b"", b""
        try:
            while process.poll() is None:
                readable, _, _ = select.select([master, reports], [], [], 0.1)
                if master in readable:
                    screen = (screen + os.read(master, 1 << 16))[-4000:]
                if reports in readable:
                    received += os.read(reports, 1 << 16)
        except OSError:  # Linux reports the end of a terminal as EIO.
            process.wait()
        while select.select([reports], [], [], 0.1)[0] and (piece := os.read(reports, 1 << 16)):
            received += piece
        os.close(master)
        os.close(reports)
    if not received:
        raise RuntimeError(f"{arguments} ended early:\n{screen.decode(errors='replace')}")
    return json.loads(received)


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
            os.write(options.child, json.dumps(found).encode())

        kind, *rest = options.what
        if kind == "keys":
            keys_child(int(rest[0]), report)
        else:
            speed_child(rest[0], int(rest[1]), report)
        return
    if not options.speed:
        print(f"{'vocabulary':>10}  {'key':<8}{'median, ms':>12}{'p99, ms':>10}{'worst':>8}")
        for size in (2_048, 128_256):
            found = on_a_terminal("keys", str(size))
            for name, times in found.items():
                ranked = sorted(times)
                p99 = ranked[int(len(ranked) * 0.99)]
                print(
                    f"{size:>10,}  {name:<8}{statistics.median(ranked):>12.1f}{p99:>10.1f}"
                    f"{ranked[-1]:>8.1f}",
                    flush=True,
                )
    if not options.keys:
        ways = ("off", "figures", "lens")
        rounds = [
            {way: on_a_terminal("speed", way, str(options.length)) for way in ways}
            for _ in range(options.rounds)
        ]
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
