"""What is drawn of one answer, whatever it is drawn as."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from playground.bars import percent
from playground.lens.candidates import Candidates
from playground.lens.reading import Reading
from playground.lens.shading import Measure, Shade, called, shade_of, shades_of
from playground.lens.spelling import Piece, pieces_of, spell
from playground.lens.tokens import Tokens
from playground.spelling import pieces as spelled_pieces
from playground.types import Plan, Token

__all__ = ["Drawn", "Shown", "described"]


@dataclass(frozen=True)
class Drawn:
    """One answer under the lens.

    `ref` is who wrote it, `scorer` who gave the figures where that is another model; `notes` are
    sentences about it for people. `most` candidates are listed of a token.
    """

    ref: str
    prompt: str
    reading: Reading
    measure: Measure = "probability"
    scorer: str = ""
    plan: Plan | None = None
    notes: tuple[str, ...] = ()
    most: int = 10

    @property
    def tokens(self) -> Tokens:
        """Its tokens."""
        return self.reading.tokens

    @property
    def called(self) -> str:
        """What its shades show: the measure, or the least that it can be."""
        return called(self.measure, shades_of(self.measure, self.tokens))

    def shown(self) -> list[Shown]:
        """What to draw in place of the text: each group of tokens once, with its shade."""
        tokens, found = self.tokens, []
        for group in self.reading.groups:
            several = group.last > group.first
            # Of tokens that share a character the least expected gives the colour.
            shades = [
                shade_of(self.measure, tokens[at]) for at in range(group.first, group.last + 1)
            ]
            shade = max(shades, key=lambda item: -1 if item.step is None else item.step)
            text = self.reading.text[group.start : group.end] if several else ""
            if text and "\N{REPLACEMENT CHARACTER}" not in text:
                pieces: Sequence[Piece] = spelled_pieces(text.encode())
            else:
                pieces = [
                    piece
                    for at in range(group.first, group.last + 1)
                    for piece in pieces_of(tokens[at])
                ]
            found.append(Shown(group.first, group.last, tuple(pieces), shade))
        return found


@dataclass(frozen=True, slots=True)
class Shown:
    """A group of tokens (`first` to `last`, both included) as it is drawn."""

    first: int
    last: int
    pieces: tuple[Piece, ...]
    shade: Shade


def described(place: int, token: Token, found: Candidates, most: int = 5) -> list[str]:
    """A token and its candidates in a few lines of plain text."""
    head = [f"token {place + 1}  {spell(token)}"]
    if (chosen := found.chosen) is not None:
        rank = "rank not known" if chosen.rank is None else f"rank {chosen.rank:,}"
        head.append(f"{percent(chosen.probability)}, {rank}")
    if found.entropy_text:
        head.append(f"entropy {found.entropy_text}")
    lines = ["  ".join(head)]
    for row in found.rows[:most]:
        cut = "  cut" if row.cut else ""
        lines.append(f"{percent(row.probability):>7}  {row.spelling}{cut}")
    return lines
