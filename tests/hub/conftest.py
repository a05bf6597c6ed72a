"""A hub on loopback, the folders of somebody who pulls from it, and what to look at after."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from playground import config, hub
from playground.hub import HubRef, Pulled, Watcher, fetching
from playground.hub.offers import HubFile
from tests.servers.hub import LoopbackHub, Repo

REPO = "acme/Rocket-GGUF"
TOKEN = "hf_planted0123456789abcdef"


def _gguf(size: int, seed: int = 0) -> bytes:
    return b"GGUF" + random.Random(seed).randbytes(size - 4)


SMALL, MIDDLE, LARGE = _gguf(90_000, 1), _gguf(200_000, 2), _gguf(400_000, 3)
FILES = {
    "rocket-Q2_K.gguf": SMALL,
    "rocket-Q4_K_M.gguf": MIDDLE,
    "rocket-Q8_0.gguf": LARGE,
    "mmproj-rocket-F16.gguf": _gguf(100, 4),
    "README.md": b"# Rocket",
}


@pytest.fixture
def models(tmp_path: Path, config_folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The user's model folder, and a hub home with nothing in it."""
    folder = tmp_path / "models"
    config_folder.mkdir(parents=True)
    config_folder.joinpath("config.toml").write_text(f"model_folders = [{json.dumps(str(folder))}]")
    config.settings.cache_clear()
    home = tmp_path / "hub-home"
    monkeypatch.setenv("HF_HOME", str(home))
    for name in ("HF_HUB_CACHE", "HF_HUB_OFFLINE", "HF_TOKEN_PATH", "TRANSFORMERS_OFFLINE"):
        monkeypatch.delenv(name, raising=False)
    # Read by the library when it is imported, which an earlier test has done.
    from huggingface_hub import constants

    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "token"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hub"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", False)
    monkeypatch.setattr(fetching, "PAUSE_SECONDS", 0.0)
    return folder


@pytest.fixture
def server(models: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[LoopbackHub]:
    """A hub that keeps its files on another server, as the real one does."""
    with LoopbackHub() as storage, LoopbackHub(storage) as server:
        monkeypatch.setenv("HF_ENDPOINT", server.url)
        yield server


@pytest.fixture
def rocket(server: LoopbackHub) -> Repo:
    """An ordinary repository."""
    return server.has(REPO, dict(FILES))


class Notes(Watcher):
    """Keeps what it is told; may interrupt like Ctrl-C."""

    def __init__(self, interrupt_after: int | None = None) -> None:
        self.notes: list[str] = []
        self.checked: list[str] = []
        self.interrupt_after = interrupt_after

    def progress(self, file: HubFile, done: int) -> None:
        if self.interrupt_after is not None and done >= self.interrupt_after:
            raise KeyboardInterrupt

    def checking(self, file: HubFile) -> None:
        self.checked.append(file.name)

    def note(self, text: str) -> None:
        self.notes.append(text)


def pull(reference: str = f"hf:{REPO}", watcher: Watcher | None = None) -> Pulled:
    return hub.pull(HubRef.parse(reference), watcher or Notes())


def everything_in(folder: Path) -> dict[str, bytes]:
    """Every file below a folder, without our own record and lock."""
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name not in (".pulled.json", ".pull.lock")
    }


@pytest.fixture
def shell(server: LoopbackHub) -> Callable[..., subprocess.CompletedProcess[str]]:
    def run(*arguments: str, **more: Any) -> Any:
        command = [sys.executable, "-m", "playground", *arguments]
        return subprocess.run(
            command, capture_output=True, text=True, timeout=60, check=False, **more
        )

    return run
