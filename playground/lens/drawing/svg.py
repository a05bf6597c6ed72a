"""The lens as a picture: an answer's text, shaded, with legend and figures. SVG, no script."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from html import escape
from itertools import islice
from typing import Final

from playground.lens.drawing.drawn import Drawn
from playground.lens.shading import INKS, PALETTE, legend
from playground.sanitize import make_safe
from playground.spelling import NEWLINE, SPACE, reads_leftwards

__all__ = ["picture"]

_COLUMNS = 90
_WIDE = 8.4
_HIGH = 22
_MARGIN = 16
_MOST_LINES = 5
"""So many lines of a prompt are written."""

_FONT = "ui-monospace, 'DejaVu Sans Mono', 'Noto Sans Mono CJK JP', monospace"

_CODE: Final = re.compile("‹[^›]*›")
"""Written with others of its kind, and torn by no end of a line."""

_JOINER: Final = "\N{ZERO WIDTH JOINER}"


def picture(answers: Iterable[Drawn]) -> Iterator[str]:
    """One SVG with some answers, one below the other, in pieces."""
    body: list[str] = []
    row = 0
    for drawn in answers:
        who = drawn.ref if not drawn.scorer else f"{drawn.ref}, figures by {drawn.scorer}"
        for line in (f"{who}: {drawn.prompt}", *drawn.notes, *drawn.reading.lacks):
            for part in _wrapped(make_safe(line)):
                body.append(_words(row, 0, part, "#555555"))
                row += 1
        found, row = _text(drawn, row)
        body += found
        body.append(_legend(drawn, row))
        figures = ", ".join(f"{name} {value}" for name, value in drawn.reading.figures())
        body.append(_words(row + 1, 0, figures, "#555555"))
        row += 3
    width, height = _COLUMNS * _WIDE + 2 * _MARGIN, max(row - 1, 1) * _HIGH + 2 * _MARGIN
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="{escape(_FONT)}" font-size="14">\n'
        '<rect width="100%" height="100%" fill="#ffffff"/>\n'
    )
    for part in body:
        yield f"{part}\n"
    yield "</svg>\n"


def _text(drawn: Drawn, row: int) -> tuple[list[str], int]:
    """The tokens from a row on, wrapped, and the row after them."""
    found: list[str] = []
    line: list[tuple[str, int]] = []
    column = 0
    for shown in drawn.shown():
        step = shown.shade.step or 0
        for piece in shown.pieces:
            text = piece.text.replace(SPACE, " ") if piece.kind == "sign" else piece.text
            parts = _CODE.findall(text) if piece.kind in ("code", "bytes") else _runs(text)
            for part in parts:
                if column and column + _width(part) > _COLUMNS:
                    found += _line(row, line)
                    row, column, line = row + 1, 0, []
                line.append((part, step))
                column += _width(part)
                if piece.kind == "sign" and part == NEWLINE:
                    found += _line(row, line)
                    row, column, line = row + 1, 0, []
    return [*found, *_line(row, line)], row + (1 if column else 0)


def _line(row: int, parts: Sequence[tuple[str, int]]) -> Iterator[str]:
    """The parts of a row with their steps; those written from right to left together."""
    column, at = 0, 0
    while at < len(parts):
        end = at + 1
        if reads_leftwards(parts[at][0]):
            # Blanks between two such words are theirs.
            words = at
            while words < len(parts) and (
                parts[words][0] == " " or reads_leftwards(parts[words][0])
            ):
                words += 1
                end = words if reads_leftwards(parts[words - 1][0]) else end
            yield _leftwards(row, column, parts[at:end])
        else:
            yield _box(row, column, *parts[at])
        column += sum(_width(part) for part, _ in parts[at:end])
        at = end


def _leftwards(row: int, column: int, parts: Sequence[tuple[str, int]]) -> str:
    """Parts written from right to left, the first of them rightmost, as one text that joins."""
    right = column + sum(_width(part) for part, _ in parts)
    boxes, words, reached = "", "", right
    for part, step in parts:
        reached -= _width(part)
        boxes += _ground(row, reached, part, step)
        words += f'<tspan fill="{INKS[step]}">{escape(part)}</tspan>'
    return boxes + _written(row, right, words, (right - column) * _WIDE, 'direction="rtl" ')


def _box(row: int, column: int, text: str, step: int) -> str:
    box = _ground(row, column, text, step)
    return box if text == " " else box + _words(row, column, text, INKS[step])


def _ground(row: int, column: int, text: str, step: int) -> str:
    x, y, width = _MARGIN + column * _WIDE, _MARGIN + row * _HIGH, _width(text) * _WIDE
    return (
        f'<rect x="{x:.1f}" y="{y:.1f}" width="{width:.1f}" height="{_HIGH - 2}" '
        f'fill="{PALETTE[step]}" shape-rendering="crispEdges"/>'
    )


def _words(row: int, column: int, text: str, ink: str) -> str:
    # Whatever the font, letters that are laid out together take the room that is theirs.
    width = _width(text) * _WIDE if len(text) > 1 else 0
    return _written(row, column, escape(text), width, f'fill="{ink}" ')


def _written(row: int, column: int, words: str, width: float, how: str) -> str:
    """Escaped words that begin at a column, in `width` pixels if that is not 0."""
    x, y = _MARGIN + column * _WIDE, _MARGIN + row * _HIGH + 15
    held = f'textLength="{width:.1f}" lengthAdjust="spacingAndGlyphs" ' if width else ""
    # Without an isolate, letters written from right to left would be laid out from the other end.
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" {how}{held}xml:space="preserve" '
        f'style="unicode-bidi:isolate;white-space:pre">{words}</text>'
    )


def _legend(drawn: Drawn, row: int) -> str:
    name = drawn.called
    parts, column = [_words(row, 0, f"{name}:", "#555555")], len(name) + 2
    for step in legend(drawn.measure):
        text = f" {step.meaning} "
        parts.append(_box(row, column, text, step.number))
        column += len(text) + 1
    return "".join(parts)


def _runs(text: str) -> Iterator[str]:
    """Parts that can be laid out as one: words, and of scripts with wide characters each.

    Letters of one script stay together: some are written from right to left, or join.
    """
    run, wide = "", True
    for cell in _cells(text):
        alone = _width(cell) > 1 or cell == NEWLINE
        if run and (
            alone or wide or len(run) >= _COLUMNS // 2 or run[-1].isascii() != cell[0].isascii()
        ):
            yield run
            run = ""
        run, wide = run + cell, alone
    if run:
        yield run


def _cells(text: str) -> Iterator[str]:
    """Characters, each with the marks that stand on it and what is joined to it."""
    cell = ""
    for character in text:
        joined = character == _JOINER or cell.endswith(_JOINER)
        if cell and not joined and not unicodedata.category(character).startswith("M"):
            yield cell
            cell = ""
        cell += character
    if cell:
        yield cell


def _width(text: str) -> int:
    """Columns that a text takes: a character two at most, whatever is joined to it."""
    return sum(
        0
        if unicodedata.category(cell[0]).startswith("M") or cell[0] == _JOINER
        else 2
        if unicodedata.east_asian_width(cell[0]) in "WF"
        else 1
        for cell in _cells(text)
    )


def _wrapped(text: str) -> Iterator[str]:
    """A text in lines that fit, five at most."""
    lines = (part for line in text.split("\n") for part in _filled(line.expandtabs(4)))
    yield from islice(lines, _MOST_LINES)
    if next(lines, None) is not None:
        yield "…"


def _filled(line: str) -> Iterator[str]:
    """A line in parts of so many columns at most."""
    part, room = "", _COLUMNS
    for cell in _cells(line):
        wide = _width(cell)
        if wide > room:
            yield part
            part, room = "", _COLUMNS
        part, room = part + cell, room - wide
    yield part
