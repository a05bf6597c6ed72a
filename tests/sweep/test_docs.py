"""What docs/sweeps.md shows works as it stands."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

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


def test_the_sweep_file_means_what_the_command_means(tmp_path: Path) -> None:
    (text,) = _blocks("toml")
    file = tmp_path / "lesson.toml"
    file.write_text(text, encoding="utf-8")
    sweep = build(read_sweep_file(file))
    assert sweep.cells == 2 * 9 * 3
    assert sweep.samples == 8
    assert sweep.params.max_length == 60
    assert sweep.budget.seconds == 600
