"""The commands of docs/history.md, run as they stand there."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import get_args

from playground.config import Settings, data_dir
from playground.export import FORMATS
from playground.history import interchange
from playground.types import Provenance, Receipt

PAGE = (Path(__file__).parents[1] / "docs" / "history.md").read_text(encoding="utf-8")


def commands() -> list[str]:
    blocks = re.findall(r"```sh\n(.*?)```", PAGE, re.DOTALL)
    return [line for block in blocks for line in block.splitlines() if line.strip()]


def rows(head: str) -> dict[str, str]:
    """A table of the page by its first column, in which words stand in backticks."""
    table = PAGE.split(f"| {head} |")[1].split("\n\n")[0]
    return dict(re.findall(r"^\| `([^`]+)` \| (.*) \|$", table, re.MULTILINE))


def test_every_command_of_the_page_does_what_it_says(tmp_path: Path) -> None:
    def shell(command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            ["sh", "-c", f'playground() {{ "{sys.executable}" -m playground "$@"; }}\n{command}'],
            capture_output=True,
            text=True,
            cwd=tmp_path,
            check=False,
            env=os.environ,
        )

    made = shell('playground ask -m demo:small -t 1.5 --max-length 8 --json "Once upon a time"')
    run = json.loads(made.stdout)["id"]
    listed = shell("playground history list --json")
    conversation = json.loads(listed.stdout)["id"]
    assert len(commands()) > 20
    for command in commands():
        done = shell(command.replace("CONVERSATION", conversation).replace("RUN", run))
        assert (done.returncode, "Error" in done.stderr) == (0, False), (command, done.stderr)
        if "show" in command or "export" in command or "search" in command:
            assert done.stdout or "--output" in command or "--tag" in command, command
    for name in ("page.html", "good.csv", "everything.jsonl", "copy.db"):
        assert (tmp_path / name).stat().st_size > 100, name


def test_the_script_of_the_page_keeps_a_run_that_can_be_replayed() -> None:
    (script,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)

    def python(*words: str) -> str:
        done = subprocess.run(
            [sys.executable, *words], capture_output=True, text=True, check=True, env=os.environ
        )
        return done.stdout

    run, same = python("-c", script).split()
    assert same == "True"
    assert python("-m", "playground", "replay", run).split()[0] == "identical"


def test_the_tables_of_the_page_name_every_word() -> None:
    assert set(rows("format")) == set(FORMATS)
    kinds = {line.model_fields["kind"].default: line for line in get_args(interchange.Line)}
    told = rows("`kind`")
    assert set(told) == set(kinds)
    for kind, line in kinds.items():
        for word in line.model_fields.keys() - {"kind"}:
            assert f"`{word}`" in told[kind], (kind, word)
    assert f'"version": {interchange.VERSION}, ' in PAGE
    receipt = rows("part")
    for word in Receipt.model_fields.keys() - {"provenance"}:
        assert word in receipt
    for word in Provenance.model_fields.keys() - {"libraries"}:
        assert f"provenance.{word}" in receipt


def test_the_switch_and_the_file_of_the_page_are_real() -> None:
    assert "history = false" in PAGE
    assert "history" in Settings.model_fields
    assert "PLAYGROUND_DATA_DIR" in PAGE
    assert str(data_dir()) == os.environ["PLAYGROUND_DATA_DIR"]
