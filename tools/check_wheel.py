"""Build sdist and wheel, install the wheel into a clean environment far from here, and use it.

What a checkout forgives, a user's machine does not: data left out of the wheel, a module that
only the tests' environment has, a path into the checkout. Run by `make test`.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tarfile
import tempfile
import tomllib
import venv
import zipfile
from collections.abc import Iterable
from pathlib import Path

from llama_wheel import SetupFailed, ensure_wheel

ROOT = Path(__file__).resolve().parent.parent
DATA = ("providers", "prompts", "lessons")
PACKAGE = "playground"
DEMO = "demo:small"

NO_NETWORK = '''
"""Put into the clean environment: what runs there reaches nothing but this machine."""
import socket

_connect = socket.socket.connect

def connect(self, address):
    local = ("127.", "::1", "localhost")
    if self.family != socket.AF_UNIX and not str(address[0]).startswith(local):
        raise OSError(f"no network here: {address!r}")
    return _connect(self, address)

socket.socket.connect = connect
'''


class CheckFailed(Exception):
    """The built distribution is not as it must be."""


def main() -> int:
    """Build and check; prints what was wrong."""
    try:
        with tempfile.TemporaryDirectory(prefix="check-wheel-") as folder:
            _check(Path(folder))
    except (CheckFailed, SetupFailed) as error:
        print(f"check_wheel: {error}", file=sys.stderr)
        return 1
    print("check_wheel: the wheel is whole, and runs in a clean environment")
    return 0


def _check(folder: Path) -> None:
    print("check_wheel: building sdist, and wheel from sdist", flush=True)
    built = folder / "dist"
    _run([sys.executable, "-m", "build", "--outdir", str(built), str(ROOT)], cwd=folder)
    sdist, wheel = _only(built.glob("*.tar.gz")), _only(built.glob("*.whl"))
    _check_contents(sdist, wheel)
    print("check_wheel: installing it into a clean environment", flush=True)
    python = _clean_environment(folder / "venv", wheel)
    _check_use(python, folder)


def _check_contents(sdist: Path, wheel: Path) -> None:
    """Every file that is tracked must be in both, the data inside the package in the wheel."""
    with tarfile.open(sdist) as archive:
        packed = {name.split("/", 1)[-1] for name in archive.getnames()}
    with zipfile.ZipFile(wheel) as archive:
        installed = set(archive.namelist())
    tracked = [name for name in _tracked() if name.split("/")[0] in (PACKAGE, *DATA)]
    if missing := [name for name in tracked if name not in packed]:
        raise CheckFailed(f"the sdist lacks {', '.join(missing)}")
    wanted = [name if name.startswith(PACKAGE) else f"{PACKAGE}/_data/{name}" for name in tracked]
    if missing := [name for name in wanted if name not in installed]:
        raise CheckFailed(f"the wheel lacks {', '.join(missing)}")
    for folder in DATA:
        if not any(name.startswith(f"{PACKAGE}/_data/{folder}/") for name in installed):
            raise CheckFailed(f"the wheel has nothing of {folder}/")
    if not any(name.endswith(".gguf") for name in installed):
        raise CheckFailed("the wheel has no demo model")
    odd = [
        name
        for name in installed
        if not name.startswith((f"{PACKAGE}/", "chat_playground-")) or "__pycache__" in name
    ]
    if odd:
        raise CheckFailed(f"the wheel holds what it should not: {', '.join(odd)}")


def _clean_environment(folder: Path, wheel: Path) -> Path:
    venv.create(folder, with_pip=True)
    python = folder / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    pip = [str(python), "-m", "pip", "install", "--quiet", "--quiet"]
    _run([*pip, "--no-deps", str(ensure_wheel())], cwd=folder)
    _run([*pip, str(wheel)], cwd=folder)
    packages = _run(
        [str(python), "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], cwd=folder
    ).strip()
    Path(packages, "sitecustomize.py").write_text(NO_NETWORK, encoding="utf-8")
    return python


def _check_use(python: Path, folder: Path) -> None:
    """Run what was installed, from an empty folder, with nobody's settings and no network."""
    home = folder / "home"
    home.mkdir()
    kept = ("PATH", "LANG", "LC_ALL", "SYSTEMROOT", "LD_LIBRARY_PATH")
    clean = {name: os.environ[name] for name in kept if name in os.environ} | {"HOME": str(home)}
    script = python.with_name("playground")

    def run(*command: str | Path) -> str:
        return _run(list(map(str, command)), cwd=home, environment=clean)

    place = run(python, "-c", f"import {PACKAGE}; print({PACKAGE}.__file__)").strip()
    if not Path(place).is_relative_to(folder):
        raise CheckFailed(f"it imports {place}, which is not what was installed")
    version = tomllib.loads((ROOT / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    if (said := run(script, "--version").strip()) != f"playground {version}":
        raise CheckFailed(f"`playground --version` says {said!r}")
    print(f"check_wheel: asking {DEMO}", flush=True)
    line = run(script, "ask", "-m", DEMO, "--max-length", "24", "-t", "0", "--json", "Hello!")
    answer = json.loads(line)
    if answer["error"] or not answer["text"].strip():
        raise CheckFailed(f"{DEMO} did not answer: {line}")
    listed = run(python, "-m", PACKAGE, "models", "--json").splitlines()
    if DEMO not in [json.loads(line)["ref"] for line in listed]:
        raise CheckFailed(f"`playground models` does not list {DEMO}")
    run(script, "doctor")
    run(python, "-c", f"import {PACKAGE}.tui.app")


def _tracked() -> Iterable[str]:
    """The files of this checkout that git knows."""
    listed = _run(["git", "ls-files", "-z"], cwd=ROOT)
    return [name for name in listed.split("\0") if name and (ROOT / name).exists()]


def _only(found: Iterable[Path]) -> Path:
    paths = list(found)
    if len(paths) != 1:
        raise CheckFailed(f"one file was to be built, not {[path.name for path in paths]}")
    return paths[0]


def _run(command: list[str], *, cwd: Path, environment: dict[str, str] | None = None) -> str:
    """What a command prints; its failure is a failure of the check, with all that it said."""
    done = subprocess.run(
        command, cwd=cwd, env=environment, capture_output=True, text=True, check=False
    )
    if done.returncode != 0:
        raise CheckFailed(
            f"{' '.join(command)} ended with {done.returncode}:\n{done.stdout}{done.stderr}"
        )
    return done.stdout


if __name__ == "__main__":
    sys.exit(main())
