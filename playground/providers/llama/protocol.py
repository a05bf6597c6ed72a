"""What the parent and the worker say to each other: one JSON object a line, checked on both sides.

The parent writes `Command`s to the worker's standard input, the worker writes `Frame`s to its
standard output. Everything that one decoding step produces travels in one frame, so that sixteen
sequences cost one write and one read.
"""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, TypeAdapter

from playground.types import FinishReason, Message


class _Said(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class EngineSettings(_Said):
    """How a GGUF is opened. None lets the worker choose by the model and the machine.

    `context_length` is the most tokens that one sequence may hold; `sequences` how many are
    decoded together at most; `unified` whether they share one pool of KV cells; `gpu_layers` how
    many layers go to a GPU (-1: all that fit); `chat_template` `plain` ignores the file's own.
    """

    context_length: int | None = Field(default=None, ge=16, le=10_000_000)
    sequences: int | None = Field(default=None, ge=1, le=64)
    threads: int | None = Field(default=None, ge=1, le=1024)
    gpu_layers: int = Field(default=-1, ge=-1, le=100_000)
    unified: bool | None = None
    chat_template: Literal["auto", "plain"] = "auto"


class SamplingParams(_Said):
    """The knobs of one request, all resolved: the plan's `wire` as the worker reads it."""

    temperature: float
    max_length: int
    top_p: float
    top_k: int
    min_p: float
    repeat_penalty: float
    presence_penalty: float
    frequency_penalty: float
    seed: int
    n: int
    sampler_order: tuple[str, ...]
    stop: tuple[str, ...] = ()
    logprobs: int | None = None


class Load(_Said):
    """The first command: open this file."""

    op: Literal["load"] = "load"
    path: str
    settings: EngineSettings


class Generate(_Said):
    """Generate `n` choices for a conversation."""

    op: Literal["generate"] = "generate"
    id: int
    messages: tuple[Message, ...]
    params: SamplingParams


class Cancel(_Said):
    """Stop a request within one step. Nothing more is said about it."""

    op: Literal["cancel"] = "cancel"
    id: int


Command = Annotated[Load | Generate | Cancel, Field(discriminator="op")]


class ModelFacts(_Said):
    """What the worker learnt of the model when it opened it. `template`: where turns come from."""

    description: str
    parameters: int
    trained_context: int
    context_length: int
    sequences: int
    unified: bool
    threads: int
    vocabulary: int
    template: Literal["file", "plain", "missing"]


class Loading(_Said):
    """How far the weights are read, 0 to 1."""

    kind: Literal["loading"] = "loading"
    progress: float


class Ready(_Said):
    """The model is open."""

    kind: Literal["ready"] = "ready"
    facts: ModelFacts


class Began(_Said):
    """A request left the queue. `cached_tokens` of the prompt were there already."""

    kind: Literal["began"] = "began"
    id: int
    input_tokens: int
    cached_tokens: int


class SentAlternative(_Said):
    """A likely token at a position."""

    id: int
    text: str
    logprob: float


class SentDraw(_Said):
    """The distribution that a token was drawn from: `playground.types.Draw` on the wire."""

    logprob: float
    entropy: float
    survivors: int
    uniform: float
    alternatives: tuple[SentAlternative, ...]


class SentToken(_Said):
    """`playground.types.Token` on the wire; `data` holds its bytes as hexadecimal."""

    id: int
    data: str
    text: str
    logprob: float
    rank: int
    entropy: float
    alternatives: tuple[SentAlternative, ...]
    draw: SentDraw


class Text(_Said):
    """More text of a choice, and the tokens drawn for it where they were asked for."""

    kind: Literal["text"] = "text"
    id: int
    choice: int
    text: str
    tokens: tuple[SentToken, ...] = ()


class ChoiceEnded(_Said):
    """One choice is complete."""

    kind: Literal["ended"] = "ended"
    id: int
    choice: int
    reason: FinishReason


class Done(_Said):
    """A request is complete."""

    kind: Literal["done"] = "done"
    id: int
    input_tokens: int
    output_tokens: int
    cached_tokens: int


class Failed(_Said):
    """A request (or, without an id, the loading) failed; `error` is a class of our errors."""

    kind: Literal["failed"] = "failed"
    id: int | None = None
    error: Literal["ContextOverflow", "ChatTemplateError", "ModelLoadFailed", "LocalError"]
    message: str
    hint: str = ""


Report = Annotated[
    Loading | Ready | Began | Text | ChoiceEnded | Done | Failed, Field(discriminator="kind")
]


class Frame(_Said):
    """Everything that one step has to say."""

    reports: tuple[Report, ...]


COMMAND: TypeAdapter[Load | Generate | Cancel] = TypeAdapter(Command)

MAX_LINE_BYTES = 64 * 1024 * 1024
"""No line of either side is longer; a longer one ends the worker."""
