"""In a container, what is chosen by itself keeps to the memory and the time that it is given."""

from __future__ import annotations

from pathlib import Path

import pytest

from playground.providers.llama import sizing
from playground.providers.llama.control_groups import memory_left, processors

GIB = 1024**3
UNLIMITED_V1 = str(2**63 - 4096)
"""What version 1 says where there is no limit: more than any machine has."""


def _machine(root: Path, groups: str, files: dict[str, str], available: int = 64 * GIB) -> Path:
    """A machine whose `/proc` and `/sys` say this."""
    written = {f"sys/fs/cgroup/{name}": text for name, text in files.items()}
    written["proc/self/cgroup"] = groups
    written["proc/meminfo"] = f"MemTotal: 1 kB\nMemAvailable: {available // 1024} kB\n"
    for name, text in written.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"{text}\n")
    return root


MODERN = {
    "memory.max": str(4 * GIB),
    "memory.current": str(3 * GIB),
    "memory.stat": f"anon 5\ninactive_file {GIB}\nactive_file 7",
    "cpu.max": "250000 100000",
}
OLD = {
    "memory/memory.limit_in_bytes": str(4 * GIB),
    "memory/memory.usage_in_bytes": str(3 * GIB),
    "memory/memory.stat": f"inactive_file 5\ntotal_inactive_file {GIB}",
    "cpu/cpu.cfs_quota_us": "250000",
    "cpu/cpu.cfs_period_us": "100000",
}


@pytest.mark.parametrize(
    ("groups", "files"),
    [
        ("0::/", MODERN),
        ("0::/a/b", {f"a/{name}": text for name, text in MODERN.items()}),
        ("0::/as/seen/from/outside", MODERN),
        ("5:cpu,cpuacct:/docker/x\n4:memory:/docker/x\n0::/", OLD),
    ],
    ids=["version 2", "a group above", "a path from outside", "version 1"],
)
def test_a_container_gives_what_its_limits_leave(
    tmp_path: Path, groups: str, files: dict[str, str]
) -> None:
    root = _machine(tmp_path, groups, files)
    assert memory_left(root) == 2 * GIB
    assert processors(root) == 2.5
    assert sizing.free_memory(root) == 2 * GIB


def test_the_narrowest_limit_holds(tmp_path: Path) -> None:
    inner = {"a/memory.max": str(GIB), "a/memory.current": "0", "a/cpu.max": "50000 100000"}
    root = _machine(tmp_path, "0::/a", {**MODERN, **inner})
    assert memory_left(root) == GIB
    assert processors(root) == 0.5


@pytest.mark.parametrize(
    ("groups", "files"),
    [
        ("", {}),
        ("no line of this kind", {}),
        ("0::/", {"memory.max": "max", "memory.current": "5", "cpu.max": "max 100000"}),
        ("4:cpu:/", {"cpu/cpu.cfs_quota_us": "-1", "cpu/cpu.cfs_period_us": "100000"}),
        ("4:cpu:/", {"cpu/cpu.cfs_quota_us": "5", "cpu/cpu.cfs_period_us": "0"}),
    ],
)
def test_without_limits_the_machine_is_what_there_is(
    tmp_path: Path, groups: str, files: dict[str, str]
) -> None:
    root = _machine(tmp_path, groups, files)
    assert memory_left(root) is None
    assert processors(root) is None
    assert sizing.free_memory(root) == 64 * GIB
    assert sizing.usable_cores(root) == sizing.physical_cores()


def test_the_limit_of_version_1_that_is_none_takes_nothing_away(tmp_path: Path) -> None:
    files = {"memory/memory.limit_in_bytes": UNLIMITED_V1, "memory/memory.usage_in_bytes": "7"}
    assert sizing.free_memory(_machine(tmp_path, "4:memory:/", files)) == 64 * GIB


def test_threads_keep_to_the_time_that_a_container_gives(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sizing, "physical_cores", lambda: 32)
    assert sizing.usable_cores(_machine(tmp_path, "0::/", MODERN)) == 2
    assert sizing.usable_cores(_machine(tmp_path, "0::/", {"cpu.max": "50000 100000"})) == 1
