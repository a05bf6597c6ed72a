"""What differs between two texts, word by word, and where two sequences of tokens part."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, Generic, Literal, NamedTuple, TypeVar

__all__ = [
    "Parting",
    "Segment",
    "SegmentKind",
    "first_parting",
    "pieces",
    "word_difference",
    "words",
]

SegmentKind = Literal["same", "removed", "added", "changed"]

_Item = TypeVar("_Item")

MOST_COMPARED: Final = 800_000_000
"""Pairs of pieces (left × right) that are compared in one go: the table takes a bit for each."""

_RUN: Final = 5
"""Pieces in a row, three words or so, that mark a place in a text if they occur once."""

_ALONE: Final = re.compile(
    "[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"  # Thai, Lao, Myanmar, Khmer
    "\u3005-\u3007\u3040-\u30ff\u3100-\u312f\u31f0-\u31ff\uff66-\uff9f"  # kana, Bopomofo
    "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]"  # ideographs
)
"""Scripts that are written without spaces: each of their characters stands for itself."""


class _Classes(dict[int, str]):
    """The class of each character, found out once: see `_PIECE`."""

    def __missing__(self, code: int) -> str:
        found = _class_of(chr(code))
        self[code] = found
        return found


def _class_of(character: str) -> str:
    category = unicodedata.category(character)
    if character in "\r\n":
        return "r" if character == "\r" else "n"
    if character in "'’":
        return "a"
    if character in ".,":
        return "i"
    if character == "\u200d":
        return "j"
    if "\U0001f1e6" <= character <= "\U0001f1ff":
        return "f"
    # Marks belong to what is before them, and so do the skin colours of emoji.
    if category[0] == "M" or "\U0001f3fb" <= character <= "\U0001f3ff":
        return "m"
    if character.isspace():
        return "s"
    if category[0] in "LN" or category == "Pc":
        if _ALONE.match(character):
            return "c"
        return "d" if category == "Nd" else "w"
    return "p"


_CLASSES: Final = _Classes()

_A_WORD: Final = r"[wd][wdmj]*(?:(?:a(?=[wd])|(?<=d)i(?=d))[wd][wdmj]*)*"  # don't, 3.14, a_name
_PIECE: Final = re.compile(
    r"rn|r|n"  # one line end
    r"|s+"
    rf"|{_A_WORD}"
    r"|ffm*"  # a flag
    r"|pm*(?:jpm*)*"  # a sign, or several emoji joined into one
    r"|.m*"  # any other character, with its marks
)
"""Pieces of a text, in the letters that stand for the classes of its characters."""

_WORD: Final = re.compile(rf"{_A_WORD}|cm*")


class Segment(NamedTuple):
    """A part of both texts: `left` in the one is `right` in the other.

    The two are equal where nothing differs, `right` is empty where something was removed, `left`
    where something was added.
    """

    kind: SegmentKind
    left: str
    right: str


class Parting(NamedTuple, Generic[_Item]):
    """Where two sequences part: the first place (from 0) at which they differ.

    None stands for the side that had ended there.
    """

    at: int
    left: _Item | None
    right: _Item | None


def pieces(text: str) -> list[str]:
    """A text cut into words, runs of blanks, line ends, and single other characters.

    Joined they are the text again. Scripts without spaces are cut between characters; marks and
    the parts of an emoji stay with their character.
    """
    return [text[start:end] for start, end in _spans(text, _PIECE)]


def words(text: str) -> list[str]:
    """The words of a text, without blanks and punctuation.

    In scripts without spaces, each character counts as one.
    """
    return [text[start:end] for start, end in _spans(text, _WORD)]


def word_difference(left: str, right: str) -> list[Segment]:
    """What differs between two texts, in order; nothing is lost.

    The left texts of all segments, joined, are the left text, and so for the right. It keeps the
    longest common subsequence of pieces (rapidfuzz's `Indel.opcodes`). Blanks between two
    differences belong to them: kept alone between words that all changed, they would cut a new
    sentence into confetti. Texts too long for one table are cut where they surely agree.
    """
    return list(_merged(_segments(pieces(left), pieces(right))))


def first_parting(left: Sequence[_Item], right: Sequence[_Item]) -> Parting[_Item] | None:
    """Where two sequences (of tokens, say) part first; None where they are equal."""
    for at, (one, other) in enumerate(zip(left, right, strict=False)):
        if one != other:
            return Parting(at, one, other)
    if len(left) == len(right):
        return None
    at = min(len(left), len(right))
    return Parting(at, left[at] if at < len(left) else None, right[at] if at < len(right) else None)


def _spans(text: str, sort: re.Pattern[str]) -> Iterator[tuple[int, int]]:
    return (match.span() for match in sort.finditer(text.translate(_CLASSES)))


def _segments(left: Sequence[str], right: Sequence[str]) -> Iterator[Segment]:
    """The segments of two sequences of pieces, not merged yet."""
    if len(left) * len(right) <= MOST_COMPARED:
        yield from _compared(left, right)
        return
    start = other_start = 0
    for end, other_end in [*_anchors(left, right), (len(left), len(right))]:
        here, there = left[start:end], right[other_start:other_end]
        if len(here) * len(there) <= MOST_COMPARED:
            yield from _compared(here, there)
        else:
            yield _differing("".join(here), "".join(there))
        # The anchor itself begins the next stretch, and is the same on both sides.
        start, other_start = end, other_end


def _anchors(left: Sequence[str], right: Sequence[str]) -> list[tuple[int, int]]:
    """Places in both sequences that must be the same one, in order.

    They are those of runs of `_RUN` pieces that occur once on each side, and of them the longest
    sequence that ascends on both: the patience diff of Bram Cohen, by runs instead of lines.
    """
    places, others = _single_runs(left), _single_runs(right)
    shared = [(at, others[run]) for run, at in places.items() if run in others]
    tails: list[int] = []
    ends: list[int] = []
    before: list[int] = []
    for number, (_, place) in enumerate(shared):
        length = bisect_left(tails, place)
        before.append(ends[length - 1] if length else -1)
        tails[length : length + 1] = [place]
        ends[length : length + 1] = [number]
    found = []
    at = ends[-1] if ends else -1
    while at >= 0:
        found.append(shared[at])
        at = before[at]
    return found[::-1]


def _single_runs(items: Sequence[str]) -> dict[tuple[str, ...], int]:
    """The place of each run of pieces that occurs once, in order."""
    runs = list(zip(*(items[shift:] for shift in range(_RUN)), strict=False))
    times = Counter(runs)
    return {run: at for at, run in enumerate(runs) if times[run] == 1}


def _compared(left: Sequence[str], right: Sequence[str]) -> Iterator[Segment]:
    for kind, (start, end), (other_start, other_end) in _opcodes(left, right):
        one, other = "".join(left[start:end]), "".join(right[other_start:other_end])
        yield Segment("same", one, other) if kind == "equal" else _differing(one, other)


def _opcodes(
    left: Sequence[str], right: Sequence[str]
) -> Iterator[tuple[str, tuple[int, int], tuple[int, int]]]:
    from rapidfuzz.distance import Indel

    # As numbers: it compares items by their hashes, and those of numbers are the numbers.
    numbers: dict[str, int] = {}
    coded = [[numbers.setdefault(item, len(numbers)) for item in side] for side in (left, right)]
    for code in Indel.opcodes(*coded):
        yield (
            code.tag,
            (code.src_start, code.src_end),
            (code.dest_start, code.dest_end),
        )


def _merged(segments: Iterator[Segment]) -> Iterator[Segment]:
    """Neighbours of one sort as one, and blanks between two differences as part of them."""
    held: Segment | None = None
    blank: Segment | None = None
    for segment in segments:
        if held is None:
            held = segment
            continue
        same = segment.kind == "same"
        if blank is not None:
            if same:
                blank = Segment("same", blank.left + segment.left, blank.right + segment.right)
                if not _is_blank(blank.left):
                    yield held
                    held, blank = blank, None
            else:
                held = _differing(
                    held.left + blank.left + segment.left, held.right + blank.right + segment.right
                )
                blank = None
        elif held.kind != "same" and same and _is_blank(segment.left):
            blank = segment
        elif (held.kind == "same") == same:
            both = (held.left + segment.left, held.right + segment.right)
            held = Segment("same", *both) if same else _differing(*both)
        else:
            yield held
            held = segment
    if held is not None:
        yield held
    if blank is not None:
        yield blank


def _is_blank(text: str) -> bool:
    """Whether there are only spaces: a line end is worth keeping as an anchor."""
    return text.isspace() and "\n" not in text


def _differing(left: str, right: str) -> Segment:
    if left == right:
        return Segment("same", left, right)
    if not left:
        return Segment("added", left, right)
    return Segment("changed" if right else "removed", left, right)
