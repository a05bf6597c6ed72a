"""A sweep's cells and answers as data: what is written is what is read back."""

from __future__ import annotations

import io
import json
import sys

import pytest
from pyarrow import parquet

from playground.export import csv
from playground.history import History
from playground.sweep.definition import axes_of
from playground.sweep.exporting import columns, csv_pieces, json_pieces, write_parquet
from playground.sweep.result import SweepResult
from tests.sweep.kept import HOSTILE, in_characters, make


@pytest.mark.parametrize("samples", [False, True])
def test_the_columns_are_those_of_the_rows(small: SweepResult, *, samples: bool) -> None:
    rows = small.sample_rows() if samples else small.rows()
    for row in rows:
        assert list(row) == list(columns(small, samples=samples))


def test_a_note_beside_a_figure_is_a_column_of_its_own(
    small: SweepResult, history: History
) -> None:
    unlike = in_characters(SweepResult.load(history, small.id))
    said = {"demo:tiny": None, "demo:small": "in characters: not all tokens were counted"}
    rows = [json.loads(line) for line in json_pieces(unlike)]
    assert rows == [*unlike.rows()]
    assert all(row["length_note"] == said[row["model"]] for row in rows)
    assert columns(unlike)["length_note"] == "text"
    assert list(rows[0]) == list(columns(unlike))
    read = csv.read("".join(csv_pieces(unlike)))
    assert [row["length_note"] for row in read] == [said[row["model"]] or "" for row in read]
    file = io.BytesIO()
    write_parquet(unlike, file)
    assert parquet.read_table(file).to_pylist() == rows
    # Where nothing is to be said there is none.
    assert not any(name.endswith("_note") for name in columns(small))


@pytest.mark.parametrize("samples", [False, True])
def test_json_lines_are_the_rows(small: SweepResult, *, samples: bool) -> None:
    rows = [*(small.sample_rows() if samples else small.rows())]
    read = [json.loads(line) for line in json_pieces(small, samples=samples)]
    assert read == rows
    assert len(read) == (36 if samples else 12)


@pytest.mark.parametrize("samples", [False, True])
def test_parquet_is_the_rows(small: SweepResult, *, samples: bool) -> None:
    rows = [*(small.sample_rows() if samples else small.rows())]
    file = io.BytesIO()
    write_parquet(small, file, samples=samples)
    table = parquet.read_table(file)
    assert table.to_pylist() == rows
    kinds = {
        name: str(kind) for name, kind in zip(table.column_names, table.schema.types, strict=True)
    }
    assert (kinds["cell"], kinds["temperature"], kinds["model"]) == ("int64", "double", "string")


@pytest.mark.parametrize("samples", [False, True])
def test_csv_is_the_rows(small: SweepResult, *, samples: bool) -> None:
    rows = [*(small.sample_rows() if samples else small.rows())]
    read = csv.read("".join(csv_pieces(small, samples=samples)))
    assert [{k: "" if v is None else str(v) for k, v in row.items()} for row in rows] == read


def test_every_text_comes_back_to_the_letter(hostile: SweepResult) -> None:
    said = [text for text in HOSTILE for _ in range(4)]
    for read in (
        csv.read("".join(csv_pieces(hostile, samples=True))),
        [json.loads(line) for line in json_pieces(hostile, samples=True)],
    ):
        assert sorted(row["text"] for row in read) == sorted(said)
        assert all(row["expected"] == row["text"] for row in read)


def test_no_spreadsheet_takes_an_answer_for_a_formula(hostile: SweepResult) -> None:
    written = "".join(csv_pieces(hostile, samples=True))
    assert "'=HYPERLINK" in written
    assert '"=HYPERLINK' not in written


def test_settings_that_are_no_numbers_are_text(history: History) -> None:
    orders = [["top_k", "temperature"], ["temperature", "top_k"]]
    result = make(
        history, axes=axes_of({"sampler_order": orders}), params={"max_length": 4}, samples=2
    )
    file = io.BytesIO()
    write_parquet(result, file)
    for read in (parquet.read_table(file).to_pylist(), csv.read("".join(csv_pieces(result)))):
        assert [json.loads(row["sampler_order"]) for row in read] == orders
    assert [json.loads(line)["sampler_order"] for line in json_pieces(result)] == orders


def test_data_frames_of_cells_and_of_answers(small: SweepResult) -> None:
    cells, answers = small.to_dataframe(), small.to_dataframe(samples=True)
    assert cells.shape == (12, len(columns(small)))
    assert answers.shape == (36, len(columns(small, samples=True)))
    cold = cells[(cells.temperature == 0) & (cells.model == "demo:tiny")]
    assert (cold["top-share"] == 1).all()
    assert answers.groupby("cell")["text"].nunique().loc[0] == 1


@pytest.mark.parametrize("module", ["pyarrow", "pandas"])
def test_what_is_not_installed_is_named_with_the_way_to_it(
    small: SweepResult, monkeypatch: pytest.MonkeyPatch, module: str
) -> None:
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(Exception, match=rf"{module}.*pip install 'chat-playground\[report\]'"):
        write_parquet(small, io.BytesIO()) if module == "pyarrow" else small.to_dataframe()
