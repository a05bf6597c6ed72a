"""The vocabulary: references, messages, plans, events, usage and timing. No I/O, no SDK.

What is stored or sent is a frozen pydantic model. Events are slotted dataclasses, because one is
made for every piece of text and costs a third of a model there.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, JsonValue

from playground.errors import InvalidReference
from playground.params import GenerationParams

Role = Literal["system", "user", "assistant"]

FinishReason = Literal["stop", "length", "context", "tool_calls", "content_filter", "unknown"]
"""Why a backend ended a choice: the model was done (or a stop string came), max_length was
reached, the context is full, or what the endpoint said; `unknown` keeps the vocabulary closed."""

EndState = Literal["running", "done", "cancelled", "failed", "interrupted"]
"""How a run stands. Text that came before a cancel or a failure is kept; `interrupted` is a run
whose program ended before it did, as the history found it."""

AdjustmentKind = Literal["dropped", "renamed", "clamped", "defaulted"]


class Frozen(BaseModel):
    """The base of what is stored or sent: immutable, and closed to unknown fields."""

    model_config = ConfigDict(frozen=True, extra="forbid")


class ModelRef(Frozen):
    """`provider:model`, split at the first colon."""

    provider: str
    model: str

    @classmethod
    def parse(cls, text: str | ModelRef) -> ModelRef:
        """Read a reference; raises `InvalidReference` where there is no colon or an empty side."""
        if isinstance(text, ModelRef):
            return text
        provider, colon, model = text.strip().partition(":")
        if not colon or not provider or not model:
            raise InvalidReference(
                f"{text!r} is not a model reference.",
                hint="Write provider:model, for example demo:small or openai:gpt-4.1.",
            )
        return cls(provider=provider, model=model)

    def __str__(self) -> str:
        return f"{self.provider}:{self.model}"


class Message(Frozen):
    """One turn of a conversation."""

    role: Role
    content: str


class Adjustment(Frozen):
    """One thing that a backend does differently from what was asked, and why.

    `asked` is the user's value (None where nothing was set), `used` what is used instead.
    """

    kind: AdjustmentKind
    knob: str
    reason: str
    asked: JsonValue = None
    used: JsonValue = None

    def __str__(self) -> str:
        return f"{self.knob} {self.change}"

    @property
    def change(self) -> str:
        """What became of the knob, and why: what is to be said after its name."""
        match self.kind:
            case "dropped":
                return f"dropped: {self.reason}"
            case "defaulted":
                return f"= {self.used}: {self.reason}"
            case "renamed":
                return f"sent as {self.used}: {self.reason}"
            case "clamped":
                return f"{self.asked} → {self.used}: {self.reason}"


class Plan(Frozen):
    """What one backend will really do with the params.

    `effective` has the value used for each knob that the backend applies, `wire` the payload's
    own words and values, exactly as sent; `adjustments` every difference from what was asked.
    """

    ref: ModelRef
    params: GenerationParams
    effective: dict[str, JsonValue]
    wire: dict[str, JsonValue]
    adjustments: tuple[Adjustment, ...] = ()

    @property
    def departures(self) -> tuple[Adjustment, ...]:
        """The adjustments that change a value which the user set."""
        return tuple(item for item in self.adjustments if item.kind in ("dropped", "clamped"))

    def adjusted(self, *more: Adjustment, **effective: JsonValue) -> Self:
        """A copy with further adjustments and effective values, known only once it runs."""
        return self.model_copy(
            update={
                "adjustments": (*self.adjustments, *more),
                "effective": {**self.effective, **effective},
            }
        )


class ModelFile(Frozen):
    """The file behind a local model. `sha256` is empty until it has been computed."""

    path: str
    bytes: int
    sha256: str = ""


class Provenance(Frozen):
    """What stands behind a model's answers beside the plan: what its backend knows of it.

    `template` is the SHA-256 of the chat template (or `plain`, `missing`), `engine` what the file
    was opened with, `endpoint` where requests went, `libraries` the distributions that took part.
    """

    file: ModelFile | None = None
    template: str = ""
    engine: dict[str, JsonValue] = {}
    endpoint: str = ""
    libraries: tuple[str, ...] = ()


class Receipt(Frozen):
    """Everything needed to repeat a run, beside its messages."""

    model: str
    plan: Plan
    provenance: Provenance = Provenance()
    versions: dict[str, str] = {}
    hardware: str = ""

    @property
    def seed(self) -> JsonValue:
        """The seed that was used; None where the backend drew one that it does not tell."""
        return self.plan.effective.get("seed")

    @property
    def sampler_order(self) -> JsonValue:
        """The order of the sampler chain; None where the backend does not tell."""
        return self.plan.effective.get("sampler_order")


MOST_TOKENS: Final = 10**12
"""No count of tokens is larger: a server, or a file from elsewhere, may say any number."""

TokenCount = Annotated[int, Field(ge=0, le=MOST_TOKENS)]


class Usage(Frozen):
    """What a run consumed. Token counts are the backend's own; None where it did not say.

    `cost` is in US dollars: what the endpoint reports where it is known to, else by the catalogue's
    prices; None where no price is known.
    """

    input_tokens: TokenCount | None = None
    output_tokens: TokenCount | None = None
    cached_tokens: TokenCount | None = None
    reasoning_tokens: TokenCount | None = None
    cost: Annotated[float, Field(ge=0, allow_inf_nan=False)] | None = None


TOGETHER: Final = 0.005
"""Tokens that came within so many seconds came in one piece, whose length tells of no speed."""


class Timing(Frozen):
    """One clock for every backend, in seconds from the moment the run was asked for.

    `queued` ends when the backend began the work, `first_token` when the first text arrived,
    `total` when the run ended; None where that has not happened.
    """

    queued: float | None = None
    first_token: float | None = None
    total: float | None = None

    def tokens_per_second(self, output_tokens: int | None) -> float | None:
        """Generation speed after the first token: (tokens - 1) over the time they took.

        None where that cannot be told, because they came together: `TOGETHER` seconds or less.
        """
        if not output_tokens or output_tokens < 2 or self.first_token is None or not self.total:
            return None
        elapsed = self.total - self.first_token
        return (output_tokens - 1) / elapsed if elapsed > TOGETHER else None


@dataclass(frozen=True, slots=True)
class TokenAlternative:
    """A token that could have come, with its natural-log probability.

    `data` are its bytes where `text` does not give them, because they are part of a character;
    empty otherwise.
    """

    text: str
    logprob: float
    token_id: int | None = None
    data: bytes = b""


@dataclass(frozen=True, slots=True)
class Draw:
    """How a token was drawn: from what the sampler chain left of the raw distribution.

    `logprob` is the token's natural-log probability there, `entropy` that distribution's in nats,
    `survivors` how many tokens it has, `alternatives` its likeliest; `uniform` (0 to 1) is the
    throw of the dice, read against the survivors laid out in order of their ids (None where the
    sampler throws its own: Mirostat).
    """

    logprob: float
    entropy: float
    survivors: int
    uniform: float | None
    alternatives: tuple[TokenAlternative, ...] = ()


@dataclass(frozen=True, slots=True)
class Token:
    """One generated token, with figures of the model's raw distribution (before any knob).

    `logprob` is natural-log, `rank` 1 for the likeliest token, `entropy` in nats, `alternatives`
    the likeliest tokens, likeliest first; None where the backend cannot know. `data` are the
    token's bytes, which may be part of a character. `draw` is the sampled-from distribution,
    which only local models show.
    """

    text: str
    logprob: float | None = None
    alternatives: tuple[TokenAlternative, ...] = ()
    token_id: int | None = None
    data: bytes = b""
    rank: int | None = None
    entropy: float | None = None
    draw: Draw | None = None


@dataclass(frozen=True, slots=True)
class ScoredToken:
    """A token of a given text: its raw figures, and its log-probability under each setting.

    A setting whose sampler chain cuts the token has -inf.
    """

    token: Token
    logprobs: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Started:
    """The backend began the work; `plan` is now complete (the seed drawn, fallbacks known).

    `engine` are the settings of `Provenance.engine` that may be others in every run, as they are
    in this one. `opened` is the mark with which the prompt has begun the model's reasoning already,
    if it has: what comes first is reasoning then.
    """

    plan: Plan
    engine: Mapping[str, JsonValue] = field(default_factory=dict)
    opened: str = ""


@dataclass(frozen=True, slots=True)
class TextDelta:
    """More text of one choice; `tokens` behind it where log-probabilities were asked for."""

    text: str
    choice: int = 0
    tokens: Sequence[Token] = ()


@dataclass(frozen=True, slots=True)
class ReasoningDelta:
    """More of the model's reasoning, where the backend shows it; not part of the answer.

    `tokens` are those behind it, where the model wrote it into its answer and a run parted the two.
    """

    text: str
    choice: int = 0
    tokens: Sequence[Token] = ()


@dataclass(frozen=True, slots=True)
class Finished:
    """One choice is complete."""

    reason: FinishReason
    choice: int = 0


@dataclass(frozen=True, slots=True)
class Completed:
    """The run is complete: exactly one, and the last event."""

    usage: Usage


Event = Started | TextDelta | ReasoningDelta | Finished | Completed


class KnobSupport(Frozen):
    """How a model takes one knob.

    `accepted` None means that nobody has said: it is sent as asked and the endpoint decides.
    `wire` is the payload's name for it; `minimum` and `maximum` the model's own range: values
    outside are clamped (of `stop`, the maximum is that of its strings); `default` what is used
    when the user sets nothing, where that is known to be used; `reason` why it is not accepted.
    """

    accepted: bool | None = True
    wire: str = ""
    minimum: float | None = None
    maximum: float | None = None
    default: JsonValue = None
    reason: str = ""


class Capabilities(Frozen):
    """What is known of a model: how it takes each knob, and how much it holds.

    What it can do beyond generating is `ChatModel.abilities`.
    """

    knobs: dict[str, KnobSupport]
    context_length: int | None = None
    logprobs: bool = False


class ModelInfo(Frozen):
    """A model that can be opened, as lists show it. Prices: US dollars a million tokens."""

    ref: ModelRef
    title: str = ""
    context_length: int | None = None
    input_price: float | None = None
    output_price: float | None = None
    note: str = ""


class ProviderStatus(Frozen):
    """What `doctor` says of a provider: whether it can be used now, and what to do if not."""

    ready: bool
    summary: str
    hint: str = ""


class Choice(Frozen):
    """One of the `n` answers of a run, as far as it came."""

    text: str
    reasoning: str = ""
    finish_reason: FinishReason | None = None


class Problem(Frozen):
    """An error, as data: its class in `playground.errors`, and its whole sentence."""

    kind: str
    message: str


class Answer(Frozen):
    """A run as data, for JSON and for history: what was asked, done, said, and at what cost.

    `id` names the run, in the history too. `finish_reason` is that of the first choice, or
    `cancelled`, `error` or `interrupted` where the run was.
    """

    id: str
    model: str
    text: str
    finish_reason: FinishReason | Literal["cancelled", "error", "interrupted"]
    choices: tuple[Choice, ...]
    usage: Usage
    timing: Timing
    tokens_per_second: float | None
    params: dict[str, JsonValue]
    effective: dict[str, JsonValue]
    adjustments: tuple[Adjustment, ...]
    receipt: Receipt | None = None
    error: Problem | None = None

    @classmethod
    def of(
        cls,
        *,
        id: str,  # noqa: A002 - the name of the field
        model: str,
        state: EndState,
        choices: Sequence[Choice],
        usage: Usage,
        timing: Timing,
        params: dict[str, JsonValue],
        plan: Plan | None,
        receipt: Receipt | None,
        error: Problem | None,
    ) -> Self:
        """A run's answer; what can be derived is. There is at least one choice."""
        ends: dict[EndState, Literal["cancelled", "error", "interrupted"]] = {
            "cancelled": "cancelled",
            "failed": "error",
            "interrupted": "interrupted",
        }
        return cls(
            id=id,
            model=model,
            text=choices[0].text,
            finish_reason=ends.get(state, choices[0].finish_reason or "unknown"),
            choices=tuple(choices),
            usage=usage,
            timing=timing,
            tokens_per_second=timing.tokens_per_second(usage.output_tokens),
            params=params,
            effective=dict(plan.effective) if plan else {},
            adjustments=plan.adjustments if plan else (),
            receipt=receipt,
            error=error,
        )
