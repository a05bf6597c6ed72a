"""Renders a conversation with the chat template that a GGUF carries, or plainly without one.

The template is untrusted: it runs in Jinja's immutable sandbox, with bounded powers and output. How
long it takes and how much memory is bounded by whoever reads and renders it: see `bounds`.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from typing import Any, NamedTuple

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.runtime import Context
from jinja2.sandbox import ImmutableSandboxedEnvironment

from playground.errors import ChatTemplateError
from playground.providers.llama.bounds import TEMPLATE_HINT
from playground.types import Message

MAX_TEMPLATE_CHARS = 200_000
MAX_PROMPT_CHARS = 50_000_000
"""A template that writes more than this is broken or hostile."""

_PLAIN_NAMES = {"system": "System", "user": "User", "assistant": "Assistant"}

PLAIN_STOPS = ("\nUser:", "\nSystem:")
"""Where a model without a template starts to speak for the user, its answer is over."""

_PRIVATE = range(0xF0000, 0xFFFFE)
"""Characters that no text has: they stand for what must pass a template unread."""


class Piece(NamedTuple):
    """A part of a prompt; `typed`: a control token written out by a person, which is only text."""

    text: str
    typed: bool = False


MAX_BITS = 4096
"""Bits of a power that a template may compute: reading `9**9**9` alone would never end."""


class _Sandbox(ImmutableSandboxedEnvironment):
    """What a template runs in. What is intercepted is not worked out while it is read either."""

    intercepted_binops = frozenset({"**"})

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """A power, unless it is huge."""
        whole = isinstance(left, int) and isinstance(right, int)
        if whole and left.bit_length() * abs(right) > MAX_BITS:
            raise TemplateError("a power is too large a number")
        return super().call_binop(context, operator, left, right)


class ChatTemplate:
    """A compiled chat template. `variables` are what it may name: `bos_token`, `enable_thinking`.

    `controls` are control tokens as they are written out. Where a message has one it is text: a
    document that somebody pastes must not end a turn and begin another.

    Reading it raises `ChatTemplateError` if it does not compile.
    """

    def __init__(
        self, source: str, variables: Mapping[str, Any], controls: Sequence[str] = ()
    ) -> None:
        if len(source) > MAX_TEMPLATE_CHARS:
            raise ChatTemplateError(
                f"The chat template in the file has {len(source):,} characters.", hint=TEMPLATE_HINT
            )
        environment = _Sandbox(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        environment.filters["tojson"] = _to_json
        environment.globals["raise_exception"] = _refuse
        environment.globals["strftime_now"] = _now
        self._variables = dict(variables)
        longest_first = sorted(controls, key=len, reverse=True)
        self._controls = re.compile("|".join(map(re.escape, longest_first))) if controls else None
        try:
            self._template = environment.from_string(source)
        except Exception as error:
            # Constants are worked out while it is read, with any error that a program may have.
            raise ChatTemplateError(
                f"The chat template in the file cannot be read: {_said(error)}.", hint=TEMPLATE_HINT
            ) from error

    def render(
        self, messages: Sequence[Message], within: Callable[[], AbstractContextManager[None]]
    ) -> list[Piece]:
        """The prompt, ending where the answer begins; the template runs `within` bounds.

        Raises `ChatTemplateError` with the template's own complaint.
        """
        marks = self._marks(messages)
        turns = [message.model_dump() for message in messages]
        if marks:
            assert self._controls is not None  # noqa: S101 - they were found by it
            for turn in turns:
                turn["content"] = self._controls.sub(lambda m: marks[m[0]], turn["content"])
        with within():
            text = self._text(turns)
        if not marks:
            return [Piece(text)]
        written = {mark: control for control, mark in marks.items()}
        parts = re.split(f"([{''.join(written)}])", text)
        return [Piece(written.get(part, part), part in written) for part in parts if part]

    def _marks(self, messages: Sequence[Message]) -> dict[str, str]:
        """For each control token that messages have in their text a character that none has."""
        content = "".join(message.content for message in messages)
        found = dict.fromkeys(self._controls.findall(content)) if self._controls else {}
        free = (chr(code) for code in _PRIVATE if chr(code) not in content)
        return dict(zip(found, free, strict=False))

    def _text(self, turns: Sequence[Mapping[str, str]]) -> str:
        pieces: list[str] = []
        size = 0
        try:
            for piece in self._template.generate(
                {**self._variables, "messages": turns, "add_generation_prompt": True}
            ):
                size += len(piece)
                if size > MAX_PROMPT_CHARS:
                    raise ChatTemplateError(
                        "The chat template writes without end.", hint=TEMPLATE_HINT
                    )
                pieces.append(piece)
        except ChatTemplateError:
            raise
        except Exception as error:
            # A template may fail with any Python error: it is a program of somebody else's.
            raise ChatTemplateError(
                f"The chat template refuses this conversation: {_said(error)}.", hint=TEMPLATE_HINT
            ) from error
        return "".join(pieces)


MOST_SAID = 500
"""Characters of a template's own complaint that are passed on."""


def _said(error: Exception) -> str:
    return (str(error) or type(error).__name__)[:MOST_SAID]


def render_plain(messages: Sequence[Message]) -> str:
    """The conversation as a script with names, for models that carry no template."""
    turns = "".join(f"{_PLAIN_NAMES[turn.role]}: {turn.content}\n" for turn in messages)
    return f"{turns}Assistant:"


def _to_json(value: Any, indent: int | None = None, **_options: Any) -> str:
    """JSON as templates of models expect it: Jinja's own filter escapes for HTML."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _refuse(message: str) -> str:
    raise TemplateError(message)


def _now(pattern: str) -> str:
    return dt.datetime.now().astimezone().strftime(pattern)
