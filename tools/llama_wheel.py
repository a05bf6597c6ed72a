"""A compiled llama-cpp-python, kept outside the checkout so that it is compiled once a machine.

ggml is compiled for the processor that compiles it, and a wheel made on one machine may end with
an illegal instruction on another. So the folder in the cache is named after everything that the
result depends on, the processor included. Standard library only; needs Python 3.11.
"""

from __future__ import annotations

import hashlib
import os
import platform
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import tomllib
from collections.abc import Mapping
from pathlib import Path

PROJECT = "llama-cpp-python"


def pinned_version() -> str:
    """The version that `pyproject.toml` asks for, which is the one that is tested."""
    file = Path(__file__).resolve().parent.parent / "pyproject.toml"
    wanted = tomllib.loads(file.read_text(encoding="utf-8"))["project"]["dependencies"]
    return next(line.split("==")[1] for line in wanted if line.startswith(f"{PROJECT}=="))


VERSION = pinned_version()
USUAL_MINUTES = "3 to 14"
REPORT_SECONDS = 15

DEFAULT_CMAKE_ARGS = "-DLLAVA_BUILD=OFF"
"""The vision library takes a seventh of the time and is not used."""

WITHOUT_AMX = "-mno-amx-tile -mno-amx-int8"
"""Weights repacked for Intel's AMX end the process at the first prompt (llama.cpp issue 20824)."""

INSTALL_COMPILER = {
    "Darwin": "Install Apple's: xcode-select --install",
    "Windows": "Install the Build Tools for Visual Studio, with C++.",
    "Linux": (
        "Install one: apt install build-essential (Debian, Ubuntu), dnf install gcc-c++ (Fedora), "
        "pacman -S base-devel (Arch), apk add build-base (Alpine)."
    ),
}
OWN_WHEEL = "Or, if you have a llama-cpp-python wheel for this machine: LLAMA_WHEEL=/path/to/it.whl"


class SetupFailed(Exception):
    """The set-up cannot go on; the message says what to do."""


def cmake_args(environment: Mapping[str, str]) -> str:
    """The arguments to compile with: ours, then the user's, which win."""
    return f"{DEFAULT_CMAKE_ARGS} {environment.get('CMAKE_ARGS', '')}".strip()


def compiler_flags(environment: Mapping[str, str], cpu: str) -> dict[str, str]:
    """CFLAGS and CXXFLAGS to compile with: without AMX where the processor has it."""
    wanted = WITHOUT_AMX if "amx_int8" in cpu.split() else ""
    return {
        name: f"{wanted} {environment.get(name, '')}".strip() for name in ("CFLAGS", "CXXFLAGS")
    }


def processor() -> str:
    """The processor as far as it decides which instructions are compiled in."""
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        first = cpuinfo.read_text(encoding="utf-8", errors="replace").split("\n\n")[0]
        told = dict(line.split(":", 1) for line in first.splitlines() if ":" in line)
        facts = {name.strip().lower(): " ".join(value.split()) for name, value in told.items()}
        names = ("model name", "cpu implementer", "cpu part", "flags", "features")
        return "; ".join(" ".join(sorted(facts.get(name, "").split())) for name in names)
    if platform.system() == "Darwin":
        asked = ["sysctl", "-n", "machdep.cpu.brand_string"]
        return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
    return platform.processor()


def cache_folder(environment: Mapping[str, str], cpu: str) -> Path:
    """Where the wheel for this machine, this Python and these arguments is kept."""
    root = Path(environment.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    python = f"cp{sys.version_info.major}{sys.version_info.minor}"
    system = sysconfig.get_platform().replace("-", "_").replace(".", "_")
    flags = " ".join(compiler_flags(environment, cpu).values())
    parts = (VERSION, python, system, platform.libc_ver()[0], cmake_args(environment), flags, cpu)
    digest = hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]
    return root / "chat-playground" / "wheels" / f"{VERSION}-{python}-{system}-{digest}"


def find_wheel(folder: Path) -> Path | None:
    """The wheel in a cache folder, if it is there."""
    found = sorted(folder.glob(f"{PROJECT.replace('-', '_')}-{VERSION}-*.whl"))
    return found[-1] if found else None


