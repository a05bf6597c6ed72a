"""The lens as HTML: a part of a page for notebooks, and a page of its own. No script, all escaped.

What a token says is data: it is spelled, so that nothing in it is a control character, and then
escaped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape

from playground.bars import Bar, bars_html, percent
from playground.lens.candidates import Candidates
from playground.lens.drawing.drawn import Drawn, Shown, described
from playground.lens.reading import Reading
from playground.lens.shading import INKS, PALETTE, Measure, legend
from playground.lens.spelling import spell
from playground.lens.tokens import Tokens
from playground.sanitize import make_safe
from playground.spelling import NEWLINE, SPACE

__all__ = ["candidates_html", "page", "tokens_html"]

_POLICY = "default-src 'none'; style-src 'unsafe-inline'"

_STYLE = """
body { font: 16px/1.5 system-ui, sans-serif; margin: 2rem auto; padding: 0 1rem; max-width: 60rem;
  background: #ffffff; color: #000000; }
h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; overflow-wrap: anywhere; }
.prompt { border-left: 4px solid; padding: .25rem 1rem; white-space: pre-wrap;
  overflow-wrap: anywhere; }
.quiet { color: #555555; }
"""


def tokens_html(tokens: Tokens, measure: Measure = "probability") -> str:
    """An answer's text, shaded, with its figures; for notebooks."""
    return _part(Drawn("", "", Reading.of(tokens), measure))


def candidates_html(found: Candidates, caption: str, most: int = 10) -> str:
    """The candidates at a token as bars, the chosen one marked and the rest in one row."""
    bars = [
        Bar(
            row.spelling,
            row.probability,
            _note(row.rank, cut=row.cut, chosen=row.chosen),
            marked=row.chosen,
            faded=bool(row.cut),
        )
        for place, row in enumerate(found.rows)
        if place < most or row.chosen
    ]
    rest = 1.0 - sum(bar.share for bar in bars)
    if rest > 1e-9:
        bars.append(Bar("all others", rest, faded=True))
    return bars_html(bars, caption)


def page(answers: Iterable[Drawn]) -> Iterator[str]:
    """A page of its own with some answers, in pieces; nothing is fetched."""
    yield (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<meta name="generator" content="chat-playground">\n'
        f"<title>Through the lens</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n"
        "<h1>Through the lens</h1>\n"
    )
    said = None
    for drawn in answers:
        if drawn.prompt != said:
            said = drawn.prompt
            yield f'<div class="prompt" dir="auto">{escape(make_safe(said))}</div>\n'
        who = make_safe(drawn.ref)
        if drawn.scorer:
            who += f", figures by {make_safe(drawn.scorer)}"
        yield f"<section>\n<h2>{escape(who)}</h2>\n{_part(drawn)}\n"
        for note in (*drawn.notes, *drawn.reading.lacks):
            yield f'<p class="quiet">{escape(make_safe(note))}</p>\n'
        yield from _surprises(drawn)
        yield "</section>\n"
    yield "</body>\n</html>\n"


def _part(drawn: Drawn) -> str:
    """Text, legend and figures; styled inline, because a notebook has its own style sheet."""
    figures = ", ".join(f"{name} {value}" for name, value in drawn.reading.figures())
    steps = "".join(
        f'<span style="{_colours(step.number)};padding:0 0.4em">{escape(step.meaning)}</span>'
        for step in legend(drawn.measure)
    )
    text = "".join(_group(drawn, shown) for shown in drawn.shown())
    return (
        # Tokens are laid out together: an Arabic word may be of several, and its letters join.
        '<div style="font-family:ui-monospace,monospace;line-height:1.7;white-space:pre-wrap;'
        "unicode-bidi:plaintext;"
        f'overflow-wrap:anywhere;background:#ffffff;color:#000000;padding:0.5em">{text}</div>'
        f'<div style="font-size:85%">{escape(drawn.called)}: {steps}</div>'
        f'<div style="font-size:85%">{escape(figures)}</div>'
    )


def _group(drawn: Drawn, shown: Shown) -> str:
    tips = [
        "\n".join(described(place, token, Candidates.of_token(token, drawn.most)))
        for place in range(shown.first, shown.last + 1)
        for token in (drawn.tokens[place],)
    ]
    inner = "".join(_piece(piece.text, piece.kind) for piece in shown.pieces)
    lines = sum(piece.text.count(NEWLINE) for piece in shown.pieces if piece.kind == "sign")
    style = _colours(shown.shade.step) if shown.shade.step is not None else "outline:1px dotted"
    tip = escape("\n\n".join(tips))
    # The line ends that the token has, after its signs for them.
    return f'<span title="{tip}" style="{style}">{inner}</span>{"<br>" * lines}'


def _piece(text: str, kind: str) -> str:
    if kind == "text":
        return escape(text)
    # A blank shows by the shade behind it; other signs are written.
    if kind == "sign":
        return f'<span style="opacity:0.6">{escape(text.replace(SPACE, " "))}</span>'
    # What is written in place of characters has a direction of its own.
    return f'<bdi style="opacity:0.6">{escape(text)}</bdi>'


def _colours(step: int | None) -> str:
    place = step or 0
    return f"background:{PALETTE[place]};color:{INKS[place]}"


def _surprises(drawn: Drawn) -> Iterator[str]:
    places = drawn.reading.surprising()
    if not places:
        return
    yield '<h2>The most surprising tokens</h2>\n<div style="display:grid;gap:1rem">\n'
    for place in places:
        token = drawn.tokens[place]
        found = Candidates.of_token(token, drawn.most)
        chosen = found.chosen
        share = "" if chosen is None else f" at {percent(chosen.probability)}"
        yield candidates_html(found, f"token {place + 1}: {spell(token)}{share}", drawn.most) + "\n"
    yield "</div>\n"


def _note(rank: int | None, *, cut: bool | None, chosen: bool) -> str:
    words = ["" if rank is None else f"#{rank:,}"]
    if chosen:
        words.append("chosen")
    if cut:
        words.append("cut by the sampler chain")
    return " ".join(word for word in words if word)
