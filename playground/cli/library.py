"""`@name` and `--var` on the command line: what they ask for, and what is suggested with it."""

from __future__ import annotations

import sys
from collections.abc import Collection, Sequence
from typing import TYPE_CHECKING

from playground.cli.output import is_terminal, note
from playground.errors import UsageError
from playground.params import GenerationParams

if TYPE_CHECKING:
    from playground.prompts import AskedPrompt


def looked_up(prompt: str | None, variables: Sequence[str]) -> AskedPrompt | None:
    """The prompt of the library that `prompt` names; None where it is a prompt itself.

    A variable whose value is `-` is read from standard input. Raises `UsageError` for variables
    without such a prompt, and what `playground.prompts` raises for those that cannot be.
    """
    if prompt is None or not prompt.startswith("@"):
        if variables:
            raise UsageError(
                "--var fills in a prompt of the library, and none is named.",
                hint='For example: playground ask @translate-fr --var text="Good morning"',
            )
        return None
    from playground.prompts import asked_prompt, is_reference

    if not is_reference(prompt):
        if variables:
            raise UsageError(
                f"{prompt!r} is no name of a prompt.", hint="`playground prompts` lists them."
            )
        return None
    return asked_prompt(
        prompt,
        [_read(given) for given in variables],
        otherwise="A text that begins with @ can be piped in.",
    )


def tell_applied(asked: AskedPrompt, params: GenerationParams, given: Collection[str], *,
                 system: bool) -> None:  # fmt: skip
    """Say which of the prompt's suggestions count, as they may surprise.

    `given` are the knobs that the user has set; `system` whether the suggested system prompt is
    used.
    """
    final = params.given()
    used = [
        f"{name} {value}"
        for name, value in asked.params.given().items()
        if name not in given and final.get(name) == value
    ]
    if system and asked.system:
        used.append("its system prompt")
    if used:
        note(f"{asked.prompt.reference} suggests, and it is used: {', '.join(used)}")
    if asked.prompt.needs:
        note(f"{asked.prompt.reference} wants {asked.prompt.needs}.")


def _read(given: str) -> str:
    """A variable as it was given, with standard input in the place of `-`."""
    name, equals, value = given.partition("=")
    if value != "-":
        return given
    if is_terminal(sys.stdin):
        note(f"{name}: type it, and end with Ctrl+D.")
    from playground.cli.ask import read_stdin

    return f"{name}{equals}{read_stdin()}"
