"""What differs between two texts, word by word, and where two sequences of tokens part."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final, Generic, Literal, NamedTuple, Self, TypeVar

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

_RUN: Final = 3
"""Pieces in a row that mark a place in a text if they occur once."""

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

_PLAIN_WORD: Final = re.compile(r"\w+(?:(?:'(?=\w)|(?<=\d)[.,](?=\d))\w+)*", re.ASCII)
"""The same in a text of ASCII alone, read as it is: in a third of the time."""


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
    if text.isascii():
        return _PLAIN_WORD.findall(text)
    return [text[start:end] for start, end in _spans(text, _WORD)]


def word_difference(left: str, right: str) -> list[Segment]:
    """What differs between two texts, in order; nothing is lost.

    The left texts of all segments, joined, are the left text, and so for the right. It keeps the
    longest common subsequence of pieces (rapidfuzz's `Indel.opcodes`), in which blanks do not
    count: two sentences have their blanks in common whatever they say. Texts too long for one
    table are cut where they surely agree.
    """
    return list(_merged(_segments(_Side.of(left), _Side.of(right))))


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


class _Side(NamedTuple):
    """One text: its pieces without blanks, the blank before each, and the one after the last."""

    items: list[str]
    gaps: list[str]

    @classmethod
    def of(cls, text: str) -> Self:
        """The text, cut."""
        items, gaps, gap = [], [], ""
        for piece in pieces(text):
            if _is_blank(piece):
                gap += piece
            else:
                items.append(piece)
                gaps.append(gap)
                gap = ""
        return cls(items, [*gaps, gap])

    def text(self, start: int, end: int) -> str:
        """Some pieces, each with the blank before it."""
        parts = zip(self.gaps[start:end], self.items[start:end], strict=True)
        return "".join(text for part in parts for text in part)


def _segments(left: _Side, right: _Side) -> Iterator[Segment]:
    """The segments of two texts, not merged yet; some are empty."""
    whole = (len(left.items), len(right.items))
    fits = whole[0] * whole[1] <= MOST_COMPARED
    start = other_start = 0
    for end, other_end in [*([] if fits else _anchors(left.items, right.items)), whole]:
        stretch, other = slice(start, end), slice(other_start, other_end)
        if (end - start) * (other_end - other_start) <= MOST_COMPARED:
            blocks = _blocks(left.items[stretch], right.items[other])
            for same, (at, until), (other_at, other_until) in blocks:
                block, beside = (
                    (start + at, start + until),
                    (
                        other_start + other_at,
                        other_start + other_until,
                    ),
                )
                if same:
                    yield from _kept(left, right, block, beside)
                else:
                    yield from _changed(left, right, block, beside)
        else:
            yield _differing(left.text(start, end), right.text(other_start, other_end))
        # The anchor itself begins the next stretch, and is the same on both sides.
        start, other_start = end, other_end
    yield _differing(left.gaps[-1], right.gaps[-1])


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


_Range = tuple[int, int]


def _blocks(left: Sequence[str], right: Sequence[str]) -> Iterator[tuple[bool, _Range, _Range]]:
    """The pieces that are the same and those that are not, in turn, with their places."""
    from rapidfuzz.distance import Indel

    # As numbers: it compares items by their hashes, and those of numbers are the numbers.
    numbers: dict[str, int] = {}
    coded = [[numbers.setdefault(item, len(numbers)) for item in side] for side in (left, right)]
    at = other_at = 0
    for code in Indel.opcodes(*coded):
        if code.tag != "equal":
            continue
        if (code.src_start, code.dest_start) != (at, other_at):
            yield False, (at, code.src_start), (other_at, code.dest_start)
        yield True, (code.src_start, code.src_end), (code.dest_start, code.dest_end)
        at, other_at = code.src_end, code.dest_end
    if (at, other_at) != (len(left), len(right)):
        yield False, (at, len(left)), (other_at, len(right))


def _kept(left: _Side, right: _Side, block: _Range, beside: _Range) -> Iterator[Segment]:
    """Pieces that are the same; the blanks between them may not be."""
    run: list[str] = []
    for at, other in zip(range(*block), range(*beside), strict=True):
        if left.gaps[at] == right.gaps[other]:
            run.append(left.gaps[at])
        else:
            yield _differing("".join(run), "".join(run))
            yield _differing(left.gaps[at], right.gaps[other])
            run = []
        run.append(left.items[at])
    yield _differing("".join(run), "".join(run))


def _changed(left: _Side, right: _Side, block: _Range, beside: _Range) -> Iterator[Segment]:
    """Pieces that are not the same; a blank that stands before both is."""
    one, other = left.text(*block), right.text(*beside)
    gap = left.gaps[block[0]]
    if one and other and gap == right.gaps[beside[0]]:
        yield _differing(gap, gap)
        one, other = one.removeprefix(gap), other.removeprefix(gap)
    yield _differing(one, other)


def _merged(segments: Iterator[Segment]) -> Iterator[Segment]:
    """Neighbours of one sort as one."""
    held: Segment | None = None
    for segment in segments:
        if not (segment.left or segment.right):
            continue
        if held is None:
            held = segment
        elif (held.kind == "same") == (segment.kind == "same"):
            held = _differing(held.left + segment.left, held.right + segment.right)
        else:
            yield held
            held = segment
    if held is not None:
        yield held


def _is_blank(text: str) -> bool:
    """Whether there are only spaces: a line end counts as a piece, so that lines stay together."""
    return text.isspace() and text[0] not in "\r\n"


def _differing(left: str, right: str) -> Segment:
    if left == right:
        return Segment("same", left, right)
    if not left:
        return Segment("added", left, right)
    return Segment("changed" if right else "removed", left, right)
