"""The tokens of an answer, kept small: under two kilobytes each with fifty candidates.

As objects, fifty candidates and what the sampler chain left of them take some ten kilobytes a
token. Here a token is one string of bytes until it is looked at. Log-probabilities of candidates
are kept in single precision, which is exact to a millionth of a nat.
"""

from __future__ import annotations

import math
import struct
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, Final, overload

from playground.types import Draw, Token, TokenAlternative

__all__ = ["Joined", "Tokens", "plainly"]

_HEAD: Final = struct.Struct("<BiidddiddHHII")
"""Flags; id and rank; log-probability and entropy; the draw's log-probability, survivors, entropy
and throw; how many candidates there are raw and drawn; the lengths of text and bytes."""

_HAS_DRAW: Final = 1
_TEXT_IS_DATA: Final = 2

_NO_ID: Final = -(2**31)
_OWN: Final = 0xFFFF
"""In place of the number of a raw candidate: this one is not among them."""

_MOST: Final = 0xFFFE
"""No more candidates are kept of a token."""

_LONGEST: Final = 1024
"""No tokenizer has a token of so many characters or bytes."""

_HUGE: Final = 1e30
"""Log-probabilities beyond are no figures."""


class Tokens(Sequence[Token]):
    """A growing sequence of tokens. Reading one makes it anew; a slice shares what it holds.

    In a notebook it draws itself: the text, shaded by probability, with each token's candidates.
    """

    __slots__ = ("_packed",)

    def __init__(self, tokens: Iterable[Token] = ()) -> None:
        self._packed: list[bytes] = []
        self.extend(tokens)

    def append(self, token: Token) -> None:
        """Add a token."""
        self._packed.append(_pack(token))

    def extend(self, tokens: Iterable[Token]) -> None:
        """Add tokens; those of another `Tokens` are shared, not copied."""
        if isinstance(tokens, Tokens):
            self._packed.extend(tokens._packed)
        else:
            self._packed.extend(map(_pack, tokens))

    def __len__(self) -> int:
        return len(self._packed)

    @overload
    def __getitem__(self, place: int) -> Token: ...
    @overload
    def __getitem__(self, place: slice) -> Tokens: ...
    def __getitem__(self, place: int | slice) -> Token | Tokens:
        if isinstance(place, slice):
            part = Tokens()
            part._packed = self._packed[place]
            return part
        return _unpack(self._packed[place])

    def __iter__(self) -> Iterator[Token]:
        # By place: what is added meanwhile is still read, as of a list.
        return (_unpack(packed) for packed in self._packed)

    def plainly(self) -> Iterator[Token]:
        """The tokens without their candidates, which takes a tenth of the time."""
        return (_unpack(packed, candidates=False) for packed in self._packed)

    @property
    def bytes(self) -> int:
        """What is kept, in bytes."""
        return sum(map(len, self._packed))

    def __eq__(self, other: object) -> bool:
        if isinstance(other, Tokens):
            return self._packed == other._packed
        if isinstance(other, Sequence) and not isinstance(other, str | bytes):
            return len(self) == len(other) and all(
                one == item for one, item in zip(self, other, strict=True)
            )
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # it grows

    def __repr__(self) -> str:
        return f"Tokens({[token.text for token in self.plainly()]})"

    def _repr_html_(self) -> str:
        """The answer through the lens, for notebooks."""
        from playground.lens.drawing.html import tokens_html

        return tokens_html(self)


def plainly(tokens: Sequence[Token]) -> Iterable[Token]:
    """Tokens without their candidates, where leaving those out saves time."""
    return tokens.plainly() if isinstance(tokens, Tokens | Joined) else tokens


class Joined(Sequence[Token]):
    """Two sequences of tokens, one after the other, without copying either."""

    __slots__ = ("_first", "_second")

    def __init__(self, first: Sequence[Token], second: Sequence[Token]) -> None:
        self._first = first
        self._second = second

    def __len__(self) -> int:
        return len(self._first) + len(self._second)

    @overload
    def __getitem__(self, place: int) -> Token: ...
    @overload
    def __getitem__(self, place: slice) -> Tokens: ...
    def __getitem__(self, place: int | slice) -> Token | Tokens:
        border = len(self._first)
        if isinstance(place, slice):
            start, end, step = place.indices(len(self))
            if step != 1:
                return Tokens(self[at] for at in range(start, end, step))
            part = Tokens(self._first[start:end])
            part.extend(self._second[max(start - border, 0) : max(end - border, 0)])
            return part
        at = place + len(self) if place < 0 else place
        if not 0 <= at < len(self):
            raise IndexError(place)
        return self._first[at] if at < border else self._second[at - border]

    def plainly(self) -> Iterator[Token]:
        """The tokens of both, those without their candidates that can be read so."""
        yield from plainly(self._first)
        yield from plainly(self._second)


def _pack(token: Token) -> bytes:
    try:
        return _packed(token)
    except (struct.error, OverflowError):
        # A server or a file may claim anything.
        return _packed(_sane(token))


def _sane(token: Token) -> Token:
    """A token with figures that can be meant, and without candidates that no tokenizer has."""
    draw = token.draw
    return replace(
        token,
        token_id=_within(token.token_id),
        rank=_within(token.rank),
        alternatives=_sane_candidates(token.alternatives),
        draw=None
        if draw is None
        else replace(
            draw,
            survivors=_within(draw.survivors) or 0,
            alternatives=_sane_candidates(draw.alternatives),
        ),
    )


def _sane_candidates(items: Sequence[TokenAlternative]) -> tuple[TokenAlternative, ...]:
    return tuple(
        replace(item, token_id=_within(item.token_id))
        for item in items
        if len(item.text) < _LONGEST and len(item.data) < _LONGEST and abs(item.logprob) < _HUGE
    )


