"""What the parent and the worker say to each other: one JSON object a line, checked on both sides.

The parent writes `Command`s to the worker's standard input, the worker writes `Frame`s to its
standard output. Everything that one decoding step produces travels in one frame, so that sixteen
sequences cost one write and one read.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import Annotated, Literal, Self, get_args

from pydantic import BaseModel, ConfigDict, Field, JsonValue, TypeAdapter

from playground.errors import PlaygroundError
from playground.types import FinishReason, Message, Token


class _Said(BaseModel):
    # Bytes of tokens may be part of a character.
    model_config = ConfigDict(
        extra="forbid", frozen=True, ser_json_bytes="hex", val_json_bytes="hex"
    )


class EngineSettings(_Said):
    """How a GGUF is opened. None lets the worker choose by the model and the machine.

    The `[local]` table of the user's settings has the same words.
    `context_length` is the most tokens that one sequence may hold; `sequences` how many are
    decoded together at most; `unified` whether they share one pool of KV cells (None: it follows
    the work), which are kept as `kv_type`; `gpu_layers` how many layers go to a GPU (-1: all that
    fit); `load` how the weights come into memory (`mmap` maps the file, `mlock` also keeps it from
    being swapped out, `read` copies it); `chat_template` `plain` ignores the file's own.
    `chat_template_kwargs` are variables that it is given, such as `enable_thinking`.
    """

    context_length: int | None = Field(default=None, ge=16, le=10_000_000)
    sequences: int | None = Field(default=None, ge=1, le=64)
    threads: int | None = Field(default=None, ge=1, le=1024)
    gpu_layers: int = Field(default=-1, ge=-1, le=100_000)
    unified: bool | None = None
    kv_type: Literal["f32", "f16", "q8_0"] = "f16"
    flash_attention: bool | None = None
    load: Literal["mmap", "mlock", "read"] | None = None
    chat_template: Literal["auto", "plain"] = "auto"
    chat_template_kwargs: dict[str, JsonValue] = {}


class SamplingParams(_Said):
    """The knobs of one request, all resolved: the plan's `wire` as the worker reads it.

    Knobs of a sampler that is off may be absent.
    """

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
    typical_p: float
    top_n_sigma: float
    xtc_probability: float
    xtc_threshold: float = 0.0
    penalty_window: int = 0
    dry_multiplier: float
    dry_base: float = 0.0
    dry_allowed_length: int = 0
    dry_window: int = 0
    dynatemp_range: float
    dynatemp_exponent: float = 0.0
    mirostat: int
    mirostat_tau: float = 0.0
    mirostat_eta: float = 0.0
    sampler_order: tuple[str, ...]
    stop: tuple[str, ...] = ()
    logprobs: int | None = None
    logit_bias: dict[str, float] = {}
    grammar: str | None = None
    json_schema: dict[str, JsonValue] | None = None


MOST_ALTERNATIVES = 100
"""Alternatives of each token that are reported at most."""

Given = str | tuple[int, ...]
"""Text that is part of an answer, or the very tokens, where text could be cut differently."""


class Load(_Said):
    """The first command: open this file."""

    op: Literal["load"] = "load"
    path: str
    settings: EngineSettings


class Generate(_Said):
    """Generate `n` choices for a conversation; `prefix` is where the answers start inside.

    `answers` is how many requests for these very messages are expected, this one among them: what
    the layout of the KV cells is chosen by.
    """

    op: Literal["generate"] = "generate"
    id: int
    messages: tuple[Message, ...]
    params: SamplingParams
    prefix: Given = ""
    answers: int = Field(default=1, ge=1)


class Score(_Said):
    """How likely a given continuation is: raw, and under each of several settings."""

    op: Literal["score"] = "score"
    id: int
    messages: tuple[Message, ...]
    continuation: Given
    settings: tuple[SamplingParams, ...] = ()
    alternatives: int = Field(default=0, ge=0, le=MOST_ALTERNATIVES)


class Look(_Said):
    """The whole distribution of the token after a conversation and the answer's beginning."""

    op: Literal["look"] = "look"
    id: int
    messages: tuple[Message, ...]
    prefix: Given = ""


class Tokenize(_Said):
    """The tokens of a text, or (with `messages`) of a whole prompt as it would be sent."""

    op: Literal["tokenize"] = "tokenize"
    id: int
    text: str = ""
    messages: tuple[Message, ...] | None = None


class ListVocabulary(_Said):
    """The bytes of every token."""

    op: Literal["vocabulary"] = "vocabulary"
    id: int


class Watch(_Said):
    """How full the engine is."""

    op: Literal["watch"] = "watch"
    id: int


class Cancel(_Said):
    """Stop a request within one step. Nothing more is said about it."""

    op: Literal["cancel"] = "cancel"
    id: int


Question = Generate | Score | Look | Tokenize | ListVocabulary | Watch
"""What is answered under its id."""

Command = Annotated[Load | Question | Cancel, Field(discriminator="op")]


