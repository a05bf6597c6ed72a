"""Writes answers under the lens to standard output, in one of the forms."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from playground.cli.output import emit, say_json
from playground.lens.drawing.drawn import Drawn
from playground.sanitize import make_safe

__all__ = ["emit_answers"]


def emit_answers(
    answers: Sequence[Drawn], form: Literal["text", "json", "html", "svg"], *, colours: bool
) -> None:
    """Write the answers; as JSON one line each, in the other forms one document."""
    match form:
        case "json":
            from playground.lens.drawing.json import as_data

            for drawn in answers:
                say_json(as_data(drawn))
        case "html":
            from playground.lens.drawing.html import page

            for piece in page(answers):
                emit(piece)
        case "svg":
            from playground.lens.drawing.svg import picture

            for piece in picture(answers):
                emit(piece)
        case "text":
            from playground.lens.drawing.text import lines

            for place, drawn in enumerate(answers):
                if len(answers) > 1 or drawn.scorer:
                    who = f"{drawn.ref}, figures by {drawn.scorer}" if drawn.scorer else drawn.ref
                    emit(f"{chr(10) if place else ''}=== {make_safe(who)} ===\n")
                for line in lines(drawn, colours=colours):
                    emit(f"{line}\n")
