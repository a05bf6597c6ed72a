"""What docs/sweeps.md shows works as it stands."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from playground.sweep.asked import build, read_sweep_file

PAGE = Path(__file__).parents[2] / "docs" / "sweeps.md"


def _blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)


def test_the_script_runs_and_prints_a_row_a_setting() -> None:
    (script,) = _blocks("python")
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert [line.split()[0] for line in done.stdout.splitlines()] == [
        "0.0",
        "0.5",
        "1.0",
        "1.5",
        "2.0",
    ]


def _findings() -> list[tuple[str, str]]:
    """Each command of the page that is followed by what it prints."""
    pair = re.compile(r"```bash\n(playground sweep [^`]*?)```\n\n```\n(What .*?)```", re.DOTALL)
    return pair.findall(PAGE.read_text(encoding="utf-8"))


def _figureless(text: str) -> list[str]:
    """Its words, with one sign for every number: another processor rounds otherwise."""
    return re.sub(r"\d[\d.,]*\d|\d", "#", text).split()


@pytest.mark.parametrize(("command", "shown"), _findings())
def test_the_findings_of_the_page_are_what_its_commands_print(command: str, shown: str) -> None:
    words = shlex.split(command.replace("\\\n", " "))
    done = subprocess.run(
        [sys.executable, "-m", "playground", *words[1:], "--no-history"],
        capture_output=True, text=True, check=False, env=os.environ,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    first = shown.splitlines()[0].split(",")[0]
    assert _figureless(done.stdout[done.stdout.index(first) :]) == _figureless(shown)


def test_the_page_has_findings_of_a_grid_and_of_dice() -> None:
    assert ["--random" in command for command, _ in _findings()] == [False, True]


def test_the_sweep_file_means_what_the_command_means(tmp_path: Path) -> None:
    (text,) = _blocks("toml")
    file = tmp_path / "lesson.toml"
    file.write_text(text, encoding="utf-8")
    sweep = build(read_sweep_file(file))
    assert sweep.cells == 2 * 9 * 3
    assert sweep.samples == 8
    assert sweep.params.max_length == 60
    assert sweep.budget.seconds == 600
