"""What a sweep is: models, prompts, a space of settings, repeats, metrics and limits."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Final, Literal, NamedTuple, Self

from pydantic import Field, ValidationError, field_validator, model_validator

from playground.errors import PlaygroundError, UsageError
from playground.params import SEEDS, GenerationParams
from playground.sweep.axis import Axis, axis_of
from playground.sweep.space import Drawn, Grid, Space
from playground.types import Frozen, Message, ModelRef

MOST_PROMPTS: Final = 100_000
MOST_SAMPLES: Final = 10_000

Direction = Literal["maximise", "minimise"]


class SweepPrompt(Frozen):
    """One prompt of a sweep.

    `label` is what pictures call it. `expected` is the right answer, where there is one, those of
    `also_right` are as right, and `fields` are further columns of the file that it came from.
    """

    label: str
    messages: tuple[Message, ...] = Field(min_length=1)
    expected: str | None = None
    also_right: tuple[str, ...] = ()
    fields: dict[str, str] = Field(default_factory=dict)

    @classmethod
    def of(
        cls, text: str, *, system: str = "", expected: str | None = None, label: str = ""
    ) -> Self:
        """A prompt of one user turn."""
        told = (Message(role="system", content=system),) if system else ()
        turns = (*told, Message(role="user", content=text))
        return cls(label=label or short(text), messages=turns, expected=expected)

    @property
    def expected_text(self) -> str | None:
        """The right answer for people; of several, one beside the other."""
        return None if self.expected is None else " | ".join((self.expected, *self.also_right))

    @property
    def text(self) -> str:
        """The last thing that the user says."""
        return next((t.content for t in reversed(self.messages) if t.role == "user"), "")


class GridSearch(Frozen):
    """Every combination of the axes' values."""

    kind: Literal["grid"] = "grid"


class RandomSearch(Frozen):
    """So many points at random, `apart` from each other: none comes twice.

    Those that are kept from before there was `apart` go on with the points that they began with.
    """

    kind: Literal["random"] = "random"
    count: int = Field(ge=1, le=1_000_000)
    apart: bool = False


class Objective(Frozen):
    """A metric to be made as large or as small as can be."""

    metric: str
    direction: Direction


class BayesianSearch(Frozen):
    """Points chosen by what the earlier ones showed (Optuna); a study for each model.

    `sampler` is `tpe` or `gp`; with several objectives the best are a Pareto front. `prune` stops a
    point after some of its prompts where it lags behind the others. `storage` is any that
    Optuna knows, where studies outlive the program and several programs share them; see `storage`.
    """

    kind: Literal["bayesian"] = "bayesian"
    objectives: tuple[Objective, ...] = Field(min_length=1)
    trials: int = Field(ge=1, le=1_000_000)
    sampler: Literal["tpe", "gp"] = "tpe"
    prune: bool = False
    storage: str = ""


Search = Annotated[GridSearch | RandomSearch | BayesianSearch, Field(discriminator="kind")]


class Budget(Frozen):
    """Where a sweep stops, cleanly and to be resumed. Cost in US dollars, `seconds` of work."""

    cost: float | None = Field(default=None, gt=0)
    tokens: int | None = Field(default=None, gt=0)
    seconds: float | None = Field(default=None, gt=0)


