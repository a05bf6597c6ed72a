"""A sweep in the words of its command: read from lines or a command, and written as them."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from playground.errors import InvalidParameter, PlaygroundError, UsageError, did_you_mean
from playground.knobs import ORDERS
from playground.params import Knob, knobs
from playground.sweep.asked import Asked
from playground.sweep.axis import NOT_SWEPT, axis_of, value_text
from playground.sweep.budget import Limit

__all__ = ["COMMAND", "WORDS", "Line", "Word", "asked_of", "command_of", "lines_of", "read_command",
           "read_lines", "resume_with_more"]  # fmt: skip

COMMAND: Final = ("playground", "sweep")

Place = tuple[str, ...]
"""Where in an `Asked` something is said: a field, or a field of one of its tables."""


@dataclass(frozen=True, slots=True)
class Word:
    """An option of `playground sweep` that is no knob: its name, its place, what it is for.

    With `several` it may be said again for more; `says` is the value of one that takes none.
    """

    name: str
    place: Place
    example: str
    meaning: str
    several: bool = False
    says: bool | None = None


WORDS: Final[tuple[Word, ...]] = (
    Word("random", ("search", "random"), "40", "this many settings at random"),
    Word("optimise", ("search", "optimise"), "distinct-2:max", "search the settings that make a "
         "metric best; again for a Pareto front", several=True),
    Word("trials", ("search", "trials"), "40", "settings that such a search may try"),
    Word("sampler", ("search", "sampler"), "gp", "how it chooses them: tpe or gp"),
    Word("prune", ("search", "prune"), "", "leave a setting early that lags behind", says=True),
    Word("storage", ("search", "storage"), "sqlite:///studies.db", "keep its study there"),
    Word("prompt", ("prompt",), "'Once upon a time'", "a prompt more; @name is of the library",
         several=True),
    Word("prompts", ("prompts",), "cases.csv", "prompts from a CSV or JSON Lines file"),
    Word("prompt-column", ("prompt_column",), "question", "its column of prompts"),
    Word("expected-column", ("expected_column",), "answer", "its column of right answers"),
    Word("expected", ("expected",), "42", "the right answer"),
    Word("var", ("variables",), "name=Mia", "a variable of a prompt of the library", several=True),
    Word("system", ("system",), "'Be brief.'", "a system prompt; several are all tried",
         several=True),
    Word("model", ("models",), "demo:tiny", "a model more", several=True),
    Word("samples", ("samples",), "8", "answers at each setting"),
    Word("own-dice", ("same_dice",), "", "other dice in every cell", says=False),
    Word("metric", ("metrics",), "exact,length", "what to measure, instead of the usual",
         several=True),
    Word("scorer", ("scorer",), "demo:small", "the model of the metric perplexity"),
    Word("judge", ("judge",), "openai:gpt-4.1", "the model of the metric judge"),
    Word("judge-question", ("judge_question",), "'Is it polite?'", "what it is asked to judge"),
    Word("budget", ("budget", "cost"), "0.5", "US dollars that may be spent"),
    Word("budget-tokens", ("budget", "tokens"), "100000", "tokens that may be generated"),
    Word("budget-seconds", ("budget", "seconds"), "600", "seconds that it may take"),
    Word("file", ("file",), "lesson.toml", "a sweep file; the rest goes on top"),
    Word("title", ("title",), "'Two dragons'", "what lists call it"),
)  # fmt: skip
"""What a sweep is told beside its knobs, as the command names it."""

_BY_NAME: Final = {word.name: word for word in WORDS}
_SHORT: Final = {"m": "model"}

NOT_SAID_HERE: Final = {"dry-run", "resume", "force", "retry-failed", "executor", "address", "json",
                        "no-history"}  # fmt: skip
"""Options of the command that are about running it and not about what it is."""


class Line(NamedTuple):
    """A line that says something: its number from 1, and what is wrong with it."""

    number: int
    problem: PlaygroundError


_TEXTS: Final = frozenset(
    word.replace("_", "-")
    for knob in knobs().values()
    if knob.kind in ("text", "object")
    for word in (knob.name, *knob.aliases)
)
"""Knobs whose value is a text or JSON: a line in which one stands says one value of it."""


def read_lines(text: str) -> tuple[dict[str, Any], tuple[Line, ...]]:
    """What lines such as `temperature 0:2:0.25` and `metric exact` say, and those that cannot be.

    Each line is an option of the command, with its dashes or without. What they say together is in
    the words of `asked_of`.
    """
    told: dict[str, Any] = {}
    wrong = []
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            name, values = _split(line)
            _say(told, name, values)
        except PlaygroundError as error:
            wrong.append(Line(number, error))
    return told, tuple(wrong)


def read_command(text: str) -> dict[str, Any]:
    """What a whole `playground sweep …` says, in the words of `asked_of`.

    Raises `UsageError` and `InvalidParameter` for what cannot be.
    """
    try:
        words = shlex.split(text.replace("\\\n", " "))
    except ValueError as error:
        raise UsageError(f"A quote is not closed: {error}.") from error
    told: dict[str, Any] = {}
    rest = iter(words[len(COMMAND) :] if tuple(words[: len(COMMAND)]) == COMMAND else words)
    for word in rest:
        if word == "--":
            for prompt in rest:
                _say(told, "prompt", [prompt])
        elif not word.startswith("-") or word == "-":
            _say(told, "prompt", [word])
        else:
            name, equals, value = word.lstrip("-").partition("=")
            if name in NOT_SAID_HERE:
                raise UsageError(f"--{name} says how a sweep is run, and not what it is.")
            found = _BY_NAME.get(_SHORT.get(name, name))
            if not equals and (found is None or found.says is None):
                value = next(rest, "")
            _say(told, name, [value] if value else [])
    return told


def asked_of(told: dict[str, Any]) -> Asked:
    """What was said as an `Asked`; a `file` in it is left to who reads it."""
    words = {name: value for name, value in told.items() if name not in ("file", "variables")}
    return Asked.of_words(told.get("variables", ()), **words)


def _split(line: str) -> tuple[str, list[str]]:
    """A line as a name and its values; a text without quotes may have blanks and an apostrophe."""
    first, _, after = line.strip().partition(" ")
    name, equals, joined = first.lstrip("-").partition("=")
    rest = f"{joined} {after}".strip() if equals else after.strip()
    name = name.replace("_", "-")
    word = _BY_NAME.get(_SHORT.get(name, name))
    if rest[:1] not in ("", '"', "'") and (word is not None or name in _TEXTS):
        # As it was typed: a pattern has backslashes, a grammar and JSON have quotes inside.
        return name, [rest]
    try:
        values = shlex.split(rest)
    except ValueError as error:
        if word is None:
            raise UsageError(f"A quote is not closed: {error}.") from error
        values = [rest]
    if word is not None and len(values) > 1:
        values = [rest]
    return name, values


def _say(told: dict[str, Any], name: str, values: list[str]) -> None:
    """Put one option into what is told; raises for what cannot be."""
    name = _SHORT.get(name, name)
    if (word := _BY_NAME.get(name)) is not None:
        _say_word(told, word, values)
    else:
        _say_knob(told, _knob(name), values)


def _knob(name: str) -> Knob:
    by_word = {word: knob for knob in knobs().values() for word in (knob.name, *knob.aliases)}
    by_word |= {knob.flag.lstrip("-"): knob for knob in knobs().values() if knob.flag}
    named = name.replace("-", "_")
    if named not in by_word:
        spelled = [word.replace("_", "-") for word in by_word]
        raise InvalidParameter(
            f"There is no parameter {named!r} to sweep, nor an option of that name.",
            hint=did_you_mean(name, [*spelled, *_BY_NAME]) or "`playground params` lists them.",
        )
    return by_word[named]


def _say_word(told: dict[str, Any], word: Word, values: Sequence[str]) -> None:
    if word.says is None and not any(value.strip() for value in values):
        raise UsageError(f"{word.name} says nothing.", hint=f"Write: {word.name} {word.example}")
    if word.says is not None and values:
        raise UsageError(f"{word.name} takes no value.", hint=f"Write {word.name} alone.")
    value: Any = word.says if word.says is not None else values[0]
    *tables, field = word.place
    # Alone first: what is wrong with it is then said of this line.
    alone: Any = (value,) if word.several else value
    for table in (field, *reversed(tables)):
        alone = {table: alone}
    try:
        asked_of(alone)
    except UsageError as error:
        raise UsageError(
            f"{word.name} cannot be {value!r}.",
            hint=f"Write it like this: {word.name} {word.example}",
        ) from error
    into = told
    for table in tables:
        into = into.setdefault(table, {})
    if word.several:
        into[field] = (*into.get(field, ()), value)
    elif field in into:
        raise UsageError(f"{word.name} is said twice.", hint="Leave one out.")
    else:
        into[field] = value


def _say_knob(told: dict[str, Any], knob: Knob, values: list[str]) -> None:
    if not values:
        raise InvalidParameter(
            f"{knob.name} has no values.", hint="Write them behind it: temperature 0:2:0.25"
        )
    space = told.setdefault("space", {})
    if knob.kind == "words" and knob.name in space:
        # As on the command line, where such an option is said again for more.
        given = (
            [*space[knob.name][0], *values] if knob.name == "stop" else space[knob.name] + values
        )
        space[knob.name] = [given] if knob.name == "stop" else given
        return
    if knob.name in space:
        raise UsageError(f"{knob.name} is swept twice.", hint="Leave one out.")
    given = _given(knob, values)
    # Of those, one whole number is fine.
    if knob.name not in NOT_SWEPT or not given.isdecimal():
        axis_of(knob.name, given)
    if knob.name == "seed":
        told["seed"] = int(given)
    else:
        space[knob.name] = given


def _given(knob: Knob, values: list[str]) -> Any:
    """The values behind a knob as an axis takes them."""
    if knob.numeric:
        return "".join(values)
    if knob.kind == "object":
        return [_object(knob, value) for value in values]
    # All stop strings belong to one setting: they end an answer together.
    return [values] if knob.name == "stop" else values


def _object(knob: Knob, text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise InvalidParameter(
            f"{knob.name} is not JSON: {error}.", hint="""Write it like '{"name": 1}'."""
        ) from error


# Writing


def command_of(asked: Asked) -> str:
    """The command that means the same, for a shell.

    Raises `UsageError` where none does: for several values of a knob that an option says once.
    """
    words = [*COMMAND]
    # A prompt might be taken for an option, or for a word such as `list`.
    plain = all(_plain(prompt) for prompt in asked.prompt)
    words += asked.prompt if plain else ()
    for model in asked.models:
        words += ["-m", model]
    for name, values in _said(asked):
        if name not in ("prompt", "model"):
            words += [f"--{name}", *values]
    words += () if plain else ("--", *asked.prompt)
    return shlex.join(words)


def resume_with_more(name: str, limit: Limit) -> str:
    """The command that goes on with a kept sweep within a larger budget: `… --budget MORE`."""
    (option,) = (word.name for word in WORDS if word.place == ("budget", limit))
    return shlex.join([*COMMAND, "--resume", name, f"--{option}", "MORE"])


def lines_of(asked: Asked, *, without: Iterable[str] = ()) -> str:
    """What is asked as lines, an option each, but for some of them by name."""
    left_out = set(without)
    lines = []
    for name, values in _said(asked):
        if name in left_out:
            continue
        if any("\n" in value for value in values):
            raise UsageError(f"A {name} of several lines does not go on one.")
        plain = name.replace("-", "_") in knobs()
        told = " ".join(values) if plain and len(values) == 1 else shlex.join(values)
        lines.append(f"{name.replace('-', '_') if plain else name} {told}".strip())
    return "\n".join(lines)


def _plain(prompt: str) -> bool:
    """Whether a command takes it for a prompt wherever it stands."""
    return prompt.startswith("@") or (" " in prompt and not prompt.startswith("-"))


def _said(asked: Asked) -> Iterator[tuple[str, list[str]]]:
    """Every option that is said, with its values, in the order of the words; knobs first."""
    knobs_said = {**asked.params, **asked.space}
    for knob, given in sorted(knobs_said.items(), key=lambda item: item[0] not in asked.space):
        yield from _said_knob(knob, given)
    if asked.seed is not None:
        yield "seed", [str(asked.seed)]
    for word in WORDS:
        value: Any = asked
        for step in word.place:
            value = getattr(value, step, None)
        if word.name == "prompt-column" and value == Asked.model_fields["prompt_column"].default:
            continue
        if word.says is not None:
            if value is word.says:
                yield word.name, []
        elif isinstance(value, dict):
            yield from ((word.name, [f"{name}={one}"]) for name, one in value.items())
        elif isinstance(value, tuple):
            yield from ((word.name, [one]) for one in value)
        elif value not in (None, "") and not _usual(asked, word, value):
            yield word.name, [f"{value:g}" if isinstance(value, float) else str(value)]


def _usual(asked: Asked, word: Word, value: object) -> bool:
    """Whether it goes without saying."""
    return (
        word.place[0] == "search"
        and value == type(asked.search).model_fields[word.place[1]].default
    )


def _said_knob(name: str, given: object) -> Iterator[tuple[str, list[str]]]:
    knob, option = knobs()[name], name.replace("_", "-")
    again = knob.kind == "words" and name != "stop"
    if not knob.numeric and not again and len(axis_of(name, given)) > 1:
        raise UsageError(
            f"No option says several values of {name}: only a sweep file does.",
            hint=f"Write them into one, as [space] {name}, and start it with --file.",
        )
    values: list[Any] = [*given] if isinstance(given, list | tuple) else [given]
    if knob.kind == "object":
        for value in values:
            yield option, [json.dumps(value, ensure_ascii=False)]
    elif knob.kind == "words":
        if values and isinstance(values[0], list | tuple):
            values = [*values[0]] if name == "stop" else [_order(one) for one in values]
        for value in values:
            yield option, [str(value)]
    else:
        told = [value if isinstance(value, str) else value_text(value) for value in values]
        yield option, [",".join(told)]


def _order(stages: Sequence[str]) -> str:
    """An order of the sampler chain by its name, or stage by stage."""
    named = [name for name, order in ORDERS.items() if list(order) == list(stages)]
    return named[0] if named else ",".join(stages)
