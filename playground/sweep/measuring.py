"""What is measured of a sweep's answers: which metrics, what they need, and their values."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

import playground.metrics as metrics
from playground.errors import UsageError
from playground.history import History
from playground.lens.tokens import Tokens
from playground.metrics import Estimate, Metric, Need, Sample
from playground.metrics.metric import Noted
from playground.params import GenerationParams
from playground.providers.base import ChatModel
from playground.sweep.asking import Asking, Said
from playground.sweep.definition import Sweep, SweepPrompt, short
from playground.sweep.figures import CellFigures
from playground.sweep.lane import Outcome
from playground.types import Capabilities, Token

TOP_LENGTH: Final = 80
"""Characters of the most frequent answer that are kept with a cell."""

QUICK_LENGTH: Final = 10_000
"""Characters of a cell's answers together that the usual metrics take a few milliseconds for."""

QUICK: Final = frozenset((*metrics.USUAL, "exact", "contains"))
"""Metrics that take no longer than answers are long; a pattern or a function of the user's may."""

NOTHING: Final = Said()
"""What is said of an answer that nobody was asked about."""

_WHY: Final[dict[Need, str]] = {
    "logprobs": "gives no log-probabilities",
    "entropy": "shows no whole distribution to take the entropy of",
    "cost": "has no known price",
}


@dataclass(frozen=True, slots=True)
class Measured:
    """One answer with what other models said of it."""

    sample: Sample
    said: Said = NOTHING
    failed: bool = False


