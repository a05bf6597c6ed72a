"""What of a request cannot be sent, because JSON has no way to write it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence

from pydantic import JsonValue

from playground.errors import UsageError
from playground.types import Message, ModelRef, Plan


def unsendable(ref: ModelRef, messages: Sequence[Message], plan: Plan) -> UsageError | None:
    """The error for the first part of a request that no JSON can hold; None if all can be sent."""
    for what, value in _parts(ref, messages, plan):
        try:
            json.dumps(value, ensure_ascii=False, allow_nan=False).encode()
        except UnicodeEncodeError:
            return UsageError(
                f"{what} holds half of a character (a lone surrogate), which no endpoint can be "
                "given.",
                hint="Copy it again from where it came.",
            )
        except ValueError as error:
            return UsageError(
                f"{what} holds a number that JSON cannot write ({error}).", hint="Give another."
            )
    return None


def _parts(
    ref: ModelRef, messages: Sequence[Message], plan: Plan
) -> Iterator[tuple[str, JsonValue]]:
    yield "The name of the model", ref.model
    for turn in messages:
        yield "The system prompt" if turn.role == "system" else "The text", turn.content
    for name, value in plan.wire.items():
        yield f"The parameter {name}", {name: value}
