"""Metrics that ask a model: how likely it finds an answer, or what it judges of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Self

from pydantic import JsonValue

from playground.errors import PlaygroundError, UsageError
from playground.history.sweeping import GUESSED, SPENT
from playground.metrics import Figure, Judge, Metric, Sample, judged, perplexities
from playground.providers.base import ChatModel
from playground.providers.registry import open_hurried
from playground.run import generate
from playground.sweep.definition import Sweep, SweepPrompt
from playground.sweep.lane import may_have_cost
from playground.types import Message

JUDGE_LENGTH: Final = 400
"""The most tokens of a judge's reply."""


@dataclass(frozen=True, slots=True)
class Said:
    """What other models said of one answer: figures by metric, None where none could be had.

    `cost` is what that took, US dollars; None where nobody said. `untold` counts the replies of
    which nobody did though they may have cost something.
    """

    figures: dict[str, Figure | None] = field(default_factory=dict)
    cost: float | None = None
    untold: int = 0

    def packed(self, beside: float = 0.0, guessed: float = 0.0) -> dict[str, JsonValue]:
        """As it is kept with a sample.

        With what its earlier tries cost `beside`, and what all of it may have cost where nobody
        said.
        """
        kept: dict[str, JsonValue] = {
            name: None if figure is None else [figure.total, figure.weight]
            for name, figure in self.figures.items()
        }
        spent = {SPENT: (self.cost or 0.0) + beside, GUESSED: guessed}
        return kept | {name: dollars for name, dollars in spent.items() if dollars}

    @classmethod
    def unpacked(cls, kept: dict[str, JsonValue]) -> Self:
        """What was kept with a sample."""
        rest = dict(kept)
        cost = rest.pop(SPENT, None)
        rest.pop(GUESSED, None)
        return cls(
            {name: Figure(*row) if isinstance(row, list) else None for name, row in rest.items()},  # type: ignore[arg-type]
            cost if isinstance(cost, float) else None,
        )


def judge_of(sweep: Sweep) -> Judge:
    """How the judge of a sweep is asked."""
    return Judge(question=sweep.judge_question) if sweep.judge_question else Judge()


class Asking:
    """Puts questions about answers to the models that a sweep names for it.

    `tell` is called with a sentence at the first error of a metric that leaves an answer without
    its figure. Raises `UsageError` for a metric that asks a model which the sweep does not name.
    """

    def __init__(
        self, sweep: Sweep, metrics: Sequence[Metric], tell: Callable[[str], object]
    ) -> None:
        self.metrics = tuple(metrics)
        self._tell = tell
        self._told: set[str] = set()
        self._refs = {"perplexity": sweep.scorer, "judge": sweep.judge}
        self._judge = judge_of(sweep)
        self._models: dict[str, ChatModel] = {}
        self._replies = 0
        self._unread: Counter[str] = Counter()
        # One at a time for each: an answer is judged while the next ones are written.
        self._gate = asyncio.Semaphore(4)
        for metric in self.metrics:
            if not self._refs.get(metric.name):
                flag = "--scorer" if metric.name == "perplexity" else "--judge"
                raise UsageError(
                    f"{metric.name} asks a model, and none is named for it.",
                    hint=f"Say which: {flag} demo:small",
                )

    def check(self) -> None:
        """Open the models, which reaches no endpoint.

        Raises what opening one raises, and `UsageError` where one cannot do what is asked of it.
        """
        for metric in self.metrics:
            model = self._model(self._refs[metric.name])
            if metric.name == "perplexity" and "score" not in model.abilities:
                raise UsageError(
                    f"perplexity cannot be measured: {model.ref} cannot score a given text.",
                    hint="A local model can: --scorer demo:small",
                )

    @property
    def unread(self) -> list[str]:
        """A sentence on the judge's replies that came to no score; empty where all did."""
        if not self._unread:
            return []
        why = ", ".join(f"{reason} ({count:,})" for reason, count in self._unread.most_common())
        many = f"{self._unread.total():,} of {self._replies:,} replies"
        return [f"{many} of the judge {self._refs['judge']} came to no score: {why}."]

    async def about(self, prompt: SweepPrompt, sample: Sample) -> Said:
        """What is said of one answer."""
        paid: list[float | None] = []
        async with self._gate:
            figures = {
                metric.name: await self._figure(metric.name, prompt, sample, paid)
                for metric in self.metrics
            }
        told = [cost for cost in paid if cost is not None]
        return Said(figures, sum(told) if told else None, untold=paid.count(None))

    async def _figure(
        self, name: str, prompt: SweepPrompt, sample: Sample, paid: list[float | None]
    ) -> Figure | None:
        model = self._model(self._refs[name])
        try:
            if name == "perplexity":
                return await self._perplexity(model, prompt, sample)
            return await self._judgement(model, sample, paid)
        except PlaygroundError as error:
            # The answer stays without this figure, and the sweep goes on.
            if name not in self._told:
                self._told.add(name)
                self._tell(f"{name}: {model.ref} could not be asked: {error}")
            return None

    async def _perplexity(
        self, model: ChatModel, prompt: SweepPrompt, sample: Sample
    ) -> Figure | None:
        async def score(asked: Sample) -> Sequence[float]:
            scored = await model.score(prompt.messages, asked.text)
            return [item.token.logprob for item in scored if item.token.logprob is not None]

        return (await perplexities([sample], score))[0]

    async def _judgement(
        self, model: ChatModel, sample: Sample, paid: list[float | None]
    ) -> Figure | None:
        async def ask(messages: Sequence[Message]) -> str:
            run = generate(
                model,
                messages,
                temperature=0,
                max_length=JUDGE_LENGTH,
                seed=0,
                unsupported="adjust",
            )
            async with run:
                await run
            error = "" if run.error is None else type(run.error).__name__
            if run.usage.cost is not None or may_have_cost(error, wrote=bool(run.text)):
                paid.append(run.usage.cost)
            if run.error is not None:
                raise run.error
            return run.text

        verdict = (await judged([sample], ask, self._judge))[0]
        self._replies += 1
        if verdict.score is None:
            self._unread[verdict.reason.partition(":")[0]] += 1
        return None if verdict.score is None else Figure(verdict.score)

    def _model(self, ref: str) -> ChatModel:
        if ref not in self._models:
            self._models[ref] = open_hurried(ref)
        return self._models[ref]

    async def aclose(self) -> None:
        """Close the models."""
        for model in self._models.values():
            await model.aclose()
