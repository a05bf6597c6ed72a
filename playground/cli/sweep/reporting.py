"""`playground sweep report`: a page for the browser, and pictures for documents."""

from __future__ import annotations

import io
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from playground.cli.files import write_new, write_text
from playground.cli.output import emit_bytes, is_terminal, note, say
from playground.cli.sweep.showing import SHOWN
from playground.errors import UsageError
from playground.history import History
from playground.sweep.report import draw, pieces
from playground.sweep.report.content import Content
from playground.sweep.report.pictures import Form
from playground.sweep.result import SweepResult

STDOUT = Path("-")


def report_sweep(
    name: str,
    *,
    html: str | None,
    pictures: dict[Form, str],
    metric: str,
    over: Sequence[str],
    force: bool,
) -> None:
    """Write the page of a sweep, or pictures; a name that is empty is made from the sweep's."""
    if not pictures and (metric or over):
        raise UsageError(
            "--metric and --over say what is in a picture; the page has everything.",
            hint="Give --png or --svg.",
        )
    if [*pictures.values(), html].count(str(STDOUT)) > 1:
        raise UsageError("Only one of them can go to standard output.")
    with History.open() as history:
        result = SweepResult.load(history, name)
        if not result.cells:
            raise UsageError(
                f"No cell of {result.id} has ended yet.",
                hint=f"playground sweep --resume {result.id}",
            )
        if html is not None or not pictures:
            _page(result, _place(html or "", result, "html"), force=force)
        usual = next((name for name in (*SHOWN, *result.metrics) if name in result.metrics), "")
        for form, said in pictures.items():
            path = _place(said, result, form)
            _picture(result, form, path, metric=metric or usual, over=over, force=force)


def _place(said: str, result: SweepResult, suffix: str) -> Path:
    return Path(said or f"sweep-{result.id}.{suffix}")


def _page(result: SweepResult, path: Path, *, force: bool) -> None:
    content = Content.of(result)
    made = pieces(result, content)
    if path == STDOUT:
        for piece in made:
            say(piece, end="")
    else:
        write_text(path, made, force=force)
        note(f"Written to {path}.")
    for line in content.head["left_out"]:
        note(f"Not on the page: {line}. `playground sweep export` has everything.")


def _picture(
    result: SweepResult, form: Form, path: Path, *, metric: str, over: Sequence[str], force: bool
) -> None:
    notes: Iterable[str]
    if path == STDOUT:
        if is_terminal(sys.stdout):
            raise UsageError("A picture is nothing for a terminal.", hint="Name a file, or a pipe.")
        drawn = io.BytesIO()
        notes = draw(result, drawn, metric=metric, over=over, form=form)
        emit_bytes([drawn.getvalue()])
    else:
        found: list[str] = []
        write_new(
            path,
            lambda file: found.extend(draw(result, file, metric=metric, over=over, form=form)),
            force=force,
        )
        notes = found
        note(f"Written to {path}.")
    for line in notes:
        note(f"In the picture: {line}.")
