"""Metrics that ask a model: how likely it finds an answer, or what it judges of it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Sequence

from playground.errors import PlaygroundError, UsageError
from playground.metrics import Figure, Judge, Metric, Sample, judged, perplexities
from playground.providers.base import ChatModel
from playground.providers.registry import open_hurried
from playground.run import generate
from playground.sweep.definition import Sweep, SweepPrompt
from playground.types import Message

JUDGE_LENGTH = 400
"""The most tokens of a judge's reply."""


class Asking:
    """Puts questions about answers to the models that a sweep names for it.

    `problems` has, by metric, the first error that left an answer without its figure.
    Raises `UsageError` for a metric that asks a model which the sweep does not name.
    """

    def __init__(self, sweep: Sweep, metrics: Sequence[Metric]) -> None:
        self.metrics = tuple(metrics)
        self._refs = {"perplexity": sweep.scorer, "judge": sweep.judge}
        self._judge = Judge(question=sweep.judge_question) if sweep.judge_question else Judge()
        self._models: dict[str, ChatModel] = {}
        self.problems: dict[str, str] = {}
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
    def models(self) -> list[str]:
        """The models that are asked."""
        return [self._refs[metric.name] for metric in self.metrics]

    @property
    def unread(self) -> list[str]:
        """A sentence on the judge's replies that came to no score; empty where all did."""
        if not self._unread:
            return []
        why = ", ".join(f"{reason} ({count:,})" for reason, count in self._unread.most_common())
        many = f"{self._unread.total():,} of {self._replies:,} replies"
        return [f"{many} of the judge {self._refs['judge']} came to no score: {why}."]

    async def about(self, prompt: SweepPrompt, sample: Sample) -> dict[str, Figure | None]:
        """The figures of one answer, by metric; None where no figure could be had."""
        async with self._gate:
            return {
                metric.name: await self._figure(metric.name, prompt, sample)
                for metric in self.metrics
            }

    async def _figure(self, name: str, prompt: SweepPrompt, sample: Sample) -> Figure | None:
        model = self._model(self._refs[name])
        try:
            if name == "perplexity":
                return await self._perplexity(model, prompt, sample)
            return await self._judgement(model, sample)
        except PlaygroundError as error:
            # The answer stays without this figure, and the sweep goes on.
            self.problems.setdefault(name, f"{model.ref} could not be asked: {error}")
            return None

    async def _perplexity(
        self, model: ChatModel, prompt: SweepPrompt, sample: Sample
    ) -> Figure | None:
        async def score(asked: Sample) -> Sequence[float]:
            scored = await model.score(prompt.messages, asked.text)
            return [item.token.logprob for item in scored if item.token.logprob is not None]

        return (await perplexities([sample], score))[0]

    async def _judgement(self, model: ChatModel, sample: Sample) -> Figure | None:
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
