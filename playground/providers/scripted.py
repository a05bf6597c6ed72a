"""A model that says what it is told to: for tests, demonstrations and plug-in authors' tests.

`scripted:echo` repeats the last user message, `scripted:lorem` talks for as long as it may; a
`ScriptedModel` of your own says any pieces at any pace, and fails where you want it to.
"""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncGenerator, Callable, Iterable, Sequence
from typing import Any

from playground.errors import InvalidParameter, ModelClosed, UnknownModel, did_you_mean
from playground.params import knobs
from playground.providers.base import ChatModel, Provider
from playground.types import (
    Capabilities,
    Completed,
    Event,
    Finished,
    FinishReason,
    KnobSupport,
    Message,
    ModelInfo,
    ModelRef,
    Plan,
    Started,
    TextDelta,
    Usage,
)

Script = Callable[[Sequence[Message]], Iterable[str]]

_LOREM = "The quick brown fox jumps over the lazy dog and then it does so once more , slowly ."

_TAKEN = {
    name: KnobSupport(default=knob.default if name in ("max_length", "n") else None)
    for name, knob in knobs().items()
}


class ScriptedModel(ChatModel):
    """Says the pieces that `script` gives for a conversation, `delay` seconds apart.

    Each piece counts as one token. `fail_after` pieces it raises `error`; `max_length` and
    `stop` are obeyed, every other knob is accepted and has no effect.
    """

    def __init__(
        self,
        script: Script | Sequence[str],
        *,
        name: str = "script",
        delay: float = 0.0,
        fail_after: int | None = None,
        error: Exception | None = None,
    ) -> None:
        self.ref = ModelRef(provider="scripted", model=name)
        self.capabilities = Capabilities(knobs=_TAKEN, context_length=4096)
        self._script: Script = script if callable(script) else lambda _messages: script
        self._delay = delay
        self._fail_after = fail_after
        self._error = error
        self._closed = False

    async def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        """Say the script once for each of the `n` choices, side by side."""
        self._check_open()
        yield Started(plan)
        limit = int(str(plan.effective["max_length"]))
        choices = int(str(plan.effective["n"]))
        reasons: list[FinishReason] = ["length"] * choices
        said = 0
        pieces = [*itertools.islice(self._script(messages), limit + 1)]
        if len(pieces) <= limit:
            reasons = ["stop"] * choices
        pieces, stopped = _until_stop(pieces[:limit], plan.params.stop or ())
        if stopped:
            reasons = ["stop"] * choices
        for number, piece in enumerate(pieces):
            if self._error is not None and number == self._fail_after:
                raise self._error
            # Always give the loop a turn, so that a cancel is heard.
            await asyncio.sleep(self._delay)
            self._check_open()
            for choice in range(choices):
                said += 1
                yield TextDelta(piece, choice)
        if self._error is not None and self._fail_after is not None:
            raise self._error
        for choice, reason in enumerate(reasons):
            yield Finished(reason, choice)
        words = sum(len(message.content.split()) for message in messages)
        yield Completed(Usage(input_tokens=words, output_tokens=said))

    async def aclose(self) -> None:
        """Close it, so that tests see what a closed model does."""
        self._closed = True

    def _check_open(self) -> None:
        if self._closed:
            raise ModelClosed(f"{self.ref} was closed.", hint="Open it again.")


def _until_stop(pieces: list[str], stops: Sequence[str]) -> tuple[list[str], bool]:
    """The pieces up to the first stop string, and whether there was one."""
    text = "".join(pieces)
    ends = [place for stop in stops if (place := text.find(stop)) >= 0]
    if not ends:
        return pieces, False
    left = min(ends)
    kept = []
    for piece in pieces:
        kept.append(piece[:left])
        left -= len(kept[-1])
    return [piece for piece in kept if piece], True


def _echo(messages: Sequence[Message]) -> Iterable[str]:
    words = messages[-1].content.split(" ")
    return [words[0], *(f" {word}" for word in words[1:])]


def _lorem(_messages: Sequence[Message]) -> Iterable[str]:
    return (f"{word} " for word in itertools.cycle(_LOREM.split()))


class ScriptedProvider(Provider):
    """Opens `scripted:echo` and `scripted:lorem`."""

    _scripts: dict[str, Script] = {"echo": _echo, "lorem": _lorem}  # noqa: RUF012

    def open(self, model: str, **options: Any) -> ChatModel:
        """Open a script by name; the one option is `delay`, seconds between pieces."""
        if model not in self._scripts:
            raise UnknownModel(
                f"There is no script {model!r}.", hint=did_you_mean(model, self._scripts)
            )
        delay = options.pop("delay", 0.0)
        if options:
            raise InvalidParameter(f"scripted:{model} has no option {next(iter(options))!r}.")
        return ScriptedModel(self._scripts[model], name=model, delay=delay)

    def models(self) -> Iterable[ModelInfo]:
        """Nothing: scripts are for tests and are not offered to people."""
        return ()
