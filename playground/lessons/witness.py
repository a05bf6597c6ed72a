"""Sees the runs of a lesson and says in figures what came of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from statistics import fmean
from typing import Final

from playground.lessons.figures import Value
from playground.run import Run
from playground.sanitize import make_safe
from playground.spelling import spell_bytes, spell_text
from playground.types import Token

_PIECES: Final = 12
_CANDIDATES: Final = 3
_LONGEST: Final = 4000
"""Characters of an answer that conditions look at."""

_QUOTED: Final = 60
"""Characters of an answer that a sentence quotes."""


class Witness:
    """The runs that ended in the panes of one scene, the latest last."""

    def __init__(self) -> None:
        self._runs: dict[str, list[Run]] = {"a": [], "b": []}

    def saw(self, pane: str, run: Run) -> bool:
        """Remember a run that has ended well; false if it was known, or did not."""
        if pane not in self._runs or run.state != "done" or run in self._runs[pane]:
            return False
        self._runs[pane].append(run)
        return True

    @property
    def figures(self) -> dict[str, Value]:
        """Everything that can be said now, by name (see `figures`)."""
        found: dict[str, Value] = {}
        for pane, runs in self._runs.items():
            for when, run in zip((f"{pane}.", f"{pane}.before."), reversed(runs), strict=False):
                found |= {f"{when}{name}": value for name, value in _figures_of(run)}
            if len(runs) > 1:
                found[f"{pane}.same"] = runs[-1].text == runs[-2].text
        latest = [runs[-1].text for runs in self._runs.values() if runs]
        if len(latest) == len(self._runs):
            found["same"] = len(set(latest)) == 1
        return found


def _figures_of(run: Run) -> Iterator[tuple[str, Value]]:
    text = run.text
    line = " ".join(make_safe(text).split())
    yield "text", line[:_LONGEST]
    yield "quote", _cut(line)
    yield "characters", len(text)
    yield "cut", run.choices[0].finish_reason == "length"
    yield "answers", len(run.choices)
    yield "different", len({choice.text for choice in run.choices})
    if run.usage.output_tokens is not None:
        yield "tokens", run.usage.output_tokens
    if run.usage.input_tokens is not None:
        yield "read", run.usage.input_tokens
    if (speed := run.tokens_per_second) is not None:
        yield "speed", speed
    for name, value in (run.plan.effective if run.plan is not None else {}).items():
        if isinstance(value, bool | int | float | str):
            yield f"knob.{name}", value
    if run.tokens:
        yield from _of_tokens(run.tokens)


def _of_tokens(tokens: Sequence[Token]) -> Iterator[tuple[str, Value]]:
    """What only a run that reports log-probabilities can say."""
    shown = [spell_bytes(token.data) if token.data else spell_text(token.text) for token in tokens]
    yield "pieces", "│".join(shown[:_PIECES]) + (" …" if len(shown) > _PIECES else "")
    yield "first", shown[0]
    first = tokens[0]
    if first.alternatives:
        likely = first.alternatives[:_CANDIDATES]
        yield (
            "candidates",
            ", ".join(f"{spell_text(item.text)} {math.exp(item.logprob):.0%}" for item in likely),
        )
    rated = [(token.logprob, piece) for token, piece in zip(tokens, shown, strict=True)
             if token.logprob is not None]  # fmt: skip
    if first.logprob is not None:
        yield "first_share", math.exp(first.logprob)
    if rated:
        logprob, piece = min(rated)
        yield "rarest", piece
        yield "rarest_share", math.exp(logprob)
    # A hosted model tells no ids; its tokens are told apart by what they say.
    names = [token.data or token.text if token.token_id is None else token.token_id
             for token in tokens]  # fmt: skip
    yield "repeats", len(names) - len(set(names))
    ranks = [token.rank for token in tokens if token.rank is not None]
    if ranks:
        yield "off", sum(rank > 1 for rank in ranks)
    left = [token.draw.survivors for token in tokens if token.draw is not None]
    if left:
        yield "left", fmean(left)


def _cut(line: str) -> str:
    """A line as a sentence quotes it."""
    return line if len(line) <= _QUOTED else f"{line[:_QUOTED].rstrip()}…"
