"""`playground sweep export`: files, standard output, and what is refused."""

from __future__ import annotations

import io
import json
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from pyarrow import parquet

from playground.export import csv
from playground.history import History
from tests.cli.conftest import Shell


@pytest.fixture
def kept(shell: Shell) -> str:
    """The id of a sweep in the user's history."""
    done = shell(
        "sweep", "昔々", "-m", "scripted:echo", "--temperature", "0,1", "--samples", "2", "--json"
    )
    assert done.returncode == 0, done.stderr
    with History.open() as opened:
        return opened.sweeps.list()[0].id


def test_the_command_writes_every_form(shell: Shell, kept: str, tmp_path: Path) -> None:
    names = {form: tmp_path / f"cells.{form}" for form in ("csv", "jsonl", "parquet")}
    done = shell("sweep", "export", kept, *(w for f, p in names.items() for w in (f"--{f}", p)))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert [row["cell"] for row in csv.read(names["csv"].read_bytes().decode())] == ["0", "1"]
    lines = names["jsonl"].read_text(encoding="utf-8").splitlines()
    assert [json.loads(line)["cell"] for line in lines] == [0, 1]
    assert list(pd.read_parquet(names["parquet"])["cell"]) == [0, 1]
    assert {path.name for path in tmp_path.iterdir() if path.is_file()} == {
        path.name for path in names.values()
    }


def test_standard_output_is_a_file_too(shell: Shell, kept: str) -> None:
    table = shell("sweep", "export", kept, "--csv", "-", "--samples").stdout
    assert [row["text"] for row in csv.read(table)] == ["昔々"] * 4
    done = subprocess.run(
        [sys.executable, "-m", "playground", "sweep", "export", kept, "--parquet", "-"],
        capture_output=True,
        check=True,
    )
    assert parquet.read_table(io.BytesIO(done.stdout)).num_rows == 2


def test_no_file_is_written_over_unless_it_is_said(shell: Shell, kept: str, tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("precious", encoding="utf-8")
    done = shell("sweep", "export", kept, "--csv", path)
    assert (done.returncode, path.read_text(encoding="utf-8")) == (2, "precious")
    assert "is there already" in done.stderr
    assert shell("sweep", "export", kept, "--csv", path, "--force").returncode == 0
    assert path.read_text(encoding="utf-8").startswith('"cell"')


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "Nothing says where to"),
        (("--csv", "/nowhere/at/all.csv"), "There is no folder"),
        (("--csv", "."), "is a folder"),
        (("--csv", "-", "--jsonl", "-"), "Only one"),
    ],
)
def test_a_place_that_cannot_be_is_refused(
    shell: Shell, kept: str, words: tuple[str, ...], said: str
) -> None:
    done = shell("sweep", "export", kept, *words)
    assert said in done.stderr
    assert done.returncode == 2


def test_a_sweep_that_is_not_there_is_refused(shell: Shell) -> None:
    done = shell("sweep", "export", "nosuch", "--csv", "-")
    assert "There is no sweep 'nosuch'" in done.stderr
    assert (done.returncode, done.stdout) == (2, "")
