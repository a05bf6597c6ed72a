"""However the program ends, the terminal is the shell's again."""

from __future__ import annotations

import re
import signal
import termios
import time
from pathlib import Path

import pytest

from tests.tui.real_terminal import Terminal, terminal

CRASHING = """
from playground.tui.app import PlaygroundApp
from playground.tui.lifetime import live

def crash(self):
    key = "sk-secret"
    raise ZeroDivisionError("\\x1b[2Jwhile we looked")

PlaygroundApp.action_help = crash
raise SystemExit(live(PlaygroundApp({models!r})))
"""
HANGING = """
import asyncio
from playground.providers.scripted import ScriptedModel
from playground.tui.app import PlaygroundApp
from playground.tui.lifetime import live

class Hanging(ScriptedModel):
    async def aclose(self):
        while True:
            try:
                await asyncio.sleep(60)
            except asyncio.CancelledError:
                pass

raise SystemExit(live(PlaygroundApp({models!r}, opener=lambda ref: Hanging(["hi"]))))
"""


def ready(screen: Terminal) -> None:
    screen.until("ready")


def test_after_ctrl_q_the_terminal_is_clean(tmp_path: Path) -> None:
    with terminal(tmp_path) as screen:
        ready(screen)
        assert 1049 in screen.modes
        flags = termios.tcgetattr(screen.child.child_fd)[3]
        assert not flags & termios.ECHO
        screen.child.send("\x11")
        screen.read(1.5)
        if screen.child.isalive():
            flags = termios.tcgetattr(screen.child.child_fd)[3]
            assert flags & termios.ECHO
        assert screen.end() == 0
        screen.assert_clean()
        assert b"Traceback" not in screen.seen


def test_after_a_crash_the_terminal_is_clean_and_shows_no_secrets(tmp_path: Path) -> None:
    with terminal(tmp_path, CRASHING) as screen:
        ready(screen)
        screen.child.send("\x1bOP")
        assert screen.end() == 1
        screen.assert_clean()
        left = screen.seen.rsplit(b"\x1b[?1049l", 1)[1]
        assert b"ZeroDivisionError" in left
        assert "␛[2Jwhile we looked".encode() in left
        assert b"\x1b[2J" not in left
        assert b"sk-secret" not in re.sub(rb'key = "sk-secret"', b"", left)


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
def test_after_a_signal_the_terminal_is_clean(tmp_path: Path, number: signal.Signals) -> None:
    with terminal(tmp_path) as screen:
        ready(screen)
        screen.child.send("hello\r")
        screen.until("lazy")
        screen.child.kill(number)
        assert screen.end() == 128 + number
        screen.assert_clean()


def test_a_script_that_goes_on_after_the_terminal_has_its_signals_again(tmp_path: Path) -> None:
    code = (
        "import signal\nfrom playground.tui import run_app\n"
        "asked = (signal.SIGTERM, signal.SIGHUP, signal.SIGINT)\n"
        "before = [signal.getsignal(number) for number in asked]\n"
        "run_app({models!r})\n"
        "print('its own again:', before[:2] == [signal.getsignal(n) for n in asked[:2]],"
        " signal.getsignal(signal.SIGINT).__name__)\n"
    )
    with terminal(tmp_path, code) as screen:
        ready(screen)
        screen.child.send("\x11")
        assert screen.end() == 0
        assert b"its own again: True default_int_handler" in screen.seen


def test_ctrl_c_in_the_running_app_says_how_to_quit_and_loses_nothing(tmp_path: Path) -> None:
    with terminal(tmp_path) as screen:
        ready(screen)
        screen.child.send("hello\r")
        screen.until("lazy")
        screen.child.send("\x03")
        screen.until("quit")
        assert screen.child.isalive()
        assert 1049 in screen.modes
        screen.child.send("\x11")
        assert screen.end() == 0
        screen.assert_clean()


@pytest.mark.parametrize("delay", [0.05, 0.15, 0.25, 0.35, 0.5])
def test_ctrl_c_at_any_moment_of_the_start_leaves_a_clean_terminal(
    tmp_path: Path, delay: float
) -> None:
    with terminal(tmp_path) as screen:
        screen.read(delay)
        screen.child.send("\x03")
        screen.read(0.5)
        while screen.child.isalive():
            screen.child.send("\x11")
            screen.read(0.3)
        screen.end()
        screen.assert_clean()


def test_quitting_is_quick_even_if_a_model_does_not_close(tmp_path: Path) -> None:
    with terminal(tmp_path, HANGING, ("a:x",)) as screen:
        ready(screen)
        began = time.monotonic()
        screen.child.send("\x11")
        assert screen.end() == 0
        assert time.monotonic() - began < 10
        screen.assert_clean()