class Measuring:
    """The metrics of one sweep; `tell` hears why answers stay without a figure."""

    def __init__(self, sweep: Sweep, tell: Callable[[str], object] = lambda _why: None) -> None:
        self.metrics: tuple[Metric, ...] = tuple(
            metrics.get(name) for name in sweep.metrics or metrics.USUAL
        )
        self._named = bool(sweep.metrics)
        self._quick = all(metric.name in QUICK or metric.asks for metric in self.metrics)
        self._needs = {need for metric in self.metrics for need in metric.needs}
        self._asking = Asking(sweep, [metric for metric in self.metrics if metric.asks], tell)
        self._tell = tell
        self._untold = {
            metric.name for metric in self.metrics if metric.name not in metrics.METRICS
        }

    def check(self, sweep: Sweep, model: ChatModel, *, priced: bool) -> list[str]:
        """Raise `UsageError` for a metric that was named and that this sweep cannot give.

        Of the usual metrics, which nobody has named, the sentences say which will be missing.
        """
        lacks: dict[str, list[str]] = {}
        for metric in self.metrics:
            lacking = _lacking(metric, model, priced=priced)
            if lacking is not None:
                if self._named:
                    raise UsageError(
                        f"{metric.name} cannot be measured: {model.ref} {_WHY[lacking]}.",
                        hint="Leave it out, or take another model.",
                    )
                lacks.setdefault(f"{model.ref} {_WHY[lacking]}", []).append(metric.name)
            elif "expected" in metric.needs and any(p.expected is None for p in sweep.prompts):
                raise UsageError(
                    f"{metric.name} compares with expected answers, and a prompt has none.",
                    hint="Give a file of prompts with a column of expected answers.",
                )
            elif "several" in metric.needs and sweep.samples < 2:
                if self._named:
                    raise UsageError(
                        f"{metric.name} takes at least two samples a cell, and there is 1.",
                        hint="Say --samples 8.",
                    )
                lacks.setdefault("One answer is compared with no other", []).append(metric.name)
        return [f"{why}: without {', '.join(names)}." for why, names in lacks.items()]

    def check_asked(self) -> None:
        """Raise for a model that a metric is to ask and that cannot be opened or asked it."""
        self._asking.check()

    def params_for(self, params: GenerationParams, known: Capabilities) -> GenerationParams:
        """The params with the log-probabilities asked for that the metrics need."""
        wanted = self._needs & {"logprobs", "entropy"}
        if wanted and params.logprobs is None and known.logprobs:
            return params.updated(logprobs=0)
        return params

    def measured(self, prompt: SweepPrompt, outcome: Outcome, said: Said = NOTHING) -> Measured:
        """One answer that was just made."""
        sample = Sample.of(
            outcome.answer,
            tokens=_plain(outcome.tokens),
            expected=prompt.expected,
            also_right=prompt.also_right,
            prompt=prompt.text,
        )
        return Measured(sample, said, failed=bool(outcome.error))

    async def ask(self, prompt: SweepPrompt, outcome: Outcome) -> Said:
        """What other models say about an answer: its likelihood, a judgement."""
        if outcome.error or not self._asking.metrics:
            return NOTHING
        return await self._asking.about(prompt, self.measured(prompt, outcome).sample)

    def is_quick(self, made: Sequence[Measured]) -> bool:
        """Whether measuring these answers takes less than moving it to another thread would."""
        return self._quick and sum(len(item.sample.text) for item in made) <= QUICK_LENGTH

    def of_cell(self, made: Sequence[Measured]) -> CellFigures:
        """The figures of a cell from its answers; those that failed are counted and left out."""
        whole = [item for item in made if not item.failed]
        samples = [item.sample for item in whole]
        estimates: dict[str, Estimate] = {}
        if samples:
            direct = [metric for metric in self.metrics if not metric.asks]
            estimates = metrics.measure_all(direct, samples)
            for metric in self._asking.metrics:
                figures = [item.said.figures.get(metric.name) for item in whole]
                lacking = sum(figure is None for figure in figures)
                note = f"without {lacking} of {len(figures)}" if lacking else ""
                estimates[metric.name] = metrics.measure_figures(metric, Noted(figures, note))
        counts = Counter(metrics.normalised(sample.text) for sample in samples)
        top = counts.most_common(1)[0][0] if counts else ""
        said = next((s.text for s in samples if metrics.normalised(s.text) == top), "")
        order = [metric.name for metric in self.metrics]
        return CellFigures(
            samples=len(samples),
            failed=len(made) - len(whole),
            estimates={name: estimates[name] for name in order if name in estimates},
            top=short(said, TOP_LENGTH),
            answers=len(counts),
        )

    def tell_failures(self, figures: CellFigures) -> None:
        """Tell of the first cell in which a function of the user's failed on answers."""
        for name in sorted(self._untold):
            estimate = figures.estimates.get(name)
            if estimate is not None and estimate.note:
                self._untold.discard(name)
                self._tell(f"{name} {estimate.note}")

    @property
    def unread(self) -> list[str]:
        """A sentence on replies that came to nothing, if there were any."""
        return self._asking.unread

    async def aclose(self) -> None:
        """Close the models that were asked."""
        await self._asking.aclose()


def _lacking(metric: Metric, model: ChatModel, *, priced: bool) -> Need | None:
    """What a metric needs that a model does not give; None if nothing."""
    local = "score" in model.abilities
    if "entropy" in metric.needs and not local:
        return "entropy"
    if "logprobs" in metric.needs and not model.capabilities.logprobs:
        return "logprobs"
    if "cost" in metric.needs and not priced:
        return "cost"
    return None


def _plain(tokens: Sequence[Token]) -> Sequence[Token]:
    """Tokens without their candidates, which unpacked take seven times the room."""
    return [*tokens.plainly()] if isinstance(tokens, Tokens) else tokens


def kept_of_cell(history: History, sweep: str, cell: int, prompt: SweepPrompt) -> list[Measured]:
    """The answers of a cell as they are kept, those of earlier starts too; blocks."""
    found = []
    for item in history.sweeps.samples(sweep, cell):
        record = history.run(item.run)
        sample = Sample.of(
            record.answer(),
            tokens=_plain(history.tokens(item.run)),
            expected=prompt.expected,
            also_right=prompt.also_right,
            prompt=prompt.text,
        )
        found.append(Measured(sample, Said.unpacked(item.measures), failed=bool(item.error)))
    return found
