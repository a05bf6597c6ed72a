"""What is written into the form of a sweep, made into one, with what is wrong beside its field."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, NamedTuple

import playground.prompts as prompts
from playground.config import at_home
from playground.errors import PlaygroundError, UsageError
from playground.params import SEEDS, GenerationParams
from playground.sweep.asked import Asked, build, read_sweep_file
from playground.sweep.definition import MOST_SAMPLES, Sweep
from playground.sweep.forecast import Forecast, Speed, forecast
from playground.sweep.starting import check
from playground.sweep.words import asked_of, command_of, lines_of, read_command, read_lines

__all__ = [
    "Field",
    "Look",
    "Problem",
    "Written",
    "look_at",
    "pasted",
]

Field = Literal["prompt", "models", "knobs", "samples", "max_length", "seed", "budget", ""]

NUMBERS: Final[dict[Field, tuple[int, int]]] = {
    "samples": (1, MOST_SAMPLES),
    "max_length": (1, 1_000_000),
    "seed": (0, SEEDS - 1),
}
"""Fields that take a whole number, with the least and the greatest."""


class Written(NamedTuple):
    """The fields as they stand. `params` and `system` are the pane's, and stay as they are.

    `usual` are the samples, and `drawn` is the seed, where none are said.
    """

    prompt: str
    models: tuple[str, ...]
    knobs: str
    samples: str = ""
    max_length: str = ""
    seed: str = ""
    budget: str = ""
    params: GenerationParams = GenerationParams()
    system: str = ""
    usual: int = 1
    drawn: int = 0


class Problem(NamedTuple):
    """What is wrong, and in which field; in none: with all of it together."""

    field: Field
    text: str


@dataclass(frozen=True, slots=True)
class Look:
    """What the fields mean: a sweep that can begin with its forecast, or what is in the way.

    `remarks` are what a metric will not give and what a model will not take; `command` starts the
    same sweep from a shell. Where none does it is empty, and `unsaid` says why.
    """

    sweep: Sweep | None = None
    forecast: Forecast | None = None
    problems: tuple[Problem, ...] = ()
    remarks: tuple[str, ...] = ()
    command: str = ""
    unsaid: str = ""


def look_at(written: Written, speed: Speed = lambda _ref: None) -> Look:
    """What is written, understood; blocks, because files are read and models opened to ask them.

    Lines and fields stand on top of a sweep file, and that on top of what the pane has. `speed`
    says how fast a model was lately (None: not known).
    """
    problems: list[Problem] = []
    told, wrong = read_lines(written.knobs)
    problems += [Problem("knobs", f"Line {line.number}: {line.problem}") for line in wrong]
    numbers = {field: _number(field, getattr(written, field), problems) for field in NUMBERS}
    budget = _money(written.budget, problems)
    _missing(
        problems,
        prompt=bool(written.prompt.strip() or told.keys() & {"prompt", "prompts", "file"}),
        models=bool(written.models or told.keys() & {"models", "file"}),
    )
    if problems:
        return Look(problems=tuple(problems))
    words = _fields(written, numbers, budget)
    try:
        asked = _together(written, told, Asked.of_words(**words))
    except PlaygroundError as error:
        return Look(problems=(Problem("knobs", str(error)),))
    # The sweep file may have had none.
    _missing(problems, prompt=bool(asked.prompt or asked.prompts), models=bool(asked.models))
    if problems:
        return Look(problems=tuple(problems))
    try:
        sweep = build(asked, samples=written.usual)
        remarks = check(sweep)
        expected = forecast(sweep, speed)
    except PlaygroundError as error:
        return Look(problems=(Problem("", str(error)),))
    command, unsaid = "", ""
    try:
        command = command_of(asked.model_copy(update={"samples": sweep.samples}))
    except PlaygroundError as error:
        unsaid = str(error)
    return Look(sweep, expected, remarks=remarks, command=command, unsaid=unsaid)


def _missing(problems: list[Problem], *, prompt: bool, models: bool) -> None:
    if not prompt:
        problems.append(Problem("prompt", "Write the prompt, or name a file: prompts cases.csv"))
    if not models:
        problems.append(Problem("models", "Choose a model."))


def _fields(
    written: Written, numbers: Mapping[Field, int | None], budget: float | None
) -> dict[str, Any]:
    """What the fields beside the lines say; what is empty says nothing."""
    words: dict[str, Any] = {
        "prompt": (written.prompt,) if written.prompt.strip() else None,
        "models": written.models or None,
        "samples": numbers["samples"],
        "seed": numbers["seed"],
        "budget": {"cost": budget} if budget is not None else None,
        "space": None
        if numbers["max_length"] is None
        else {"max_length": str(numbers["max_length"])},
    }
    return {name: value for name, value in words.items() if value is not None}


def _together(written: Written, told: dict[str, Any], fields: Asked) -> Asked:
    """Pane, file, and lines with fields, each on top of the one before.

    Raises `UsageError` where a line and a field say different things.
    """
    lines = asked_of(told)
    for name, here, there in (
        ("samples", fields.samples, lines.samples),
        ("seed", fields.seed, lines.seed),
        ("budget", fields.budget.cost, lines.budget.cost),
    ):
        if None not in (here, there) and here != there:
            raise UsageError(
                f"{name} is {here} in its field and {there} on a line.", hint="Leave one out."
            )
    # Models and prompts may be said in both places: these are more of them.
    more = {
        name: tuple(dict.fromkeys((*getattr(fields, name), *getattr(lines, name))))
        for name in ("prompt", "models")
        if getattr(fields, name) and getattr(lines, name)
    }
    # The length that the pane had gives way to one that is swept.
    told_space = {k: v for k, v in fields.space.items() if k not in lines.space}
    above = fields.model_copy(update={**more, "space": told_space}).over(lines)
    if file := told.get("file"):
        above = above.over(read_sweep_file(at_home(file)))
    system, left_out = (written.system,) if written.system else (), set[str]()
    for reference in filter(prompts.is_reference, above.prompt):
        # What a prompt of the library suggests goes before what the pane happens to have.
        prompt = prompts.get(reference)
        left_out |= {*prompt.suggestion, *prompt.sweep}
        system = () if prompt.system else system
    params = {
        # A tuple is one value here, not several that are swept.
        name: [list(value)] if isinstance(value, tuple) else value
        for name, value in written.params.given().items()
        if name not in left_out and name not in ("n", "seed", "logprobs")
    }
    return above.over(Asked.of_words(params=params, system=system, seed=written.drawn))


def pasted(text: str) -> Written:
    """The fields as a whole command fills them in.

    Raises `UsageError` and `InvalidParameter` for a command that cannot be.
    """
    told = read_command(text.strip())
    file = told.pop("file", None)
    asked = asked_of(told)
    apart = {"samples", "seed", "budget", "model"}
    apart |= {"prompt"} if len(asked.prompt) == 1 else set()
    length = str(asked.space.get("max_length", ""))
    apart |= {"max-length"} if length.isdecimal() else set()
    lines = [f"file {file}"] if file else []
    lines.append(lines_of(asked, without=apart))
    return Written(
        prompt=asked.prompt[0] if len(asked.prompt) == 1 else "",
        models=asked.models,
        knobs="\n".join(line for line in lines if line),
        samples="" if asked.samples is None else str(asked.samples),
        max_length=length if length.isdecimal() else "",
        seed="" if asked.seed is None else str(asked.seed),
        budget="" if asked.budget.cost is None else f"{asked.budget.cost:g}",
    )


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
