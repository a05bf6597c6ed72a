"""One answer as it is read through the lens: its tokens, where each stands, and its figures."""

from __future__ import annotations

import codecs
import heapq
import math
from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from playground.lens.spelling import bytes_of
from playground.lens.tokens import Tokens
from playground.types import Token

__all__ = ["SURPRISING", "Group", "Reading"]

SURPRISING = 10
"""How many of the most surprising tokens are kept at hand."""


@dataclass(frozen=True, slots=True)
class Group:
    """Tokens that cannot be shown apart, because they share characters; nearly always one token.

    `first` and `last` are the tokens' places in the answer (both included), `start` and `end` where
    their characters begin and end in `Reading.text`. Characters that are not complete yet are not
    counted.
    """

    first: int
    last: int
    start: int
    end: int


class Reading:
    """An answer's tokens as they come, in groups, with the figures of the whole.

    It grows by `take`, which costs the same however long the answer is, and is complete after
    `finish`. `text` is what the tokens say: an answer that was ended by a stop string has tokens
    beyond its own text, and an endpoint may give tokens for a part of a text only.

    All figures are of the model's raw distribution. One that needs what no token of the answer came
    with is None; `lacks` says why, in sentences.
    """

    def __init__(self) -> None:
        self.tokens = Tokens()
        self.groups: list[Group] = []
        self._group_of: list[int] = []
        self._starts: list[int] = []
        self._pieces: list[str] = []
        self._length = 0
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._open = False
        self._scored = 0
        self._total = 0.0
        self._entropies = 0
        self._entropy = 0.0
        self._likeliest = 0
        self._least: list[tuple[float, int]] = []

    @classmethod
    def of(cls, tokens: Iterable[Token]) -> Reading:
        """A whole answer."""
        reading = cls()
        reading.take(tokens)
        reading.finish()
        return reading

    def take(self, tokens: Iterable[Token]) -> None:
        """Grow by the tokens that came."""
        new = tokens if isinstance(tokens, Tokens) else Tokens(tokens)
        for number, token in enumerate(new, start=len(self.tokens)):
            self._place(number, token)
            self._count(number, token)
        self.tokens.extend(new)

    def finish(self) -> None:
        """No more tokens come: bytes that never became a character show as U+FFFD."""
        self._grow(self._decoder.decode(b"", final=True))
        self._open = False
        self._decoder.reset()

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def text(self) -> str:
        """What the tokens say, so far as characters are complete."""
        if len(self._pieces) > 1:
            self._pieces[:] = ["".join(self._pieces)]
        return self._pieces[0] if self._pieces else ""

    def group_of(self, token: int) -> int:
        """The place of a token's group among `groups`."""
        return self._group_of[token]

    def group_at(self, character: int) -> int | None:
        """The group that has a character of `text`; None where there is no such character."""
        if not 0 <= character < self._length:
            return None
        # The last group that starts here or before: groups without characters come earlier.
        return bisect_right(self._starts, character) - 1

    @property
    def logprob(self) -> float | None:
        """The natural-log probability of the whole: None unless every token has one."""
        return self._total if self._scored and self._scored == len(self.tokens) else None

    @property
    def perplexity(self) -> float | None:
        """The exponential of the mean surprise of the tokens with a log-probability: 1 or more."""
        return math.exp(min(-self._total / self._scored, 700.0)) if self._scored else None

    @property
    def mean_entropy(self) -> float | None:
        """The mean entropy, in nats, of the distributions that are known whole."""
        return self._entropy / self._entropies if self._entropies else None

    def surprising(self, count: int = SURPRISING) -> tuple[int, ...]:
        """The places of the least likely tokens, the most surprising first; ten at most."""
        ranked = sorted(self._least, reverse=True)[:count]
        return tuple(-place for _, place in ranked)

    @property
    def lacks(self) -> tuple[str, ...]:
        """What is not known of this answer, and why, in sentences; empty where all is."""
        count = len(self.tokens)
        said = []
        if count and not self._scored:
            return ("The tokens came without log-probabilities.",)
        if self._scored < count:
            said.append(f"{count - self._scored:,} of {count:,} tokens have no log-probability.")
        if self._entropies < count:
            known = f"only the {self._likeliest} likeliest" if self._likeliest else "none"
            said.append(
                f"Entropies are not known: of the candidates at a token, {known} came with it."
            )
        return tuple(said)

    def _place(self, number: int, token: Token) -> None:
        """Put a token into a group: its own, or the one whose last character it goes on with."""
        data = bytes_of(token)
        if data is None:
            # Some servers give no bytes, and the text of half a character is no text of the answer.
            data = token.text.encode("utf-8", "replace")
        if not self._open:
            self.groups.append(Group(number, number, self._length, self._length))
            self._starts.append(self._length)
        self.groups[-1] = replace(self.groups[-1], last=number)
        self._group_of.append(len(self.groups) - 1)
        self._grow(self._decoder.decode(data))
        self._open = bool(self._decoder.getstate()[0])

    def _grow(self, text: str) -> None:
        if text:
            self._pieces.append(text)
            self._length += len(text)
            self.groups[-1] = replace(self.groups[-1], end=self._length)

    def _count(self, number: int, token: Token) -> None:
        self._likeliest = max(self._likeliest, len(token.alternatives))
        if token.entropy is not None:
            self._entropies += 1
            self._entropy += token.entropy
        if token.logprob is None:
            return
        self._scored += 1
        self._total += token.logprob
        # A heap of the most surprising: its smallest entry is the one to go. Earlier places win.
        entry = (-token.logprob, -number)
        if len(self._least) < SURPRISING:
            heapq.heappush(self._least, entry)
        else:
            heapq.heappushpop(self._least, entry)

    def figures(self) -> Sequence[tuple[str, str]]:
        """The whole answer's figures by name, as people read them: `perplexity`, `2.31`."""
        logprob = self.logprob
        perplexity, entropy = self.perplexity, self.mean_entropy
        return (
            ("tokens", f"{len(self.tokens):,}"),
            ("perplexity", "not known" if perplexity is None else f"{perplexity:.3g}"),
            ("mean entropy", "not known" if entropy is None else f"{entropy:z.3f} nats"),
            ("log-probability", "not known" if logprob is None else f"{logprob:z.2f}"),
        )
