"""`playground sweep export`: the cells of a sweep, or its answers, as data."""

from __future__ import annotations

import sys
from pathlib import Path
from tempfile import TemporaryFile
from typing import Literal

from playground.cli.files import write_new, write_text
from playground.cli.output import emit_bytes, is_terminal, note, say
from playground.errors import UsageError
from playground.history import History
from playground.sweep.exporting import csv_pieces, json_pieces, write_parquet
from playground.sweep.result import SweepResult

Form = Literal["csv", "jsonl", "parquet"]

STDOUT = Path("-")


def export_sweep(name: str, targets: dict[Form, Path], *, samples: bool, force: bool) -> None:
    """Write a sweep's cells, or its answers, to each of these files."""
    if not targets:
        raise UsageError(
            "Nothing says where to.", hint="Give --csv, --jsonl or --parquet with a file, or - ."
        )
    if len([path for path in targets.values() if path == STDOUT]) > 1:
        raise UsageError("Only one of them can go to standard output.")
    with History.open() as history:
        result = SweepResult.load(history, name)
        for form, path in targets.items():
            _export(result, form, path, samples=samples, force=force)


def _export(result: SweepResult, form: Form, path: Path, *, samples: bool, force: bool) -> None:
    if form == "parquet":
        if path != STDOUT:
            write_new(path, lambda file: write_parquet(result, file, samples=samples), force=force)
        elif is_terminal(sys.stdout):
            raise UsageError("Parquet is nothing to look at.", hint="Name a file, or use a pipe.")
        else:
            # Its writer wants to know where it is in the file, and a pipe does not.
            with TemporaryFile() as file:
                write_parquet(result, file, samples=samples)
                file.seek(0)
                emit_bytes(iter(lambda: file.read(1 << 16), b""))
    else:
        pieces = csv_pieces if form == "csv" else json_pieces
        if path == STDOUT:
            for piece in pieces(result, samples=samples):
                say(piece, end="")
        else:
            write_text(path, pieces(result, samples=samples), force=force)
    if path != STDOUT:
        note(f"Written to {path}.")
