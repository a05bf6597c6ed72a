"""The lens as text: shaded on a terminal, a table of tokens in a pipe. Safe for a terminal."""

from __future__ import annotations

from collections.abc import Iterator

from playground.bars import percent
from playground.lens.candidates import Candidates
from playground.lens.chain import Chain
from playground.lens.drawing.drawn import Drawn, described
from playground.lens.shading import GLYPHS, legend, shades_of
from playground.lens.spelling import spell
from playground.sanitize import make_safe
from playground.spelling import NEWLINE, SPACE, spell_entry

__all__ = ["chain_lines", "lines"]

_SHADES = ("", "36", "94", "33", "1;4;33", "7")
"""How a terminal of sixteen colours shows each step: no two by red and green alone, the last two
without any colour too."""

_BAR = 24
"""Characters of a bar for a probability of 1."""


_DRAWN = 12
"""Characters of what a candidate was drawn with."""


def lines(drawn: Drawn, *, colours: bool) -> Iterator[str]:
    """One answer, line by line: its text or its tokens, its figures, its most surprising tokens."""
    if drawn.tokens:
        yield from _text(drawn) if colours else _table(drawn)
        yield ""
        yield ", ".join(f"{name} {value}" for name, value in drawn.reading.figures())
    for note in (*drawn.notes, *drawn.reading.lacks):
        yield make_safe(note)
    surprising = drawn.reading.surprising()
    if surprising:
        yield ""
        yield "The most surprising tokens:"
    for place in surprising:
        token = drawn.tokens[place]
        found = Candidates.of_token(token, drawn.most)
        said, *candidates = described(place, token, found, min(drawn.most, 3))
        yield f"  {said}"
        yield from (f"    {line}" for line in candidates)


def chain_lines(
    drawn: Drawn, place: int, found: Candidates, chain: Chain | None, vocabulary: tuple[bytes, ...]
) -> Iterator[str]:
    """One token of an answer: its candidates as bars and, where it is known, the chain's stages."""
    token = drawn.tokens[place]
    yield from described(place, token, found, 0)
    if found.effective is not None:
        yield f"effective vocabulary {found.effective:,}: so many tokens share 95%"
    yield ""
    drew = any(row.drawn is not None for row in found.rows)
    if found.rows:
        yield f"{'rank':>8} {'model':>7}" + (f"{'drawn from':>{_DRAWN}}" if drew else "")
    for number, row in enumerate(found.rows):
        if number >= drawn.most and not row.chosen:
            continue
        mark = ">" if row.chosen else " "
        share = "?" if row.drawn is None else "cut" if row.cut else percent(row.drawn)
        drawn_from = f"{share:>{_DRAWN}}" if drew else ""
        rank = "" if row.rank is None else f"{row.rank:,}"
        bar = "█" * round(row.probability * _BAR)
        said = f"{mark}{rank:>7} {percent(row.probability):>7}{drawn_from}  {bar:<{_BAR}}"
        yield f"{said}  {row.spelling}"
    yield f"  the rest {percent(found.rest)}"
    if chain is None:
        return
    yield ""
    yield "stage          left      mass  cut"
    yield f"{'raw':<12}{len(chain.raw):>7,}"
    for stage in chain.stages:
        cut = ", ".join(f"{_name(item.token_id, vocabulary)} {percent(item.probability)}"
                        for item in stage.cut(3))  # fmt: skip
        more = (stage.number_cut or 0) - 3
        if more > 0:
            cut += f" and {more:,} more"
        left = "?" if stage.survivors is None else f"{stage.survivors:,}"
        mass = "?" if stage.mass is None else percent(stage.mass)
        said = f"{stage.name:<12}{left:>7}  {mass:>8}  {cut}".rstrip()
        about = f"  ({stage.reason or stage.setting})" if stage.reason or stage.setting else ""
        yield f"{said}{about}"
    if not chain.computed and found.survivors is not None:
        yield f"{'drawn from':<12}{found.survivors:>7,}"


def _name(token: int, vocabulary: tuple[bytes, ...]) -> str:
    return spell_entry(token, vocabulary[token] if token < len(vocabulary) else b"")


def _text(drawn: Drawn) -> Iterator[str]:
    """The text in colours, with a legend."""
    line = ""
    for shown in drawn.shown():
        style = _SHADES[shown.shade.step] if shown.shade.step is not None else "2"
        for piece in shown.pieces:
            # A blank shows by its colour's underline or not at all: it is a blank.
            text = piece.text.replace(SPACE, " ") if piece.kind == "sign" else piece.text
            line += f"\x1b[{style}m{text}\x1b[0m" if style else text
            ends = text.count(NEWLINE) if piece.kind == "sign" else 0
            if ends:
                yield line
                yield from [""] * (ends - 1)
                line = ""
    if line:
        yield line
    steps = "  ".join(
        f"\x1b[{style}m{step.meaning}\x1b[0m" if style else step.meaning
        for step, style in zip(legend(drawn.measure), _SHADES, strict=True)
    )
    yield ""
    yield f"{drawn.called}: {steps}"


def _table(drawn: Drawn) -> Iterator[str]:
    """A token a line, its spelling last (it may be written from right to left), and a legend."""
    yield "token    probability      rank  entropy  text"
    shades = shades_of(drawn.measure, drawn.tokens)
    for place, (token, shade) in enumerate(zip(drawn.tokens, shades, strict=True)):
        found = Candidates.of_token(token, 1)
        chosen = found.chosen
        glyph = " " if shade.step is None else GLYPHS[shade.step]
        probability = "" if chosen is None else percent(chosen.probability)
        rank = "" if chosen is None or chosen.rank is None else f"{chosen.rank:,}"
        entropy = "" if token.entropy is None else f"{token.entropy:z.3f}"
        yield f"{place + 1:>5} {glyph} {probability:>11} {rank:>9} {entropy:>8}  {spell(token)}"
    steps = zip(GLYPHS, legend(drawn.measure), strict=True)
    yield ""
    yield f"{drawn.called}: " + "  ".join(f"{glyph} {step.meaning}" for glyph, step in steps)
