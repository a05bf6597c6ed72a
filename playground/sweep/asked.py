"""A sweep in its user's words: a sweep file, flags, or keyword arguments, made into a `Sweep`."""

from __future__ import annotations

import random
from collections.abc import Iterable, Sequence
from math import inf, prod
from pathlib import Path
from typing import Annotated, Any, Final, Literal, Self

from pydantic import (
    BeforeValidator,
    ConfigDict,
    Field,
    ValidationError,
    field_validator,
    model_validator,
)

import playground.metrics as metrics
from playground.config import at_home, broken, near_words, read_toml, where
from playground.errors import BrokenFile, InvalidParameter, UsageError
from playground.params import SEEDS, GenerationParams, knobs
from playground.prompts import name_and_value
from playground.sweep.asked_prompts import prompts_of
from playground.sweep.axis import NOT_SWEPT, Axis
from playground.sweep.definition import (
    BayesianSearch,
    Budget,
    GridSearch,
    Objective,
    RandomSearch,
    Search,
    Sweep,
    split,
)
from playground.sweep.sources import PROMPT
from playground.sweep.space import Grid
from playground.sweep.unheeded import refuse_unheeded
from playground.types import Frozen

_ALIASES: Final = {word: knob.name for knob in knobs().values() for word in knob.aliases}


def _several(value: object) -> object:
    """One word is as good as a list of one."""
    return (value,) if isinstance(value, str) else value


Words = Annotated[tuple[str, ...], BeforeValidator(_several)]


class AskedSearch(Frozen):
    """How the space is searched: nothing for a grid, `random`, or `optimise` with `trials`.

    An objective is a metric's name, with `:max` or `:min` where the metric does not say itself.
    """

    random: int | None = Field(default=None, ge=1)
    optimise: Words = ()
    trials: int = Field(default=40, ge=1)
    sampler: Literal["tpe", "gp"] = "tpe"
    prune: bool = False
    storage: str = ""


