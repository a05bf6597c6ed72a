"""Add the extra `reference` to `.venv`: transformers and torch, which some tests compare with.

`make reference` calls it, and so does continuous integration. torch comes with gigabytes for GPUs
on many machines: it is added only where the one that pip finds comes without them, unless
`--whatever` says that they are welcome. Standard library only.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
EXTRA = "reference"
FOR_GPUS = ("nvidia", "cuda", "triton", "pytorch-triton", "rocm")
LOOK_SECONDS, INSTALL_SECONDS = 180, 900


class NotAdded(Exception):
    """The extra is not there; the message says why."""


def requirements() -> list[str]:
    """What the extra asks for, from `pyproject.toml`."""
    file = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    asked: list[str] = file["project"]["optional-dependencies"][EXTRA]
    return asked


def what_pip_would_fetch(asked: list[str]) -> list[str]:
    """The names of all packages that are missing here."""
    said = _pip(["--dry-run", "--quiet", "--report", "-", *asked], LOOK_SECONDS)
    return [item["metadata"]["name"].lower() for item in json.loads(said)["install"]]


def add(*, whatever: bool) -> str:
    """Install what is missing; returns a sentence on what was done. Raises `NotAdded`."""
    asked = requirements()
    missing = what_pip_would_fetch(asked)
    if not missing:
        return "is there"
    heavy = [name for name in missing if name.startswith(FOR_GPUS)]
    if heavy and not whatever:
        raise NotAdded(
            f"torch would bring {', '.join(heavy[:3])} … for GPUs, gigabytes of them. "
            "A torch for CPUs that is there already is taken; tools/add_reference.py --whatever "
            "takes the large one."
        )
    _pip(["--quiet", *asked], INSTALL_SECONDS)
    return "added"


def _pip(arguments: list[str], seconds: float) -> str:
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", *arguments]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=seconds, check=False)
    except subprocess.TimeoutExpired as error:
        raise NotAdded(f"pip was not done after {seconds:.0f} s.") from error
    if done.returncode != 0:
        last = done.stderr.strip().splitlines()[-1:] or [f"ended with status {done.returncode}"]
        raise NotAdded(f"pip: {last[0]}")
    return done.stdout


def main() -> int:
    """Add it, or say why not; 1 where it is not there."""
    parser = argparse.ArgumentParser(description="Add the extra `reference` to this environment.")
    parser.add_argument("--whatever", action="store_true", help="also with gigabytes for GPUs")
    try:
        done = add(whatever=parser.parse_args().whatever)
    except NotAdded as error:
        print(f"The second reference is not there, and its tests are skipped: {error}")
        return 1
    print(f"The second reference {done}: {', '.join(requirements())}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
