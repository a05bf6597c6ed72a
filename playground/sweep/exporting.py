"""The cells of a sweep, or its answers, as data for other programs: CSV, JSON Lines, Parquet.

One flat row each, as `SweepResult.rows` and `sample_rows` give them, some at a time: no memory has
to hold all answers at once. The texts are what the models said, to the letter. In CSV those that a
spreadsheet would take for formulas are made harmless, and `playground.export.csv.read` takes that
away again; values with a structure of their own (a sampler order, stop words) are JSON there and
in Parquet.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import IO, Any, Final, Literal

from playground.errors import UsageError
from playground.export.csv import harmless
from playground.params import knobs
from playground.sweep.result import SweepResult

Kind = Literal["int", "float", "text"]

_BATCH: Final = 1000
"""Rows in memory at a time."""

_KINDS: Final[dict[str, Kind]] = {
    "cell": "int",
    "sample": "int",
    "run": "text",
    "model": "text",
    "prompt": "text",
    "seed": "int",
    "text": "text",
    "finish_reason": "text",
    "expected": "text",
    "input_tokens": "int",
    "output_tokens": "int",
    "error": "text",
    "file": "text",
}
_KINDS_OF_CELLS: Final[dict[str, Kind]] = {
    "samples": "int",
    "failed": "int",
    "answers": "int",
    "top_answer": "text",
}


def columns(result: SweepResult, *, samples: bool = False) -> dict[str, Kind]:
    """The columns of the rows, in their order, with what is in them."""
    axes: dict[str, Kind] = {axis.knob: _kind_of_knob(axis.knob) for axis in result.axes}
    if samples:
        before, after = ("cell", "sample", "run", "model", "prompt"), (
            "seed", "text", "finish_reason", "expected", "input_tokens", "output_tokens", "cost",
            "first_token", "total", "error", *(("file",) if result.several_files else ()),
        )  # fmt: skip
        return (
            {name: _KINDS[name] for name in before}
            | axes
            | {name: _KINDS.get(name, "float") for name in after}
        )
    figures: dict[str, Kind] = {
        column: "text" if part == "note" else "float" for column, _, part in result.figure_columns
    }
    places = {name: _KINDS[name] for name in ("cell", "model", "prompt")}
    return places | axes | _KINDS_OF_CELLS | figures


def csv_pieces(result: SweepResult, *, samples: bool = False) -> Iterator[str]:
    """A table with the names of its columns in the first row."""
    names = [*columns(result, samples=samples)]
    yield _csv([[harmless(name) for name in names]])
    for rows in _batches(_rows(result, samples=samples)):
        yield _csv([[_cell(row[name]) for name in names] for row in rows])


def json_pieces(result: SweepResult, *, samples: bool = False) -> Iterator[str]:
    """A JSON object a line; what has no value, or no finite one, is null."""
    for row in _rows(result, samples=samples):
        finite = {name: None if _endless(value) else value for name, value in row.items()}
        yield f"{json.dumps(finite, ensure_ascii=False, allow_nan=False)}\n"


def write_parquet(result: SweepResult, file: IO[bytes], *, samples: bool = False) -> None:
    """Write a Parquet file; raises `UsageError` where pyarrow is not installed."""
    try:
        import pyarrow as pa
        from pyarrow import parquet
    except ImportError as error:
        raise UsageError(
            "Parquet needs pyarrow, which is not installed.",
            hint="pip install 'chat-playground[report]'",
        ) from error
    kinds = columns(result, samples=samples)
    types = {"int": pa.int64(), "float": pa.float64(), "text": pa.string()}
    schema = pa.schema([(name, types[kind]) for name, kind in kinds.items()])
    with parquet.ParquetWriter(file, schema) as writer:
        for rows in _batches(_rows(result, samples=samples)):
            typed = [
                {name: _typed(row[name], kind) for name, kind in kinds.items()} for row in rows
            ]
            writer.write_table(pa.Table.from_pylist(typed, schema=schema))


def _rows(result: SweepResult, *, samples: bool) -> Iterator[dict[str, Any]]:
    return result.sample_rows() if samples else result.rows()


def _batches(rows: Iterator[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    while batch := [*islice(rows, _BATCH)]:
        yield batch


def _kind_of_knob(name: str) -> Kind:
    match knobs()[name].kind:
        case "int":
            return "int"
        case "float":
            return "float"
        case _:
            return "text"


def _cell(value: object) -> object:
    """A cell of CSV: numbers stay numbers, an endless one is empty."""
    if value is None or _endless(value):
        return None
    return value if isinstance(value, int | float) else harmless(_text(value))


def _typed(value: object, kind: Kind) -> object:
    """A cell of Parquet."""
    if value is None:
        return None
    if kind == "text":
        return _text(value)
    return float(str(value)) if kind == "float" else int(str(value))


def _text(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _endless(value: object) -> bool:
    return isinstance(value, float) and not math.isfinite(value)


def _csv(rows: Iterable[Iterable[object]]) -> str:
    file = io.StringIO(newline="")
    # Texts are always quoted, so that one with a line end or a semicolon stays one cell.
    csv.writer(file, quoting=csv.QUOTE_NONNUMERIC).writerows(rows)
    return file.getvalue()
