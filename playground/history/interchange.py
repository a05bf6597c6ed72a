"""The lines of an exported history: what each holds, for writing and for reading.

A file is JSON Lines: a `HeadLine` first, an `EndLine` last, and between them each conversation
followed by its panes, their turns, the runs of each turn with the messages they were sent, and the
votes on its answers.
`docs/history.md` describes it.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, Self

from pydantic import (
    AfterValidator,
    AwareDatetime,
    Field,
    JsonValue,
    StringConstraints,
    TypeAdapter,
)

from playground.history.records import Rating
from playground.judging import Judged, Outcome, Vote
from playground.params import GenerationParams, known_knobs
from playground.types import (
    Choice,
    Draw,
    EndState,
    Frozen,
    Message,
    Problem,
    Receipt,
    Role,
    Timing,
    Token,
    TokenAlternative,
    Usage,
)

FORMAT: Final = "chat-playground history"
VERSION = 2
"""Raised whenever a playground that knows only the one before could not read a file."""

MAX_LINE_BYTES = 256 * 1024 * 1024
"""No line is read past this: an answer of a million tokens takes a few million bytes."""

TOKENS_A_LINE = 1_000
"""How many tokens' figures are written on one line."""

_EARLIEST, _LATEST = datetime(1970, 1, 2, tzinfo=UTC), datetime(9999, 1, 1, tzinfo=UTC)


def _within_reason(moment: datetime) -> datetime:
    """A time that every machine can show in its own zone, in UTC."""
    if not _EARLIEST <= moment <= _LATEST:
        raise ValueError("that is no time at which an answer was made")
    return moment.astimezone(UTC)


Name = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{1,64}$")]
NameOrNone = Annotated[str, StringConstraints(pattern=r"^[0-9A-Za-z_-]{0,64}$")]
Moment = Annotated[AwareDatetime, AfterValidator(_within_reason)]
Count = Annotated[int, Field(ge=0, le=1_000_000)]


def _checked_params(values: dict[str, JsonValue]) -> dict[str, JsonValue]:
    """Knobs that are not known any more stay as they are; the others have to be possible."""
    GenerationParams.model_validate(known_knobs(values))
    return values


KeptParams = Annotated[dict[str, JsonValue], AfterValidator(_checked_params)]


class HeadLine(Frozen):
    """The first line: which format this is, in which version, and who wrote it."""

    format: Literal["chat-playground history"] = FORMAT
    version: int = VERSION
    playground: str = ""


class ConversationLine(Frozen):
    """A conversation; its panes follow."""

    kind: Literal["conversation"] = "conversation"
    id: Name
    title: str
    created: Moment
    updated: Moment
    pinned: bool = False
    tags: tuple[str, ...] = ()
    origin: str = ""


class PaneLine(Frozen):
    """A pane of the conversation before it; its turns follow."""

    kind: Literal["pane"] = "pane"
    id: Name
    conversation: Name
    place: Count
    model: str
    params: KeptParams
    system: str = ""
    leaf: NameOrNone = ""


class TurnLine(Frozen):
    """A turn of a pane; its runs follow."""

    kind: Literal["turn"] = "turn"
    id: Name
    pane: Name
    parent: NameOrNone = ""
    round: NameOrNone = ""
    prompt: str
    created: Moment
    chosen: tuple[Name, Count] | None = None


class MessageLine(Frozen):
    """A message that runs after it were sent; they name it by `number`, once in a file."""

    kind: Literal["message"] = "message"
    number: int = Field(ge=0, le=10**12)
    role: Role
    content: str


class RunLine(Frozen):
    """A run of a turn, with its answers; `messages` are the numbers of those it was sent."""

    kind: Literal["run"] = "run"
    id: Name
    turn: Name
    version: Count
    created: Moment
    model: str
    state: EndState
    messages: tuple[int, ...]
    prefix: str | tuple[int, ...] = ""
    prefix_text: str = ""
    params: KeptParams
    receipt: dict[str, JsonValue] | None = None
    choices: tuple[Choice, ...]
    usage: Usage = Usage()
    timing: Timing = Timing()
    error: Problem | None = None
    ratings: tuple[Rating, ...] = ()

    def read_receipt(self) -> Receipt | None:
        """The receipt, with the knobs that are known today; raises pydantic's `ValidationError`."""
        if self.receipt is None:
            return None
        content = dict(self.receipt)
        plan = content.get("plan")
        if isinstance(plan, dict) and isinstance(params := plan.get("params"), dict):
            content["plan"] = {**plan, "params": known_knobs(params)}
        return Receipt.model_validate(content)


