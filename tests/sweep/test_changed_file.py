"""A model's file that changed between two starts: which answers came from which is told."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from playground.cli.sweep import showing
from playground.config import shipped
from playground.errors import UsageError
from playground.export import csv
from playground.history import History
from playground.sweep.asked import Asked, build
from playground.sweep.definition import Budget
from playground.sweep.exporting import columns, csv_pieces
from playground.sweep.findings import findings
from playground.sweep.report.content import Content
from playground.sweep.result import SweepResult
from playground.sweep.starting import begin, resume
from tests.sweep.kept import make_small


@pytest.fixture
def history() -> Iterator[History]:
    with History.in_memory() as opened:
        yield opened


@pytest.fixture
async def changed(history: History, tmp_path: Path) -> tuple[SweepResult, str, str]:
    """A sweep that was stopped by its budget and gone on with by another file; both sums."""
    file = tmp_path / "model.gguf"
    content = [(shipped("providers") / "demo" / name).read_bytes() for name in
               ("tiny.gguf", "small.gguf")]  # fmt: skip
    asked = Asked.of_words(
        prompt="Once upon a time",
        models=f"local:{file}",
        space={"temperature": "0,0.7,1.4", "max_length": 12},
        samples=3,
        seed=5,
        budget={"tokens": 50},
    )
    file.write_bytes(content[0])
    runner = begin(build(asked), history)
    await runner.run()
    file.write_bytes(content[1])
    again = await resume(runner.id, history, force=True, budget=Budget(tokens=10_000))
    await again.run()
    sums = [hashlib.sha256(one).hexdigest() for one in content]
    return SweepResult.load(history, runner.id), sums[0], sums[1]


async def test_the_record_says_which_answers_came_from_which_file(
    changed: tuple[SweepResult, str, str], history: History
) -> None:
    result, before, after = changed
    (ref,) = result.sweep.models
    assert history.sweeps.load(result.id).files == {ref: (before, after)}
    rows = [*result.sample_rows()]
    assert len(rows) == 9
    for row in rows:
        receipt = history.run(row["run"]).receipt
        assert receipt is not None
        assert receipt.provenance.file is not None
        assert row["file"] == receipt.provenance.file.sha256
    assert {row["file"] for row in rows} == {before, after}
    exported = csv.read("".join(csv_pieces(result, samples=True)))
    assert [row["file"] for row in exported] == [row["file"] for row in rows]
    # Without --force it goes on with no other file than that of its last start.
    history.sweeps.settle(result.id, "stopped", "")
    history.flush()
    file = Path(ref.removeprefix("local:"))
    file.write_bytes((shipped("providers") / "demo" / "tiny.gguf").read_bytes())
    with pytest.raises(UsageError, match=f"was {after} and is {before}"):
        await resume(result.id, history)


async def test_findings_the_page_and_a_cell_say_it_with_both_sums(
    changed: tuple[SweepResult, str, str], capsys: pytest.CaptureFixture[str]
) -> None:
    result, before, after = changed
    (ref,) = result.sweep.models
    first = next(findings(result))
    assert first.heading == f"The file of {ref} changed between two starts"
    rows = [*result.sample_rows()]
    for line, sha in zip(first.lines, (before, after), strict=False):
        mine = [row for row in rows if row["file"] == sha]
        assert line.text.startswith(f"answers from the file with SHA-256 {sha}: {len(mine)}, in ")
        assert line.cells == tuple(sorted({row["cell"] for row in mine}))
    mixed = tuple(sorted({*first.lines[0].cells} & {*first.lines[1].cells}))
    assert [line.cells for line in first.lines[2:]] == [mixed][: bool(mixed)]
    content = Content.of(result)
    assert content.head["models"][0]["files"] == [before, after]
    told = [answer["file"] for cell in content.answers() for answer in cell]
    assert told == [row["file"] for row in rows]
    showing._show_cell(result, 0, json=False)
    shown = capsys.readouterr().out
    assert all(f"from {row['file']} (SHA-256)" in shown for row in rows if row["cell"] == 0)
    showing._show_cell(result, 0, json=True)
    said = map(json.loads, capsys.readouterr().out.splitlines())
    assert [one["file"] for one in said] == [row["file"] for row in rows if row["cell"] == 0]


def test_of_a_file_that_stayed_nothing_is_said(history: History) -> None:
    result = make_small(history)
    assert "file" not in columns(result, samples=True)
    assert not result.made_with
    assert {answer["file"] for cell in Content.of(result).answers() for answer in cell} == {""}
