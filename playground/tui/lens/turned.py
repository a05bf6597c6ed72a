"""An answer under a setting that is turned over it: a sketch at once, then what is certain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from playground.background import off_loop
from playground.errors import PlaygroundError
from playground.lens.chain import as_they_stand, unset
from playground.lens.sketch import Sketch
from playground.lens.what_if import (
    CurvePoint,
    WhatIf,
    bound_at,
    bound_curve,
    score_at,
    score_curve,
)
from playground.params import GenerationParams
from playground.tui.lens.subject import Subject
from playground.types import Token

__all__ = ["Certain", "TurnedAnswer"]


_SMALLEST = 5e-324
"""The smallest number that is not 0, which would say that a token is cut."""


@dataclass(frozen=True, slots=True)
class Certain:
    """What is certain of an answer at a setting; `reader` names who read it again, if anybody.

    `why` says why a model that could have read it did not: its file has gone, say. `untold` are
    knobs that the answer's plan left to its endpoint, which are taken as neutral here;
    `left_out` are entries of a bias that name tokens of another vocabulary by their ids.
    """

    found: WhatIf
    reader: str
    why: str = ""
    untold: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()

    @property
    def shares(self) -> list[float | None]:
        """The probability of each token: 0 where it is cut, None where only bounds are known."""
        return [
            (0.0 if item.cut else max(math.exp(item.high), _SMALLEST))
            if item.exact or item.cut
            else None
            for item in self.found.outcomes
        ]


class TurnedAnswer:
    """What becomes of an answer that has ended."""

    def __init__(self, subject: Subject) -> None:
        self._subject = subject
        self._tokens: Sequence[Token] = subject.tokens
        self._sketch: Sketch | None = None
        self._curves: dict[str, Sequence[CurvePoint]] = {}

    @property
    def recorded(self) -> float | None:
        """The log-probability of the whole as it was drawn; None where that is not known."""
        draws = [token.draw for token in self._tokens]
        known = [draw.logprob for draw in draws if draw is not None]
        return math.fsum(known) if known and len(known) == len(draws) else None

    def sketch(self, params: GenerationParams) -> list[float | None]:
        """The probability of each token, at once."""
        return self._laid_out().at(params)

    def entropies(self, params: GenerationParams) -> list[float | None]:
        """The entropy, nats, of what each token would be drawn from, at once: a sketch too."""
        return self._laid_out().entropies(params)

    async def lay_out(self) -> None:
        """Get ready for the first sketch: of a long answer that takes longer than a frame."""
        if self._sketch is None:
            self._sketch = await off_loop(lambda: Sketch(self._tokens))

    def _laid_out(self) -> Sketch:
        if self._sketch is None:
            self._sketch = Sketch(self._tokens)
        return self._sketch

    @property
    def exact(self) -> bool:
        """Whether a model can read the answer again."""
        model = self._subject.model
        return model is not None and "score" in model.abilities

    async def certain(self, params: GenerationParams) -> Certain:
        """Exact where a model can read the answer again, else bounds by the known candidates."""
        subject, model = self._subject, self._subject.model
        why, untold = "", unset(params)
        if model is not None and self.exact:
            asked, left_out = self._for_reader(params)
            try:
                (found,) = await score_at(
                    model, subject.messages, self._tokens, [asked], prefix=subject.beginning
                )
            except PlaygroundError as error:
                why = str(error)
            else:
                return Certain(found, str(model.ref), untold=untold, left_out=left_out)
        return Certain(await off_loop(lambda: bound_at(self._tokens, params)), "", why, untold)

    def _for_reader(self, params: GenerationParams) -> tuple[GenerationParams, tuple[str, ...]]:
        """A setting as a model that reads is asked for it, and what of a bias it cannot be told."""
        bias = params.logit_bias or {}
        left_out = tuple(name for name in bias if self._subject.foreign and name.isdecimal())
        if left_out:
            kept = {name: value for name, value in bias.items() if name not in left_out}
            params = params.updated(logit_bias=kept or None)
        return as_they_stand(params), left_out

    async def curve(self, params: GenerationParams) -> Sequence[CurvePoint]:
        """The log-probability of the whole against temperature; worked out once for a setting.

        Bounds where no model can read the answer again, as in `certain`.
        """
        rest = params.updated(temperature=None)
        # As text: settings with a bias or a schema cannot be keys themselves.
        key = rest.model_dump_json()
        if key in self._curves:
            return self._curves[key]
        subject, model = self._subject, self._subject.model
        if model is not None and self.exact:
            asked, _ = self._for_reader(rest)
            try:
                self._curves[key] = await score_curve(
                    model, subject.messages, self._tokens, asked, prefix=subject.beginning
                )
            except PlaygroundError:
                # Bounds, and not kept: the file may be put back. `certain` says why.
                return await off_loop(lambda: bound_curve(self._tokens, rest))
        else:
            self._curves[key] = await off_loop(lambda: bound_curve(self._tokens, rest))
        return self._curves[key]