def _is_base64(value: str) -> str:
    base64.b64decode(value, validate=True)
    return value


Row = (
    tuple[str, float, int | None]
    | tuple[str, float, int | None, Annotated[str, AfterValidator(_is_base64)]]
)
"""An alternative: text, log-probability, id, and its bytes (base64) where the text is not them."""


class DrawFigures(Frozen):
    """`playground.types.Draw`, as it is written."""

    logprob: float
    entropy: float
    survivors: int
    uniform: float | None = None
    alternatives: tuple[Row, ...] = ()


class TokenFigures(Frozen):
    """`playground.types.Token`, as it is written; `data` (base64) where the text is not it."""

    text: str
    id: int | None = None
    data: Annotated[str, AfterValidator(_is_base64)] | None = None
    logprob: float | None = None
    rank: int | None = None
    entropy: float | None = None
    alternatives: tuple[Row, ...] = ()
    draw: DrawFigures | None = None

    @classmethod
    def of(cls, token: Token) -> Self:
        """The figures of a token."""
        draw = token.draw
        whole = token.data == token.text.encode("utf-8", "replace")
        return cls(
            text=token.text,
            id=token.token_id,
            data=None if whole else base64.b64encode(token.data).decode(),
            logprob=token.logprob,
            rank=token.rank,
            entropy=token.entropy,
            alternatives=_rows(token.alternatives),
            draw=None
            if draw is None
            else DrawFigures(
                logprob=draw.logprob,
                entropy=draw.entropy,
                survivors=draw.survivors,
                uniform=draw.uniform,
                alternatives=_rows(draw.alternatives),
            ),
        )

    def token(self) -> Token:
        """The token again."""
        draw = self.draw
        return Token(
            text=self.text,
            logprob=self.logprob,
            alternatives=_alternatives(self.alternatives),
            token_id=self.id,
            data=(
                self.text.encode("utf-8", "replace")
                if self.data is None
                else base64.b64decode(self.data)
            ),
            rank=self.rank,
            entropy=self.entropy,
            draw=None
            if draw is None
            else Draw(
                logprob=draw.logprob,
                entropy=draw.entropy,
                survivors=draw.survivors,
                uniform=draw.uniform,
                alternatives=_alternatives(draw.alternatives),
            ),
        )


class TokensLine(Frozen):
    """Figures of some tokens of an answer, in order; an answer may take several lines."""

    kind: Literal["tokens"] = "tokens"
    run: Name
    choice: Count
    tokens: tuple[TokenFigures, ...]


class VoteLine(Frozen):
    """A vote of a blind test between answers of the conversation before it."""

    kind: Literal["vote"] = "vote"
    id: Name
    conversation: Name
    created: Moment
    prompt: str
    candidates: tuple[Judged, ...]
    outcome: Outcome
    winner: int | None = None

    @classmethod
    def of(cls, vote: Vote, conversation: str) -> Self:
        """The line of a vote."""
        return cls.model_validate({**dict(vote), "conversation": conversation})

    def vote(self) -> Vote:
        """The vote again; raises pydantic's `ValidationError` where it contradicts itself."""
        return Vote.model_validate(
            {name: getattr(self, name) for name in Vote.model_fields}, strict=True
        )


class EndLine(Frozen):
    """The last line. A file without it was cut off; `lines` counts those before it."""

    kind: Literal["end"] = "end"
    lines: int


Line = (
    ConversationLine | PaneLine | TurnLine | MessageLine | RunLine | TokensLine | VoteLine | EndLine
)

LINE: TypeAdapter[Line] = TypeAdapter(Annotated[Line, Field(discriminator="kind")])


def message_of(line: MessageLine) -> Message:
    """The message on a line."""
    return Message(role=line.role, content=line.content)


def _rows(alternatives: Sequence[TokenAlternative]) -> tuple[Row, ...]:
    return tuple(map(_row, alternatives))


def _row(item: TokenAlternative) -> Row:
    if item.data:
        return item.text, item.logprob, item.token_id, base64.b64encode(item.data).decode()
    return item.text, item.logprob, item.token_id


def _alternatives(rows: Sequence[Row]) -> tuple[TokenAlternative, ...]:
    return tuple(
        TokenAlternative(*row[:3], data=base64.b64decode(row[3]) if len(row) > 3 else b"")
        for row in rows
    )
