"""`playground lessons` in a pipe: the list, ticked, in both languages, and as JSON."""

from __future__ import annotations

import json

from playground.lessons import Progress, keep_progress
from tests.cli.conftest import Shell


def test_the_list_is_printed_with_ticks(shell: Shell) -> None:
    keep_progress(Progress().finished("seeds"))
    lines = shell("lessons", "--list", "--language", "en").stdout.splitlines()
    assert len(lines) == 8
    assert lines[5].startswith("✓ 6  Seeds and determinism")
    assert lines[1].startswith("  2  Temperature")


def test_it_speaks_japanese(shell: Shell) -> None:
    assert "システムプロンプト" in shell("lessons", "--language", "ja").stdout


def test_programs_read_json(shell: Shell) -> None:
    said = shell("lessons", "--json", "--language", "en").stdout
    records = [json.loads(line) for line in said.splitlines()]
    assert [record["number"] for record in records] == list(range(1, 9))
    assert records[1]["knobs"] == ["temperature"]


def test_a_language_that_there_is_not_is_refused(shell: Shell) -> None:
    assert "no lessons in 'tlh'" in shell("lessons", "--list", "--language", "tlh").stderr


def test_a_lesson_that_there_is_not_is_refused_in_a_pipe_too(shell: Shell) -> None:
    done = shell("lessons", "temprature", "--language", "en")
    assert (done.returncode, done.stdout) == (2, "")
    assert "There is no lesson 'temprature'. Did you mean 'temperature'" in done.stderr
