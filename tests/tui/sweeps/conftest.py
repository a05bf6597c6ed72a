"""Screens of sweeps are drawn as on a terminal of many colours, wherever the tests run."""

from __future__ import annotations

import pytest
from rich.console import Console


@pytest.fixture(autouse=True)
def many_colours(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Console, "color_system", "truecolor")