class Asked(Frozen):
    """What a sweep file may say, and what flags and keywords say.

    `prompt` is text, or `@name` of the prompt library with `variables`; `prompts` a CSV or JSON
    Lines file. `system` given several times is swept too. `params` and `space` are both knobs:
    whatever has several values is an axis. Without a `seed` one is drawn.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    title: str = ""
    prompt: Words = ()
    prompts: str = ""
    prompt_column: str = PROMPT
    expected_column: str = ""
    expected: str | None = None
    variables: dict[str, str] = Field(default_factory=dict)
    system: Words = ()
    models: Words = ()
    params: dict[str, Any] = Field(default_factory=dict)
    space: dict[str, Any] = Field(default_factory=dict)
    search: AskedSearch = AskedSearch()
    samples: int | None = None
    seed: int | None = None
    same_dice: bool = True
    metrics: Words = ()
    scorer: str = ""
    judge: str = ""
    judge_question: str = ""
    budget: Budget = Budget()

    @field_validator("params", "space")
    @classmethod
    def _one_name_each(cls, table: dict[str, Any]) -> dict[str, Any]:
        """Knobs by their own names: whoever says `max_tokens` means `max_length`."""
        named: dict[str, Any] = {}
        for word, given in table.items():
            name = _ALIASES.get(word, word)
            if name in named:
                raise ValueError(f"{name} is said twice, once as {word}")
            named[name] = given
        return named

    @model_validator(mode="after")
    def _says_nothing_twice(self) -> Self:
        both = self.params.keys() & self.space.keys()
        for name, word in (("n", "samples"), ("seed", "seed")):
            table = self.params.keys() | self.space.keys()
            both |= {name} if name in table and getattr(self, word) is not None else set()
        for name in sorted(both):
            raise ValueError(f"{name} is said in two places, and one of them would not be heeded")
        return self

    @classmethod
    def of_words(cls, variables: Iterable[str] = (), **words: Any) -> Self:
        """What was said on a command line or in Python; raises `UsageError` for what cannot be.

        `variables` are `name=value`.
        """
        if named := dict(map(name_and_value, variables)):
            words["variables"] = named
        try:
            return cls(**words)
        except ValidationError as error:
            finding = error.errors()[0]
            place = ".".join(str(step) for step in finding["loc"])
            if finding["type"] == "value_error":
                said = finding["msg"].removeprefix("Value error, ")
                raise UsageError(
                    f"This cannot be swept: {said}.", hint="Leave one of them out."
                ) from error
            if finding["type"] == "extra_forbidden":
                raise UsageError(
                    f"There is no word {place!r} for what a sweep may say.",
                    hint=near_words(cls, finding["loc"])
                    or "`playground sweep --help` has examples.",
                ) from error
            raise UsageError(
                f"{place or 'This'} cannot be {finding['input']!r}: {finding['msg']}.",
                hint="`playground sweep --help` has examples.",
            ) from error

    def over(self, other: Asked) -> Asked:
        """What stands when this is said on top of another: knobs and limits one by one."""
        mine = {name: getattr(self, name) for name in self.model_fields_set}
        for table in ("params", "space", "variables"):
            mine[table] = {**getattr(other, table), **getattr(self, table)}
        # A knob that is set here is not swept there any more, nor the other way round.
        mine["space"] = {k: v for k, v in mine["space"].items() if k not in self.params}
        mine["params"] = {k: v for k, v in mine["params"].items() if k not in self.space}
        for table in ("search", "budget"):
            ours, theirs = getattr(self, table), getattr(other, table)
            told = {name: getattr(ours, name) for name in ours.model_fields_set}
            mine[table] = theirs.model_copy(update=told)
        return other.model_copy(update=mine)


def read_sweep_file(path: Path) -> Asked:
    """What a sweep file says; paths in it are beside it. Raises `BrokenFile` with the line."""
    try:
        asked = Asked.model_validate(told := read_toml(path))
    except ValidationError as error:
        raise broken(path, error, schema=Asked) from error
    _check_knobs(path, told)
    if not asked.prompts:
        return asked
    beside = path.parent / at_home(asked.prompts)
    return asked.model_copy(update={"prompts": str(beside)})


def _check_knobs(path: Path, told: dict[str, Any]) -> None:
    """Raise `BrokenFile`, with the line, for a knob that is none or has no such values."""
    for table in ("params", "space"):
        for name, given in told.get(table, {}).items():
            if name in NOT_SWEPT:
                continue
            try:
                GenerationParams.of(**split({name: given})[1])
            except InvalidParameter as error:
                raise BrokenFile(
                    f"{where(path, (table, name))}: {error.message}", hint=error.hint
                ) from error


def build(asked: Asked, *, samples: int = 1) -> Sweep:
    """The sweep that is meant; with so many `samples` a cell where nobody says how many.

    Raises `UsageError` for what cannot be swept and for words that nothing would heed,
    `InvalidParameter` for axes and knobs that cannot be, `BrokenFile` for files, and what the
    prompt library raises.
    """
    prompts, suggested = prompts_of(asked)
    settings = {**suggested.params, **suggested.space, **asked.params, **asked.space}
    apart = {name: _one(name, settings.pop(name)) for name in NOT_SWEPT if name in settings}
    axes, fixed = split(settings)
    samples = asked.samples or apart.get("n") or suggested.samples or samples
    named = asked.metrics or suggested.metrics
    seed = asked.seed if asked.seed is not None else apart.get("seed")
    sweep = Sweep.of(
        title=asked.title,
        models=asked.models,
        prompts=prompts,
        axes=axes,
        params=GenerationParams.of(**fixed, logprobs=apart.get("logprobs")),
        search=_search(asked.search, axes),
        samples=samples,
        seed=random.SystemRandom().randrange(SEEDS) if seed is None else seed,
        same_dice=asked.same_dice,
        metrics=_named_metrics(named, asked.search),
        scorer=asked.scorer,
        judge=asked.judge,
        judge_question=asked.judge_question,
        budget=asked.budget,
    )
    refuse_unheeded(asked, sweep)
    return sweep


def _one(knob: str, given: object) -> int:
    """The value of a knob that has one only; raises `InvalidParameter` for several."""
    values = given if isinstance(given, list | tuple) else [given]
    try:
        value = int(str(values[0]).strip())
    except (IndexError, ValueError):
        value = None
    if value is None or len(values) != 1:
        raise InvalidParameter(
            f"{knob} {given!r} is not one whole number, and it cannot be swept: {NOT_SWEPT[knob]}."
        )
    return value


def _named_metrics(named: Sequence[str], search: AskedSearch) -> tuple[str, ...]:
    """The metrics that were named, and those that are optimised; empty for the usual ones."""
    words = [part.strip() for name in named for part in name.split(",") if part.strip()]
    aims = [_objective(text).metric for text in search.optimise]
    if not words and not aims:
        return ()
    return tuple(dict.fromkeys(metrics.get(name).name for name in [*words, *aims]))


def _search(asked: AskedSearch, axes: Sequence[Axis]) -> Search:
    if asked.random is not None and asked.optimise:
        raise UsageError("A space is drawn from (--random) or searched (--optimise), not both.")
    if asked.optimise:
        endless = any(axis.stretch for axis in axes)
        return BayesianSearch(
            objectives=tuple(map(_objective, asked.optimise)),
            # No point is tried twice.
            trials=asked.trials if endless else min(asked.trials, len(Grid(tuple(axes)))),
            sampler=asked.sampler,
            prune=asked.prune,
            storage=asked.storage,
        )
    if asked.random is None:
        return GridSearch()
    return RandomSearch(count=min(asked.random, _points(axes)), apart=True)


def _points(axes: Sequence[Axis]) -> float:
    """How many points axes have; endless ones where there are numbers between two ends."""
    if any(axis.stretch and not axis.whole for axis in axes):
        return inf
    return prod(int(axis.high - axis.low) + 1 if axis.stretch else len(axis) for axis in axes)


def _objective(text: str) -> Objective:
    # From the right: a function is named as `module:function`.
    name, _, word = text.rpartition(":")
    if word not in ("max", "min"):
        name, word = text, ""
    metric = metrics.get(name)
    if not word:
        if metric.better is None:
            raise UsageError(
                f"{name} is neither better high nor low by itself.",
                hint=f"Say which: {name}:max or {name}:min.",
            )
        word = "max" if metric.better == "higher" else "min"
    return Objective(metric=metric.name, direction="maximise" if word == "max" else "minimise")
