"""`kill -9` of the terminal in the middle of an answer, and what the next start makes of it."""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pexpect
import psutil

from playground.history import History
from playground.replay import replay
from tests.tui.real_terminal import Terminal, terminal

TALKING = """
from playground.providers.scripted import ScriptedModel
from playground.tui.app import PlaygroundApp
from playground.tui.lifetime import live
from playground.types import TextDelta

class Talking(ScriptedModel):
    async def stream(self, messages, plan):
        with open({told!r}, "ab", buffering=0) as told:
            async for event in super().stream(messages, plan):
                yield event
                if isinstance(event, TextDelta):
                    told.write(b".")

def opener(ref):
    return Talking([f"word{{n}} " for n in range(5000)], delay=0.01)
"""
"""Says a hundred words a second at the most, and a dot into a file for each that it has said."""

PLAIN = "\nraise SystemExit(live(PlaygroundApp({models!r}, opener=opener)))\n"

MORE_TO_DRAW = """
class Drawing(PlaygroundApp):
    def exit(self, *args, **options):
        for _ in range(100):
            self._driver.write(" ")
        super().exit(*args, **options)

raise SystemExit(live(Drawing({models!r}, opener=opener)))
"""
"""Has more to write when it is told to leave than waits for a terminal, as an open lens may."""

ENDLESS = """
from playground.params import GenerationParams
from playground.tui import run_app

params = GenerationParams(n=16, max_length=900, temperature=1, logit_bias={{"<|end|>": -100}})
raise SystemExit(run_app({models!r}, params))
"""
"""The shipped model, kept from ending its answers: seconds of text."""


def wait(screen: Terminal, true: Callable[[], bool], seconds: float = 30) -> None:
    end = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, screen.screen
        screen.read(0.1)


def numbers(screen: Terminal) -> list[int]:
    return [int(number) for number in re.findall(r"\bword(\d+)", screen.screen)]


def killed_in_the_middle(screen: Terminal) -> None:
    screen.child.kill(signal.SIGKILL)
    assert screen.end() == -signal.SIGKILL


def test_a_terminal_that_is_closed_in_the_middle_of_an_answer_ends_the_program(
    tmp_path: Path,
) -> None:
    told = tmp_path / "told"
    code = TALKING.replace("{told!r}", repr(str(told))) + MORE_TO_DRAW
    with terminal(tmp_path, code, ("a:x", "a:y")) as screen:
        screen.shows("ready")
        screen.child.send("Talk to me\r")
        wait(screen, lambda: told.exists() and told.stat().st_size > 250)
        screen.child.ptyproc.fileobj.close()
        end = time.monotonic() + 30
        while screen.child.isalive():
            assert time.monotonic() < end, "it did not end"
            time.sleep(0.1)
    with History.open() as history:
        (kept,) = history.conversations()
        texts = [run.text for run in history.conversation(kept.id).runs]
        assert all("word60 " in text for text in texts)


def test_a_terminal_of_which_another_program_is_told_that_it_closes_ends_this_one_too(
    tmp_path: Path,
) -> None:
    file = tmp_path / "app.py"
    file.write_text("from playground.tui import run_app\nrun_app(('scripted:echo',))\n")
    # A shell that hears of it and goes on waiting, as make does.
    script = f"trap '' HUP; ( trap - HUP; exec {shlex.quote(sys.executable)} {file} ); exit 0"
    environment = {**os.environ, "PLAYGROUND_CONFIG_DIR": str(tmp_path), "TERM": "xterm-256color"}
    child = pexpect.spawn("/bin/sh", ["-c", script], env=environment, dimensions=(30, 100))
    screen = Terminal(child)
    screen.shows("ready")
    child.ptyproc.fileobj.close()
    end = time.monotonic() + 30
    while child.isalive():
        assert time.monotonic() < end, "it did not end"
        time.sleep(0.1)


def test_a_killed_terminal_loses_a_second_at_most_and_the_next_offers_the_conversation(
    tmp_path: Path,
) -> None:
    told = tmp_path / "told"
    code = TALKING.replace("{told!r}", repr(str(told))) + PLAIN
    with terminal(tmp_path, code, ("a:x",)) as screen:
        screen.shows("ready")
        screen.child.send("Talk to me\r")
        wait(screen, lambda: told.exists() and told.stat().st_size > 250)
        killed_in_the_middle(screen)
        said = told.stat().st_size
        seen = numbers(screen)
        assert max(seen) > 150

    with terminal(tmp_path, code, ("a:x",)) as screen:
        screen.shows("An interrupted conversation")
        assert "“Talk to me” was being answered at" in screen.screen
        screen.child.send("\r")
        screen.shows("interrupted: the playground ended in the middle of it")
        back = numbers(screen)
        assert back == list(range(back[0], back[-1] + 1))
        assert back[-1] >= said - 1 - 100
        assert back[-1] >= max(seen) - 100
        screen.child.send("Go on\r")
        screen.shows("word30 ")
        screen.child.send("\x1b")
        screen.shows("stopped")
        screen.child.send("\x11")
        assert screen.end() == 0

    with History.open() as history:
        (kept,) = history.conversations()
        first, second = sorted(history.conversation(kept.id).runs, key=lambda run: run.created)
        assert (first.state, second.state) == ("interrupted", "cancelled")
        assert [message.content for message in second.messages] == [
            "Talk to me", first.text, "Go on",
        ]  # fmt: skip

    with terminal(tmp_path, code, ("a:x",)) as screen:
        screen.shows("ready")
        screen.read(0.5)
        assert "interrupted" not in screen.screen, "it is offered once"


def test_what_a_killed_terminal_kept_of_a_local_model_is_what_the_model_had_said(
    tmp_path: Path,
) -> None:
    with terminal(tmp_path, ENDLESS, ("demo:small",)) as screen:
        screen.shows("ready")
        worker = psutil.Process(screen.child.pid).children(recursive=True)
        assert worker
        screen.child.send("Tell me a story\r")
        screen.shows("streaming 1.")
        killed_in_the_middle(screen)
        psutil.wait_procs(worker, timeout=10)
        assert not [process for process in worker if process.is_running()]
    with History.open() as history:
        (kept,) = history.interrupted()
        (run,) = history.conversation(kept.id).runs
        assert run.state == "interrupted"
        assert len(run.choices) > 1
        assert all(choice.text for choice in run.choices)
        again = asyncio.run(replay(run))
    assert str(again) == "identical as far as it had come (interrupted)"
