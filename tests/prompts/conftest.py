"""Prompts of the test's own, in the user's folder."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from playground.prompts import prompt_folder

Put = Callable[[str, str], Path]


@pytest.fixture
def put(config_folder: Path) -> Put:
    """Write a file into the user's prompts: `put("mine/x", "…")`."""

    def write(name: str, text: str) -> Path:
        path = prompt_folder() / f"{name}.toml"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
        return path

    return write
