"""The library, printed: lists, and one prompt whole."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Sequence
from itertools import groupby
from typing import Any

import playground.prompts as prompts
from playground.cells import cell_len, fit
from playground.cli.output import complain, note, say, say_json
from playground.errors import UsageError, did_you_mean
from playground.prompts import CATEGORIES, Prompt


def show_list(words: str, *, category: str, tag: str, language: str, own: bool, json: bool) -> None:
    """Print prompts: by category, or for words the best first. Broken files are reported."""
    shelf = prompts.list_prompts()
    found = [
        prompt
        for prompt in prompts.search(words, shelf.found)
        if category in ("", prompt.category)
        and tag in ("", *prompt.tags)
        and language in ("", prompt.language)
        and (prompt.own or not own)
    ]
    if json:
        for prompt in found:
            say_json(record(prompt))
    elif words:
        for line in _lines(found):
            say(line)
    else:
        _say_by_category(found)
    for problem in shelf.problems.values():
        complain(str(problem))
    if not found:
        known = {prompt.category for prompt in shelf.found}
        if category and category not in known:
            raise UsageError(
                f"There is no category {category!r}.",
                hint=did_you_mean(category, known) or f"There are {', '.join(sorted(known))}.",
            )
        note("No prompt is like that.")
    elif not json and not own and not any(prompt.own for prompt in shelf.found):
        note("`playground prompts new NAME` begins one of your own.")


def show_one(name: str, *, json: bool) -> None:
    """Print a prompt whole."""
    prompt = prompts.get(name)
    if json:
        say_json(record(prompt))
        return
    say(f"{prompt.reference}  {prompt.title}")
    for heading, text in _parts(prompt):
        say(f"\n{heading}")
        say("\n".join(f"    {line}".rstrip() for line in text.splitlines()))


def show_path(name: str) -> None:
    """Print the folder of the user's own prompts, or the file of one, usable or not."""
    say(str(prompts.find_place(name).path if name else prompts.prompt_folder()))


def record(prompt: Prompt) -> dict[str, Any]:
    """A prompt as JSON: its fields, and its suggested params without those that are not set."""
    fields = prompt.model_dump(mode="json", exclude={"params", "path"})
    return {
        **fields,
        "params": prompt.params.model_dump(mode="json", exclude_none=True),
        "path": str(prompt.path),
    }


def command_for(prompt: Prompt) -> str:
    """The command that asks a prompt, with examples for what must be given."""
    given = [
        f"--var {name}={shlex.quote(str(variable.shown))}"
        for name, variable in prompt.variables.items()
        if variable.default is None
    ]
    return " ".join(["playground ask", prompt.reference, *given])


def _say_by_category(found: Sequence[Prompt]) -> None:
    width = max((cell_len(prompt.reference) for prompt in found), default=0)
    for place, (category, group) in enumerate(groupby(found, lambda prompt: prompt.category)):
        about = f"  {CATEGORIES[category]}" if category in CATEGORIES else ""
        say(f"{chr(10) if place else ''}{category}{about}")
        for line in _lines(list(group), width):
            say(f"  {line}")


def _lines(found: Sequence[Prompt], width: int = 0) -> Iterator[str]:
    width = width or max((cell_len(prompt.reference) for prompt in found), default=0)
    for prompt in found:
        marks = [*(["yours"] if prompt.own else []), *([prompt.needs] if prompt.needs else [])]
        more = f"  ({'; '.join(marks)})" if marks else ""
        yield f"{fit(prompt.reference, width)}  {prompt.language:<3} {prompt.title}{more}"


def _parts(prompt: Prompt) -> Iterator[tuple[str, str]]:
    """What there is to say of a prompt, part by part."""
    whose = "yours" if prompt.own else "shipped"
    facts = [f"{prompt.category}, {prompt.language}, {whose}", *([f"tags: {' '.join(prompt.tags)}"]
             if prompt.tags else [])]  # fmt: skip
    yield "Kind", "\n".join(facts)
    if prompt.description:
        yield "About", prompt.description
    if prompt.needs:
        yield "Wants", prompt.needs
    if prompt.system:
        yield "System prompt", prompt.system
    if prompt.prompt:
        yield "Prompt", prompt.prompt
    for turn in prompt.messages:
        yield turn.role.capitalize(), turn.content
    if prompt.variables:
        yield "Variables", "\n".join(_variables(prompt))
    if prompt.watch_for:
        yield "Watch for", prompt.watch_for
    if prompt.suggestion:
        yield "Suggested", _settings(prompt.suggestion)
    if prompt.sweep:
        yield "Sweep", _settings(prompt.sweep)
    if prompt.cases:
        yield "Expected", "\n".join(_cases(prompt))
    yield "Ask it", command_for(prompt)


def _variables(prompt: Prompt) -> Iterator[str]:
    for name, variable in prompt.variables.items():
        facts = [variable.description]
        if variable.choices:
            facts.append(f"one of: {', '.join(variable.choices)}.")
        if variable.default is not None:
            facts.append(f"Default: {variable.default}")
        elif variable.example is not None:
            facts.append(f"Example: {variable.example}")
        yield f"{name}: {' '.join(filter(None, facts))}"


def _cases(prompt: Prompt) -> Iterator[str]:
    for case in prompt.cases:
        given = ", ".join(f"{name} = {value}" for name, value in case.variables.items())
        expected = " | ".join(case.expected) or "any JSON"
        yield f"{given}{' → ' if given else ''}{expected}  ({case.score})"


def _settings(values: Any) -> str:
    return ", ".join(
        f"{name} {', '.join(map(str, value)) if isinstance(value, tuple) else value}"
        for name, value in values.items()
    )
