"""The second reference is added where it is light, and its absence stops nobody."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from tools import add_reference

Pip = Callable[..., list[list[str]]]


@pytest.fixture
def pip(monkeypatch: pytest.MonkeyPatch) -> Pip:
    """A pip that would fetch these packages; gives what it was asked to install."""

    def play(*names: str, status: int = 0, slow: bool = False) -> list[list[str]]:
        asked: list[list[str]] = []

        def run(command: list[str], **more: Any) -> subprocess.CompletedProcess[str]:
            if slow:
                raise subprocess.TimeoutExpired(command, more["timeout"])
            report = {"install": [{"metadata": {"name": name}} for name in names]}
            if "--dry-run" not in command:
                asked.append(command[command.index("--quiet") + 1 :])
            return subprocess.CompletedProcess(command, status, json.dumps(report), "no network\n")

        monkeypatch.setattr(subprocess, "run", run)
        monkeypatch.setattr("sys.argv", ["add_reference.py"])
        return asked

    return play


def test_it_is_added_where_torch_comes_without_packages_for_gpus(pip: Pip) -> None:
    asked = pip("torch", "transformers", "sympy")
    assert add_reference.main() == 0
    assert asked == [add_reference.requirements()]


def test_gigabytes_for_gpus_are_left_alone_unless_they_are_welcome(
    pip: Pip, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = pip("torch", "nvidia-cublas", "triton")
    assert add_reference.main() == 1
    assert "nvidia-cublas" in capsys.readouterr().out
    assert not asked
    monkeypatch.setattr("sys.argv", ["add_reference.py", "--whatever"])
    assert add_reference.main() == 0
    assert asked


def test_what_is_there_is_not_asked_for_again(pip: Pip) -> None:
    asked = pip()
    assert add_reference.main() == 0
    assert not asked


@pytest.mark.parametrize(
    ("how", "said"), [({"status": 1}, "no network"), ({"slow": True}, "not done after")]
)
def test_a_pip_that_fails_or_hangs_is_told_in_a_line(
    pip: Pip, how: dict[str, Any], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    pip("torch", **how)
    assert add_reference.main() == 1
    assert said in capsys.readouterr().out