def compiler(environment: Mapping[str, str]) -> str | None:
    """The C++ compiler that CMake would find."""
    names = [environment.get("CXX", ""), "c++", "g++", "clang++", "cl"]
    found = (shutil.which(name, path=environment.get("PATH")) for name in names if name)
    return next(filter(None, found), None)


def ensure_wheel(environment: Mapping[str, str] = os.environ) -> Path:
    """The wheel for this machine: the user's own, the cached one, or a newly compiled one."""
    if own := environment.get("LLAMA_WHEEL"):
        path = Path(own).expanduser().resolve()
        if not path.is_file():
            raise SetupFailed(f"LLAMA_WHEEL names {path}, which is not there.")
        return path
    folder = cache_folder(environment, processor())
    if cached := find_wheel(folder):
        return cached
    if compiler(environment) is None:
        way_out = INSTALL_COMPILER.get(platform.system(), INSTALL_COMPILER["Linux"])
        raise SetupFailed(
            "llama.cpp has to be compiled, and there is no C++ compiler here.\n"
            f"{way_out}\n{OWN_WHEEL}"
        )
    return _compiled(folder, environment)


def _compiled(folder: Path, environment: Mapping[str, str]) -> Path:
    print(
        f"Compiling llama.cpp for this machine: usually {USUAL_MINUTES} minutes, and only once.\n"
        f"The result is kept in {folder}",
        flush=True,
    )
    folder.parent.mkdir(parents=True, exist_ok=True)
    # Beside its final place, so that it can be moved there in one step: an interrupted or a
    # second compilation never leaves half a wheel behind.
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".compiling-") as draft:
        log = Path(draft) / "log.txt"
        command = [sys.executable, "-m", "pip", "wheel", "--verbose", "--no-deps"]
        # pip's own cache of wheels knows neither the processor nor the arguments.
        command += ["--no-cache-dir", "--wheel-dir", draft, f"{PROJECT}=={VERSION}"]
        if environment.get("CMAKE_ARGS"):
            command += ["--no-binary", PROJECT]
        settings = {
            **environment,
            **compiler_flags(environment, processor()),
            "CMAKE_ARGS": cmake_args(environment),
            "CMAKE_BUILD_PARALLEL_LEVEL": environment.get("CMAKE_BUILD_PARALLEL_LEVEL")
            or str(os.cpu_count() or 1),
        }
        began = time.monotonic()
        status = run_reporting(command, log, settings, "llama.cpp")
        made = find_wheel(Path(draft))
        if status != 0 or made is None:
            kept = folder.parent / "failed.log"
            shutil.copyfile(log, kept)
            raise SetupFailed(
                f"{_tail(log)}\n\nllama.cpp could not be compiled; the end of the log is above, "
                f"the whole of it in {kept}\n{OWN_WHEEL}"
            )
        folder.mkdir(exist_ok=True)
        final = made.replace(folder / made.name)
    print(f"Compiled in {_clock(time.monotonic() - began)}.", flush=True)
    return final


def run_reporting(command: list[str], log: Path, environment: Mapping[str, str], what: str) -> int:
    """Run a long command into a log, and say every few seconds that it is alive and how far."""
    began = time.monotonic()
    with (
        log.open("wb") as sink,
        subprocess.Popen(
            command, stdout=sink, stderr=subprocess.STDOUT, env=dict(environment)
        ) as process,
    ):
        try:
            while True:
                try:
                    return process.wait(timeout=REPORT_SECONDS)
                except subprocess.TimeoutExpired:
                    spent = _clock(time.monotonic() - began)
                    print(f"  {what}: {_progress(log)}{spent} so far", flush=True)
        except BaseException:
            process.terminate()
            raise


def _progress(log: Path) -> str:
    """How many files are compiled, from the last `[12/345]` in the log."""
    with log.open("rb") as file:
        file.seek(max(log.stat().st_size - 20_000, 0))
        steps = re.findall(rb"\[(\d+)/(\d+)\]", file.read())
    return f"{int(steps[-1][0])} of {int(steps[-1][1])} files, " if steps else ""


def _tail(log: Path, lines: int = 30) -> str:
    return "\n".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])


def _clock(seconds: float) -> str:
    minutes, left = divmod(round(seconds), 60)
    return f"{minutes} min {left:02} s" if minutes else f"{left} s"
