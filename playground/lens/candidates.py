"""What could have come at one token: the candidates, likeliest first, with what became of each."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from playground.lens.spelling import bytes_of, same_token, spell
from playground.spelling import spell_entry
from playground.types import Draw, Token, TokenAlternative

if TYPE_CHECKING:
    from playground.ranked import Ids, Ranked

__all__ = ["SHARE", "Candidate", "Candidates", "Source", "least_entropy", "rank_of"]

Source = Literal["whole", "likeliest"]
"""Whether the whole raw distribution is known, or only its likeliest tokens."""

SHARE = 0.95
"""The effective vocabulary is how many tokens share this much of the probability."""


_SMALLEST = 5e-324
"""The smallest number that is not 0: what survived with less is still not cut."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """One token that could have come.

    `probability` (0 to 1) and `rank` (1 for the likeliest; None where it is beyond those known) are
    of the model's raw distribution; `drawn` is its probability in the distribution that was sampled
    from, 0 where the sampler chain cut it, None where that is not known.
    """

    spelling: str
    token_id: int | None
    probability: float
    rank: int | None
    drawn: float | None = None
    chosen: bool = False

    @property
    def logprob(self) -> float:
        """The natural log of `probability`."""
        return math.log(self.probability) if self.probability > 0 else -math.inf

    @property
    def cut(self) -> bool | None:
        """Whether the sampler chain cut it; None where that is not known."""
        return None if self.drawn is None else self.drawn == 0


@dataclass(frozen=True, slots=True)
class Candidates:
    """The candidates at one token, likeliest first; the chosen one is among them where it is known.

    `rest` is the raw probability of all tokens that are not listed, `rest_drawn` their share of the
    distribution sampled from. `entropy` (nats) and `effective` (how many tokens share 95 %) are of
    the raw distribution, `drawn_entropy` and `survivors` of the one sampled from; `uniform` is the
    throw of the dice, 0 to 1. None is what cannot be known: hosted models tell no more than some
    likeliest tokens. `least_entropy` is the least that it can be, by those that are known.
    """

    rows: tuple[Candidate, ...]
    source: Source
    rest: float
    least_entropy: float
    entropy: float | None = None
    effective: int | None = None
    rest_drawn: float | None = None
    drawn_entropy: float | None = None
    survivors: int | None = None
    uniform: float | None = None

    @property
    def chosen(self) -> Candidate | None:
        """The token that came; None where nothing was chosen."""
        return next((row for row in self.rows if row.chosen), None)

    def _repr_html_(self) -> str:
        """The likeliest candidates as bars, the chosen one marked: for notebooks."""
        from playground.lens.drawing.html import candidates_html

        entropy = f"entropy {self.entropy_text}" if self.entropy_text else ""
        return candidates_html(self, entropy if self.rows else "no log-probabilities")

    @property
    def entropy_text(self) -> str:
        """The entropy in words, or the least that it can be; empty where nothing is known of it."""
        if self.entropy is not None:
            return f"{self.entropy:z.3f} nats"
        # It is never below 0: without candidates that is all that is known.
        return f"at least {self.least_entropy:.3f} nats" if self.least_entropy > 0 else ""

    @classmethod
    def of_token(cls, token: Token, most: int = 100) -> Candidates:
        """The candidates that a token came with: `most` of them, and the token itself.

        A token without log-probabilities has none: `rows` is empty and `rest` is 1.
        """
        known = list(token.alternatives)
        left = _left(token)
        rows = [_row(token, item, place, left) for place, item in enumerate(known[:most], start=1)]
        if token.logprob is not None and not any(row.chosen for row in rows):
            rows.append(_chosen(token))
        listed = math.fsum(row.probability for row in rows)
        drawn = [row.drawn for row in rows]
        draw = token.draw
        return cls(
            rows=tuple(rows),
            source="likeliest",
            rest=max(0.0, 1.0 - listed),
            least_entropy=least_entropy(known),
            entropy=token.entropy,
            effective=_effective(known),
            rest_drawn=None if draw is None else _rest(drawn),
            drawn_entropy=None if draw is None else draw.entropy,
            survivors=None if draw is None else draw.survivors,
            uniform=None if draw is None else draw.uniform,
        )

    @classmethod
    def of_distribution(
        cls,
        raw: Ranked,
        vocabulary: Sequence[bytes],
        *,
        after: Ranked | None = None,
        recorded: Token | None = None,
        chosen: int | None = None,
        uniform: float | None = None,
        most: int = 100,
    ) -> Candidates:
        """The candidates of a whole distribution, and what is left of them `after` a chain.

        `chosen` is the id of the token that came; it is listed however unlikely it is. Where what
        the chain leaves is not computed, `recorded` is the token as its run told of it, with what
        it was drawn from.
        """
        places = list(range(min(most, len(raw))))
        if chosen is not None and (place := int(raw.places[chosen])) >= len(places):
            places.append(place)
        tokens = raw.tokens[places]
        draw = None if recorded is None else recorded.draw
        drawn: Sequence[float | None] = [None] * len(places)
        drawn_entropy = survivors = None
        if after is not None:
            drawn, drawn_entropy, survivors = _after(after, tokens), after.entropy, len(after)
        elif recorded is not None and draw is not None:
            drawn = _recorded(recorded, draw, tokens.tolist())
            drawn_entropy, survivors = draw.entropy, draw.survivors
        known = zip(tokens.tolist(), raw.probabilities[places].tolist(), places, drawn, strict=True)
        rows = tuple(
            Candidate(_named(token, vocabulary), token, share, place + 1, left, token == chosen)
            for token, share, place, left in known
        )
        return cls(
            rows=rows,
            source="whole",
            rest=max(0.0, 1.0 - math.fsum(row.probability for row in rows)),
            least_entropy=raw.entropy,
            entropy=raw.entropy,
            effective=raw.effective(SHARE),
            rest_drawn=_rest(drawn),
            drawn_entropy=drawn_entropy,
            survivors=survivors,
            uniform=uniform,
        )


def least_entropy(known: Sequence[TokenAlternative]) -> float:
    """The least entropy (nats) of a distribution with these likeliest tokens.

    Whatever else there is, is none likelier than the last of them, so that the rest has the least
    entropy in as few tokens as can be: as many of that probability as fit, and one more.
    """
    shares = [math.exp(item.logprob) for item in known]
    rest = max(0.0, 1.0 - math.fsum(shares))
    if rest and shares and shares[-1] > 0:
        whole, over = divmod(rest, shares[-1])
        more = whole * _term(shares[-1]) + _term(over)
    else:
        more = 0.0
    return math.fsum(map(_term, shares)) + more


def _term(share: float) -> float:
    return -share * math.log(share) if share > 0 else 0.0


def rank_of(token: Token) -> int | None:
    """A token's rank in the raw distribution; None where it is beyond those that are known."""
    if token.rank is not None:
        return token.rank
    return next(
        (
            place
            for place, item in enumerate(token.alternatives, start=1)
            if same_token(token, item)
        ),
        None,
    )


