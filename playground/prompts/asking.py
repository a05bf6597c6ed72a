"""What `@name` and `--var name=value` ask for, wherever a prompt can be written."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from playground.errors import UsageError, WrongVariables
from playground.params import GenerationParams
from playground.prompts.library import get
from playground.prompts.prompt import Case, Prompt, Value
from playground.types import Message

_REFERENCE = re.compile(r"@[\w./-]*[a-z0-9][\w./-]*", re.ASCII | re.IGNORECASE)
"""Whatever could be a name, also one that there is not: most likely it is one, misspelt."""


@dataclass(frozen=True)
class AskedPrompt:
    """A prompt of the library and values for its variables: what to send and what is suggested.

    `sweep` has specifications for knobs and for `samples`, as the sweep command takes them.
    """

    prompt: Prompt
    values: Mapping[str, Value]

    @property
    def messages(self) -> tuple[Message, ...]:
        """The messages, system prompt first; raises `WrongVariables` where a value is missing."""
        return self.prompt.render_with(self.values)

    @property
    def system(self) -> str:
        """The suggested system prompt; empty where there is none."""
        return "".join(item.content for item in self.messages if item.role == "system")

    @property
    def turns(self) -> tuple[Message, ...]:
        """The messages without the system prompt; the last is the user's."""
        return tuple(item for item in self.messages if item.role != "system")

    @property
    def text(self) -> str:
        """The user's last message."""
        return self.messages[-1].content

    @property
    def params(self) -> GenerationParams:
        """The suggested params."""
        return self.prompt.params

    @property
    def sweep(self) -> Mapping[str, str]:
        """The suggested sweep."""
        return self.prompt.sweep

    @property
    def cases(self) -> tuple[Case, ...]:
        """Values with the answers that are right for them; empty where there are none."""
        return self.prompt.cases

    def messages_of(self, case: Case) -> tuple[Message, ...]:
        """The messages of a case: its values over the given ones."""
        return self.prompt.render_with({**self.values, **case.variables})


def is_reference(text: str) -> bool:
    """Whether a text is `@` and one word that could be a name, as nobody asks a model."""
    return _REFERENCE.fullmatch(text) is not None


def asked_prompt(
    reference: str, variables: Iterable[str] = (), *, otherwise: str = ""
) -> AskedPrompt:
    """The prompt `@name` with its variables as the command line gives them: `text=Good morning`.

    A value may be missing until the messages are wanted: cases bring their own. Raises
    `UnknownPrompt`, `UsageError`, `BrokenFile`, and `WrongVariables` for names and values that
    cannot be. `otherwise` tells, where there is none, how such a text is sent as it is.
    """
    try:
        prompt = get(reference)
    except UsageError as error:
        raise type(error)(error.message, hint=f"{error.hint} {otherwise}".rstrip()) from error
    values: dict[str, Value] = dict(map(name_and_value, variables))
    prompt.check(values)
    return AskedPrompt(prompt, values)


def name_and_value(given: str) -> tuple[str, str]:
    """What `--var name=value` says; raises `WrongVariables` where there is no name or no `=`."""
    name, equals, value = given.partition("=")
    if not equals or not name.strip():
        raise WrongVariables(
            f"{given!r} gives no variable a value.", hint='Write --var name="value".'
        )
    return name.strip(), value
