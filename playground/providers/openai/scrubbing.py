"""Keeps the key out of answers: an endpoint may repeat what it was sent.

What is taken out here is seen by nobody after it: neither a screen nor the history nor an export.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from pydantic import SecretStr

from playground.holding import begun
from playground.providers.openai.faults import KEY_TAKEN_OUT, scrub
from playground.types import Event, Finished, ReasoningDelta, TextDelta, Token

SHORTEST = 16
"""Below this many characters a key is a word (`none`, `ollama`) that answers may well say."""

MOST_WAITING = 4
"""So many deltas a character of the key wait at most: most have one character at least."""

_Delta = TextDelta | ReasoningDelta
_Strand = tuple[type[_Delta], int]


def without_key(text: str, key: SecretStr | None) -> str:
    """Text of an endpoint that is used as it is, such as a name, without a key that is no word."""
    return text if key is None or len(key.get_secret_value()) < SHORTEST else scrub(text, key)


class Scrubber:
    """Takes the key out of the text of an answer while it comes.

    A delta whose end may be the beginning of the key waits for the next one of its choice: it
    costs such a delta, and nothing else, a moment.
    """

    def __init__(self, key: SecretStr | None) -> None:
        self._key = key
        secret = key.get_secret_value() if key is not None else ""
        self._secret = secret if len(secret) >= SHORTEST else ""
        self._waiting: dict[_Strand, list[_Delta]] = {}

    def take(self, event: Event) -> Iterator[Event]:
        """What can be shown now that this has come."""
        if not self._secret:
            yield event
        elif isinstance(event, TextDelta | ReasoningDelta):
            yield from self._grow((type(event), event.choice), event)
        else:
            if isinstance(event, Finished):
                for kind in (ReasoningDelta, TextDelta):
                    yield from self._waiting.pop((kind, event.choice), ())
            yield event

    def rest(self) -> Iterator[Event]:
        """What still waits, once nothing more comes."""
        waiting, self._waiting = self._waiting, {}
        for deltas in waiting.values():
            yield from deltas

    def _grow(self, strand: _Strand, event: _Delta) -> Iterator[Event]:
        deltas = [*self._waiting.pop(strand, ()), event]
        wholes = [measure(deltas) for measure in _MEASURES]
        if any(self._secret in whole for whole in wholes):
            yield from self._without_key(strand, deltas, _text_of(deltas))
            return
        if isinstance(event, TextDelta) and self._among_alternatives(event.tokens):
            deltas[-1] = replace(event, tokens=self._clean(event.tokens))
        held = [begun(whole, self._secret) for whole in wholes]
        if len(deltas) > MOST_WAITING * len(self._secret):
            # Nobody writes a key so: these say nothing, and to wait for more would never end.
            held = [0] * len(held)
        # Whatever lies before the part that may become the key goes on.
        while deltas and all(
            len(measure(deltas[1:])) >= most
            for measure, most in zip(_MEASURES, held, strict=True)
            if most
        ):
            yield deltas.pop(0)
        if deltas:
            self._waiting[strand] = deltas

    def _without_key(self, strand: _Strand, deltas: list[_Delta], said: str) -> Iterator[Event]:
        clean = scrub(said, self._key)
        kind, choice = strand
        held = begun(clean, self._secret)
        shown, tail = clean[: len(clean) - held], clean[len(clean) - held :]
        if kind is TextDelta:
            tokens = [
                token for delta in deltas if isinstance(delta, TextDelta) for token in delta.tokens
            ]
            yield TextDelta(shown, choice, self._clean(tokens))
        else:
            yield ReasoningDelta(shown, choice)
        if tail:
            self._waiting[strand] = [kind(tail, choice)]

    def _among_alternatives(self, tokens: Sequence[Token]) -> bool:
        secret = self._secret.encode()
        return any(
            self._secret in other.text or secret in other.data
            for token in tokens
            for other in token.alternatives
        )

    def _clean(self, tokens: Sequence[Token]) -> tuple[Token, ...]:
        """Tokens that do not spell the key, alone or together, in their texts or their bytes."""
        spelling = self._spelling([token.text for token in tokens])
        spelling |= self._spelling([token.data.decode("latin-1") for token in tokens])
        return tuple(
            Token(KEY_TAKEN_OUT, token.logprob, data=KEY_TAKEN_OUT.encode())
            if place in spelling
            else self._clean_one(token)
            for place, token in enumerate(tokens)
        )

    def _spelling(self, parts: Sequence[str]) -> set[int]:
        """Which of the parts hold some of the key where they are put together."""
        whole = "".join(parts)
        taken: set[int] = set()
        at = whole.find(self._secret)
        while at >= 0:
            taken.update(range(at, at + len(self._secret)))
            at = whole.find(self._secret, at + 1)
        found, start = set(), 0
        for place, part in enumerate(parts):
            if not taken.isdisjoint(range(start, start + len(part))):
                found.add(place)
            start += len(part)
        return found

    def _clean_one(self, token: Token) -> Token:
        return replace(
            token,
            data=token.data.replace(self._secret.encode(), KEY_TAKEN_OUT.encode()),
            alternatives=tuple(
                replace(
                    other,
                    text=scrub(other.text, self._key),
                    data=other.data.replace(self._secret.encode(), KEY_TAKEN_OUT.encode()),
                )
                for other in token.alternatives
            ),
        )


def _text_of(deltas: Sequence[_Delta]) -> str:
    return "".join(delta.text for delta in deltas)


def _drawn_text(deltas: Sequence[_Delta]) -> str:
    """The text of the tokens behind the deltas; servers may cut the two differently."""
    return "".join(
        token.text for delta in deltas if isinstance(delta, TextDelta) for token in delta.tokens
    )


def _drawn_bytes(deltas: Sequence[_Delta]) -> str:
    """The bytes of those tokens, each as one character; they need not be what the texts say."""
    return b"".join(
        token.data for delta in deltas if isinstance(delta, TextDelta) for token in delta.tokens
    ).decode("latin-1")


_MEASURES = (_text_of, _drawn_text, _drawn_bytes)
