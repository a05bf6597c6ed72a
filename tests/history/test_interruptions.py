"""A program that dies in the middle of an answer."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from playground.history import Filing, History, Recorder
from playground.providers.scripted import ScriptedModel
from playground.run import generate

TALKING = """
import asyncio, sys
from pathlib import Path
from playground.history import Filing, History, Recorder
from playground.providers.scripted import ScriptedModel
from playground.run import generate

async def main():
    history = History.open(Path(sys.argv[1]))
    model = ScriptedModel([f"word{n} " for n in range(5000)], delay=0.01)
    run = generate(model, "Talk to me", n=2, max_length=4000)
    Recorder(history).follow(run, Filing(conversation="talk", prompt="Talk to me"))
    print(run.id, flush=True)
    while True:
        await asyncio.sleep(0.02)
        print(run.text.count("word"), flush=True)

asyncio.run(main())
"""


def _killed_while_talking(path: Path, seconds: float) -> tuple[str, int]:
    """Run the program, kill it without warning; the run's name and how many words it had said."""
    program = subprocess.Popen(
        [sys.executable, "-c", TALKING, str(path)], stdout=subprocess.PIPE, text=True
    )
    assert program.stdout is not None
    name = program.stdout.readline().strip()
    said = 0
    end = time.monotonic() + seconds
    while time.monotonic() < end or said < 50:
        said = int(program.stdout.readline())
    program.send_signal(signal.SIGKILL)
    rest, _ = program.communicate()
    counts = [int(line) for line in rest.split() if line.isdecimal()]
    return name, max([said, *counts])


def test_a_killed_program_loses_the_last_second_at_most(path: Path) -> None:
    name, said = _killed_while_talking(path, seconds=2)
    with History.open(path) as history:
        kept = history.run(name)
        assert kept.state == "interrupted"
        words = kept.text.split()
        # A word comes every hundredth of a second at the most.
        assert said - len(words) <= 100
        assert words == [f"word{number}" for number in range(len(words))]
        assert len(kept.choices) == 2
        (offered,) = history.interrupted()
        assert (offered.id, offered.title) == ("talk", "Talk to me")
        history.leave_interrupted("talk")
        assert history.flush()
        assert history.interrupted() == []
        assert [item.interrupted for item in history.conversations()] == [True]
        history.settle("talk")
        assert history.flush()
        assert [item.interrupted for item in history.conversations()] == [False]
        history.leave_interrupted("talk")
        assert history.flush()
        assert [item.interrupted for item in history.conversations()] == [False]
        assert history.run(name).state == "interrupted"
        assert history.problems() == []


def test_what_a_killed_program_had_said_can_be_searched_for(path: Path) -> None:
    name, _ = _killed_while_talking(path, seconds=1)
    from playground.history import Filters

    with History.open(path) as history:
        assert [hit.run for hit in history.search(Filters(query="word7"))] == [name]


async def test_a_run_of_another_living_program_is_left_alone(path: Path) -> None:
    program = subprocess.Popen(
        [sys.executable, "-c", TALKING, str(path)], stdout=subprocess.PIPE, text=True
    )
    try:
        assert program.stdout is not None
        name = program.stdout.readline().strip()
        deadline = time.monotonic() + 20
        while True:
            with History.open(path) as history:
                kept = history.run(name) if history.conversations() else None
                if kept is not None and kept.text:
                    break
            assert time.monotonic() < deadline
            await asyncio.sleep(0.1)
        assert kept.state == "running"
        with History.open(path) as history:
            assert history.interrupted() == []
    finally:
        os.kill(program.pid, signal.SIGKILL)
        program.communicate()


async def test_a_program_that_leaves_in_the_middle_marks_its_run(path: Path) -> None:
    with History.open(path) as history:
        run = generate(ScriptedModel(["x "] * 1000, delay=0.01), "go")
        task = Recorder(history).follow(run, Filing(prompt="go"))
        await asyncio.sleep(0.2)
        task.cancel()
        await asyncio.wait([task])
        await run.cancel()
        history.flush()
        assert history.run(run.id).state == "interrupted"
        assert history.run(run.id).text