class Sweep(Frozen):
    """A sweep, whole: what is kept, resumed and written into a sweep file.

    `params` are set in every cell, `axes` on top of them. With `same_dice` the sample of one number
    has the same seed in every cell, so that cells differ by the setting and not by luck; the first
    sample's is `seed`. `metrics` empty means the usual ones. `scorer` is a model that rates the
    answers of the others (perplexity), `judge` one that is asked about them.
    """

    title: str = ""
    models: tuple[str, ...] = Field(min_length=1, max_length=64)
    prompts: tuple[SweepPrompt, ...] = Field(min_length=1, max_length=MOST_PROMPTS)
    axes: tuple[Axis, ...] = ()
    params: GenerationParams = GenerationParams()
    search: Search = GridSearch()
    samples: int = Field(default=1, ge=1, le=MOST_SAMPLES)
    seed: int = Field(ge=0, lt=SEEDS)
    same_dice: bool = True
    metrics: tuple[str, ...] = ()
    scorer: str = ""
    judge: str = ""
    judge_question: str = ""
    budget: Budget = Budget()

    @field_validator("models")
    @classmethod
    def _are_references(cls, value: tuple[str, ...]) -> tuple[str, ...]:
        for ref in value:
            try:
                ModelRef.parse(ref)
            except PlaygroundError as error:
                raise ValueError(str(error)) from error
        if len(set(value)) != len(value):
            raise ValueError("a model is named twice")
        return value

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        swept = [axis.knob for axis in self.axes]
        for name in swept:
            if swept.count(name) > 1:
                raise ValueError(f"{name} is swept twice")
            if getattr(self.params, name) is not None:
                raise ValueError(f"{name} is both set and swept")
        if self.params.n is not None:
            raise ValueError("n is how many answers each setting gets: say samples")
        if self.params.seed is not None:
            raise ValueError("seed belongs to the sweep, not to its params")
        if not isinstance(self.search, GridSearch) and not self.axes:
            raise ValueError("there is nothing to search: no parameter is swept")
        _ = self.space
        return self

    @classmethod
    def of(cls, **content: Any) -> Self:
        """A sweep; raises `UsageError` with a sentence where the constructor raises pydantic's."""
        try:
            return cls(**content)
        except ValidationError as error:
            finding = error.errors()[0]
            place = ".".join(str(step) for step in finding["loc"])
            text = finding["msg"].removeprefix("Value error, ").removesuffix(".")
            raise UsageError(
                f"This cannot be swept: {f'{place}: ' if place else ''}{text}.",
                hint="`playground sweep --help` has examples.",
            ) from error

    def model_copy(self, *, update: Mapping[str, Any] | None = None, deep: bool = False) -> Self:
        """A copy with other fields; its space is its own."""
        copied = super().model_copy(update=update, deep=deep)
        copied.__dict__.pop("space", None)
        return copied

    @cached_property
    def space(self) -> Space:
        """The points; of a Bayesian search, as many as it has trials, which are not known yet."""
        match self.search:
            case GridSearch():
                return Grid(self.axes)
            case RandomSearch(count=count, apart=apart):
                return Drawn(self.axes, count, self.seed, apart)
            case BayesianSearch(trials=trials):
                return Drawn(self.axes, trials, self.seed)

    @property
    def cells(self) -> int:
        """How many cells it has: models × prompts × points."""
        return len(self.models) * self.cells_of_model

    @property
    def cells_of_model(self) -> int:
        """How many cells each model has: prompts × points."""
        return len(self.prompts) * len(self.space)

    @property
    def runs(self) -> int:
        """How many runs it makes at most: cells × samples."""
        return self.cells * self.samples

    @property
    def heading(self) -> str:
        """What lists call it: the title, else how the first prompt begins and how many follow."""
        more = len(self.prompts) - 1
        return self.title or self.prompts[0].label + (f" and {more:,} more" if more else "")

    def place(self, cell: int) -> Place:
        """Where a cell of this number lies."""
        model, rest = divmod(cell, self.cells_of_model)
        point, prompt = divmod(rest, len(self.prompts))
        return Place(model, prompt, point)

    def number(self, place: Place) -> int:
        """The number of a cell."""
        return place.model * self.cells_of_model + place.point * len(self.prompts) + place.prompt

    def seed_of(self, cell: int, sample: int) -> int:
        """The seed of a sample; the same in every cell where the dice are."""
        apart = 0 if self.same_dice else cell * self.samples
        return (self.seed + apart + sample) % SEEDS


class Place(NamedTuple):
    """Which model, prompt and point a cell is of, each by its number from 0."""

    model: int
    prompt: int
    point: int


def axes_of(space: dict[str, Any]) -> tuple[Axis, ...]:
    """The axes that a table of knobs means; see `axis_of`."""
    return tuple(axis_of(knob, given) for knob, given in space.items())


def split(settings: dict[str, Any]) -> tuple[tuple[Axis, ...], dict[str, Any]]:
    """Settings as axes, and, of those with one value only, as fixed knobs by name."""
    axes = axes_of(settings)
    swept = tuple(axis for axis in axes if axis.stretch or len(axis) > 1)
    fixed = {axis.knob: axis.at(0) for axis in axes if axis not in swept}
    return swept, fixed


def short(text: str, length: int = 60) -> str:
    """The beginning of a text on one line."""
    line = " ".join(text[: 4 * length].split())
    return line if len(line) <= length else f"{line[: length - 1]}…"
