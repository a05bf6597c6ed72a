"""The command as a user has it: a process of its own, with pipes or with a terminal."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.servers.fault import FaultServer

COMMAND = [sys.executable, "-m", "playground"]

Shell = Callable[..., subprocess.CompletedProcess[str]]


@pytest.fixture
def shell(tmp_path: Path) -> Shell:
    """Run `playground …` in an empty folder; standard input is empty unless given."""
    folder = tmp_path / "cwd"
    folder.mkdir()

    def run(*arguments: str, stdin: str | bytes = "", **more: Any) -> Any:
        data = stdin.encode() if isinstance(stdin, str) else stdin
        done = subprocess.run(
            [*COMMAND, *arguments],
            input=data,
            capture_output=True,
            cwd=folder,
            timeout=60,
            check=False,
            **more,
        )
        return subprocess.CompletedProcess(
            done.args, done.returncode, done.stdout.decode(), done.stderr.decode()
        )

    return run


@pytest.fixture
def config_file(config_folder: Path) -> Path:
    """Where the user's settings would be; the folder is there, the file is not."""
    config_folder.mkdir(parents=True, exist_ok=True)
    return config_folder / "config.toml"


@pytest.fixture
def endpoint(config_folder: Path) -> Any:
    """A provider `loop` of the user's own, whose endpoint plays what it is told."""
    with FaultServer() as server:
        folder = config_folder / "providers" / "loop"
        folder.mkdir(parents=True)
        folder.joinpath("provider.toml").write_text(
            f'base_url = "{server.url}"\nkey_required = false\n\n'
            "[knobs.top_k]\naccepted = false\n"
            'reason = "this endpoint has no such thing"\n',
            encoding="utf-8",
        )
        yield server
