"""The prompts of a sweep: texts, prompts of the library with their cases, and rows of a table."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, Final

from pydantic import Field

from playground.config import at_home
from playground.errors import UsageError
from playground.prompts import AskedPrompt, asked_prompt, is_reference
from playground.sweep.axis import NOT_SWEPT
from playground.sweep.definition import SweepPrompt
from playground.sweep.labels import LABEL_LENGTH, apart
from playground.sweep.sources import EXPECTED, expected_in, read_prompts, rows_of
from playground.types import Frozen, Message

if TYPE_CHECKING:
    from playground.sweep.asked import Asked

__all__ = ["SCORED_BY", "Suggested", "prompts_of"]

SCORED_BY: Final = {
    "exact": "exact",
    "contains": "contains",
    "regex": "regex",
    "numeric": "numeric",
    "json": "json-valid",
}
"""The metric that scores the cases of a prompt of the library, by what they say."""


class Suggested(Frozen):
    """What a prompt of the library suggests for a sweep."""

    params: dict[str, Any] = Field(default_factory=dict)
    space: dict[str, Any] = Field(default_factory=dict)
    samples: int | None = None
    metrics: tuple[str, ...] = ()


def prompts_of(asked: Asked) -> tuple[tuple[SweepPrompt, ...], Suggested]:
    """The prompts of a sweep, told apart by their labels, and what those of the library suggest.

    Raises `UsageError` for none, for one that is given twice and for suggestions that differ,
    `BrokenFile` for files, and what the prompt library raises.
    """
    if len(set(asked.prompt)) < len(asked.prompt):
        raise UsageError(
            "This cannot be swept: a prompt is given twice.",
            hint="Say samples for several answers to it.",
        )
    systems = asked.system or ("",)
    found: list[SweepPrompt] = []
    suggestions: list[Suggested] = []
    for text in asked.prompt:
        if is_reference(text):
            given = [f"{name}={value}" for name, value in asked.variables.items()]
            named = asked_prompt(
                text, given, otherwise="A text that begins with @ can stand in a file of prompts."
            )
            suggestions.append(_suggestions(named))
            found += [
                prompt
                for system in systems
                for prompt in (_of_library(named, system, asked) if not asked.prompts else ())
            ]
            if asked.prompts:
                found += [one for system in systems for one in _of_table(named, system, asked)]
        else:
            found += [
                SweepPrompt.of(text, system=system, expected=asked.expected) for system in systems
            ]
    if asked.prompts and not any(map(is_reference, asked.prompt)):
        for system in systems:
            found += read_prompts(
                at_home(asked.prompts),
                prompt_column=asked.prompt_column,
                expected_column=asked.expected_column,
                system=system,
            )
    if not found:
        raise UsageError(
            "There is no prompt to sweep.",
            hint='Write it: playground sweep "Once upon a time" --temperature 0:2:0.5',
        )
    return _told_apart(found), _agreed(suggestions, asked)


def _agreed(suggestions: Sequence[Suggested], asked: Asked) -> Suggested:
    """What all the prompts of the library suggest; no more than they have in common.

    Raises `UsageError` where they suggest other metrics or another space than each other and nobody
    has said which: those of one would be wrong for the others.
    """
    if not suggestions:
        return Suggested()
    first, *others = suggestions
    for what, said, differ in (
        ("metrics", asked.metrics, any(one.metrics != first.metrics for one in others)),
        ("settings", asked.space, any(one.space != first.space for one in others)),
    ):
        if differ and not said:
            raise UsageError(
                f"The prompts of the library that are named suggest different {what}.",
                hint="Sweep them one by one, or say which.",
            )
    return first.model_copy(
        update={
            "params": {
                name: value
                for name, value in first.params.items()
                if all(name in one.params and one.params[name] == value for one in others)
            },
            "space": {} if any(one.space != first.space for one in others) else first.space,
            "samples": None
            if any(one.samples != first.samples for one in others)
            else first.samples,
        }
    )


def _told_apart(prompts: Sequence[SweepPrompt]) -> tuple[SweepPrompt, ...]:
    """The same prompts; of those that are called the same, by what their texts differ in.

    Where the texts are the same too, the system prompts tell them apart.
    """
    often = Counter(prompt.label for prompt in prompts)
    alike = [prompt for prompt in prompts if often[prompt.label] > 1]
    if not alike:
        return tuple(prompts)
    names = apart([" ".join(prompt.text.split()) for prompt in alike], LABEL_LENGTH)
    if len(set(names)) < len(names):
        systems = [t.content for prompt in alike for t in prompt.messages[:1] if t.role == "system"]
        if len(systems) == len(alike) and len(set(systems)) > 1:
            lines = apart([" ".join(text.split()) for text in systems], LABEL_LENGTH // 2)
            names = [f"{name} · {line}" for name, line in zip(names, lines, strict=True)]
    relabelled = iter(names)
    return tuple(
        prompt.model_copy(update={"label": next(relabelled)}) if often[prompt.label] > 1 else prompt
        for prompt in prompts
    )


def _of_library(named: AskedPrompt, system: str, asked: Asked) -> Iterable[SweepPrompt]:
    """A prompt of the library; one for each of its cases where it has some."""
    if not named.cases:
        yield SweepPrompt(
            label=named.prompt.title,
            messages=_with_system(named.messages, system),
            expected=asked.expected,
        )
    for case in named.cases:
        values = ", ".join(str(value) for value in case.variables.values())
        yield SweepPrompt(
            label=values or named.prompt.title,
            messages=_with_system(named.messages_of(case), system),
            expected=case.expected[0] if case.expected else None,
            also_right=case.expected[1:],
            fields={name: str(value) for name, value in case.variables.items()},
        )


def _of_table(named: AskedPrompt, system: str, asked: Asked) -> Iterable[SweepPrompt]:
    """A prompt of the library, once for each row of a file whose columns are its variables.

    What `--var` says is the same in every row.
    """
    path, column = at_home(asked.prompts), asked.expected_column or EXPECTED
    for line, row in rows_of(path):
        expected = expected_in(path, line, row, asked.expected_column)
        values = {name: value for name, value in row.items() if name != column}
        given = {**asked.variables, **values}
        one = asked_prompt(named.prompt.reference, [f"{k}={v}" for k, v in given.items()])
        yield SweepPrompt(
            label=", ".join(values.values())[:60],
            messages=_with_system(one.messages, system),
            expected=expected,
            fields=values,
        )


def _with_system(messages: Sequence[Message], system: str) -> tuple[Message, ...]:
    if not system:
        return tuple(messages)
    rest = [turn for turn in messages if turn.role != "system"]
    return (Message(role="system", content=system), *rest)


def _suggestions(named: AskedPrompt) -> Suggested:
    space: dict[str, Any] = dict(named.sweep)
    samples = space.pop("samples", None)
    scores = {SCORED_BY[case.score] for case in named.cases}
    return Suggested(
        params={k: v for k, v in named.params.given().items() if k not in NOT_SWEPT},
        space=space,
        samples=int(samples) if samples else named.params.n,
        metrics=tuple(sorted(scores)) if len(scores) == 1 else (),
    )
