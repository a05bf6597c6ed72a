"""Two models on one text: how each rates it, where its tokens lie side by side, and how far apart.

Tokenizers differ, so that texts are laid beside each other by characters. Distributions are
compared whole where both models tell them over the same vocabulary, otherwise by the texts of the
likeliest tokens, which gives a lower bound and is labelled so.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

from playground.errors import InvalidParameter
from playground.lens.reading import Reading
from playground.lens.spelling import bytes_of
from playground.types import Message, Token, TokenAlternative

if TYPE_CHECKING:
    from playground.distribution import Distribution
    from playground.providers.base import ChatModel, Given

__all__ = [
    "Beginning",
    "Divergence",
    "Stretch",
    "align",
    "align_beginnings",
    "divergence_by_text",
    "jensen_shannon",
    "parted_most",
    "rate",
    "whole_divergences",
]

Basis = Literal["whole", "text"]
"""Whether two whole distributions were compared, or the texts of the likeliest tokens."""

MOST = math.log(2)
"""The most that a divergence can be, in nats: nothing in common."""


@dataclass(frozen=True, slots=True)
class Divergence:
    """The Jensen-Shannon divergence of two distributions, in nats, 0 (equal) to ln 2 (disjoint).

    By `text` it is the least that it can be: tokens outside of the known ones count as one.
    """

    value: float
    basis: Basis

    def __str__(self) -> str:
        if self.basis == "whole":
            return f"{self.value:.4f} nats"
        return f"at least {self.value:.4f} nats, by text"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Characters `start` to `end` of a text that both models cut off at the same two places.

    `one` and `other` are the places of their tokens there, first and one past the last; the
    log-probabilities are those of all of them together, None where one is not known.
    `divergence` compares what each model expected at its beginning.
    """

    start: int
    end: int
    text: str
    one: tuple[int, int]
    other: tuple[int, int]
    logprob_one: float | None
    logprob_other: float | None
    divergence: Divergence | None = None


@dataclass(frozen=True, slots=True)
class Beginning:
    """What two answers begin with alike: there each model says what it expected after the same.

    `one` and `other` are the places of the tokens with which they part: the last at which both
    texts were the same so far. A place is one past the last token where an answer ended there:
    both are where the answers are the same.
    """

    stretches: tuple[Stretch, ...]
    one: int
    other: int


async def rate(
    model: ChatModel,
    messages: Sequence[Message],
    text: Given,
    *,
    alternatives: int = 50,
    prefix: str = "",
) -> Reading:
    """How a model rates an answer that it need not have given, with its likeliest candidates.

    `prefix` stands before it and is not rated: the beginning that the answer was given. Raises
    `UnsupportedAbility` where it cannot score a text, as hosted models cannot; `ContextOverflow`
    where that is too long for it.
    """
    lead: tuple[int, ...] = ()
    if prefix:
        # Cut on its own, as it was when the answer went on from it.
        lead = tuple(await model.tokenize(prefix))
        text = (*lead, *(await model.tokenize(text) if isinstance(text, str) else text))
    scores = await model.score(messages, text, alternatives=alternatives)
    return Reading.of(score.token for score in scores[len(lead) :])


def align(one: Reading, other: Reading) -> tuple[Stretch, ...]:
    """Two readings of the same text, in the shortest stretches that begin and end in both.

    Raises `InvalidParameter` where the texts differ: then there is nothing to be compared.
    """
    if one.text != other.text:
        raise InvalidParameter(
            "The two do not read the same text.", hint="Let one model rate the other's answer."
        )
    return tuple(_stretches(one, other, len(one.text)))


def align_beginnings(one: Reading, other: Reading) -> Beginning:
    """Two answers that two models gave, as far as both say the same.

    Each model's own tokens are enough for that: it need not be able to rate a text.
    """
    mine, theirs = one.text, other.text
    pairs = enumerate(zip(mine, theirs, strict=False))
    shorter = min(len(mine), len(theirs))
    common = next((at for at, (left, right) in pairs if left != right), shorter)
    found = tuple(_stretches(one, other, common))
    ends = (found[-1].one[1], found[-1].other[1]) if found else (0, 0)
    return Beginning(found, *ends)


