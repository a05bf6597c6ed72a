"""What docs/sweeps.md and docs/reports.md show works as it stands."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from playground.sweep.asked import build, read_sweep_file

DOCS = Path(__file__).parents[2] / "docs"
PAGE = DOCS / "sweeps.md"
REPORTS = (DOCS / "reports.md").read_text(encoding="utf-8")


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


# Commands on a sweep that is kept.


def _shell(command: str, folder: Path) -> str:
    """What a command of a page prints; it succeeds."""
    done = subprocess.run(
        ["sh", "-c", f'playground() {{ "{sys.executable}" -m playground "$@"; }}\n{command}'],
        capture_output=True, text=True, cwd=folder, check=False, env=os.environ,
    )  # fmt: skip
    assert (done.returncode, "Error" in done.stderr) == (0, False), (command, done.stderr)
    return done.stdout


@pytest.fixture
def kept(tmp_path: Path) -> str:
    """The id of a sweep of six cells."""
    made = 'playground sweep "Once upon a time" -m demo:tiny --temperature 0,0.8,1.6 --top-p 0.5,1'
    _shell(f"{made} --samples 2 --max-length 8 --seed 1", tmp_path)
    return _shell("playground sweep list", tmp_path).splitlines()[1].split()[0]


def test_every_command_of_the_page_on_sweeps_does_what_it_says(kept: str, tmp_path: Path) -> None:
    (tmp_path / "lesson.toml").write_text(_blocks("toml")[0], encoding="utf-8")
    commands = [
        line
        for block in _blocks("bash")
        for line in block.replace("\\\n", " ").splitlines()
        if block not in [command for command, _ in _findings()]
    ]
    assert len(commands) == 5
    for command in commands:
        large = "--samples" in command
        said = _shell(command.replace("ID", kept) + " --dry-run" * large, tmp_path)
        assert said or large or "--resume" in command, command


def test_every_command_of_the_page_on_reports_writes_what_it_says(
    kept: str, tmp_path: Path
) -> None:
    (block,) = re.findall(r"```sh\n(.*?)```", REPORTS, re.DOTALL)
    for line in block.splitlines():
        command = line.partition(" | jq")[0].replace(" ID", f" {kept}")
        said = _shell(command, tmp_path)
        if "--jsonl -" in command:
            assert len([json.loads(row)["text"] for row in said.splitlines()]) == 12
    for name in (
        f"sweep-{kept}.html", "story.html", f"sweep-{kept}.png", "map.svg", "cells.csv",
        "answers.parquet",
    ):  # fmt: skip
        assert (tmp_path / name).stat().st_size > 500, name


def test_the_script_of_the_page_on_reports_writes_a_page_and_a_picture(
    kept: str, tmp_path: Path
) -> None:
    (script,) = re.findall(r"```python\n(.*?)```", REPORTS, re.DOTALL)
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", script.replace("5z3d", kept)],
        capture_output=True, text=True, cwd=tmp_path, check=False, env=os.environ,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "story.html").read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert (tmp_path / "entropy.png").read_bytes().startswith(b"\x89PNG")


def test_the_columns_of_an_answer_are_those_that_the_page_on_reports_names(
    kept: str, tmp_path: Path
) -> None:
    sentence = REPORTS.split("With `--samples` a row is an answer")[1].split("\n\n")[0]
    told = set(re.findall(r"`([a-z_]+)`", sentence)) | {"temperature", "top_p"}
    rows = _shell(f"playground sweep export {kept} --jsonl - --samples", tmp_path)
    assert set(json.loads(rows.splitlines()[0])) == told