def _within(number: int | None) -> int | None:
    return number if number is not None and _NO_ID < number < -_NO_ID else None


def _packed(token: Token) -> bytes:
    text = token.text.encode("utf-8", "surrogatepass")
    same = token.data == text
    draw = token.draw
    raw = token.alternatives[:_MOST]
    drawn = draw.alternatives[:_MOST] if draw is not None else ()
    head = _HEAD.pack(
        (_HAS_DRAW if draw is not None else 0) | (_TEXT_IS_DATA if same else 0),
        _number(token.token_id),
        _number(token.rank),
        _float(token.logprob),
        _float(token.entropy),
        0.0 if draw is None else draw.logprob,
        0 if draw is None else draw.survivors,
        0.0 if draw is None else draw.entropy,
        math.nan if draw is None else _float(draw.uniform),
        len(raw),
        len(drawn),
        len(text),
        0 if same else len(token.data),
    )
    parts = [head, text, b"" if same else token.data]
    if raw:
        parts.append(_pack_candidates(raw))
    if drawn:
        parts.append(_pack_drawn(drawn, raw))
    return b"".join(parts)


def _pack_candidates(items: Sequence[TokenAlternative]) -> bytes:
    """Log-probabilities, ids, lengths of texts and of bytes, and then these."""
    count = len(items)
    texts = [item.text.encode("utf-8", "surrogatepass") for item in items]
    if max(map(len, texts)) >= 1 << 16:
        raise OverflowError
    return b"".join(
        (
            struct.pack(
                f"<{count}f{count}i{count}I",
                *(item.logprob for item in items),
                *(_number(item.token_id) for item in items),
                # Of nearly all tokens the text gives the bytes.
                *(
                    len(text) | (len(item.data) << 16)
                    for text, item in zip(texts, items, strict=True)
                ),
            ),
            *texts,
            *(item.data for item in items if item.data),
        )
    )


def _pack_drawn(drawn: Sequence[TokenAlternative], raw: Sequence[TokenAlternative]) -> bytes:
    """Those that are among the raw ones as their numbers there, and then the others."""
    places = {(item.token_id, item.text, item.data): at for at, item in enumerate(raw)}
    refs = [places.get((item.token_id, item.text, item.data), _OWN) for item in drawn]
    own = [item for item, ref in zip(drawn, refs, strict=True) if ref == _OWN]
    count = len(drawn)
    packed = struct.pack(f"<{count}H{count}f", *refs, *(item.logprob for item in drawn))
    return packed + (_pack_candidates(own) if own else b"")


def _unpack(packed: bytes, *, candidates: bool = True) -> Token:
    (
        flags,
        number,
        rank,
        logprob,
        entropy,
        draw_logprob,
        survivors,
        draw_entropy,
        uniform,
        raw_count,
        drawn_count,
        text_length,
        data_length,
    ) = _HEAD.unpack_from(packed)
    at = _HEAD.size
    said = packed[at : at + text_length]
    at += text_length
    data = said if flags & _TEXT_IS_DATA else packed[at : at + data_length]
    at += data_length
    raw: tuple[TokenAlternative, ...] = ()
    drawn: tuple[TokenAlternative, ...] = ()
    if candidates and raw_count:
        raw, at = _unpack_candidates(packed, at, raw_count)
    if candidates and drawn_count:
        drawn = _unpack_drawn(packed, at, drawn_count, raw)
    return Token(
        text=said.decode("utf-8", "surrogatepass"),
        logprob=_or_none(logprob),
        alternatives=raw,
        token_id=None if number == _NO_ID else number,
        data=data,
        rank=None if rank == _NO_ID else rank,
        entropy=_or_none(entropy),
        draw=(
            Draw(draw_logprob, draw_entropy, survivors, _or_none(uniform), drawn)
            if flags & _HAS_DRAW
            else None
        ),
    )


def _unpack_candidates(
    packed: bytes, at: int, count: int
) -> tuple[tuple[TokenAlternative, ...], int]:
    values: Any = struct.unpack_from(f"<{count}f{count}i{count}I", packed, at)
    at += 12 * count
    texts = []
    for length in values[2 * count :]:
        end = at + (length & 0xFFFF)
        texts.append(packed[at:end].decode("utf-8", "surrogatepass"))
        at = end
    found = []
    for place, text in enumerate(texts):
        number = values[count + place]
        end = at + (values[2 * count + place] >> 16)
        found.append(
            TokenAlternative(
                text, values[place], None if number == _NO_ID else number, packed[at:end]
            )
        )
        at = end
    return tuple(found), at


def _unpack_drawn(
    packed: bytes, at: int, count: int, raw: Sequence[TokenAlternative]
) -> tuple[TokenAlternative, ...]:
    values: Any = struct.unpack_from(f"<{count}H{count}f", packed, at)
    refs, logprobs = values[:count], values[count:]
    missing = refs.count(_OWN)
    own: Iterator[TokenAlternative] = iter(())
    if missing:
        own = iter(_unpack_candidates(packed, at + 6 * count, missing)[0])
    found = []
    for ref, logprob in zip(refs, logprobs, strict=True):
        item = next(own) if ref == _OWN else raw[ref]
        found.append(TokenAlternative(item.text, logprob, item.token_id, item.data))
    return tuple(found)


def _number(value: int | None) -> int:
    return _NO_ID if value is None else value


def _float(value: float | None) -> float:
    return math.nan if value is None else value


def _or_none(value: float) -> float | None:
    return None if math.isnan(value) else value
