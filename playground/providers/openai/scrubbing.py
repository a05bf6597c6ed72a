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

_Delta = TextDelta | ReasoningDelta
_Strand = tuple[type[_Delta], int]


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
        said, drawn = _text_of(deltas), _drawn_text(deltas)
        if self._secret in said or self._secret in drawn:
            yield from self._without_key(strand, deltas, said)
            return
        if isinstance(event, TextDelta) and self._among_alternatives(event.tokens):
            deltas[-1] = replace(event, tokens=self._clean(event.tokens))
        held = max(begun(said, self._secret), begun(drawn, self._secret))
        # Whatever lies before the part that may become the key goes on.
        while deltas and (not held or len(_text_of(deltas[1:])) >= held):
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
        """Tokens that do not spell the key, alone or together."""
        spelled = "".join(token.text for token in tokens)
        places: set[int] = set()
        at = spelled.find(self._secret)
        while at >= 0:
            places.update(range(at, at + len(self._secret)))
            at = spelled.find(self._secret, at + 1)
        cleaned, start = [], 0
        for token in tokens:
            end = start + len(token.text)
            if places.isdisjoint(range(start, end)):
                cleaned.append(self._clean_one(token))
            else:
                cleaned.append(Token(KEY_TAKEN_OUT, token.logprob, data=KEY_TAKEN_OUT.encode()))
            start = end
        return tuple(cleaned)

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
