"""A worker that the kernel killed for want of memory is known from one that somebody killed."""

from __future__ import annotations

import os
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.errors import BackendCrashed, ModelLoadFailed
from playground.providers import open_model
from playground.providers.llama.shortage import OutOfMemoryKills
from playground.run import Run, generate
from tests.providers.llama.workers import long_run, workers

GROUP = "PLAYGROUND_TEST_CGROUP"
"""A folder of cgroup v2 (with its memory controller handed down) or v1's memory hierarchy, in which
the tests may make groups. Not looked for: groups belong to whoever runs the machine."""

PLACES = {
    "a group of version 2": (
        "0::/user.slice/one.scope\n",
        "sys/fs/cgroup/user.slice/one.scope/memory.events",
        "low 0\nhigh 3\nmax 8\noom 5\noom_kill {}\noom_group_kill 9\n",
    ),
    "a group of version 1": (
        "5:cpu,cpuacct:/\n4:memory:/docker/abc\n0::/\n",
        "sys/fs/cgroup/memory/docker/abc/memory.oom_control",
        "oom_kill_disable 0\nunder_oom 7\noom_kill {}\n",
    ),
    "a container of version 1 that does not know where it is": (
        "4:memory:/docker/abc\n",
        "sys/fs/cgroup/memory/memory.oom_control",
        "oom_kill_disable 0\nunder_oom 7\noom_kill {}\n",
    ),
    "a machine without groups for memory": (
        "0::/\n",
        "proc/vmstat",
        "pgfault 12\noom_kill {}\nballoon_inflate 4\n",
    ),
}


def _write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


@pytest.mark.parametrize("place", PLACES)
def test_a_kill_for_want_of_memory_is_seen_where_the_kernel_counts_it(
    tmp_path: Path, place: str
) -> None:
    groups, counter, text = PLACES[place]
    _write(tmp_path / "proc/7/cgroup", groups)
    _write(tmp_path / counter, text.format(2))
    kills = OutOfMemoryKills(7, tmp_path)
    assert not kills.happened, "those of before are not counted"
    _write(tmp_path / counter, text.format(3))
    assert kills.happened


def test_in_a_group_that_counts_for_itself_kills_elsewhere_on_the_machine_are_not_seen(
    tmp_path: Path,
) -> None:
    groups, counter, text = PLACES["a group of version 2"]
    _write(tmp_path / "proc/7/cgroup", groups)
    _write(tmp_path / counter, text.format(0))
    _write(tmp_path / "proc/vmstat", "oom_kill 0\n")
    kills = OutOfMemoryKills(7, tmp_path)
    _write(tmp_path / "proc/vmstat", "oom_kill 4\n")
    assert not kills.happened


@pytest.mark.parametrize("content", [None, "", "nonsense\n", "0::/\n4:memory\n"])
def test_where_nothing_is_counted_nothing_is_claimed(tmp_path: Path, content: str | None) -> None:
    if content is not None:
        _write(tmp_path / "proc/7/cgroup", content)
    assert not OutOfMemoryKills(7, tmp_path).happened


async def _until_text(run: Run) -> None:
    async for _event in run:
        if run.text:
            return


@pytest.fixture
def small_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A memory group into which each worker goes as it starts."""
    if GROUP not in os.environ:
        pytest.skip(f"{GROUP} names no cgroup in which memory can be limited")
    group = Path(os.environ[GROUP]) / f"playground-{uuid.uuid4().hex[:8]}"
    group.mkdir()
    inside = tmp_path / "python"
    inside.write_text(f'#!/bin/sh\necho $$ > {group}/cgroup.procs\nexec {sys.executable} "$@"\n')
    inside.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(inside))
    yield group
    group.rmdir()  # Empty by now: no worker outlives its model.


def _limit(group: Path, size: int) -> None:
    name = "memory.max" if (group / "memory.events").exists() else "memory.limit_in_bytes"
    (group / name).write_text(str(size))


def _used(group: Path) -> int:
    name = "memory.current" if (group / "memory.events").exists() else "memory.usage_in_bytes"
    return int((group / name).read_text())


GREEDY = """
import time
kept = [b"x" * 2**20 for _ in range(1024)]
time.sleep(60)
"""
"""Takes a gigabyte."""


async def test_a_worker_that_the_kernel_kills_for_want_of_memory_ends_its_runs_and_says_why(
    small_group: Path,
) -> None:
    async with open_model("demo:small") as model:
        run = long_run(model)
        await _until_text(run)
        (worker,) = workers()
        # The one to be killed for it: everybody may say that of a process, and few the opposite.
        Path(f"/proc/{worker.pid}/oom_score_adj").write_text("1000")
        # Stopped, or it would read back what is taken from it as fast as that goes.
        worker.suspend()
        _limit(small_group, _used(small_group) + (64 << 20))
        greedy = subprocess.Popen([sys.executable, "-c", GREEDY])
        try:
            await run
        finally:
            greedy.kill()
            greedy.wait()
        assert isinstance(run.error, BackendCrashed)
        assert "memory ran out" in str(run.error)
        assert "context_length" in str(run.error)
        assert run.error.log, "llama.cpp's last lines are in the error"
        assert run.text
        _limit(small_group, 8 << 30)
        assert (await generate(model, "Once upon a time", max_length=3)).state == "done"


async def test_a_worker_that_the_kernel_kills_while_it_opens_a_file_says_that_memory_ran_out(
    small_group: Path,
) -> None:
    _limit(small_group, 40 << 20)
    async with open_model("demo:small") as model:
        run = await generate(model, "Hello", max_length=3)
    assert isinstance(run.error, ModelLoadFailed)
    assert "memory ran out" in str(run.error)


async def test_a_worker_that_somebody_kills_is_not_said_to_have_run_out_of_memory() -> None:
    async with open_model("demo:small") as model:
        run = long_run(model)
        await _until_text(run)
        (worker,) = workers()
        worker.kill()
        await run
    assert isinstance(run.error, BackendCrashed)
    assert "ran out" not in str(run.error)
