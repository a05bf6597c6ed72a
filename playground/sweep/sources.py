"""Prompts of a sweep from a file: CSV with a head, or JSON Lines."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from playground.errors import BrokenFile, UsageError, did_you_mean
from playground.sweep.definition import MOST_PROMPTS, SweepPrompt

MOST_BYTES: Final = 64 * 1024 * 1024
"""No file of prompts is read past this."""

PROMPT, EXPECTED = "prompt", "expected"
"""The columns that are looked for where no other names are given."""

Row = tuple[int, dict[str, str]]
"""A row with the line on which it stands."""


def read_prompts(
    path: Path,
    *,
    prompt_column: str = PROMPT,
    expected_column: str = "",
    system: str = "",
) -> tuple[SweepPrompt, ...]:
    """The prompts of a file; `.csv` and `.tsv` are tables with a head, the rest JSON Lines.

    The column of expected answers is `expected` where there is one, or the one that is named; the
    remaining columns go with the prompt as its `fields`. Raises `BrokenFile` with the line for bad
    encoding or a bad row, `UsageError` for a column that is not there.
    """
    found: list[SweepPrompt] = []
    for line, row in rows_of(path):
        if len(found) == MOST_PROMPTS:
            raise BrokenFile(f"{path} has more than {MOST_PROMPTS:,} prompts.", hint="Split it.")
        text = _cell(path, line, row, prompt_column)
        if not text.strip():
            raise BrokenFile(
                f"{path}, line {line}: {prompt_column} is empty.", hint="Fill it or leave it out."
            )
        expected = expected_in(path, line, row, expected_column)
        made = SweepPrompt.of(text, system=system, expected=expected)
        apart = (prompt_column, expected_column or EXPECTED)
        others = {name: row[name] for name in row if name not in apart}
        found.append(made.model_copy(update={"fields": others}))
    if not found:
        raise BrokenFile(f"{path} holds no prompts.", hint=f"It needs a column {prompt_column!r}.")
    return tuple(found)


def expected_in(path: Path, line: int, row: dict[str, str], column: str) -> str | None:
    """The right answer in a row; raises `UsageError` where a column is named and not there."""
    given = _cell(path, line, row, column) if column else row.get(EXPECTED, "")
    # A blank one would be found in every answer.
    return given if given.strip() else None


def rows_of(path: Path) -> Iterator[Row]:
    """The rows of a CSV, TSV or JSON Lines file, each with its line from 1."""
    text = _text(path)
    if _is_table(path):
        yield from _table(path, text, "\t" if path.suffix.lower() == ".tsv" else ",")
    else:
        yield from _json_lines(path, text)


def _is_table(path: Path) -> bool:
    """Whether the first line names the columns of all others."""
    return path.suffix.lower() in (".csv", ".tsv")


def _text(path: Path) -> str:
    try:
        if path.stat().st_size > MOST_BYTES:
            raise BrokenFile(f"{path} is larger than {MOST_BYTES:,} bytes.", hint="Split it.")
        data = path.read_bytes()
    except OSError as error:
        raise BrokenFile(f"{path} cannot be read: {error.strerror or error}.") from error
    try:
        return data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = data[: error.start].count(b"\n") + 1
        raise BrokenFile(
            f"{path} is not UTF-8 text (line {line}).", hint="Save it as UTF-8."
        ) from (error)


def _table(path: Path, text: str, delimiter: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    line = 1
    try:
        head = next(filter(None, reader), [])
        if len(head) == 1 and ";" in head[0]:
            raise BrokenFile(
                f"{path}, line 1: its columns are parted by semicolons.",
                hint="Save it with commas between them, or as .tsv with tabs.",
            )
        if len(set(head)) != len(head):
            raise BrokenFile(f"{path}, line 1: a column is named twice.", hint="Rename one.")
        line = reader.line_num + 1
        for values in reader:
            if values:
                if len(values) != len(head):
                    raise BrokenFile(
                        f"{path}, line {line}: {len(values)} values under {len(head)} columns.",
                        hint="Put texts that hold commas in double quotes.",
                    )
                yield line, dict(zip(head, values, strict=True))
            line = reader.line_num + 1
    except csv.Error as error:
        raise BrokenFile(f"{path}, line {line}: {error}.", hint="Mend that line.") from error


def _json_lines(path: Path, text: str) -> Iterator[Row]:
    # Not `splitlines`: JSON strings may hold what Unicode calls a line end.
    for line, content in enumerate(text.split("\n"), start=1):
        if not content.strip():
            continue
        try:
            row = json.loads(content)
        except json.JSONDecodeError as error:
            raise BrokenFile(
                f"{path}, line {line}, character {error.pos + 1}: not JSON: {error.msg}.",
                hint="Mend it.",
            ) from error
        except (ValueError, RecursionError) as error:
            raise BrokenFile(f"{path}, line {line}: not JSON: {error}.", hint="Mend it.") from error
        if not isinstance(row, dict):
            raise BrokenFile(
                f"{path}, line {line}: not a JSON object.", hint='Write {"prompt": "..."}.'
            )
        made = {str(name): _plain(value) for name, value in row.items()}
        try:
            "".join(made.values()).encode()
        except UnicodeEncodeError as error:
            raise BrokenFile(
                f"{path}, line {line}: half of a character (a lone surrogate).", hint="Mend it."
            ) from error
        yield line, made


def _plain(value: object) -> str:
    """A JSON value as text: an expected 4 is found in an answer as `4`, and null is nothing."""
    if value is None:
        return ""
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False)


def _cell(path: Path, line: int, row: dict[str, str], column: str) -> str:
    if column not in row:
        raise UsageError(
            f"{path}, line {1 if _is_table(path) else line}: there is no column {column!r}.",
            hint=did_you_mean(column, row) or f"There are: {_listed([*row])}.",
        )
    return row[column]


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:20]) or "none"