def _stretches(one: Reading, other: Reading, length: int) -> Iterator[Stretch]:
    """The stretches of the first so many characters, which both readings have in common."""
    mine, theirs = _borders(one), _borders(other)
    shared = sorted(at for at in mine.keys() & theirs.keys() if at <= length)
    for start, end in pairwise(shared):
        first, second = (mine[start], mine[end]), (theirs[start], theirs[end])
        yield Stretch(
            start,
            end,
            one.text[start:end],
            first,
            second,
            _together(one.tokens[first[0] : first[1]]),
            _together(other.tokens[second[0] : second[1]]),
            divergence_by_text(one.tokens[first[0]], other.tokens[second[0]]),
        )


def parted_most(stretches: Sequence[Stretch], most: int = 10) -> tuple[int, ...]:
    """The places of the stretches at which two models are furthest apart, the furthest first."""
    ranked = sorted(
        (-item.divergence.value, place)
        for place, item in enumerate(stretches)
        if item.divergence is not None
    )
    return tuple(place for _, place in ranked[:most])


def jensen_shannon(one: Distribution, other: Distribution) -> Divergence:
    """The divergence of two whole distributions over the same vocabulary (Lin 1991).

    Raises `InvalidParameter` where they are not of the same vocabulary.
    """
    import numpy as np

    if len(one.logits) != len(other.logits) or (
        one.vocabulary and other.vocabulary and one.vocabulary != other.vocabulary
    ):
        raise InvalidParameter(
            "The two distributions are not over the same vocabulary.",
            hint="Compare them by the texts of their tokens.",
        )
    mine, theirs = one.probabilities, other.probabilities
    middle = (mine + theirs) / 2

    def lost(shares: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> float:
        some = shares > 0
        return float((shares[some] * np.log(shares[some] / middle[some])).sum())

    return Divergence(_bounded((lost(mine) + lost(theirs)) / 2), "whole")


def divergence_by_text(one: Token, other: Token) -> Divergence | None:
    """The least that two distributions can diverge, from the texts of their likeliest tokens.

    Tokens that only one of the two tells of, and all others, count as one; lumping tokens together
    never makes two distributions differ more. None where either came without candidates.
    """
    mine, theirs = _by_text(one.alternatives), _by_text(other.alternatives)
    if not mine or not theirs:
        return None
    shared = mine.keys() & theirs.keys()
    pairs = [(mine[text], theirs[text]) for text in shared]
    rests = [max(0.0, 1.0 - math.fsum(pair[side] for pair in pairs)) for side in (0, 1)]
    total = 0.0
    for first, second in [*pairs, (rests[0], rests[1])]:
        middle = (first + second) / 2
        total += sum(share * math.log(share / middle) for share in (first, second) if share > 0)
    return Divergence(_bounded(total / 2), "text")


async def whole_divergences(
    one: ChatModel,
    other: ChatModel,
    messages: Sequence[Message],
    tokens: Sequence[int],
    *,
    most: int | None = None,
) -> tuple[Divergence, ...]:
    """The divergence before each token of an answer, whole distributions compared.

    Both models must show them over one vocabulary. It takes one step of each model a token; `most`
    looks at so many only. Raises `UnsupportedAbility` or `InvalidParameter` where they cannot be
    compared so.
    """
    if await one.vocabulary() != await other.vocabulary():
        raise InvalidParameter(
            f"{one.ref} and {other.ref} do not have the same vocabulary.",
            hint="They can be compared by text.",
        )
    found = []
    for place in range(len(tokens) if most is None else min(most, len(tokens))):
        before = tuple(tokens[:place])
        mine = await one.next_token(messages, before)
        theirs = await other.next_token(messages, before)
        found.append(jensen_shannon(mine, theirs))
    return tuple(found)


def _borders(reading: Reading) -> dict[int, int]:
    """Where tokens begin in the text, with their places; and the end of the text.

    Of tokens without characters of their own the first begins there.
    """
    found: dict[int, int] = {}
    for group in reading.groups:
        found.setdefault(group.start, group.first)
    # The end is one past the last token, whatever empty tokens stand before it.
    found[len(reading.text)] = len(reading.tokens)
    return found


def _together(tokens: Sequence[Token]) -> float | None:
    values = [token.logprob for token in tokens if token.logprob is not None]
    return math.fsum(values) if values and len(values) == len(tokens) else None


def _by_text(alternatives: Sequence[TokenAlternative]) -> dict[bytes, float]:
    """Probabilities by bytes; two tokens may say the same. Those of unknown bytes are left out."""
    found: dict[bytes, float] = {}
    for item in alternatives:
        data = bytes_of(item)
        if data is not None:
            found[data] = found.get(data, 0.0) + math.exp(item.logprob)
    return found


def _bounded(value: float) -> float:
    return min(max(value, 0.0), MOST)
