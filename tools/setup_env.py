"""Make `.venv` ready: `python3 tools/setup_env.py`, with `--dev` for the tests' tools too.

`make play` and `make test` begin with it. It does nothing, quickly, where all is up to date.
Standard library only. This file alone must be readable by an old Python, to say that it is old.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
STAMP = VENV / ".up-to-date.json"
OLDEST = (3, 11)
NEWER = ("python3.13", "python3.12", "python3.11", "python3.14")


def main() -> int:
    """Set up, or say why not."""
    parser = argparse.ArgumentParser(description="Make .venv ready.")
    parser.add_argument("--dev", action="store_true", help="with what the tests need")
    dev = parser.parse_args().dev
    if sys.version_info < OLDEST:
        return _go_on_with_newer_python()
    if Path(sys.prefix).resolve() != VENV.resolve():
        return _go_on_inside_venv()
    from llama_wheel import SetupFailed

    try:
        _install("dev" if dev else "")
    except SetupFailed as error:
        print(f"\n{error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped; run it again to go on.", file=sys.stderr)
        return 130
    return 0


def _go_on_with_newer_python() -> int:
    for name in NEWER:
        newer = shutil.which(name)
        # A version manager's shim may be there for a Python that is not.
        if newer and subprocess.call([newer, "-c", ""], stderr=subprocess.DEVNULL) == 0:
            return subprocess.call([newer, *sys.argv])
    wanted = ".".join(map(str, OLDEST))
    print(
        f"Python {wanted} or newer is needed; this is {sys.version.split()[0]} "
        f"({sys.executable}).\nInstall one, or name it: make play PYTHON=/path/to/python3",
        file=sys.stderr,
    )
    return 1


def _go_on_inside_venv() -> int:
    python = VENV / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
    if not _usable(python):
        print(f"Creating {VENV.relative_to(ROOT)} with Python {sys.version.split()[0]}", flush=True)
        made = subprocess.run(
            [sys.executable, "-m", "venv", "--clear", str(VENV)],
            capture_output=True,
            text=True,
            check=False,
        )
        if made.returncode != 0:
            print(
                f"{made.stdout}{made.stderr}\nNo virtual environment could be made. On Debian and "
                "Ubuntu: apt install python3-venv",
                file=sys.stderr,
            )
            return 1
    return subprocess.call([str(python), *sys.argv])


def _usable(python: Path) -> bool:
    """Whether the environment is there and works: a moved or upgraded Python breaks it."""
    if not python.exists():
        return False
    right = f"import sys; sys.exit(sys.version_info < {OLDEST})"
    attempts = (["-c", right], ["-c", "import pip"])
    if all(_works(python, attempt) for attempt in attempts):
        return True
    # One made by another tool may be fine but for pip.
    return _works(python, attempts[0]) and _works(python, ["-m", "ensurepip"])


def _works(python: Path, arguments: list[str]) -> bool:
    quiet = subprocess.DEVNULL
    return subprocess.call([str(python), *arguments], stdout=quiet, stderr=quiet) == 0


def _install(extra: str) -> None:
    """Install what is missing into the environment that runs this."""
    from llama_wheel import cache_folder, ensure_wheel, processor

    wanted = {
        "project": hashlib.sha256((ROOT / "pyproject.toml").read_bytes()).hexdigest(),
        # The processor is part of this name: an environment on a shared disk is not for all.
        "llama": os.environ.get("LLAMA_WHEEL") or cache_folder(os.environ, processor()).name,
        "checkout": str(ROOT),
    }
    done = json.loads(STAMP.read_text(encoding="utf-8")) if STAMP.exists() else {}
    extras = set(done.pop("extras", [])) if done.get("project") == wanted["project"] else set()
    done.pop("extras", None)
    if done == wanted and {extra} <= extras:
        return
    if done.get("llama") != wanted["llama"]:
        wheel = ensure_wheel()
        _pip("llama.cpp", "--no-deps", "--force-reinstall", str(wheel))
    print("Installing the other packages (a minute or two the first time)", flush=True)
    _pip("packages", "--editable", f"{ROOT}[{extra}]" if extra else str(ROOT))
    stamp = {**wanted, "extras": sorted({*extras, extra, ""})}
    STAMP.write_text(json.dumps(stamp), encoding="utf-8")
    print("Ready.", flush=True)


def _pip(what: str, *arguments: str) -> None:
    """Install quietly; on failure show what pip said."""
    from llama_wheel import SetupFailed, run_reporting

    log = VENV / "pip.log"
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    if run_reporting(command, log, os.environ, what) != 0:
        said = log.read_text(encoding="utf-8", errors="replace")
        raise SetupFailed(
            f"{said}\npip could not install what is needed (above: why). Is the network there? "
            "Behind a proxy set HTTPS_PROXY."
        )


if __name__ == "__main__":
    sys.exit(main())
