"""The interface that every backend implements: `ChatModel`, one open model, and `Provider`."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import AsyncGenerator, Iterable, Mapping, Sequence
from types import MappingProxyType, TracebackType
from typing import TYPE_CHECKING, Any, Self

from playground.catalogue import ProviderSpec
from playground.errors import UnsupportedAbility
from playground.params import GenerationParams
from playground.providers.planning import make_plan
from playground.types import (
    Capabilities,
    Event,
    Message,
    ModelInfo,
    ModelRef,
    Plan,
    Provenance,
    ProviderStatus,
    ScoredToken,
)

if TYPE_CHECKING:
    from playground.distribution import Distribution


Given = str | Sequence[int]
"""Part of an answer: text, or the very tokens, where the text could be cut differently."""

ABILITIES = (
    "continue_from",
    "score",
    "next_token",
    "tokenize",
    "detokenize",
    "count_tokens",
    "prompt_tokens",
    "vocabulary",
)
"""What a backend may be able to do beyond generating."""


class ChatModel(ABC):
    """One open model. Opening costs nothing: connections and processes start when first used.

    A backend sets `ref` and `capabilities` and implements `stream` and `aclose`. Where it is told
    that nothing more is taken for a while, it sets `opens`, the end of that by `time.monotonic`.
    """

    ref: ModelRef
    capabilities: Capabilities
    opens: float = 0.0

    def plan(self, params: GenerationParams) -> Plan:
        """What this model will really do with `params`: pure, no I/O, never raises for a knob."""
        return make_plan(self.ref, params, self.capabilities.knobs)

    @abstractmethod
    def stream(self, messages: Sequence[Message], plan: Plan) -> AsyncGenerator[Event, None]:
        """Generate, as events: `Started` first, deltas, a `Finished` a choice, `Completed` last.

        Closing the generator cancels the generation at once. An error is raised as one of
        `playground.errors`; a stream that ends early raises, it never ends quietly.
        """

    def continue_from(
        self, messages: Sequence[Message], prefix: Given, plan: Plan
    ) -> AsyncGenerator[Event, None]:
        """An ability: generate what follows `prefix`, the beginning of the answer."""
        raise self._cannot("continue an answer from inside")

    async def score(
        self,
        messages: Sequence[Message],
        continuation: Given,
        settings: Sequence[GenerationParams] = (),
        *,
        alternatives: int = 0,
    ) -> tuple[ScoredToken, ...]:
        """An ability: how likely each token of a given continuation is.

        Raw, and after the sampler chain of each of `settings` (-inf where it cuts the token),
        with up to 100 of the raw distribution's likeliest `alternatives`.
        """
        raise self._cannot("score a given text")

    async def next_token(self, messages: Sequence[Message], prefix: Given = "") -> Distribution:
        """An ability: the whole raw distribution of the token after `prefix`."""
        raise self._cannot("show the whole distribution of a token")

    async def tokenize(self, text: str) -> tuple[int, ...]:
        """An ability: the ids of a text's tokens."""
        raise self._cannot("tokenize")

    async def detokenize(self, tokens: Sequence[int]) -> bytes:
        """An ability: the bytes that tokens stand for."""
        raise self._cannot("detokenize")

    async def count_tokens(self, messages: Sequence[Message]) -> int:
        """An ability: how many tokens a prompt will have, before it is sent."""
        raise self._cannot("count a prompt's tokens")

    async def prompt_tokens(self, messages: Sequence[Message]) -> tuple[int, ...]:
        """An ability: the ids of a prompt's tokens, with everything that the template adds."""
        raise self._cannot("show a prompt's tokens")

    async def vocabulary(self) -> Sequence[bytes]:
        """An ability: the bytes of every token, by id."""
        raise self._cannot("list a vocabulary")

    @property
    def abilities(self) -> frozenset[str]:
        """The names of the abilities that this backend has: the methods that it implements."""
        return frozenset(
            name for name in ABILITIES if getattr(type(self), name) is not getattr(ChatModel, name)
        )

    @property
    def parallel(self) -> int | None:
        """How many answers it works on at once; None where only trying tells, as of an endpoint.

        Of a model that has to be opened first, it is known after `warm_up`.
        """
        return None

    def _cannot(self, what: str) -> UnsupportedAbility:
        return UnsupportedAbility(
            f"{self.ref} cannot {what}.", hint="Local models can: open one as local:/path."
        )

    def expect(self, messages: Sequence[Message], answers: int) -> None:
        """A hint: so many answers to these very messages will be asked for, in all.

        It holds until the next hint. It changes how the work is done, never what is answered;
        nothing by default.
        """

    async def provenance(self) -> Provenance:
        """What a receipt says of this model beside the plan; nothing by default.

        May take as long as reading the model's file; whoever cannot wait cancels it.
        """
        return Provenance()

    async def warm_up(self) -> None:
        """Do now what the first request would wait for (load weights); nothing by default."""

    async def aclose(self) -> None:
        """Release what the model holds; running streams end with `ModelClosed`."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self.aclose()


class Provider(ABC):
    """A way to reach models. `spec` is its catalogue entry, nearly empty if it has none.

    `hurried` are the options for whoever asks for many answers at once and tries again by himself.
    """

    hurried: Mapping[str, Any] = MappingProxyType({})

    def __init__(self, spec: ProviderSpec) -> None:
        self.spec = spec

    @abstractmethod
    def open(self, model: str, **options: Any) -> ChatModel:
        """Open one model by its name here; raises `UnknownModel` if there is no such model.

        `options` are the backend's own settings (context length, time-out ...); an unknown one
        raises `InvalidParameter`.
        """

    def models(self) -> Iterable[ModelInfo]:
        """The models known without asking anybody: the catalogue's by default."""
        return self.spec.infos()

    async def remote_models(self) -> Iterable[ModelInfo]:
        """The models that the endpoint itself lists; none where there is nobody to ask."""
        return ()

    async def status(self) -> ProviderStatus:
        """Whether this provider can be used now, for `doctor`."""
        return ProviderStatus(ready=True, summary="ready")