class ModelFacts(_Said):
    """What the worker learnt of the model when it opened it, and what it really runs with.

    The settings are those in use, whoever chose them, in the words of `EngineSettings`; `cells` is
    how many KV cells all sequences have together. `unified` and `flash_attention` are what the file
    was opened with, and what one answer gets. `gpu_layers` counts the output layer too; `gpus`
    names what they lie on. None where llama.cpp did not say. `template`: where turns come from;
    `template_sha256` the sum of the chat template in the file, empty where it is not used, and
    `chat_template_kwargs` what it is given.
    """

    description: str
    parameters: int
    trained_context: int
    context_length: int
    sequences: int
    unified: bool
    cells: int
    kv_type: Literal["f32", "f16", "q8_0"]
    flash_attention: bool | None
    threads: int
    gpu_layers: int
    gpus: tuple[str, ...] = ()
    load: Literal["mmap", "mlock", "read"] | None
    vocabulary: int
    template: Literal["file", "plain", "missing"]
    template_sha256: str = ""
    chat_template_kwargs: dict[str, JsonValue] = {}

    def in_use(self) -> str:
        """The settings in use, in a line for people."""
        cells = f"{self.cells:,} KV cells in {self.kv_type}"
        told = [
            f"context {self.context_length:,}",
            f"{self.sequences} sequences on {cells}{', one pool' if self.unified else ''}",
            "1 thread" if self.threads == 1 else f"{self.threads} threads",
            f"{self.gpu_layers} layers on {' and '.join(self.gpus)}" if self.gpus else "no GPU",
        ]
        if self.flash_attention is not None:
            told.append(f"flash attention {'on' if self.flash_attention else 'off'}")
        if self.load is not None:
            told.append(f"weights by {self.load}")
        if self.chat_template_kwargs:
            told.append(f"chat template with {json.dumps(self.chat_template_kwargs)}")
        return "; ".join(told)


class Loading(_Said):
    """How far the weights are read, 0 to 1."""

    kind: Literal["loading"] = "loading"
    progress: float


class Ready(_Said):
    """The model is open."""

    kind: Literal["ready"] = "ready"
    facts: ModelFacts


class Began(_Said):
    """A request left the queue. `cached_tokens` of the prompt were there already.

    `unified` and `flash_attention` are those of `ModelFacts`, as they are for this request;
    `opened` is that of `Started`.
    """

    kind: Literal["began"] = "began"
    id: int
    input_tokens: int
    cached_tokens: int
    unified: bool
    flash_attention: bool | None
    opened: str = ""


class SentScore(_Said):
    """One token of a scored continuation; a setting that cuts it has None."""

    token: Token
    logprobs: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class Text:
    """More text of a choice, and the tokens drawn for it where they were asked for.

    One is made for every token: as a model it would cost three times as much.
    """

    id: int
    choice: int
    text: str
    tokens: tuple[Token, ...] = ()
    kind: Literal["text"] = "text"


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


class Scored(_Said):
    """The answer to `score`."""

    kind: Literal["scored"] = "scored"
    id: int
    scores: tuple[SentScore, ...]


class WholeDistribution(_Said):
    """The answer to `look`: base64 of 32-bit little-endian floats, by token id."""

    kind: Literal["distribution"] = "distribution"
    id: int
    logits: str


class Tokens(_Said):
    """The answer to `tokenize`."""

    kind: Literal["tokens"] = "tokens"
    id: int
    tokens: tuple[int, ...]


class Vocabulary(_Said):
    """The answer to `vocabulary`: hexadecimal bytes, by token id."""

    kind: Literal["vocabulary"] = "vocabulary"
    id: int
    pieces: tuple[str, ...]


class Occupancy(_Said):
    """The answer to `watch`.

    `running` of the `slots` are in use and `waiting` sequences want one; `cells_kept` of the KV
    `cells` hold tokens, those kept as prefixes for later included, and once what is shared.
    `unified` and `flash_attention` are those of `ModelFacts`, as they are now.
    """

    kind: Literal["occupancy"] = "occupancy"
    id: int
    running: int
    waiting: int
    slots: int
    cells: int
    unified: bool
    flash_attention: bool | None
    cells_kept: int


class Failed(_Said):
    """A request (or, without an id, the loading) failed; `error` is a class of our errors."""

    kind: Literal["failed"] = "failed"
    id: int | None = None
    error: Literal[
        "ContextOverflow",
        "ChatTemplateError",
        "InvalidParameter",
        "ModelLoadFailed",
        "LocalError",
    ]
    message: str
    hint: str = ""

    @classmethod
    def of(cls, error: Exception, number: int | None = None) -> Self:
        """An error of a request; of a kind that the parent does not know, a `LocalError`."""
        kinds = get_args(cls.model_fields["error"].annotation)
        kind = next((base.__name__ for base in type(error).__mro__ if base.__name__ in kinds), "")
        message, hint = f"{type(error).__name__}: {error}", ""
        if isinstance(error, PlaygroundError):
            message, hint = error.message, error.hint
        said = {"id": number, "error": kind or "LocalError", "message": message, "hint": hint}
        return cls.model_validate(said)


Last = Done | Scored | WholeDistribution | Tokens | Vocabulary | Occupancy
"""After one of these, nothing more is said about a request."""

RequestReport = Began | Text | ChoiceEnded | Last

Report = Annotated[Loading | Ready | RequestReport | Failed, Field(discriminator="kind")]


class Frame(_Said):
    """Everything that one step has to say."""

    reports: tuple[Report, ...]


COMMAND: TypeAdapter[Load | Question | Cancel] = TypeAdapter(Command)

MAX_LINE_BYTES = 64 * 1024 * 1024
"""No line of either side is longer; a longer one ends the worker."""
