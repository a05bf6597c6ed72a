"""What a sweep will take, before it starts: runs, tokens and money at most, and time about."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import inf
from typing import Final

from playground.catalogue import catalogue
from playground.history.pace import Pace
from playground.metrics import Sample
from playground.params import knobs
from playground.providers.registry import find_provider, open_hurried
from playground.sweep.asking import JUDGE_LENGTH, judge_of
from playground.sweep.definition import Sweep
from playground.types import Message, ModelRef

CHARACTERS_A_TOKEN: Final = 3.0
"""Characters of a prompt for one token, at least: English has about four, Japanese one or two."""

TEMPLATE_TOKENS: Final = 8
"""Tokens that a chat template adds to a message, about."""

Speed = Callable[[str], Pace | None]
"""How fast a model was lately, all answers at work together; None: not known."""


@dataclass(frozen=True, slots=True)
class ModelForecast:
    """What one model is to do. Tokens and cost are the most that it can come to.

    `cost` is None where no price is known (a local model costs nothing: 0), `seconds`, at the speed
    of the last time, where its speed is not. `longest` and `dearest` are the tokens and the cost of
    one run at most.
    """

    ref: str
    runs: int
    input_tokens: int
    output_tokens: int
    cost: float | None
    seconds: float | None
    longest: float
    dearest: float | None


@dataclass(frozen=True, slots=True)
class Forecast:
    """What the whole is to do; see `ModelForecast`. The models work side by side.

    `judge` is what is asked of a judge about every answer, where there is one.
    """

    cells: int
    models: tuple[ModelForecast, ...]
    judge: ModelForecast | None = None

    @property
    def all(self) -> tuple[ModelForecast, ...]:
        """The models, and the judge behind them."""
        return self.models if self.judge is None else (*self.models, self.judge)

    @property
    def runs(self) -> int:
        """Runs of all models, without the judge's."""
        return sum(model.runs for model in self.models)

    @property
    def tokens(self) -> int:
        """Tokens read and written, at most."""
        return sum(model.input_tokens + model.output_tokens for model in self.all)

    @property
    def cost(self) -> float | None:
        """US dollars at most, of the models whose price is known; None if none is."""
        known = [model.cost for model in self.all if model.cost is not None]
        return sum(known) if known else None

    @property
    def seconds(self) -> float | None:
        """Seconds, about, of the slowest; None where the speed of one is not known."""
        known = [model.seconds for model in self.models if model.seconds is not None]
        return max(known) if known and len(known) == len(self.models) else None


def forecast(sweep: Sweep, speed: Speed = lambda _ref: None) -> Forecast:
    """What a sweep will take at most; opens no connection and loads no weights.

    Prompts are counted by their characters, answers as `max_length` tokens each, or as the model's
    context where that is known and less. Raises what opening one of the models raises.
    """
    prompts = [_tokens_of(prompt.messages) for prompt in sweep.prompts]
    prompt_tokens = sum(prompts) / len(prompts)
    found = []
    for ref in sweep.models:
        runs = sweep.cells_of_model * sweep.samples
        lengths = _lengths(sweep, ref)
        length, longest = sum(lengths) / len(lengths), max(lengths)
        read, written = round(runs * prompt_tokens), round(runs * length)
        pace = speed(ref)
        found.append(
            ModelForecast(
                ref=ref,
                runs=runs,
                input_tokens=read,
                output_tokens=written,
                cost=_cost(ref, read, written),
                seconds=None if pace is None else pace.seconds(read, written),
                longest=longest,
                dearest=_cost(ref, max(prompts), longest),
            )
        )
    return Forecast(sweep.cells, tuple(found), _judge(sweep, found))


def _judge(sweep: Sweep, models: Sequence[ModelForecast]) -> ModelForecast | None:
    """What the judge is to do: it reads every prompt and answer, and writes as much as it may."""
    if "judge" not in sweep.metrics or not sweep.judge:
        return None
    judge = judge_of(sweep)
    questions = [
        _tokens_of(judge.messages(Sample("", prompt=prompt.text, expected=prompt.expected)))
        for prompt in sweep.prompts
    ]
    runs = sum(model.runs for model in models)
    answers = sum(model.output_tokens for model in models)
    read = round(runs * sum(questions) / len(questions)) + answers
    longest = max(questions) + max(model.longest for model in models)
    return ModelForecast(
        ref=sweep.judge,
        runs=runs,
        input_tokens=read,
        output_tokens=runs * JUDGE_LENGTH,
        cost=_cost(sweep.judge, read, runs * JUDGE_LENGTH),
        seconds=None,
        longest=JUDGE_LENGTH,
        dearest=_cost(sweep.judge, longest, JUDGE_LENGTH),
    )


def _tokens_of(messages: Sequence[Message]) -> int:
    """How many tokens messages come to, by their characters."""
    return sum(
        TEMPLATE_TOKENS + round(len(turn.content.encode()) / CHARACTERS_A_TOKEN)
        for turn in messages
    )


def _lengths(sweep: Sweep, ref: str) -> list[float]:
    """How long answers may be over the space: every value, or both ends of a stretch."""
    model = open_hurried(ref)
    axis = next((axis for axis in sweep.axes if axis.knob == "max_length"), None)
    if axis is None:
        plan = model.plan(sweep.params)
        lengths = [float(str(plan.effective.get("max_length", knobs()["max_length"].default)))]
    else:
        lengths = [float(str(value)) for value in axis.each()] or [axis.low, axis.high]
    most = model.capabilities.context_length or inf
    return [min(length, most) for length in lengths]


def _is_local(ref: str) -> bool:
    """Whether a model runs on this machine, and so costs nothing."""
    parsed = ModelRef.parse(ref)
    spec = catalogue().find(parsed.provider)
    return (parsed.provider if spec is None else spec.backend) == "local"


def _cost(ref: str, read: float, written: float) -> float | None:
    if _is_local(ref):
        return 0.0
    parsed = ModelRef.parse(ref)
    info = next(
        (info for info in find_provider(parsed.provider).models() if info.ref == parsed), None
    )
    if info is None or info.input_price is None or info.output_price is None:
        return None
    return (read * info.input_price + written * info.output_price) / 1e6