def _left(token: Token) -> dict[object, float]:
    """The probabilities of the tokens that are known to be left after the sampler chain."""
    draw = token.draw
    return (
        {} if draw is None else {_key(item): math.exp(item.logprob) for item in draw.alternatives}
    )


def _key(item: TokenAlternative) -> object:
    return item.token_id if item.token_id is not None else bytes_of(item) or item.text


def _row(token: Token, item: TokenAlternative, place: int, left: dict[object, float]) -> Candidate:
    chosen, draw = same_token(token, item), token.draw
    drawn = None
    if draw is not None:
        # All that survived are listed, or this one may be among those that are not.
        unlisted = 0.0 if draw.survivors <= len(left) else None
        drawn = math.exp(draw.logprob) if chosen else left.get(_key(item), unlisted)
    return Candidate(
        spelling=spell(item),
        token_id=item.token_id,
        probability=math.exp(item.logprob),
        rank=place,
        drawn=drawn,
        chosen=chosen,
    )


def _chosen(token: Token) -> Candidate:
    return Candidate(
        spelling=spell(token),
        token_id=token.token_id,
        probability=math.exp(token.logprob or 0.0),
        rank=rank_of(token),
        drawn=None if token.draw is None else math.exp(token.draw.logprob),
        chosen=True,
    )


def _effective(known: Sequence[TokenAlternative]) -> int | None:
    """How many tokens share 95 %; None where the known ones do not reach it."""
    reached = 0.0
    for count, item in enumerate(known, start=1):
        reached += math.exp(item.logprob)
        if reached >= SHARE * (1 - 1e-12):
            return count
    return None


def _rest(drawn: Sequence[float | None]) -> float | None:
    """What the listed candidates leave of what was sampled from; None where some are not known."""
    known = [share for share in drawn if share is not None]
    return max(0.0, 1.0 - math.fsum(known)) if len(known) == len(drawn) else None


def _after(after: Ranked, tokens: Ids) -> list[float | None]:
    """The probabilities of tokens in what a chain left; 0 for those that it cut, and no others."""
    left = after.places[tokens]
    # One that is too small for a float is the smallest there is.
    shares = after.probabilities[left].clip(min=_SMALLEST)
    shares[left < 0] = 0
    found: list[float | None] = shares.tolist()
    return found


def _recorded(token: Token, draw: Draw, tokens: Sequence[int]) -> list[float | None]:
    """The same as a run told of it: None for those that may be among the survivors unlisted."""
    left: dict[int | None, float] = {
        item.token_id: math.exp(item.logprob) for item in draw.alternatives
    }
    unlisted = 0.0 if draw.survivors <= len(left) else None
    left[token.token_id] = math.exp(draw.logprob)
    return [left.get(number, unlisted) for number in tokens]


def _named(token: int, vocabulary: Sequence[bytes]) -> str:
    data = vocabulary[token] if token < len(vocabulary) else b""
    return spell_entry(token, data)
