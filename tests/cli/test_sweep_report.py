"""`playground sweep report`: which files it writes, where, and what it refuses."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from playground.history import History
from tests.cli.conftest import Shell


@pytest.fixture
def kept(shell: Shell) -> str:
    """The id of a sweep in the user's history."""
    done = shell(
        "sweep", "昔々", "-m", "scripted:echo", "--temperature", "0,1", "--top-p", "0.5,1",
        "--samples", "2", "--json",
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with History.open() as opened:
        return opened.sweeps.list()[0].id


@pytest.mark.parametrize("words", [(), ("--html",)])
def test_a_page_is_written_beside_you_unless_you_say_where(
    shell: Shell, kept: str, tmp_path: Path, words: tuple[str, ...]
) -> None:
    done = shell("sweep", "report", kept, *words)
    page = tmp_path / "cwd" / f"sweep-{kept}.html"
    assert (done.returncode, done.stderr) == (0, f"Written to {page.name}.\n")
    assert "昔々" in page.read_text(encoding="utf-8")
    again = shell("sweep", "report", kept, *words)
    assert (again.returncode, "is there already" in again.stderr) == (2, True)
    assert shell("sweep", "report", kept, *words, "--force").returncode == 0


def test_page_and_pictures_are_written_where_it_is_said(
    shell: Shell, kept: str, tmp_path: Path
) -> None:
    html, png, svg = (tmp_path / f"made.{suffix}" for suffix in ("html", "png", "svg"))
    words = ("--html", html, "--png", png, "--svg", svg, "--metric", "length", "--over", "top_p")
    done = shell("sweep", "report", kept, *words)
    assert done.returncode == 0, done.stderr
    assert html.read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert png.read_bytes().startswith(b"\x89PNG")
    assert "<svg" in svg.read_text(encoding="utf-8")


def test_a_picture_can_be_a_map_and_go_to_standard_output(shell: Shell, kept: str) -> None:
    command = [sys.executable, "-m", "playground", "sweep", "report", kept]
    words = ("--svg", "-", "--over", "temperature,top_p", "--metric", "length")
    done = subprocess.run([*command, *words], capture_output=True, check=True)
    assert b"<svg" in done.stdout
    assert shell("sweep", "report", kept, "--html", "-").stdout.startswith("<!DOCTYPE html>")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--metric", "length"), "say what is in a picture"),
        (("--png", "--metric", "lenth"), "Did you mean 'length'"),
        (("--png", "--over", "top_k"), "do not differ in 'top_k'"),
        (("--svg", "-", "--html", "-"), "Only one"),
        (("--html", "/nowhere/at/all.html"), "There is no folder"),
    ],
)
def test_what_cannot_be_written_is_refused(
    shell: Shell, kept: str, tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    done = shell("sweep", "report", kept, *words)
    assert said in done.stderr
    assert done.returncode == 2
    assert [*(tmp_path / "cwd").iterdir()] == []
