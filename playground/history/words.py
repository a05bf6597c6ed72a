"""What the full-text index sees of a text, and what it is asked.

SQLite's tokenizer takes a run of Japanese or Chinese for one word, so that nothing inside it would
be found. Each such character becomes a word of its own here, and a query of several becomes a
phrase: a search by any part of the text, of any length. Other scripts are searched by the
beginnings of their words.
"""

from __future__ import annotations

import re
import unicodedata

_ALONE = (
    "\u0e00-\u0eff"  # Thai, Lao
    "\u1000-\u109f\u1780-\u17ff"  # Myanmar, Khmer
    "\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff"  # kana, Bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uac00-\ud7af"  # ideographs, Hangul
    "\U00020000-\U0003ffff"  # rarer ideographs
)
"""Scripts that are written without spaces, or (Hangul) whose words are searched by their parts."""

_CHARACTER = re.compile(f"[{_ALONE}]")
_PIECE = re.compile(f"[{_ALONE}]+|[^\\W{_ALONE}_]+")
_QUOTED = re.compile(r'"([^"]*)"|(\S+)')

MOST_INDEXED = 1_000_000
"""Characters of one text that are indexed; the rest of a longer one is kept and not found."""


def indexed(text: str) -> str:
    """A text as it goes into the index."""
    return _CHARACTER.sub(r" \g<0> ", _normal(text[:MOST_INDEXED]).replace("\0", " "))


def asked(query: str) -> str:
    """A user's query in FTS5's language; empty if there is no word in it.

    All words must be there; words in double quotes must follow each other. Nothing of the query is
    read as an operator.
    """
    terms: list[str] = []
    for quoted, plain in _QUOTED.findall(_normal(query)):
        pieces = _PIECE.findall(quoted or plain)
        if not pieces:
            continue
        words = [word for piece in pieces for word in _words(piece)]
        phrase = f'"{" ".join(words)}"'
        ends_open = not quoted and not _CHARACTER.match(pieces[-1])
        terms.append(f"{phrase}*" if ends_open else phrase)
    return " ".join(terms)


def pieces_of(query: str) -> list[str]:
    """The texts to look for when a snippet is cut, in lower case."""
    found = []
    for quoted, plain in _QUOTED.findall(_normal(query)):
        found += [quoted.strip()] if quoted.strip() else _PIECE.findall(plain)
    return [piece.casefold() for piece in found]


def snippet(text: str, query: str, length: int = 100) -> str:
    """The place in a text where the query is first found, on one line; else its beginning."""
    line = " ".join(text.split())
    # Only where lower case keeps the length can a place in one be a place in the other.
    low = line.casefold() if len(line.casefold()) == len(line) else line
    places = [place for piece in pieces_of(query) if (place := low.find(piece)) >= 0]
    start = max(0, min(places, default=0) - length // 3)
    cut = line[start : start + length]
    return f"{'…' if start else ''}{cut}{'…' if start + length < len(line) else ''}"


def _words(piece: str) -> list[str]:
    return list(piece) if _CHARACTER.match(piece) else [piece]


def _normal(text: str) -> str:
    """Compatibility forms as one: full-width letters and half-width kana are found too."""
    return unicodedata.normalize("NFKC", text)
