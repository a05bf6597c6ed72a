"""What is written into the form of a sweep, made into one, with what is wrong beside its field."""

from __future__ import annotations

import json
import shlex
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

from playground.errors import InvalidParameter, PlaygroundError, UsageError
from playground.params import GenerationParams, Knob, knobs
from playground.sweep.asked import Asked, build
from playground.sweep.axis import Axis, axis_of
from playground.sweep.definition import MOST_SAMPLES, SEEDS, Sweep
from playground.sweep.forecast import Forecast, forecast
from playground.sweep.starting import check

__all__ = ["Field", "Look", "Problem", "Written", "fixed_text", "look_at"]

Field = Literal["prompt", "models", "knobs", "samples", "max_length", "seed", "budget", ""]

NUMBERS: Final[dict[Field, tuple[int, int]]] = {
    "samples": (1, MOST_SAMPLES),
    "max_length": (1, 1_000_000),
    "seed": (0, SEEDS - 1),
}
"""Fields that take a whole number, with the least and the greatest."""


class Written(NamedTuple):
    """The fields as they stand. `params` and `system` are the pane's, and stay as they are."""

    prompt: str
    models: tuple[str, ...]
    knobs: str
    samples: str = ""
    max_length: str = ""
    seed: str = ""
    budget: str = ""
    params: GenerationParams = GenerationParams()
    system: str = ""


class Problem(NamedTuple):
    """What is wrong, and in which field; in none: with all of it together."""

    field: Field
    text: str


@dataclass(frozen=True, slots=True)
class Look:
    """What the fields mean: a sweep that can begin with its forecast, or what is in the way."""

    sweep: Sweep | None = None
    forecast: Forecast | None = None
    problems: tuple[Problem, ...] = ()


def look_at(written: Written, speed: Callable[[str], float | None] = lambda _ref: None) -> Look:
    """What is written, understood; blocks, because models are opened to ask what they take.

    `speed` gives the tokens a second that a model reached lately (None: not known).
    """
    problems: list[Problem] = []
    space = _space(written.knobs, problems)
    numbers = {field: _number(field, getattr(written, field), problems) for field in NUMBERS}
    budget = _money(written.budget, problems)
    if not written.prompt.strip():
        problems.append(Problem("prompt", "Write the prompt."))
    if not written.models:
        problems.append(Problem("models", "Choose a model."))
    if problems:
        return Look(problems=tuple(problems))
    params = written.params.given()
    if numbers["max_length"] is not None:
        params["max_length"] = numbers["max_length"]
    told: dict[str, Any] = {"budget": {"cost": budget}} if budget is not None else {}
    try:
        asked = Asked.of_words(
            prompt=(written.prompt,),
            system=(written.system,) if written.system else (),
            models=written.models,
            params={name: value for name, value in params.items() if name not in space},
            space=space,
            samples=numbers["samples"],
            seed=numbers["seed"],
            **told,
        )
        sweep = build(asked)
        check(sweep)
        return Look(sweep, forecast(sweep, speed))
    except PlaygroundError as error:
        return Look(problems=(Problem("", str(error)),))


def fixed_text(params: GenerationParams, system: str, swept: str) -> str:
    """The knobs that stay as the pane has them, for people; without those that are swept."""
    named = {
        line.split()[0].lstrip("-").replace("-", "_") for line in swept.splitlines() if line.split()
    }
    kept = {
        name: value
        for name, value in params.given().items()
        if name not in named and name not in ("n", "seed", "logprobs", "max_length")
    }
    told = [f"{name} {json.dumps(value, ensure_ascii=False)}" for name, value in kept.items()]
    told += ["the system prompt"] if system else []
    return ", ".join(told) or "nothing"


def _space(text: str, problems: list[Problem]) -> dict[str, Any]:
    """The knobs of the lines, each as `axis_of` takes it."""
    space: dict[str, Any] = {}
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            axis, given = _line(line)
            if axis.knob in space:
                raise UsageError(f"{axis.knob} is swept twice.", hint="Leave one line out.")
        except PlaygroundError as error:
            problems.append(Problem("knobs", f"Line {number}: {error}"))
        else:
            space[axis.knob] = given
    return space


def _line(line: str) -> tuple[Axis, Any]:
    """A line in the words of the command: `temperature 0:2:0.25`, `--top-p 0.5,0.9,1`."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"A quote is not closed: {error}.") from error
    name, _, joined = words[0].lstrip("-").replace("-", "_").partition("=")
    rest = [*([joined] if joined else []), *words[1:]]
    known = {word: knob for knob in knobs().values() for word in (knob.name, *knob.aliases)}
    if not rest and name in known:
        raise InvalidParameter(
            f"{name} has no values.", hint="Write them behind it: temperature 0:2:0.25"
        )
    given = _values(known[name], rest) if name in known else " ".join(rest)
    return axis_of(name, given), given


def _values(knob: Knob, words: list[str]) -> Any:
    """The words behind a knob as an axis takes them."""
    if knob.numeric:
        return "".join(words)
    if knob.kind == "object":
        return [_object(knob, word) for word in words]
    # All stop strings belong to one setting: they end an answer together.
    return [words] if knob.name == "stop" else words


def _object(knob: Knob, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidParameter(
            f"{knob.name} is not JSON: {error}.", hint="""Write it like '{"name": 1}'."""
        ) from error


def _number(field: Field, text: str, problems: list[Problem]) -> int | None:
    """A whole number that is in its range; None where nothing is written."""
    text = text.strip().replace(",", "")
    if not text:
        return None
    low, high = NUMBERS[field]
    try:
        value = int(text)
    except ValueError:
        value = low - 1
    if not low <= value <= high:
        problems.append(Problem(field, f"{field} is a whole number from {low} to {high:,}."))
        return None
    return value


def _money(text: str, problems: list[Problem]) -> float | None:
    text = text.strip().removeprefix("$")
    if not text:
        return None
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        problems.append(Problem("budget", "The budget is a number of dollars above 0."))
        return None
    return value
